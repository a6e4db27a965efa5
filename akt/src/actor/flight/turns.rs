//! Handlers that have turns: started in order, and polled one at a time with the actor's value on the table.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;

use super::deck::{Deck, Flights, Mode};
use super::flock::{Flock, Place};
use super::member::{Lost, Member, Next};
use super::returns::{Full, Returns};
use crate::actor::meta::Receiver;
use crate::actor::traits::{Actor, Message};
use crate::actor::turn::{Turn, TurnCtx};
use crate::runtime::thread_number;

/// Handlers woken that are polled before messages have their turn: half of what is done before other tasks have theirs.
const ROUND: usize = 64;

/// The handlers that an actor has under way beside each other.
pub struct Flight<A: Actor> {
    /// Messages that wait for their start.
    pub(super) next: VecDeque<Next<A::Msg>>,
    turns: Flock<Member<'static, A>>,
    /// One that has the actor to itself.
    holder: Option<Place>,
    table: Option<Arc<Table<A>>>,
    pub(super) concurrency: usize,
}

impl<A: Actor> Default for Flight<A> {
    fn default() -> Self {
        let (next, turns) = (VecDeque::new(), Flock::default());
        Self { next, turns, holder: None, table: None, concurrency: 1 }
    }
}

impl<A: Actor> fmt::Debug for Flight<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flight({} under way, {} to start)", self.turns.len(), self.next.len())
    }
}

impl<A: Actor> Flight<A> {
    fn table(&mut self) -> Arc<Table<A>> {
        self.table.get_or_insert_default().clone()
    }

    /// Whether others have to end before anything is begun: too many of its kind, or all if nothing is to be begun.
    fn is_held_up(&self) -> bool {
        let Some(next) = self.next.front() else { return !self.turns.is_empty() };
        let Mode::Turn { max } = A::mode(&next.message) else { return false };
        !next.returns && self.is_full(next.message.name(), max)
    }

    /// Whether as many handlers of `name` are under way as may be.
    fn is_full(&self, name: &'static str, max: usize) -> bool {
        // Without a limit, nobody counts.
        max < usize::MAX && self.turns.iter().filter(|member| member.terms.name == name).count() >= max
    }
}

impl<A: Actor<Flight = Self>> Flights<A> for Flight<A> {
    const ALONE: bool = false;
    type Returns = Returns<A::Msg>;

    fn limit(&mut self, concurrency: usize) {
        self.concurrency = concurrency.max(1);
    }

    fn is_empty(&self) -> bool {
        self.turns.is_empty() && self.next.is_empty()
    }

    fn is_woken(&self) -> bool {
        self.turns.is_woken(self.holder)
    }

    fn listen(&self, task: &Waker) {
        self.turns.listen(task);
    }

    fn line_up(&mut self, next: Next<A::Msg>) {
        if next.returns { self.next.push_front(next) } else { self.next.push_back(next) }
    }

    fn has_next(&self) -> bool {
        !self.next.is_empty()
    }

    fn full(&self) -> Full {
        let limited = self.turns.iter().filter(|member| member.terms.max < usize::MAX);
        let full = limited.filter(|member| self.is_full(member.terms.name, member.terms.max));
        Full { all: self.has_next(), names: full.map(|member| member.terms.name).collect() }
    }

    fn next_shares(&self) -> bool {
        self.next.front().is_some_and(|next| A::mode(&next.message) == Mode::Shared)
    }

    fn take_next(&mut self) -> VecDeque<A::Msg> {
        std::mem::take(&mut self.next).into_iter().map(|next| next.message).collect()
    }

    fn lose(&mut self) -> Vec<Lost> {
        self.holder = None;
        self.table = None;
        self.turns.clear().into_iter().map(Member::lose).collect()
    }

