//! The sink of a router: hands each message to a routee, in the sender's thread.

use std::any::{Any, type_name};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use parking_lot::RwLock;

use super::gather::{Gather, How, Spread};
use super::lines::Lines;
use super::pool::{Pool, Routees};
use super::strategy::{Choose, KeyOf, Routee, Strategy, around, lightest, rendezvous};
use crate::actor::{
    Actor, Asker, Control, Core, Incoming, LocalCell, Message, OnTurn, Ref, Refusal, Refused, Sink,
    StopReason, Target, Ticket, Way, guard, is_there,
};
use crate::path::ActorPath;
use crate::system::ActorSystem;

/// The routees as senders see them.
pub(super) struct Table<M> {
    pub(super) places: RwLock<Vec<Place<M>>>,
    /// Nobody is replaced any more: the router stops when its routees have handled what they have.
    pub(super) draining: AtomicBool,
}

/// One routee. Its number stays when it is replaced: the keys are the number's.
pub(super) struct Place<M> {
    pub(super) number: u64,
    pub(super) routee: Ref<M>,
}

impl<M> Table<M> {
    pub(super) fn new() -> Self {
        Self { places: RwLock::default(), draining: AtomicBool::new(false) }
    }
}

/// What the references of a router point to. Its core is that of the actor that keeps the routees.
pub(super) struct RouterCell<A: Actor> {
    pub(super) keeper: Arc<LocalCell<Pool<A>>>,
    pub(super) table: Arc<Table<A::Msg>>,
    pub(super) strategy: Strategy<A::Msg>,
    pub(super) turn: AtomicUsize,
    pub(super) lines: Lines<A::Msg>,
}

/// How long an asker waits beyond its time for what became of its clones.
const GRACE: Duration = Duration::from_millis(50);

impl<A: Actor> RouterCell<A> {
    /// The places in the order in which `message` tries them.
    fn order(&self, message: &A::Msg, places: &[Place<A::Msg>]) -> impl Iterator<Item = usize> + use<A> {
        let turn = || self.turn.fetch_add(1, Ordering::Relaxed);
        let (first, listed) = match &self.strategy {
            Strategy::RoundRobin | Strategy::Gather(_) | Strategy::Pull => (turn(), Vec::new()),
            #[allow(clippy::cast_possible_truncation, reason = "any of the bits are as good")]
            Strategy::Random => (self.system().runtime().random() as usize, Vec::new()),
            Strategy::LeastLoaded => {
                let load = |place: usize| places[place].routee.0.depth();
                (0, lightest(around(turn(), places.len()), load))
            }
            Strategy::ConsistentHash(key) => (0, owners(self.key(key, message), places)),
            Strategy::Chosen(choose) => {
                (self.choice(choose, message, places).unwrap_or_else(turn), Vec::new())
            }
        };
        let all = if listed.is_empty() { places.len() } else { 0 };
        listed.into_iter().chain(around(first, all))
    }

    /// A `key` that panics is no fault of the sender's.
    fn key(&self, key: &KeyOf<A::Msg>, message: &A::Msg) -> u64 {
        guard(|| key(message)).unwrap_or_else(|panic| {
            let (text, place) = (panic.text, panic.place);
            tracing::error!(router = %self.path(), text, place, "the key of a message panicked");
            0
        })
    }

    /// A choice that panics, or is none, is no fault of the sender's: it is the next one's turn.
    fn choice(&self, choose: &Choose<A::Msg>, message: &A::Msg, places: &[Place<A::Msg>]) -> Option<usize> {
        let of = |place: &Place<A::Msg>| Routee { number: place.number, queued: place.routee.0.depth() };
        let routees: Vec<_> = places.iter().map(of).collect();
        if routees.is_empty() {
            return None;
        }
        match guard(|| choose(message, &routees)) {
            Ok(chosen) if chosen < routees.len() => Some(chosen),
            Ok(chosen) => {
                let routees = routees.len();
                tracing::error!(router = %self.path(), chosen, routees, "the strategy chose nobody");
                None
            }
            Err(panic) => {
                let (text, place) = (panic.text, panic.place);
                tracing::error!(router = %self.path(), text, place, "the strategy panicked");
                None
            }
        }
    }

    /// The way of this message to several routees, if it goes to several.
    fn gather(&self, message: &A::Msg) -> Option<&Gather<A::Msg>> {
        match &self.strategy {
            Strategy::Gather(gather)
                if gather.how == How::All || message.reply().is_some_and(|slot| slot.is_ask()) =>
            {
                Some(gather)
            }
            _ => None,
        }
    }

    /// Those that are there, in the order in which a message goes to them.
    fn routees(&self) -> Vec<Ref<A::Msg>> {
        let places = self.table.places.read();
        let first = match &self.strategy {
            Strategy::Gather(Gather { how: How::Chop { .. }, .. }) => {
                self.turn.fetch_add(1, Ordering::Relaxed)
            }
            _ => 0,
        };
        let routees = around(first, places.len()).map(|place| &places[place].routee);
        routees.filter(|routee| is_there(routee)).cloned().collect()
    }

    fn spread(
        &self,
        gather: &Gather<A::Msg>,
        message: A::Msg,
        held: Option<Ref<A::Msg>>,
    ) -> Result<(), Refused<A::Msg>> {
        let (router, routees, nobody) = (self.keeper.clone(), self.routees(), self.nobody());
        if gather.how == How::All {
            let asker = Asker::of::<A>(&message);
            if let Some(path) = routees.iter().find_map(|routee| asker.cycle(routee)) {
                if let Some(held) = held {
                    held.0.unreserve();
                }
                return Err(Refused { refusal: Refusal::cycle(path), message });
            }
        }
        gather.spread(Spread { how: gather.how, router, routees, held, nobody }, message)
    }

