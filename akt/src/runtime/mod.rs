//! The runtime of one system: tasks, time and chance, all owned by its node.

mod driver;
mod seeded;
mod tasks;
mod ticks;
mod timer;
mod wall;

use std::cell::Cell;
use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;

pub(crate) use seeded::{Executor, run as run_seeded};
pub(crate) use tasks::TaskGroup;
pub(crate) use ticks::Ticks;
pub(crate) use timer::{Alarms, Fire, TimerKey, Timers, fire, thread_number, threads};
pub(crate) use wall::{from_wall, to_wall};

use self::wall::WallClock;
use crate::time::{Instant, Wall};

/// When simulations begin, after 1970: with the year 2000.
const SIMULATED: Duration = Duration::from_secs(946_684_800);

/// Where a system's tasks run, what time it is there, and where its chance comes from.
///
/// Cheap to clone. Nothing else in akt spawns, reads a clock or draws a random number, so that in a
/// simulation every node has its own clock and seed.
#[derive(Clone)]
pub struct Runtime(Arc<Inner>);

struct Inner {
    flavor: Flavor,
    epoch: tokio::time::Instant,
    wall: WallClock,
    rng: Mutex<fastrand::Rng>,
    tasks: TaskGroup,
}

enum Flavor {
    Tokio(tokio::runtime::Handle),
    Seeded(Arc<Executor>),
}

impl Runtime {
    /// The tokio runtime that the caller runs in.
    ///
    /// # Errors
    ///
    /// [`NoRuntime`] outside a tokio runtime.
    pub fn current() -> Result<Self, NoRuntime> {
        let handle = tokio::runtime::Handle::try_current().map_err(|_| NoRuntime)?;
        Ok(Self::new(Flavor::Tokio(handle), fastrand::Rng::new(), WallClock::machine()))
    }

    pub(crate) fn seeded(executor: Arc<Executor>, seed: u64) -> Self {
        let wall = WallClock::starting_at(SystemTime::UNIX_EPOCH + SIMULATED);
        Self::new(Flavor::Seeded(executor), fastrand::Rng::with_seed(seed), wall)
    }

    #[expect(clippy::disallowed_methods, reason = "the runtime is the one owner of the clock")]
    fn new(flavor: Flavor, rng: fastrand::Rng, wall: WallClock) -> Self {
        let epoch = tokio::time::Instant::now();
        Self(Arc::new(Inner { flavor, epoch, wall, rng: Mutex::new(rng), tasks: TaskGroup::default() }))
    }

    /// The runtime of another node beside this one: the same executor, with tasks and chance of its own.
    ///
    /// A simulation of several nodes gives each its own: two systems do not share a runtime.
    #[must_use]
    pub fn for_another_node(&self) -> Self {
        let flavor = match &self.0.flavor {
            Flavor::Tokio(handle) => Flavor::Tokio(handle.clone()),
            Flavor::Seeded(executor) => Flavor::Seeded(executor.clone()),
        };
        Self::new(flavor, fastrand::Rng::with_seed(self.random()), self.0.wall.beside(self.now()))
    }

    /// Runs `future` as a task of this system; shutdown waits for it.
    pub(crate) fn spawn(&self, name: &'static str, future: impl Future<Output = ()> + Send + 'static) {
        tracing::trace!(name, "task spawned");
        let task = self.0.tasks.join(future);
        match &self.0.flavor {
            Flavor::Tokio(handle) => drop(handle.spawn(task)),
            Flavor::Seeded(executor) => executor.spawn(Box::pin(task)),
        }
    }

    /// Whether the caller may do work of this system in the middle of its own turn: it is a task of the same
    /// runtime, and has not done too much in this turn already.
    pub(crate) fn lends_turn(&self, cx: &mut Context<'_>) -> bool {
        match &self.0.flavor {
            Flavor::Tokio(handle) => {
                let Poll::Ready(share) = tokio::task::coop::poll_proceed(cx) else { return false };
                share.made_progress();
                is_of(handle)
            }
            Flavor::Seeded(_) => self.0.rng.lock().bool(),
        }
    }

