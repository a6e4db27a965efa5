//! What waits to go to one actor on another node: in order, bounded, and within what that node takes.

use std::collections::VecDeque;
use std::task::{Context, Poll};

use bytes::Bytes;
use parking_lot::Mutex;

use super::association::LinkId;
use super::budget::{Budget, cost};
use super::credit::{Amount, Sent, Window};
use super::large::LARGE;
use crate::actor::{Outgoing, Refusal, Ticket, Woken};
use crate::path::ActorPath;

/// Bytes that may wait for one actor, as [`cost`] counts them.
const LIMIT: usize = 4 << 20;

/// The way to one actor.
pub(super) struct Route {
    pub(super) path: ActorPath,
    /// The path as it travels.
    pub(super) target: Bytes,
    state: Mutex<State>,
}

struct State {
    letters: VecDeque<Letter>,
    /// In their bodies.
    bytes: u64,
    /// So many of them may have to wait for others.
    large: usize,
    budget: Budget,
    window: Window,
    /// The writer knows that there are letters.
    listed: bool,
    /// There are letters, and no credit.
    starved: bool,
    /// Whoever has the turn here, and waits for the one at the peer.
    at_peer: Option<Ticket>,
    /// The actor is to stop behind so many letters.
    drain_behind: Option<usize>,
}

/// What a writer may take.
#[derive(Clone, Copy)]
pub(super) struct Leave<'a> {
    pub(super) link: LinkId,
    /// So much may be under way there.
    pub(super) limit: Amount,
    /// Whether a message of so many bytes may go.
    pub(super) may_go: &'a dyn Fn(usize) -> bool,
}

/// What is left at a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum More {
    /// Nothing that may go; who changes that lists the route.
    Nothing,
    /// The word that the actor is to stop after these; then look again.
    Drain,
    Now,
    /// A message that may not go yet.
    Later,
}

/// A message for an actor on another node.
pub(super) struct Letter {
    pub(super) name: &'static str,
    pub(super) outgoing: Outgoing,
}

/// What waits for all actors of a peer.
pub(super) type Load = Mutex<Budget>;

/// What is done after the locks.
#[derive(Default)]
#[must_use = "dropped under a lock, it wakes under that lock"]
pub(super) struct After {
    /// The writer is to be told of this route.
    pub(super) list: bool,
    _woken: [Option<Woken>; 2],
}

impl Route {
    pub(super) fn new(path: ActorPath, target: Bytes) -> Self {
        let state = State {
            letters: VecDeque::new(),
            bytes: 0,
            large: 0,
            budget: Budget::new(LIMIT),
            window: Window::default(),
            listed: false,
            starved: false,
            at_peer: None,
            drain_behind: None,
        };
        Self { path, target, state: Mutex::new(state) }
    }

    /// Accepts a message, made only once it has room; `in_turn` if [`poll_turn`](Self::poll_turn) was ready for it.
    pub(super) fn push<D: Into<Letter>>(&self, draft: D, in_turn: bool, load: &Load) -> Result<After, D> {
        let mut state = self.state.lock();
        let open = in_turn || state.budget.is_open() && load.lock().is_open();
        if !open {
            return Err(draft);
        }
        let letter: Letter = draft.into();
        let cost = letter.cost();
        let mut after = After::default();
        if in_turn {
            after._woken = [state.budget.add_in_turn(cost), load.lock().add_in_turn(cost)];
        } else {
            state.budget.add(cost);
            load.lock().add(cost);
        }
        state.count(&letter);
        state.letters.push_back(letter);
        after.list = !state.starved && !std::mem::replace(&mut state.listed, true);
        Ok(after)
    }

    /// Takes what may go now, but not much at once.
    pub(super) fn take(&self, leave: Leave<'_>, batch: &mut VecDeque<Letter>, load: &Load) -> (More, After) {
        // A node bounds by itself what is asked of it, and grants nothing.
        let (state, is_free) = (&mut *self.state.lock(), self.target.is_empty());
        if batch.is_empty() && state.takes_leave_for_all(leave, is_free) {
            *batch = std::mem::take(&mut state.letters);
            state.listed = false;
            return (More::Nothing, state.freed(state.budget.used(), load));
        }
        let (mut bytes, mut cost, mut more) = (0, 0, More::Now);
        while let Some(letter) = state.letters.front().filter(|_| bytes < BATCH) {
            let length = letter.outgoing.body.len();
            if !(leave.may_go)(length) {
                more = More::Later;
                break;
            }
            if !is_free && !state.window.take(leave.link, leave.limit, length) {
                state.starved = true;
                break;
            }
            bytes += length + OVERHEAD;
            cost += letter.cost();
            let Some(letter) = state.letters.pop_front() else { break };
            state.discount(&letter);
            batch.push_back(letter);
            state.drain_behind = state.drain_behind.map(|behind| behind - 1);
            if state.drain_behind.take_if(|behind| *behind == 0).is_some() {
                return (More::Drain, state.freed(cost, load));
            }
        }
        if state.starved || state.letters.is_empty() {
            more = More::Nothing;
        }
        state.listed = more != More::Nothing;
        (more, state.freed(cost, load))
    }

