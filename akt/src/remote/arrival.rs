//! What comes for one actor from one peer: in order, held while its mailbox is full.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;

use super::carrier::Carrier;
use super::credit::{Amount, Owed};
use super::inbound::path;
use super::node::Node;
use super::peer::Out;
use super::share::Share;
use crate::actor::{AskError, Core, Held, Incoming, Origin, Outcome, Target, WireReply};
use crate::path::ActorPath;
use crate::runtime::Fire;
use crate::system::DeadLetterReason;
use crate::time::Instant;

/// Fewer actors than this are never swept.
const FEW: usize = 256;

/// What a message that is held costs besides its body.
const OVERHEAD: usize = 512;

/// The actors for which something came on one connection.
#[derive(Default)]
pub(super) struct Arrivals {
    /// Never iterated but to be swept.
    table: Mutex<Table>,
    held: Arc<AtomicUsize>,
    /// Asks that have found their place.
    asks: Arc<AtomicU64>,
    shortest_round_trip: Mutex<Option<Duration>>,
    /// Those that have taken in tells and have not said so.
    unsaid: Mutex<Vec<Arc<Arrival>>>,
}

/// After so long it is said what has found its place, though nobody waits for it: what a sender knows to have arrived, it
/// need not doubt when the connection breaks.
const UNSAID: Duration = Duration::from_secs(1);

#[derive(Default)]
struct Table {
    by_target: HashMap<Bytes, Arc<Arrival>>,
    /// Messages come in runs.
    last: Option<Arc<Arrival>>,
    sweep_at: usize,
}

impl Arrivals {
    /// Bytes of messages that wait for room.
    pub(super) fn held(&self) -> usize {
        self.held.load(Ordering::Acquire)
    }
}

impl Carrier {
    /// Where messages for `target` come in; `None` if that is no path.
    pub(super) fn arrival(self: &Arc<Self>, target: &[u8]) -> Option<Arc<Arrival>> {
        let mut table = self.arrivals.table.lock();
        if let Some(last) = table.last.as_ref().filter(|last| last.target == target) {
            return Some(last.clone());
        }
        if let Some(arrival) = table.by_target.get(target).cloned() {
            table.last = Some(arrival.clone());
            return Some(arrival);
        }
        let path = path(target)?;
        if table.by_target.len() >= table.sweep_at {
            table.last = None;
            table.by_target.retain(|_, arrival| !arrival.rests());
            table.sweep_at = FEW.max(2 * table.by_target.len());
        }
        // Of its own, or it would keep all that came with it.
        let target = Bytes::copy_from_slice(target);
        let arrival = Arc::new(Arrival {
            is_open: self.may_reach(&path),
            carrier: Arc::downgrade(self),
            node: self.node().clone(),
            path,
            target: target.clone(),
            window: self.window,
            actor: Mutex::default(),
            state: Mutex::default(),
            admitting: AtomicBool::new(false),
            kept: AtomicBool::new(false),
            held: self.arrivals.held.clone(),
            asks: self.arrivals.asks.clone(),
        });
        table.by_target.insert(target, arrival.clone());
        Some(arrival)
    }

    /// How long the way to the peer and back is when nobody is in the way, as far as was seen.
    fn shortest_round_trip(&self) -> Option<Duration> {
        let now = self.control.way().round_trip?;
        let mut shortest = self.arrivals.shortest_round_trip.lock();
        *shortest = Some(shortest.map_or(now, |before| before.min(now)));
        *shortest
    }

    fn list_unsaid(self: &Arc<Self>, arrival: Arc<Arrival>) {
        let mut unsaid = self.arrivals.unsaid.lock();
        unsaid.push(arrival);
        let is_first = unsaid.len() == 1;
        drop(unsaid);
        if is_first {
            let at = self.node().runtime().now() + UNSAID;
            self.node().system.timers().arm(at, Arc::new(Unsaid(Arc::downgrade(self))));
        }
    }

    /// Says to the peer what has found its place here.
    pub(super) fn say_unsaid(&self) {
        let unsaid = std::mem::take(&mut *self.arrivals.unsaid.lock());
        unsaid.iter().for_each(|arrival| arrival.settle());
    }
}

/// Rings when it is time to say what has found its place.
struct Unsaid(Weak<Carrier>);

impl Fire for Unsaid {
    fn fire(&self, _now: Instant) {
        if let Some(carrier) = self.0.upgrade() {
            carrier.say_unsaid();
        }
    }
}

/// One actor here, as one peer sends to it.
pub(super) struct Arrival {
    carrier: Weak<Carrier>,
    node: Arc<Node>,
    path: ActorPath,
    target: Bytes,
    window: Amount,
    /// The peer may send to it.
    is_open: bool,
    /// Who had this path at the last message.
    actor: Mutex<Option<Weak<dyn Target>>>,
    state: Mutex<State>,
    /// A task puts into the mailbox what waits; changed under the lock of the state.
    admitting: AtomicBool,
    /// The message under way was held.
    kept: AtomicBool,
    /// Bytes that all of the connection hold.
    held: Arc<AtomicUsize>,
    /// Asks that all of the connection have taken.
    asks: Arc<AtomicU64>,
}

#[derive(Default)]
struct State {
    /// What waits, but for the one that the task below has in hand.
    held: VecDeque<Box<dyn Held>>,
    /// It is among those of the connection that have not said all.
    is_listed: bool,
    owed: Owed,
    share: Share,
    /// Of those that have come.
    asks: u64,
}