    /// Starts a thread beside the tasks; none in a simulation, nor if the operating system refuses.
    pub(crate) fn spawn_thread(
        &self,
        name: &'static str,
        body: impl FnOnce() + Send + 'static,
    ) -> Option<JoinHandle<()>> {
        if matches!(self.0.flavor, Flavor::Seeded(_)) {
            return None;
        }
        let started = std::thread::Builder::new().name(name.to_owned()).spawn(body);
        started.inspect_err(|error| tracing::error!(name, %error, "a thread did not start")).ok()
    }

    /// The tasks that `spawn` started and that have not ended.
    pub(crate) fn tasks(&self) -> &TaskGroup {
        &self.0.tasks
    }

    /// The time since the system started.
    #[expect(clippy::disallowed_methods, reason = "the runtime is the one owner of the clock")]
    #[must_use]
    pub fn now(&self) -> Instant {
        let passed = tokio::time::Instant::now().saturating_duration_since(self.0.epoch);
        Instant::ZERO + passed
    }

    /// The time, for a thread that does not belong to the runtime.
    pub(crate) fn now_elsewhere(&self) -> Instant {
        self.on_its_clock(|| self.now())
    }

    /// The time outside: what calendars and cron expressions go by.
    ///
    /// It is the machine's clock, read at each look, and may be set meanwhile, forward and back. Where tokio's
    /// clock is paused, it goes with that. In a simulation it begins with the year 2000, UTC.
    #[must_use]
    pub fn wall_clock(&self) -> SystemTime {
        self.0.wall.read(self.now())
    }

    /// Sets the wall clock of this runtime, which from then on goes with its own clock and not with the
    /// machine's: for tests and simulations. What goes by it notices within a minute.
    pub fn set_wall_clock(&self, time: SystemTime) {
        self.0.wall.set(self.now(), time);
    }

    pub(crate) fn wall(&self) -> Wall {
        to_wall(self.wall_clock())
    }

    /// Waits until `deadline`; without one, for ever. Cancel-safe.
    pub async fn sleep_until(&self, deadline: Option<Instant>) {
        let at = deadline.and_then(|at| self.0.epoch.checked_add(Duration::from_nanos(at.as_nanos())));
        match at {
            Some(at) => self.on_its_clock(|| tokio::time::sleep_until(at)).await,
            None => pending().await,
        }
    }

    /// The caller may be a thread of another runtime, or of none.
    fn on_its_clock<T>(&self, make: impl FnOnce() -> T) -> T {
        let _entered = match &self.0.flavor {
            Flavor::Tokio(handle) => Some(handle.enter()),
            Flavor::Seeded(_) => None,
        };
        make()
    }

    /// Waits for `duration`. Cancel-safe.
    pub async fn sleep(&self, duration: Duration) {
        self.sleep_until(Some(self.now() + duration)).await;
    }

    /// A random number of this node.
    #[must_use]
    pub fn random(&self) -> u64 {
        self.0.rng.lock().u64(..)
    }

    /// A random number from 0 up to, not including, 1.
    pub(crate) fn chance(&self) -> f64 {
        self.0.rng.lock().f64()
    }
}

/// Whether the calling task belongs to the runtime of `handle`. Remembered for the last task of each thread.
fn is_of(handle: &tokio::runtime::Handle) -> bool {
    thread_local! {
        static LAST: Cell<Option<(tokio::task::Id, tokio::runtime::Id)>> = const { Cell::new(None) };
    }
    let runtime = handle.id();
    let task = tokio::task::try_id();
    if task.is_some_and(|task| LAST.get() == Some((task, runtime))) {
        return true;
    }
    let same = tokio::runtime::Handle::try_current().is_ok_and(|current| current.id() == runtime);
    if let Some(task) = task.filter(|_| same) {
        LAST.set(Some((task, runtime)));
    }
    same
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flavor = match self.0.flavor {
            Flavor::Tokio(_) => "tokio",
            Flavor::Seeded(_) => "seeded",
        };
        f.debug_struct("Runtime").field("flavor", &flavor).field("now", &self.now()).finish()
    }
}

/// There is no tokio runtime here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no tokio runtime here; start the system inside `#[tokio::main]` or `Runtime::block_on`")]
pub struct NoRuntime;
