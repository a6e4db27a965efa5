//! References: typed by what an actor can be sent, or by nothing.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::call::Call;
use super::call_path::CallPath;
use super::core::Core;
use super::error::{FaultInfo, PeerError, StopReason, TellError, TooLarge};
use super::mailbox::{Control, Ticket};
use super::outbound::Incoming;
use super::panic::guard_drop;
use super::presence::Presence;
use super::scope::Scope;
use super::traits::{Accepts, ActorRef, Message, Request};
use super::witness::stopped_elsewhere;
use crate::id::ActorId;
use crate::path::{ActorPath, NodeAddress};
use crate::system::{ActorSystem, DeadLetterReason};
use crate::time::Instant;

/// A reference to whatever accepts `M`: an actor here, an actor on another node.
///
/// Cheap to clone. Users hold the generated newtype (`CounterRef`, `shop::CartRef`) with its typed methods.
pub struct Ref<M>(pub(crate) Arc<dyn Sink<M>>);

impl<M: Message> Ref<M> {
    pub(crate) fn new(sink: Arc<dyn Sink<M>>) -> Self {
        Self(sink)
    }

    /// The call that `message` stands for, where exactly one handler takes its type.
    pub fn ask<T: Accepts<M>>(&self, message: T) -> Call<'_, T::Request> {
        Call::new(self, message)
    }

    /// Sends `message` now.
    ///
    /// # Errors
    ///
    /// [`TellError`] with the message, if it was not accepted.
    pub fn tell<T: Accepts<M>>(&self, message: T) -> Result<(), TellError<T>> {
        self.ask(message).tell()
    }

    /// The actor behind the reference: its path, its life, its end.
    #[must_use]
    pub fn actor(&self) -> AnyRef {
        AnyRef(self.0.clone())
    }

    pub(crate) fn push<Q: Request<Message = M>>(&self, message: M) -> Result<(), TellError<Q::Payload>> {
        self.0.push(message, false).map_err(|refused| refused.into_tell_error::<Q>())
    }
}

impl<M> Clone for Ref<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<M: 'static> fmt::Debug for Ref<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ref({})", self.0.path())
    }
}

/// Takes messages of one protocol.
pub(crate) trait Sink<M>: Target {
    /// Accepts the message or hands it back; `reserved` if [`Target::poll_room`] gave room for it.
    fn push(&self, message: M, reserved: bool) -> Result<(), Refused<M>>;

    /// Accepts an ask by one for whom a handler of the target itself waits: there is always room, and it does not
    /// queue behind what waits for that handler.
    fn come_back(&self, message: M) -> Result<(), Refused<M>> {
        self.push(message, false)
    }

    /// Handles an ask in its asker's turn, which began at `now`, by who was [`lent`](Target::lend).
    fn attend(&self, _message: M, _now: Instant, _lent: Lent) {
        unreachable!("nothing was lent");
    }

    /// Takes in the message of a [`Post`](super::Post): it is a dead letter where a tell would be refused.
    fn post(&self, message: M)
    where
        M: Message,
    {
        self.push_or_bury(message);
    }

    /// Takes in a message as a tell does, or makes it a dead letter.
    fn push_or_bury(&self, message: M)
    where
        M: Message,
    {
        let name = message.name();
        let Err(Refused { refusal, message }) = self.push(message, false) else { return };
        let reason = match refusal {
            Refusal::Full => DeadLetterReason::MailboxFull,
            Refusal::NoRoutees | Refusal::Rejected(_) | Refusal::Cycle(_) => DeadLetterReason::Rejected,
            Refusal::Fault(_) => DeadLetterReason::of_stop(StopReason::Fault),
            Refusal::Stopped => DeadLetterReason::of_stop(self.refusal()),
            Refusal::Unreachable(_) => DeadLetterReason::NoRoute,
            Refusal::TooLarge(_) => DeadLetterReason::TooLarge,
        };
        let _ = guard_drop(message);
        if let Some(core) = self.core() {
            core.kind().buried(reason);
        }
        self.system().dead_letter_at(|| self.path(), name, reason);
    }

