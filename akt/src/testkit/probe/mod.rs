//! An actor whose messages a test takes out and answers itself.

mod desk;
mod expect;
mod method;
mod notes;
mod origin;
mod rules;
mod start;
mod witness;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use method::{Method, Probed};
pub(super) use notes::{Note, noting};
pub use origin::Origin;

use self::desk::Desk;
use crate::actor::{ActorRef, AnyRef};
use crate::path::ActorPath;
use crate::system::ActorSystem;

/// How long a test waits for a message, unless it says otherwise.
const PATIENCE: Duration = Duration::from_secs(5);

/// Stands in for an actor: whoever has its reference sends messages as to any other, from other nodes too if it stands
/// in for an actor of a contract. The test takes them out and answers them when it wants to.
///
/// [`TestKit::probe`](super::TestKit::probe) makes one. For a contract, akt-build writes a probe with a method for each rpc,
/// `CartProbe` with `expect_add()`, if `configure().probe(true)` says so; it has everything that is here too.
///
/// Messages come out in the order in which they came in. An expectation that waits does so for five seconds of the system's
/// time, or [`patience`](Self::patience); all of them are cancel-safe. When one fails, the test does, and is told
/// what was expected, what came instead, what else waits, and how long it waited.
///
/// ```test_harness
/// use akt::testkit::TestKit;
/// # #[derive(Default)] struct Bank;
/// # #[akt::actor] impl Bank { #[akt::handler] fn charge(&mut self, cents: u64) -> bool { cents < 100 } }
///
/// #[akt::test]
/// async fn the_test_is_the_bank(kit: TestKit) {
///     let (bank, mut probe) = kit.probe::<BankRef>();
///
///     let charge = bank.charge(42).start();
///     let (request, reply) = probe.expect(BankRef::charge).await;
///     assert_eq!(request.cents, 42);
///     reply.send(true);
///     assert!(charge.await.unwrap());
/// }
/// # fn main() {}
/// ```
pub struct Probe<R: ActorRef> {
    reference: R,
    desk: Arc<Desk<R::Message>>,
    patience: Duration,
    origin: Origin,
}

impl<R: ActorRef> Probe<R> {
    /// The reference for those who send to it.
    #[must_use]
    pub fn reference(&self) -> &R {
        &self.reference
    }

    /// Itself, as others see it: to be stopped, watched, killed.
    #[must_use]
    pub fn actor(&self) -> AnyRef {
        self.reference.as_ref().actor()
    }

    /// Where it is in its system.
    #[must_use]
    pub fn path(&self) -> ActorPath {
        self.actor().path()
    }

    /// Sets how long an expectation waits. 5 s.
    pub fn patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Where the message came from that was taken last.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// How many messages wait to be taken.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.desk.waiting()
    }

    /// Forgets the messages that wait: those who asked are told so, as in [`ignore_if`](Self::ignore_if).
    pub fn clear(&mut self) {
        self.desk.clear();
    }

    fn system(&self) -> ActorSystem {
        self.actor().target().system().clone()
    }
}

impl<R: ActorRef> fmt::Debug for Probe<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Probe({})", self.path())
    }
}
