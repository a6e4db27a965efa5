//! Those who wait for room at a router whose messages go to several routees: each in line at one of them.

use std::task::{Context, Poll};

use parking_lot::Mutex;

use crate::actor::{Ref, Refusal, Ticket};

/// Who waits where, and the room that was given to those who will push at once.
pub(super) struct Lines<M> {
    waiting: Mutex<Vec<(Ticket, Ref<M>)>>,
    held: Mutex<Vec<Ref<M>>>,
}

impl<M> Default for Lines<M> {
    fn default() -> Self {
        Self { waiting: Mutex::default(), held: Mutex::default() }
    }
}

impl<M: 'static> Lines<M> {
    /// Ready when it is worth to push: a routee has room, or if `all` must have, the one that was full has.
    pub(super) fn poll(
        &self,
        routees: &[Ref<M>],
        all: bool,
        ticket: &mut Option<Ticket>,
        cx: &Context<'_>,
    ) -> Poll<Result<(), Refusal>> {
        if let Some(mine) = ticket.clone() {
            let Some(routee) = self.find(&mine) else { return Poll::Ready(Ok(())) };
            let Poll::Ready(room) = routee.0.poll_room(ticket, cx) else { return Poll::Pending };
            self.forget(&mine);
            *ticket = None;
            // One that has stopped holds up nobody: the push looks for another.
            self.held.lock().extend(room.is_ok().then_some(routee));
            return Poll::Ready(Ok(()));
        }
        for routee in routees {
            match routee.0.poll_room(ticket, cx) {
                Poll::Ready(Ok(())) if all => routee.0.unreserve(),
                Poll::Ready(Ok(())) => {
                    self.held.lock().push(routee.clone());
                    return Poll::Ready(Ok(()));
                }
                Poll::Ready(Err(_)) => *ticket = None,
                Poll::Pending => {
                    self.waiting.lock().extend(ticket.clone().map(|ticket| (ticket, routee.clone())));
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    pub(super) fn abandon(&self, ticket: &Ticket) {
        if let Some(routee) = self.find(ticket) {
            self.forget(ticket);
            routee.0.abandon(ticket);
        }
    }

    /// The routee at which a caller that has waited has room: it pushes now.
    pub(super) fn take_held(&self) -> Option<Ref<M>> {
        self.held.lock().pop()
    }

    fn find(&self, ticket: &Ticket) -> Option<Ref<M>> {
        self.waiting.lock().iter().find(|(waiting, _)| waiting.is(ticket)).map(|(_, routee)| routee.clone())
    }

    fn forget(&self, ticket: &Ticket) {
        self.waiting.lock().retain(|(waiting, _)| !waiting.is(ticket));
    }
}
