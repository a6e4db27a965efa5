//! An actor whose messages a test takes out and answers itself.

use std::fmt;
use std::time::Duration;

use crate::actor::{Actor, ActorRef, Ctx, Incoming, Message, NoFlight, NoStash, Protocol, Ref, receive};
use crate::path::ActorPath;
use crate::runtime::Runtime;
use crate::system::ActorSystem;

/// How long a test waits for a message.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many messages wait for the test; what comes then is dropped, and an asker is told so.
const ROOM: usize = 1024;

/// Stands in for an actor of a contract: what akt-build writes as `CartProbe`, with `configure().probe(true)`, is one.
///
/// Whoever has its reference sends messages as to any actor, from other nodes too. The test takes them out in order, and
/// answers them when it wants to.
pub struct Probe<R: ActorRef> {
    path: ActorPath,
    runtime: Runtime,
    messages: flume::Receiver<R::Message>,
}

impl<R> Probe<R>
where
    R: ActorRef,
    R::Message: Protocol,
{
    /// Starts one under a name of its own: the reference for those who call, the probe for the test.
    ///
    /// # Panics
    ///
    /// If the system has ended.
    pub async fn start(system: &ActorSystem) -> (R, Self) {
        let (sender, messages) = flume::bounded(ROOM);
        let runtime = system.runtime().clone();
        let name = format!("probe-{:016x}", runtime.random());
        let reference = system.spawn(name, move || Witness::<R>(sender.clone())).await;
        let reference: R = reference.expect("a probe needs a system that has not ended");
        let path = reference.as_ref().actor().path();
        (reference, Self { path, runtime, messages })
    }

    /// The next message, which should be `expected`.
    ///
    /// # Panics
    ///
    /// If nothing comes within five seconds of the runtime's time.
    pub async fn next(&mut self, expected: &str) -> R::Message {
        let message = tokio::select! { biased;
            message = self.messages.recv_async() => message.ok(),
            () = self.runtime.sleep(PATIENCE) => None,
        };
        message.unwrap_or_else(|| {
            panic!("expected `{expected}`, and nothing came to the probe {} in {PATIENCE:?}", self.path)
        })
    }

    /// Fails the test: something else came than was expected.
    ///
    /// # Panics
    ///
    /// Always.
    pub fn unexpected(&self, expected: &str, came: &R::Message) -> ! {
        panic!("expected `{expected}`, and `{}` came to the probe {}", came.name(), self.path)
    }
}

/// Passes on what it gets.
struct Witness<R: ActorRef>(flume::Sender<R::Message>);

impl<R> Actor for Witness<R>
where
    R: ActorRef,
    R::Message: Protocol,
{
    type Msg = R::Message;
    type Ref = R;
    type Stash = NoStash;
    type Flight = NoFlight;
    const NAME: &'static str = "probe";

    fn dispatch_sync(&mut self, message: R::Message, _cx: &mut Ctx<Self>) -> Result<(), R::Message> {
        // What the test does not take is dropped, and its asker told.
        let _ = self.0.try_send(message);
        Ok(())
    }

    async fn dispatch(&mut self, message: R::Message, _cx: &mut Ctx<Self>) {
        drop(message);
    }

    fn receive(me: &Ref<R::Message>, incoming: Incoming) {
        receive::<R::Message, Self>(me, incoming);
    }
}

impl<R: ActorRef> fmt::Debug for Probe<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Probe({})", self.path)
    }
}