    fn poll_turns(deck: &mut Deck<'_, A>, cx: &mut Context<'_>) -> Poll<()> {
        if deck.runner.flight.turns.is_empty() {
            return Poll::Ready(());
        }
        deck.runner.flight.turns.listen(cx.waker());
        for _ in 0..ROUND {
            let holder = deck.runner.flight.holder;
            if !has_turn(deck, holder) {
                break;
            }
            deck.runner.count_turn();
        }
        let Deck { runner, end, .. } = deck;
        if runner.flight.holder.is_none() || end.is_some() {
            return Poll::Ready(());
        }
        // As with a handler that has the actor to itself, all that ends the wait is its end, or a kill.
        let lane = &runner.cell.core.lane;
        lane.register(cx.waker());
        if lane.is_killed() {
            return Poll::Ready(());
        }
        if runner.flight.is_woken() {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }

    fn poll_start(deck: &mut Deck<'_, A>, cx: &mut Context<'_>) -> Poll<()> {
        let Deck { runner, actor, .. } = deck;
        if runner.flight.is_held_up() {
            let lane = &runner.cell.core.lane;
            lane.register(cx.waker());
            runner.flight.turns.listen(cx.waker());
            let goes_on = lane.raised_now() || runner.flight.is_woken();
            return if goes_on { Poll::Ready(()) } else { Poll::Pending };
        }
        let Some(next) = runner.flight.next.pop_front() else { return Poll::Ready(()) };
        let name = next.message.name();
        let actor = actor.as_ref().expect("it has started");
        if let Some((message, cx, terms)) = runner.begin_beside(actor, next, Receiver::Turn) {
            let this = Turn::new(runner.flight.table(), name);
            let handler = A::turn(this, message, TurnCtx::new(cx));
            let place = runner.flight.turns.join(Member::new(terms, handler));
            has_turn(deck, Some(place));
        }
        Poll::Ready(())
    }

    fn poll_landed(deck: &mut Deck<'_, A>, cx: &mut Context<'_>) -> Poll<()> {
        let _ = Self::poll_turns(deck, cx);
        let Deck { runner, end, .. } = deck;
        let lane = &runner.cell.core.lane;
        lane.register(cx.waker());
        if runner.flight.turns.is_empty() || end.is_some() || lane.is_killed() {
            return Poll::Ready(());
        }
        if runner.flight.is_woken() {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

/// Polls one handler that was woken, or `only`; false if there is none, or something is to be seen to first.
fn has_turn<A: Actor<Flight = Flight<A>>>(deck: &mut Deck<'_, A>, only: Option<Place>) -> bool {
    let Deck { runner, actor, end } = deck;
    if end.is_some() || runner.cell.core.lane.is_killed() {
        return false;
    }
    let Some((place, mut member, waker)) = runner.flight.turns.next(only) else { return false };
    let table = runner.flight.table();
    runner.be_in(member.terms.name);
    table.lay(actor.take().expect("it has started"));
    let polled = member.poll(&runner.cell, &waker);
    **actor = table.clear();
    runner.flight.holder = (table.held.load(Ordering::Relaxed) > 0).then_some(place);
    match polled {
        Poll::Pending => runner.flight.turns.stay(place, member),
        Poll::Ready(outcome) => {
            runner.flight.holder = None;
            table.held.store(0, Ordering::Relaxed);
            runner.flight.turns.leave(place);
            if let Some(presence) = runner.cx.presence() {
                presence.stir();
            }
            *end = runner.ended(member, outcome);
        }
    }
    true
}

/// Where an actor's value lies while its handlers have their turns.
pub(in crate::actor) struct Table<A> {
    value: Mutex<Option<Laid<A>>>,
    /// How often over the handler whose turn it is keeps the actor to itself.
    pub(in crate::actor) held: AtomicUsize,
}

struct Laid<A> {
    value: A,
    /// The thread whose turn it is; any thread's, outside of a system.
    thread: Option<u64>,
}

/// Why a value cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::actor) enum Absent {
    /// It is not on the table, or another thread has its turn.
    NoTurn,
    /// Somebody has it.
    Taken,
}

impl<A> Default for Table<A> {
    fn default() -> Self {
        Self { value: Mutex::new(None), held: AtomicUsize::new(0) }
    }
}

impl<A> Table<A> {
    /// A table on which `value` lies for good.
    pub(in crate::actor) fn of(value: A) -> Self {
        Self { value: Mutex::new(Some(Laid { value, thread: None })), held: AtomicUsize::new(0) }
    }

    fn lay(&self, value: A) {
        *self.value.lock() = Some(Laid { value, thread: Some(thread_number() as u64) });
    }

    fn clear(&self) -> Option<A> {
        self.value.lock().take().map(|laid| laid.value)
    }

    /// Whether the value is to be had on this thread, now or when somebody gives it back.
    pub(in crate::actor) fn is_laid(&self) -> bool {
        self.value.try_lock().is_none_or(|value| value.as_ref().is_some_and(Laid::is_here))
    }

    pub(in crate::actor) fn with<R>(&self, f: impl FnOnce(&mut A) -> R) -> Result<R, Absent> {
        let mut value = self.value.try_lock().ok_or(Absent::Taken)?;
        let laid = value.as_mut().filter(|laid| laid.is_here()).ok_or(Absent::NoTurn)?;
        Ok(f(&mut laid.value))
    }
}

impl<A> Laid<A> {
    fn is_here(&self) -> bool {
        self.thread.is_none_or(|thread| thread == thread_number() as u64)
    }
}
