//! A group of `&self` handlers: they borrow the actor together, until it is somebody else's turn.

use std::future::poll_fn;
use std::task::{Context, Poll};

use super::deck::{Deck, Flights, Mode};
use super::flock::{Flock, Place};
use super::member::{Member, Next};
use super::returns::Returning;
use super::turns::Flight;
use crate::actor::mailbox::Batch;
use crate::actor::meta::Receiver;
use crate::actor::runner::Runner;
use crate::actor::stash::Shelf;
use crate::actor::step::End;
use crate::actor::traits::Actor;
use crate::message::SharedState;

/// Handlers polled or begun before other tasks have their turn.
const ROUND: usize = 128;

/// Runs the handler of the message that waits for its start, and those that may run beside it, until all have ended.
///
/// Messages join as long as they are for `&self` handlers and nothing else is to be done: then the group ends,
/// and it is the others' turn.
pub async fn share<A>(deck: &mut Deck<'_, A>)
where
    A: Actor<Flight = Flight<A>> + for<'a> SharedState<'a>,
{
    let Deck { runner, actor, end } = deck;
    let actor: &A = actor.as_ref().expect("it has started");
    let mut group = Group { flock: Flock::default(), new: true, aside: Vec::new(), closed: false };
    *end = poll_fn(|cx| group.poll(runner, actor, cx)).await;
    group.aside.into_iter().rev().for_each(|message| runner.cell.returns.put_back(message));
}

struct Group<'a, A: Actor> {
    flock: Flock<Member<'a, A>>,
    /// None was begun yet.
    new: bool,
    /// Asks that came back for handlers that cannot run beside it.
    aside: Vec<A::Msg>,
    /// Something that cannot run beside it waits for its end.
    closed: bool,
}

/// What may be begun now.
enum Arrival<M> {
    Message(Next<M>),
    /// The mailbox is to be looked into.
    Mailbox,
    Nothing,
}

impl<'a, A: Actor<Flight = Flight<A>>> Group<'a, A> {
    /// Ready when it has ended; with what a handler led to.
    fn poll(&mut self, runner: &mut Runner<A>, actor: &'a A, cx: &mut Context<'_>) -> Poll<Option<End>> {
        self.flock.listen(cx.waker());
        runner.flight.listen(cx.waker());
        runner.cell.core.lane.register(cx.waker());
        for _ in 0..ROUND {
            if runner.cell.core.lane.is_killed() {
                let lost = self.flock.clear().into_iter().map(Member::lose).collect();
                runner.cell.core.killed_in_flight(lost);
                return Poll::Ready(Some(End::Killed));
            }
            if let Some(end) = self.poll_next(runner, None) {
                return Poll::Ready(Some(end));
            }
            match self.arrival(runner, actor) {
                Arrival::Message(next) => {
                    if let Some(end) = self.begin(runner, actor, next) {
                        return Poll::Ready(Some(end));
                    }
                }
                Arrival::Mailbox if self.looks_in(runner, cx) => {}
                _ if self.flock.is_woken(None) => {}
                _ if self.flock.is_empty() => return Poll::Ready(None),
                _ => return Poll::Pending,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Polls one handler that was woken, or `only`. When it fails, it takes the others with it.
    fn poll_next(&mut self, runner: &mut Runner<A>, only: Option<Place>) -> Option<End> {
        let (place, mut member, waker) = self.flock.next(only)?;
        if only.is_none() {
            runner.count_turn();
        }
        runner.be_in(member.terms.name);
        let Poll::Ready(outcome) = member.poll(&runner.cell, &waker) else {
            self.flock.stay(place, member);
            return None;
        };
        self.flock.leave(place);
        let mut end = runner.ended(member, outcome)?;
        if let End::Failed(failure) = &mut end {
            failure.lost.extend(self.flock.clear().into_iter().map(Member::lose));
        }
        Some(end)
    }

    /// Begins the handler of a message: its first poll comes before anything else.
    fn begin(&mut self, runner: &mut Runner<A>, actor: &'a A, next: Next<A::Msg>) -> Option<End> {
        let (message, cx, terms) = runner.begin_beside(actor, next, Receiver::Shared)?;
        let place = self.flock.join(Member::new(terms, actor.shared(message, cx)));
        self.poll_next(runner, Some(place))
    }

    fn arrival(&mut self, runner: &mut Runner<A>, actor: &A) -> Arrival<A::Msg> {
        while let Some(message) = runner.cell.returns.next() {
            if joins::<A>(&message) {
                return Arrival::Message(Next::returned(message));
            }
            self.aside.push(message);
            self.closed = true;
        }
        // The message for which the group was made waits for nothing.
        if std::mem::take(&mut self.new) {
            return runner.flight.next.pop_front().map_or(Arrival::Nothing, Arrival::Message);
        }
        self.closed = self.closed
            || runner.cell.core.lane.calls()
            || runner.flight.is_woken()
            || runner.has_changed(actor)
            || runner.cx.shelf.is_due()
            || runner.left == 0;
        if self.closed || self.flock.len() >= runner.flight.concurrency {
            return Arrival::Nothing;
        }
        let queued = runner.flight.next.is_empty();
        let next = match queued {
            false => runner.flight.next.front().map(|next| &next.message),
            true => runner.batch.front(),
        };
        match next {
            None => return Arrival::Mailbox,
            Some(message) => self.closed = !joins::<A>(message),
        }
        let next = match (self.closed, queued) {
            (true, _) => None,
            (false, false) => runner.flight.next.pop_front(),
            (false, true) => runner.take_next(),
        };
        next.map_or(Arrival::Nothing, Arrival::Message)
    }

    /// Whether there is something in the mailbox; it wakes the task otherwise.
    fn looks_in(&self, runner: &mut Runner<A>, cx: &Context<'_>) -> bool {
        // A group that has ended leaves the mailbox to the actor's loop.
        if self.flock.is_empty() {
            return false;
        }
        let cell = runner.cell.clone();
        let (batch, owed) = runner.supply();
        let found = cell.home.queue.poll_messages(batch, owed, cx);
        if found == Batch::IdleAndLarge {
            cell.trim_later();
        }
        found == Batch::Ready
    }
}

/// Whether its handler may run in a group.
fn joins<A: Actor>(message: &A::Msg) -> bool {
    matches!(A::mode(message), Mode::Shared | Mode::Peek)
}