    /// Why nobody takes messages, if nobody is there.
    fn nobody(&self) -> Refusal {
        if self.keeper.core.is_alive() { Refusal::NoRoutees } else { Refusal::Stopped }
    }
}

/// The places of the routees that are there, those before others to which `key` rather belongs.
fn owners<M: 'static>(key: u64, places: &[Place<M>]) -> Vec<usize> {
    let there = |(_, place): &(usize, &Place<M>)| place.routee.0.core().is_some_and(Core::is_alive);
    rendezvous(key, places.iter().enumerate().filter(there).map(|(at, place)| (at, place.number)))
}

impl<A: Actor> Sink<A::Msg> for RouterCell<A> {
    fn push(&self, mut message: A::Msg, reserved: bool) -> Result<(), Refused<A::Msg>> {
        let held = if reserved { self.lines.take_held() } else { None };
        if let Some(gather) = self.gather(&message) {
            return self.spread(gather, message, held);
        }
        if let Some(held) = held {
            match held.0.push(message, true) {
                Ok(()) => return Ok(()),
                Err(refused) => message = refused.message,
            }
        }
        let places = self.table.places.read();
        let keyed = matches!(self.strategy, Strategy::ConsistentHash(_));
        let asker = Asker::of::<A>(&message);
        // Why nobody takes it, but that all are gone: one has no room, or waits for this.
        let mut refusal = None;
        for place in self.order(&message, &places) {
            let routee = &places[place].routee;
            let pushed = match asker.way(routee) {
                Way::Free => routee.0.push(message, false),
                Way::Back => routee.0.come_back(message),
                Way::Cycle(path) => Err(Refused { refusal: Refusal::cycle(path), message }),
            };
            let Err(refused) = pushed else { return Ok(()) };
            message = refused.message;
            refusal = match refused.refusal {
                Refusal::Full => Some(Refusal::Full),
                cycle @ Refusal::Cycle(_) => refusal.or(Some(cycle)),
                _ => refusal,
            };
            if keyed && refusal.is_some() {
                break;
            }
        }
        drop(places);
        Err(Refused { refusal: refusal.unwrap_or_else(|| self.nobody()), message })
    }

    fn routee_of(&self, key: u64) -> Option<Ref<A::Msg>> {
        let places = self.table.places.read();
        owners(key, &places).first().map(|place| places[*place].routee.clone())
    }

    fn waits_at(&self, message: A::Msg) -> (A::Msg, Option<Ref<A::Msg>>) {
        if matches!(self.strategy, Strategy::Gather(_)) {
            return (message, None);
        }
        let places = self.table.places.read();
        let asker = Asker::of::<A>(&message);
        let mut order = self.order(&message, &places).map(|place| &places[place].routee);
        let routee = order.find(|routee| is_there(routee) && asker.cycle(routee).is_none()).cloned();
        (message, routee)
    }
}

impl<A: Actor> Target for RouterCell<A> {
    fn path(&self) -> ActorPath {
        self.keeper.core.path()
    }

    fn system(&self) -> &ActorSystem {
        self.keeper.core.system()
    }

    fn core(&self) -> Option<&Core> {
        Some(&self.keeper.core)
    }

    /// Whoever waits, waits at a routee: see [`Sink::waits_at`]. Only what goes to several is pushed here again.
    fn poll_room(&self, ticket: &mut Option<Ticket>, cx: &Context<'_>) -> Poll<Result<(), Refusal>> {
        let Strategy::Gather(gather) = &self.strategy else { return Poll::Ready(Err(Refusal::Full)) };
        self.lines.poll(&self.routees(), gather.how == How::All, ticket, cx)
    }

    fn abandon(&self, ticket: &Ticket) {
        self.lines.abandon(ticket);
    }

    fn depth(&self) -> usize {
        self.table.places.read().iter().map(|place| place.routee.0.depth()).sum()
    }

    fn refusal(&self) -> StopReason {
        self.keeper.core.refusal()
    }

    fn grace(&self) -> Duration {
        if matches!(self.strategy, Strategy::Gather(_)) { GRACE } else { Duration::ZERO }
    }

    fn control(&self, control: Control) {
        self.keeper.control(control);
    }

    fn drain(&self) {
        self.table.draining.store(true, Ordering::SeqCst);
        let routees: Vec<_> = self.table.places.read().iter().map(|place| place.routee.clone()).collect();
        if self.keeper.core.children().is_empty() {
            self.keeper.control(Control::Stop(StopReason::Requested));
        }
        routees.iter().for_each(|routee| routee.0.drain());
    }

    fn kill(&self) {
        self.keeper.kill();
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
        type_name::<A::Msg>()
    }

    fn on_turn(&self, message: Option<&'static str>, work: OnTurn) -> Result<(), OnTurn> {
        self.keeper.on_turn(message, work)
    }

    fn receive(self: Arc<Self>, incoming: Incoming) {
        A::receive(&Ref::new(self), incoming);
    }

    fn router(&self) -> Option<Box<dyn Any + Send>> {
        Some(Box::new(Routees::new(Ref::new(self.keeper.clone()), self.table.clone())))
    }
}