    /// Where messages of `key` go, if this passes them on.
    fn routee_of(&self, _key: u64) -> Option<Ref<M>> {
        None
    }

    /// Where `message`, for which there was no room, waits for it; here, if this keeps its own mailbox.
    fn waits_at(&self, message: M) -> (M, Option<Ref<M>>) {
        (message, None)
    }
}

/// Whom an asker may have for one message.
pub(crate) enum Lent {
    /// The target itself.
    Itself,
    /// The cell of the actor that stood behind the target.
    Tenant(Arc<dyn Any + Send + Sync>),
}

/// The half of a reference that does not depend on what it accepts.
pub(crate) trait Target: Send + Sync + 'static {
    fn path(&self) -> ActorPath;
    fn system(&self) -> &ActorSystem;
    /// The node that the actor is on, if that is another.
    fn node(&self) -> Option<NodeAddress> {
        None
    }
    /// The local actor behind it, if there is one.
    fn core(&self) -> Option<&Core>;
    /// The local actor that stands behind it now, where another may later.
    fn tenant(&self) -> Option<Arc<dyn Target>> {
        None
    }
    /// As [`Core::watch`], of an actor on another node; false if it is none.
    fn watch_elsewhere(self: Arc<Self>, _watcher: Arc<dyn Target>) -> bool {
        false
    }
    /// Takes [`watch_elsewhere`](Self::watch_elsewhere) back.
    fn unwatch_elsewhere(&self, _watcher: &Arc<dyn Target>) {}
    /// Lends the actor to an asker for one message, if it rests and has nothing to do: then
    /// [`Sink::attend`] must follow.
    fn lend(&self, _cx: &mut Context<'_>) -> Option<Lent> {
        None
    }
    /// Ready when there is room for one message.
    fn poll_room(&self, ticket: &mut Option<Ticket>, cx: &Context<'_>) -> Poll<Result<(), Refusal>>;
    fn abandon(&self, ticket: &Ticket);
    /// Gives back room that `poll_room` gave and no push has used.
    fn unreserve(&self) {}
    /// How many messages are queued.
    fn depth(&self) -> usize;
    /// The handler or hook that the actor is in, or was in last.
    fn doing(&self) -> Option<&'static str> {
        None
    }
    /// Why nothing is accepted any more.
    fn refusal(&self) -> StopReason;
    /// Has the local actor behind it look whether there is something to do.
    fn wake(&self) {}
    /// How long the asker waits beyond its deadline for a word about what became of its message.
    fn grace(&self) -> Duration;
    fn control(&self, control: Control);
    fn drain(&self);
    fn kill(&self);
    /// The typed reference of the actor's own messages, a [`Ref`], for whoever knows them.
    fn typed(self: Arc<Self>) -> Box<dyn Any + Send>;
    /// The same for messages of its contract, if the actor has others too.
    fn contract(self: Arc<Self>) -> Option<Box<dyn Any + Send>> {
        None
    }
    /// Of a grain, its kind and its key as text.
    fn grain(&self) -> Option<(&'static str, String)> {
        None
    }
    /// Has a grain activated, if it is not.
    fn activate(&self) {}
    /// The contract that it serves, if it serves one.
    fn served(&self) -> Option<&'static str> {
        None
    }
    /// What it accepts, for people.
    fn accepts(&self) -> &'static str;
    /// Takes in a message that came over the wire.
    fn receive(self: Arc<Self>, incoming: Incoming);
    /// Runs `work` on the turn of the local actor behind it; without one, gives it back. When that actor is
    /// gone before, it is dropped, and a dead letter of the name `message` if it has one.
    fn on_turn(&self, _message: Option<&'static str>, work: OnTurn) -> Result<(), OnTurn> {
        Err(work)
    }
    /// What a router shows of its routees.
    fn router(&self) -> Option<Box<dyn Any + Send>> {
        None
    }
}