impl Arrival {
    /// Takes in one message; called by the one reader.
    pub(super) fn take(self: Arc<Self>, (rpc, body): (u32, Bytes), reply: WireReply) {
        let (bytes, is_tell) = (body.len(), reply.answer.is_none());
        if !self.is_open {
            self.forbid(reply);
            return self.placed(bytes, is_tell);
        }
        match self.actor() {
            Some(actor) => actor.receive(Incoming { rpc, body, reply, origin: self.clone() }),
            None => reply.lost(&*self),
        }
        if !self.kept.swap(false, Ordering::Relaxed) {
            self.placed(bytes, is_tell);
        }
    }

    /// Who has this path now.
    fn actor(&self) -> Option<Arc<dyn Target>> {
        let mut known = self.actor.lock();
        let is_alive = |actor: &Arc<dyn Target>| actor.core().is_some_and(Core::is_alive);
        if let Some(actor) = known.as_ref().and_then(Weak::upgrade).filter(is_alive) {
            return Some(actor);
        }
        let actor = self.node.system.lookup(&self.path).map(|actor| actor.target().clone());
        *known = actor.as_ref().map(Arc::downgrade);
        actor
    }

    /// A message of a client for an actor that is not for clients.
    fn forbid(&self, reply: WireReply) {
        let why = format!("{} is not exposed to clients", self.path);
        if let Some(carrier) = self.carrier.upgrade() {
            carrier.forbid(&why);
        }
        match reply.answer {
            Some(answer) => answer.answer(Outcome::Failed(AskError::Rejected(why.into()))),
            None => self.undeliverable("?", DeadLetterReason::Rejected),
        }
    }

    /// One message has found its place: the peer may send another. Of an ask its answer says so.
    fn placed(self: &Arc<Self>, bytes: usize, is_tell: bool) {
        let mut state = self.state.lock();
        let State { owed, share, asks, is_listed, .. } = &mut *state;
        if !is_tell {
            *asks += 1;
            self.asks.fetch_add(1, Ordering::Relaxed);
        }
        let due = owed.add(self.window, bytes, || {
            let others = self.asks.load(Ordering::Relaxed) - *asks;
            share.eighths(self.node.runtime().now(), others, || self.carrier.upgrade()?.shortest_round_trip())
        });
        let to_list = is_tell && owed.is_owing() && !std::mem::replace(is_listed, true);
        drop(state);
        if let Some(amount) = due {
            self.grant(amount);
        }
        if to_list && let Some(carrier) = self.carrier.upgrade() {
            carrier.list_unsaid(self.clone());
        }
    }

    fn grant(&self, amount: Amount) {
        if let Some(carrier) = self.carrier.upgrade().filter(|carrier| !carrier.has_ended()) {
            let credit = Out::Credit { link: carrier.link, target: self.target.clone(), amount };
            carrier.say_word(credit);
        }
    }

    /// Whether nothing waits; what is owed is granted then.
    fn rests(&self) -> bool {
        if self.is_crowded() {
            return false;
        }
        self.settle();
        true
    }

    /// Says what has found its place.
    fn settle(&self) {
        let mut state = self.state.lock();
        state.is_listed = false;
        let owed = state.owed.settle();
        drop(state);
        if let Some(amount) = owed {
            self.grant(amount);
        }
    }

    /// Puts what waits into the mailbox, in order.
    async fn admit(self: Arc<Self>) {
        let rest = Rest(&self);
        while let Some(mut held) = self.next() {
            poll_fn(|cx| held.poll_admitted(cx)).await;
            if let Some(bytes) = held.bytes() {
                self.placed(bytes, true);
            }
        }
        // Others may wait already, for another task.
        std::mem::forget(rest);
    }

    fn next(&self) -> Option<Box<dyn Held>> {
        let mut state = self.state.lock();
        let next = state.held.pop_front();
        self.admitting.store(next.is_some(), Ordering::Release);
        drop(state);
        if let Some(held) = &next {
            self.released(weight(&**held));
        }
        next
    }

    /// Less is held than before.
    fn released(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::AcqRel);
        if let Some(carrier) = self.carrier.upgrade() {
            carrier.relieve();
        }
    }
}

/// Gives up what waits if its task ends early: the order of a mailbox may panic.
struct Rest<'a>(&'a Arrival);

impl Drop for Rest<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        self.0.admitting.store(false, Ordering::Release);
        let left = std::mem::take(&mut state.held);
        drop(state);
        self.0.released(left.iter().map(|held| weight(&**held)).sum());
    }
}

/// A peer that breaks its credit may send many that are small.
fn weight(held: &dyn Held) -> usize {
    OVERHEAD + held.bytes().unwrap_or_default()
}

impl Origin for Arrival {
    fn undeliverable(&self, message: &'static str, reason: DeadLetterReason) {
        self.node.system.dead_letter_at(|| self.path.clone(), message, reason);
    }

    fn is_crowded(&self) -> bool {
        self.admitting.load(Ordering::Acquire)
    }

    fn hold(self: Arc<Self>, held: Box<dyn Held>) {
        self.held.fetch_add(weight(&*held), Ordering::AcqRel);
        self.kept.store(held.bytes().is_some(), Ordering::Relaxed);
        let mut state = self.state.lock();
        state.held.push_back(held);
        let begin = !self.admitting.swap(true, Ordering::AcqRel);
        drop(state);
        if begin {
            let runtime = self.node.runtime().clone();
            runtime.spawn("remote admission", self.admit());
        }
    }
}

impl fmt::Debug for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Arrival({})", self.path)
    }
}
