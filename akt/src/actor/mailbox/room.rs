//! Room in a bounded mailbox: counted, and given in order to those who wait for it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;

use crate::runtime::Fire;
use crate::time::Instant;

/// What is accepted and not started, against the limit; guarded by the queue's lock.
#[derive(Debug)]
pub(super) struct Room {
    limit: usize,
    used: usize,
    /// Absent as long as nobody has ever waited: most mailboxes.
    #[allow(clippy::box_collection, reason = "one pointer in an idle mailbox, not four")]
    waiting: Option<Box<VecDeque<Arc<Waiter>>>>,
}

impl Room {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, used: 0, waiting: None }
    }

    /// Takes room for one message; nobody overtakes those who wait.
    pub(super) fn take(&mut self) -> bool {
        let free = self.used < self.limit && self.waiting.as_ref().is_none_or(|waiting| waiting.is_empty());
        self.used += usize::from(free);
        free
    }

    /// Gives back room for `count` messages, to the first who wait.
    pub(super) fn give_back(&mut self, count: usize) {
        self.used -= count;
        let Some(waiting) = &mut self.waiting else { return };
        while self.used < self.limit {
            let Some(waiter) = waiting.pop_front() else { return };
            self.used += usize::from(waiter.grant());
        }
    }

    /// Queues behind the others that wait.
    pub(super) fn wait(&mut self, waker: &Waker) -> Ticket {
        let waiter = Arc::new(Waiter { state: Mutex::new(Wait::Waiting(waker.clone())) });
        self.waiting.get_or_insert_default().push_back(waiter.clone());
        Ticket(waiter)
    }

    /// Sends everybody away: the mailbox is closed.
    pub(super) fn close(&mut self) {
        for waiter in self.waiting.take().into_iter().flat_map(|waiting| *waiting) {
            waiter.end(Wait::Closed);
        }
    }

    pub(super) fn abandon(&mut self, ticket: &Ticket) {
        if ticket.0.leave() {
            self.give_back(1);
        } else if let Some(waiting) = &mut self.waiting {
            waiting.retain(|waiter| !Arc::ptr_eq(waiter, &ticket.0));
        }
    }
}

/// A place in the line for room.
#[derive(Clone, Debug)]
pub(crate) struct Ticket(Arc<Waiter>);

impl Ticket {
    /// Ready with true when room was granted, with false when the mailbox has closed.
    pub(crate) fn poll(&self, cx: &Context<'_>) -> Poll<bool> {
        let mut state = self.0.state.lock();
        match &mut *state {
            Wait::Waiting(waker) => {
                waker.clone_from(cx.waker());
                Poll::Pending
            }
            Wait::Granted => Poll::Ready(true),
            Wait::Closed | Wait::Left => Poll::Ready(false),
        }
    }

    /// What wakes the waiting task when its time is up.
    pub(crate) fn alarm(&self) -> Arc<dyn Fire> {
        self.0.clone()
    }
}

#[derive(Debug)]
struct Waiter {
    state: Mutex<Wait>,
}

#[derive(Debug)]
enum Wait {
    Waiting(Waker),
    Granted,
    Closed,
    Left,
}

impl Waiter {
    fn grant(&self) -> bool {
        self.end(Wait::Granted)
    }

    /// Moves on from waiting and wakes; false if it no longer waited.
    fn end(&self, next: Wait) -> bool {
        let mut state = self.state.lock();
        if !matches!(*state, Wait::Waiting(_)) {
            return false;
        }
        let Wait::Waiting(waker) = std::mem::replace(&mut *state, next) else { return false };
        drop(state);
        waker.wake();
        true
    }

    /// Leaves the line; true if room had been granted and must be given back.
    fn leave(&self) -> bool {
        matches!(std::mem::replace(&mut *self.state.lock(), Wait::Left), Wait::Granted)
    }
}

impl Fire for Waiter {
    fn fire(&self, _now: Instant) {
        let state = self.state.lock();
        if let Wait::Waiting(waker) = &*state {
            let waker = waker.clone();
            drop(state);
            waker.wake();
        }
    }
}