impl dyn Target {
    /// Looks at the local actor behind it, now, if there is one.
    pub(crate) fn on_core<T>(&self, f: impl FnOnce(&Core) -> T) -> Option<T> {
        match self.core() {
            Some(core) => Some(f(core)),
            None => self.tenant()?.core().map(f),
        }
    }
}

/// Work of somebody else on an actor's turn, with what ends with that actor.
pub(crate) type OnTurn = Box<dyn FnOnce(&Arc<Scope>) + Send>;

/// Why a sink did not accept a message.
#[derive(Clone, Debug)]
pub(crate) enum Refusal {
    Full,
    Stopped,
    /// A router has nobody to hand it to.
    NoRoutees,
    /// A router cannot hand it on, or a grain is none.
    Rejected(Cow<'static, str>),
    /// Every routee that could take it waits for its answer.
    Cycle(Box<CallPath>),
    /// A grain does not activate.
    Fault(Box<FaultInfo>),
    #[allow(dead_code, reason = "only connections say this, and they are a feature")]
    Unreachable(Box<PeerError>),
    #[allow(dead_code, reason = "only connections say this, and they are a feature")]
    TooLarge(TooLarge),
}

impl Refusal {
    pub(crate) fn cycle(path: CallPath) -> Self {
        Self::Cycle(Box::new(path))
    }
}

/// A message that was not accepted, and why.
pub(crate) struct Refused<M> {
    pub(crate) refusal: Refusal,
    pub(crate) message: M,
}

impl<M: Message> Refused<M> {
    pub(crate) fn into_tell_error<Q: Request<Message = M>>(self) -> TellError<Q::Payload> {
        let (message, _) = Q::unwrap(self.message).expect("a refused message is the one that was sent");
        match self.refusal {
            Refusal::Full => TellError::Full(message),
            Refusal::Stopped => TellError::Stopped(message),
            Refusal::NoRoutees => TellError::NoRoutees(message),
            Refusal::Rejected(why) => TellError::Rejected(message, why),
            // Nobody waits for a tell.
            Refusal::Cycle(path) => TellError::Rejected(message, path.to_string().into()),
            Refusal::Fault(info) => TellError::Rejected(message, info.to_string().into()),
            Refusal::Unreachable(error) => TellError::Unreachable(message, error),
            Refusal::TooLarge(size) => TellError::TooLarge(message, size),
        }
    }
}

/// A reference to an actor whose messages are not known: what can be done with any actor.
#[derive(Clone)]
pub struct AnyRef(Arc<dyn Target>);

impl AnyRef {
    pub(crate) fn new(target: Arc<dyn Target>) -> Self {
        Self(target)
    }

    pub(crate) fn target(&self) -> &Arc<dyn Target> {
        &self.0
    }

    /// The typed reference, if the actor takes messages of `R`.
    pub(crate) fn typed<R: ActorRef>(&self) -> Option<R> {
        self.taking().map(R::from_ref)
    }

    /// The same without the methods of its messages.
    pub(crate) fn taking<M: Message>(&self) -> Option<Ref<M>> {
        let own = self.0.clone().typed().downcast::<Ref<M>>();
        let found = own.or_else(|other| self.0.clone().contract().unwrap_or(other).downcast());
        found.ok().map(|reference| *reference)
    }

    /// Where the actor is in its system's tree.
    #[must_use]
    pub fn path(&self) -> ActorPath {
        self.0.path()
    }

    /// The incarnation; `None` for an actor on another node.
    #[must_use]
    pub fn id(&self) -> Option<ActorId> {
        self.0.on_core(|core| core.id)
    }

    /// The actor that spawned it; the system's guardian, `/user`, for an actor that the system spawned.
    ///
    /// `None` for the guardian. Of an actor on another node nothing is known: `None`, and no relatives.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.0.on_core(|core| core.parent().cloned())?.map(Self)
    }

    /// The children that are there, in the order in which they were spawned.
    #[must_use]
    pub fn children(&self) -> Vec<Self> {
        self.0.on_core(Core::children).into_iter().flatten().map(Self).collect()
    }

