//! How the actor's loop comes to handlers that run beside others, and what it does with them at its end.

use std::future::poll_fn;

use super::deck::{Deck, Flights};
use super::member::Next;
use super::returns::Returning;
use crate::actor::runner::Runner;
use crate::actor::stash::Shelf;
use crate::actor::step::{End, Step};
use crate::actor::supervisor::Verdict;
use crate::actor::traits::Actor;

/// Whether the handler of `message` stays under way while its actor goes on.
#[inline]
pub(in crate::actor) fn runs_beside<A: Actor>(message: &A::Msg) -> bool {
    !A::Flight::ALONE && A::mode(message).is_beside()
}

impl<A: Actor> Runner<A> {
    /// What comes before messages in an actor whose handlers run beside each other: asks that came back, and
    /// messages that wait for their start.
    #[inline]
    pub(in crate::actor) fn step_in_flight(&mut self, actor: &mut A) -> Option<Step> {
        if A::Flight::ALONE {
            return None;
        }
        if let Some(message) = self.cell.returns.next() {
            if !A::mode(&message).is_beside() {
                return Some(self.dispatch(actor, message, None));
            }
            self.flight.line_up(Next::returned(message));
        }
        self.flight.has_next().then_some(Step::Start)
    }

    /// Handles a message that holds no room, or has its handler begun beside others.
    #[inline]
    pub(in crate::actor) fn take_up(&mut self, actor: &mut A, message: A::Msg) -> Step {
        if !runs_beside::<A>(&message) {
            return self.dispatch(actor, message, None);
        }
        self.flight.line_up(Next::new(message, None).at(self.cx.shelf.place()));
        Step::Start
    }

    /// The first message of the batch, for a handler that runs beside others.
    pub(super) fn take_next(&mut self) -> Option<Next<A::Msg>> {
        let message = self.batch.pop_front()?;
        self.count_turn();
        let number = self.start().then(|| self.number());
        Some(Next::new(message, number))
    }

    /// Lets the handlers end that are under way, or drops them if the actor is killed.
    pub(in crate::actor) async fn land(&mut self, mut actor: Option<A>, killed: bool) -> Option<A> {
        if actor.is_some() && !killed && !self.flight.is_empty() {
            let mut deck = Deck::new(self, &mut actor);
            poll_fn(|cx| A::Flight::poll_landed(&mut deck, cx)).await;
            if let Some(End::Failed(mut failure)) = deck.end {
                failure.lost.extend(self.flight.lose());
                self.cell.core.note(*failure, Verdict::Stop);
            }
        }
        let lost = self.flight.lose();
        self.cell.core.killed_in_flight(lost);
        actor
    }
}
