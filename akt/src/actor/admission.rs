//! Waiting for room in a mailbox, in order, until a deadline.

use std::task::{Context, Poll};
use std::time::Duration;

use super::mailbox::Ticket;
use super::reference::{Refusal, Target};
use crate::runtime::TimerKey;
use crate::time::Instant;

/// A place in the line for a mailbox's room.
pub(crate) struct Admission {
    pub(crate) since: Instant,
    pub(crate) deadline: Instant,
    ticket: Option<Ticket>,
    timer: Option<TimerKey>,
}

/// Why there is no room.
pub(crate) enum NoRoom {
    /// There was none in time.
    Late {
        waited: Duration,
    },
    Refused(Refusal),
}

impl Admission {
    pub(crate) fn new(since: Instant, deadline: Instant) -> Self {
        Self { since, deadline, ticket: None, timer: None }
    }

    /// Ready when room is reserved; the next push is then accepted unless the actor stops.
    pub(crate) fn poll(&mut self, target: &dyn Target, cx: &Context<'_>) -> Poll<Result<(), NoRoom>> {
        let before = self.ticket.clone();
        match target.poll_room(&mut self.ticket, cx) {
            Poll::Ready(Ok(())) => {
                self.ticket = None;
                self.disarm(target);
                return Poll::Ready(Ok(()));
            }
            Poll::Ready(Err(refusal)) => {
                self.leave(target);
                return Poll::Ready(Err(NoRoom::Refused(refusal)));
            }
            Poll::Pending => {}
        }
        if before.is_some_and(|before| self.ticket.as_ref().is_none_or(|ticket| !ticket.is(&before))) {
            // It waits in another line now; the alarm is for who waits in the first.
            self.disarm(target);
        }
        let now = target.system().runtime().now();
        if now >= self.deadline {
            self.leave(target);
            return Poll::Ready(Err(NoRoom::Late { waited: now.since(self.since) }));
        }
        if let (None, Some(ticket)) = (self.timer, &self.ticket) {
            self.timer = Some(target.system().timers().arm(self.deadline, ticket.alarm()));
        }
        Poll::Pending
    }

    /// Gives up the place, and room that was granted and not used.
    pub(crate) fn leave(&mut self, target: &dyn Target) {
        if let Some(ticket) = self.ticket.take() {
            target.abandon(&ticket);
        }
        self.disarm(target);
    }

    fn disarm(&mut self, target: &dyn Target) {
        if let Some(timer) = self.timer.take() {
            target.system().timers().cancel(timer);
        }
    }
}