    /// The child called `name`, if it is there.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<Self> {
        self.0.on_core(|core| core.child(name))?.map(Self)
    }

    /// The other children of its parent, in the order in which they were spawned.
    #[must_use]
    pub fn siblings(&self) -> Vec<Self> {
        self.0.on_core(Core::siblings).into_iter().flatten().map(Self).collect()
    }

    /// Whether the actor accepts messages; on another node that is not known, and said to be so.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.0.core().is_none_or(Core::is_alive)
    }

    /// Asks the actor to stop after its current message. What is queued is refused or becomes a dead letter.
    ///
    /// Returns at once; [`stopped`](Self::stopped) waits. To an actor on another node it goes behind the messages that
    /// were sent before; that the node cannot be reached, or does not let it go, is logged.
    pub fn stop(&self) {
        self.0.control(Control::Stop(StopReason::Requested));
    }

    /// Asks the actor to stop after everything that is queued now; on another node, after everything that was sent.
    pub fn stop_after_drain(&self) {
        self.0.drain();
    }

    /// Asks the actor to restart after its current message: a new value from its factory, with the mailbox, the references
    /// and the watchers that it has. No supervision decides, and no budget pays.
    ///
    /// An actor whose value cannot be made twice stops. To one on another node it travels as [`stop`](Self::stop) does.
    pub fn restart(&self) {
        self.0.control(Control::Restart);
    }

    /// Drops the running handler at its next await: any await may be the last line executed.
    ///
    /// `#[on(stop)]` does not run. Children are killed too.
    pub fn kill(&self) {
        self.0.kill();
    }

    /// Keeps the actor from being passivated or evicted, from its next turn on, until
    /// [`resume_passivation`](Self::resume_passivation). See [`Ctx::pause_passivation`](crate::Ctx::pause_passivation).
    ///
    /// A passivation that has begun is not taken back. An actor on another node is not paused: this is logged.
    pub fn pause_passivation(&self) {
        self.on_presence(Presence::pause);
    }

    /// Takes [`pause_passivation`](Self::pause_passivation) back; the idle time begins anew.
    pub fn resume_passivation(&self) {
        self.on_presence(Presence::resume);
    }

    fn on_presence(&self, act: fn(&Presence)) {
        let work = move |scope: &Arc<Scope>| {
            if let Some(presence) = scope.presence() {
                act(presence);
            }
        };
        if self.0.on_turn(None, Box::new(work)).is_err() {
            tracing::error!(actor = %self.path(), "passivation is not paused or resumed on other nodes");
        }
    }

    /// Waits until the actor is gone: its name is free and its watchers are told. Cancel-safe.
    ///
    /// Of a grain, its present activation is waited for; without one, the answer is [`StopReason::Unknown`]. An actor on
    /// another node is watched: the answer is [`StopReason::NodeLost`] if its node is lost before.
    pub async fn stopped(&self) -> StopReason {
        let actor = self.0.tenant().unwrap_or_else(|| self.0.clone());
        match actor.core() {
            Some(core) => core.stopped().await,
            None => stopped_elsewhere(actor).await,
        }
    }

    /// Why the actor is gone; `None` while it is there, and of an actor on another node.
    #[must_use]
    pub fn stop_reason(&self) -> Option<StopReason> {
        self.0.core().and_then(Core::stop_reason)
    }
}

impl PartialEq for AnyRef {
    fn eq(&self, other: &Self) -> bool {
        match (self.0.core(), other.0.core()) {
            (Some(one), Some(other)) => std::ptr::eq(one, other),
            _ if Arc::ptr_eq(&self.0, &other.0) => true,
            _ => {
                let place = |target: &dyn Target| Some((target.node()?, target.path()));
                place(&*self.0).is_some_and(|here| place(&*other.0) == Some(here))
            }
        }
    }
}

impl Eq for AnyRef {}

impl fmt::Debug for AnyRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnyRef({})", self.0.path())
    }
}
