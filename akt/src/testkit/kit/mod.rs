//! The kit of a test: a system, its clock, and what one asserts about them.

mod counters;
mod endings;
mod events;
mod leaks;
mod logged;
mod subject;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::logs::Logs;
use super::probe::{Probe, Probed};
use super::{quiet, run};
use crate::actor::{Actor, ActorRef};
use crate::runtime::Ticks;
use crate::system::{ActorSystem, SystemBuilder};
use crate::time::Instant;

pub(super) use leaks::Leaks;
pub use subject::Subject;

/// The timers of a test's clock are exact to this.
const TICK: Duration = Duration::from_millis(1);

/// How long an expectation waits.
const PATIENCE: Duration = Duration::from_secs(5);

/// A system made for one test of [`#[akt::test]`](crate::test), on its virtual clock. Cheap to clone.
///
/// ```test_harness
/// use std::time::Duration;
///
/// use akt::testkit::TestKit;
/// # #[derive(Default)] struct Counter(i64);
/// # #[akt::actor(passivate = "5m")]
/// # impl Counter { #[akt::handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
///
/// #[akt::test]
/// async fn a_counter_counts(kit: TestKit) {
///     let counter = kit.spawn(Counter::default).await;
///     assert_eq!(counter.add(2).await.unwrap(), 2);
///
///     kit.advance(Duration::from_secs(600)).await;
///     assert!(!counter.actor().is_alive());
/// }
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct TestKit(Arc<Inner>);

struct Inner {
    system: ActorSystem,
    spawned: AtomicU64,
    leaks: leaks::Allowed,
    seen: events::Seen,
    logs: Logs,
}

impl TestKit {
    /// Starts a system for the test that runs; the test's end is its end, and it is checked for leaks.
    ///
    /// For a test of two systems, or one that makes its own; `#[akt::test(system = ..)]` is shorter.
    ///
    /// # Panics
    ///
    /// Outside a test of [`#[akt::test]`](crate::test) or [`run`](super::run), and if the system does not start.
    pub async fn start(system: SystemBuilder) -> Self {
        let kit = Self::alone(system).await;
        run::enlist(&kit);
        kit
    }

    /// One of which its test knows nothing.
    pub(super) async fn alone(system: SystemBuilder) -> Self {
        quiet::settle().await;
        let system = system
            .ticks(Ticks::Millis)
            .start()
            .await
            .unwrap_or_else(|error| panic!("the kit's system did not start: {error}"));
        system.board().roll().open();
        // The system is there once its root is.
        quiet::settle().await;
        Self(Arc::new(Inner {
            seen: events::Seen::of(&system),
            system,
            spawned: AtomicU64::new(0),
            leaks: leaks::Allowed::default(),
            logs: Logs::here(),
        }))
    }

    /// The system.
    #[must_use]
    pub fn system(&self) -> &ActorSystem {
        &self.0.system
    }

    /// Spawns an actor under a name of its own, `Counter-1`. For a name, options or errors there is
    /// [`kit.system().spawn`](ActorSystem::spawn).
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub async fn spawn<A: Actor>(&self, factory: impl FnMut() -> A + Send + 'static) -> A::Ref {
        let name = self.name(A::NAME);
        let spawned = self.system().spawn(&*name, factory).await;
        spawned.unwrap_or_else(|error| panic!("`{name}` was not spawned: {error}"))
    }

    /// A probe that stands in for an actor, under a name of its own: the reference for those who send, the probe for the test.
    ///
    /// For a contract with `configure().probe(true)` in its `build.rs` it is what akt-build has written, `CartProbe`; for an
    /// actor it is a [`Probe`].
    ///
    /// # Panics
    ///
    /// If the system has ended.
    #[must_use]
    pub fn probe<R: Probed>(&self) -> (R, R::Probe) {
        R::probe(self.system())
    }

    /// A probe without methods of its own, for any reference. Messages from other nodes do not reach it.
    ///
    /// # Panics
    ///
    /// If the system has ended.
    #[must_use]
    pub fn probe_of<R: ActorRef>(&self) -> (R, Probe<R>) {
        Probe::begin(self.system())
    }

    /// A name for one more actor of a kind.
    pub(super) fn name(&self, kind: &str) -> String {
        let number = self.0.spawned.fetch_add(1, Ordering::Relaxed) + 1;
        let kind: String = kind.chars().filter(char::is_ascii_alphanumeric).collect();
        format!("{kind}-{number}")
    }

    /// The time since the system started.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.system().runtime().now_elsewhere()
    }

    /// Lets `duration` pass: everything that becomes due runs, each at its time, with all that follows from it.
    pub async fn advance(&self, duration: Duration) {
        let until = self.now() + duration;
        quiet::settle().await;
        // The clock stops at whole ticks, so the last way is one step.
        let before = until.since(self.now()).saturating_sub(TICK);
        if !before.is_zero() {
            self.system().runtime().sleep(before).await;
            quiet::settle().await;
        }
        tokio::time::advance(until.since(self.now())).await;
        quiet::settle().await;
    }

    /// Waits until everyone waits: for a message, an answer, the clock. No time passes.
    ///
    /// Whoever waits for another thread, a socket or a process waits too.
    pub async fn settle(&self) {
        quiet::settle().await;
    }
}

impl fmt::Debug for TestKit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestKit")
            .field("system", self.system())
            .field("now", &self.now())
            .finish_non_exhaustive()
    }
}