    /// Takes everything, for there is no connection.
    pub(super) fn take_all(&self, load: &Load) -> (VecDeque<Letter>, After) {
        let mut state = self.state.lock();
        let letters = std::mem::take(&mut state.letters);
        (state.bytes, state.large) = (0, 0);
        (state.listed, state.starved, state.drain_behind) = (false, false, None);
        let freed = letters.iter().map(Letter::cost).sum();
        (letters, state.freed(freed, load))
    }

    /// Whether the word that the actor is to stop after all that was sent may go at once; else it goes behind that.
    pub(super) fn drain(&self) -> bool {
        let mut state = self.state.lock();
        let waiting = state.letters.len();
        state.drain_behind = (waiting > 0).then_some(waiting);
        waiting == 0
    }

    /// These were given to the connection.
    pub(super) fn sent(&self, link: LinkId, sent: Sent) {
        self.state.lock().window.sent(link, sent);
    }

    /// Whether the peer has everything, as far as it has said, and nothing waits.
    pub(super) fn rests(&self) -> bool {
        let state = self.state.lock();
        state.letters.is_empty() && state.window.is_confirmed()
    }

    /// Tells of a connection at its end that may or may not have arrived.
    pub(super) fn take_unconfirmed(&self, link: LinkId) -> u64 {
        self.state.lock().window.take_unconfirmed(link)
    }

    /// So much has found its place there.
    pub(super) fn placed(&self, link: LinkId, amount: Amount) -> After {
        let mut state = self.state.lock();
        state.window.placed(link, amount);
        state.freed_leave()
    }

    /// So much was not sent after all.
    pub(super) fn give_back(&self, link: LinkId, amount: Amount) -> After {
        let mut state = self.state.lock();
        state.window.give_back(link, amount);
        state.freed_leave()
    }

    /// Ready when a message will be accepted, in the order of asking.
    pub(super) fn poll_turn(
        &self,
        ticket: &mut Option<Ticket>,
        cx: &Context<'_>,
        load: &Load,
    ) -> Poll<Result<(), Refusal>> {
        let mut state = self.state.lock();
        let at_peer = |state: &State, ticket: &Ticket| state.at_peer.as_ref().is_some_and(|at| at.is(ticket));
        if !ticket.as_ref().is_some_and(|ticket| at_peer(&state, ticket)) {
            let turn = state.budget.poll_turn(ticket, cx);
            if !matches!(turn, Poll::Ready(Ok(()))) {
                return turn;
            }
            *ticket = None;
        }
        let turn = load.lock().poll_turn(ticket, cx);
        state.at_peer = if turn.is_pending() { ticket.clone() } else { None };
        turn
    }

    /// Leaves the line that it is in.
    pub(super) fn abandon(&self, ticket: &Ticket, load: &Load) -> After {
        let mut state = self.state.lock();
        if state.at_peer.take_if(|at| at.is(ticket)).is_none() {
            return After { _woken: [Some(state.budget.abandon(ticket)), None], list: false };
        }
        let woken = load.lock().abandon(ticket);
        After { _woken: [Some(state.budget.pass()), Some(woken)], list: false }
    }

    /// Gives back a turn that is not used.
    pub(super) fn pass(&self, load: &Load) -> After {
        let mut state = self.state.lock();
        After { _woken: [Some(state.budget.pass()), Some(load.lock().pass())], list: false }
    }

    pub(super) fn depth(&self) -> usize {
        self.state.lock().letters.len()
    }
}

/// So much goes of one route before another has its turn.
const BATCH: usize = 64 << 10;

/// What a message costs on the wire besides its body, about.
const OVERHEAD: usize = 64;

impl State {
    /// Takes leave for everything that waits, if that is little and may go.
    fn takes_leave_for_all(&mut self, leave: Leave<'_>, is_free: bool) -> bool {
        let Ok(messages) = u32::try_from(self.letters.len()) else { return false };
        let is_little = self.bytes + u64::from(messages) * OVERHEAD as u64 <= 2 * BATCH as u64;
        if !is_little || self.large > 0 || self.drain_behind.is_some() {
            return false;
        }
        let all = Amount { messages, bytes: self.bytes };
        let takes = is_free || self.window.take_all(leave.link, leave.limit, all);
        if takes {
            self.bytes = 0;
        }
        takes
    }

    fn count(&mut self, letter: &Letter) {
        let bytes = letter.outgoing.body.len();
        self.bytes += bytes as u64;
        self.large += usize::from(bytes > LARGE);
    }

    fn discount(&mut self, letter: &Letter) {
        let bytes = letter.outgoing.body.len();
        self.bytes -= bytes as u64;
        self.large -= usize::from(bytes > LARGE);
    }

    fn freed_leave(&mut self) -> After {
        let list = std::mem::take(&mut self.starved) && !std::mem::replace(&mut self.listed, true);
        After { list, ..After::default() }
    }

    fn freed(&mut self, cost: usize, load: &Load) -> After {
        After { list: false, _woken: [self.budget.remove(cost), load.lock().remove(cost)] }
    }
}

impl Letter {
    fn cost(&self) -> usize {
        cost(self.outgoing.body.len())
    }
}
