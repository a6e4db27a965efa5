//! What comes for one actor from one peer: in order, held while its mailbox is full.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use bytes::Bytes;
use parking_lot::Mutex;

use super::carrier::Carrier;
use super::credit::{Amount, Owed};
use super::inbound::path;
use super::node::Node;
use super::peer::Out;
use crate::actor::{AskError, Held, Incoming, Origin, Outcome, WireReply};
use crate::path::ActorPath;
use crate::system::DeadLetterReason;

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
}

#[derive(Default)]
struct Table {
    by_target: HashMap<Bytes, Arc<Arrival>>,
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
        if let Some(arrival) = table.by_target.get(target) {
            return Some(arrival.clone());
        }
        let path = path(target)?;
        if table.by_target.len() >= table.sweep_at {
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
            state: Mutex::default(),
            held: self.arrivals.held.clone(),
        });
        table.by_target.insert(target, arrival.clone());
        Some(arrival)
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
    state: Mutex<State>,
    /// Bytes that all of the connection hold.
    held: Arc<AtomicUsize>,
}

#[derive(Default)]
struct State {
    /// What waits, but for the one that the task below has in hand.
    held: VecDeque<Box<dyn Held>>,
    /// A task puts into the mailbox what waits.
    admitting: bool,
    /// The message under way was held.
    kept: bool,
    owed: Owed,
}

impl Arrival {
    /// Takes in one message; called by the one reader.
    pub(super) fn take(self: Arc<Self>, (rpc, body): (u32, Bytes), reply: WireReply) {
        let (bytes, system) = (body.len(), &self.node.system);
        if !self.is_open {
            self.forbid(reply);
            return self.placed(bytes);
        }
        match system.lookup(&self.path) {
            Some(actor) => {
                let origin = self.clone();
                actor.target().clone().receive(Incoming { rpc, body, reply, origin });
            }
            None => reply.lost(&*self),
        }
        if !std::mem::take(&mut self.state.lock().kept) {
            self.placed(bytes);
        }
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

    /// One message has found its place: the peer may send another.
    fn placed(&self, bytes: usize) {
        let owed = self.state.lock().owed.add(self.window, bytes);
        if let Some(amount) = owed {
            self.grant(amount);
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
        let mut state = self.state.lock();
        if state.admitting {
            return false;
        }
        let owed = state.owed.settle();
        drop(state);
        if let Some(amount) = owed {
            self.grant(amount);
        }
        true
    }

    /// Puts what waits into the mailbox, in order.
    async fn admit(self: Arc<Self>) {
        let rest = Rest(&self);
        while let Some(mut held) = self.next() {
            poll_fn(|cx| held.poll_admitted(cx)).await;
            if let Some(bytes) = held.bytes() {
                self.placed(bytes);
            }
        }
        // Others may wait already, for another task.
        std::mem::forget(rest);
    }

    fn next(&self) -> Option<Box<dyn Held>> {
        let mut state = self.state.lock();
        let next = state.held.pop_front();
        state.admitting = next.is_some();
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
        state.admitting = false;
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
        self.state.lock().admitting
    }

    fn hold(self: Arc<Self>, held: Box<dyn Held>) {
        self.held.fetch_add(weight(&*held), Ordering::AcqRel);
        let mut state = self.state.lock();
        state.kept = held.bytes().is_some();
        state.held.push_back(held);
        let begin = !std::mem::replace(&mut state.admitting, true);
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
