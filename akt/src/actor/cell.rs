//! The cell of a local actor: what its references point to.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use super::core::Core;
use super::error::StopReason;
use super::flight::{Flights, Parked, Returning};
use super::mailbox::{Control, Home, Queue, Roused, Ticket};
use super::orphan;
use super::outbound::Incoming;
use super::panic::is_deep;
use super::reference::{Lent, OnTurn, Ref, Refusal, Refused, Sink, Target};
use super::resident::Resident;
use super::traits::{Actor, Message};
use crate::path::ActorPath;
use crate::runtime::Fire;
use crate::system::{ActorSystem, Doing};
use crate::time::Instant;

/// A mailbox with the actor that empties it, and everything about the actor that others may touch.
pub(crate) struct LocalCell<A: Actor> {
    pub(super) home: Home<A::Msg, Resident<A>>,
    pub(crate) core: Core,
    /// Whether asks may be handled in their askers' turn, should the actor rest.
    pub(super) lends: AtomicBool,
    pub(super) doing: Doing,
    /// Asks by those that its own handlers wait for.
    pub(super) returns: <A::Flight as Flights<A>>::Returns,
}

impl<A: Actor> LocalCell<A> {
    pub(crate) fn new(parent: &Arc<dyn Target>, name: Box<str>, queue: Queue<A::Msg>) -> Self {
        Self::with_core(Core::new(parent.system().kind(A::NAME), Some(parent.clone()), name), queue)
    }

    pub(crate) fn with_core(core: Core, queue: Queue<A::Msg>) -> Self {
        if let Some(contract) = A::CONTRACT {
            core.system().know_contract(contract, A::CONTRACT_DIGEST);
        }
        let (lends, doing, returns) = (AtomicBool::new(true), Doing::default(), Default::default());
        Self { core, home: Home::new(queue), lends, doing, returns }
    }

    /// There was no room for `message`: the mailbox says what is dropped, if it is not refused.
    #[cold]
    fn overflow<P>(&self, message: P) -> Result<(), Refused<P>>
    where
        A::Msg: From<P>,
    {
        let dropped = self.home.queue.overflow(message);
        if let Some(message) = dropped.map_err(|(refusal, message)| Refused { refusal, message })? {
            self.core.displaced(message.name(), orphan::part(message));
        }
        Ok(())
    }

    /// Whether a handler of this name cannot be begun now. On the actor's own turn, in its work.
    pub(crate) fn is_held_up(&self, name: &'static str) -> bool {
        self.returns.is_held_up(name)
    }

    /// Has `work` done when a handler has ended. As above.
    pub(crate) fn park(&self, work: Parked) {
        self.returns.park(work);
    }

    /// Accepts `message` if there is room; [`wake_roused`](Self::wake_roused) must follow.
    #[inline]
    pub(crate) fn put(&self, message: A::Msg, reserved: bool) -> Result<Roused, (Refusal, A::Msg)> {
        self.home.queue.put(message, reserved, |number| self.stamp(number))
    }

    /// Not under a lock.
    pub(crate) fn wake_roused(&self, roused: Roused) {
        self.home.queue.wake_roused(roused);
    }

    /// How many messages it has accepted and not started, and one more unless it rests.
    pub(crate) fn load(&self) -> usize {
        self.home.queue.load()
    }

    /// Its mailbox, for whoever asks how busy it is.
    pub(crate) fn queue(&self) -> &Queue<A::Msg> {
        &self.home.queue
    }
}

impl<A: Actor, P: Send + 'static> Sink<P> for LocalCell<A>
where
    A::Msg: From<P>,
{
    fn push(&self, message: P, reserved: bool) -> Result<(), Refused<P>> {
        let stamp = |number| self.stamp(number);
        match self.home.queue.push_with(message, reserved, stamp) {
            Ok(()) => Ok(()),
            Err((Refusal::Full, message)) => self.overflow(message),
            Err((refusal, message)) => Err(Refused { refusal, message }),
        }
    }

    fn come_back(&self, message: P) -> Result<(), Refused<P>> {
        self.returns.push(message).map_err(|message| Refused { refusal: Refusal::Stopped, message })?;
        self.core.lane.nudge();
        self.home.queue.wake();
        Ok(())
    }

    fn attend(&self, message: P, now: Instant, _lent: Lent) {
        Self::attend(self, message.into(), now);
    }

    fn post(&self, message: P)
    where
        P: Message,
    {
        self.errand(Some(message.name()), move |_, _| Some(message.into()));
    }
}

/// The alarm that gives back the space of a burst.
impl<A: Actor> Fire for LocalCell<A> {
    fn fire(&self, _now: Instant) {
        self.home.queue.trim();
    }
}

impl<A: Actor> Target for LocalCell<A> {
    fn path(&self) -> ActorPath {
        self.core.path()
    }

    fn system(&self) -> &ActorSystem {
        self.core.system()
    }

    fn core(&self) -> Option<&Core> {
        Some(&self.core)
    }

    fn lend(&self, cx: &mut Context<'_>) -> Option<Lent> {
        let lends = self.lends.load(Ordering::Relaxed)
            && !self.core.lane.is_raised()
            && !is_deep()
            && self.system().runtime().lends_turn(cx)
            && self.home.lend();
        lends.then_some(Lent::Itself)
    }

    fn poll_room(&self, ticket: &mut Option<Ticket>, cx: &Context<'_>) -> Poll<Result<(), Refusal>> {
        self.home.queue.poll_room(ticket, cx)
    }

    fn abandon(&self, ticket: &Ticket) {
        self.home.queue.abandon(ticket);
    }

    fn unreserve(&self) {
        self.home.queue.give_back(1);
    }

    fn depth(&self) -> usize {
        self.home.queue.depth()
    }

    fn doing(&self) -> Option<&'static str> {
        self.core.kind().name_of(&self.doing)
    }

    fn refusal(&self) -> StopReason {
        self.core.refusal()
    }

    fn grace(&self) -> Duration {
        Duration::ZERO
    }

    fn control(&self, control: Control) {
        self.core.lane.push(control);
        self.home.queue.wake();
    }

    fn wake(&self) {
        self.home.queue.wake();
    }

    fn drain(&self) {
        self.control(Control::Drain(self.home.queue.drain()));
    }

    fn kill(&self) {
        self.core.lane.kill();
        self.home.queue.wake();
    }

    fn typed(self: Arc<Self>) -> Box<dyn Any + Send> {
        Box::new(Ref::<A::Msg>::new(self))
    }

    fn contract(self: Arc<Self>) -> Option<Box<dyn Any + Send>> {
        A::contract(&Ref::new(self))
    }

    fn served(&self) -> Option<&'static str> {
        A::CONTRACT
    }

    fn accepts(&self) -> &'static str {
        std::any::type_name::<A::Msg>()
    }

    fn on_turn(&self, message: Option<&'static str>, work: OnTurn) -> Result<(), OnTurn> {
        self.errand(message, move |_, cx| {
            work(cx.scope());
            None
        });
        Ok(())
    }

    fn receive(self: Arc<Self>, incoming: Incoming) {
        A::receive(&Ref::new(self), incoming);
    }
}
