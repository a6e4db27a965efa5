//! Room in a bounded mailbox: counted, and given in order to those who wait for it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;

use crate::actor::reference::Refusal;
use crate::runtime::Fire;
use crate::time::Instant;

/// What is accepted and not started, against the limit; guarded by the queue's lock.
#[derive(Debug)]
pub(crate) struct Room {
    limit: usize,
    used: usize,
    /// Absent as long as nobody has ever waited: most mailboxes.
    #[allow(clippy::box_collection, reason = "one pointer in an idle mailbox, not four")]
    waiting: Option<Box<VecDeque<Arc<Waiter>>>>,
}

impl Room {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, used: 0, waiting: None }
    }

    /// Whether there is room for one message, and nobody waits for it.
    pub(crate) fn is_free(&self) -> bool {
        self.used < self.limit && self.waiting.as_ref().is_none_or(|waiting| waiting.is_empty())
    }

    /// Takes room for one message; nobody overtakes those who wait.
    pub(crate) fn take(&mut self) -> bool {
        let free = self.is_free();
        self.used += usize::from(free);
        free
    }

    pub(super) fn used(&self) -> usize {
        self.used
    }

    pub(super) fn is_used(&self) -> bool {
        self.used > 0
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Takes room for one message beyond the limit.
    pub(super) fn exceed(&mut self) {
        self.used += 1;
    }

    /// Gives back room for `count` messages, to the first who wait.
    #[inline]
    pub(crate) fn give_back(&mut self, count: usize) -> Woken {
        self.used -= count;
        match &self.waiting {
            None => Woken::nobody(),
            Some(_) => self.hand_on(),
        }
    }

    fn hand_on(&mut self) -> Woken {
        let mut woken = Vec::new();
        let Some(waiting) = &mut self.waiting else { return Woken::nobody() };
        while self.used < self.limit {
            let Some(waiter) = waiting.pop_front() else { break };
            let granted = waiter.end(Wait::Granted);
            self.used += usize::from(granted.is_some());
            woken.extend(granted);
        }
        Woken::of(woken)
    }

    /// Ready when room for one message is taken, in the order of asking.
    pub(crate) fn poll(
        &mut self,
        ticket: &mut Option<Ticket>,
        cx: &Context<'_>,
    ) -> Poll<Result<(), Refusal>> {
        match ticket {
            Some(ticket) => ticket.poll(cx).map(|granted| granted.then_some(()).ok_or(Refusal::Stopped)),
            None if self.take() => Poll::Ready(Ok(())),
            None => {
                *ticket = Some(self.wait(cx.waker()));
                Poll::Pending
            }
        }
    }

    /// Queues behind the others that wait.
    fn wait(&mut self, waker: &Waker) -> Ticket {
        let waiter = Arc::new(Waiter { state: Mutex::new(Wait::Waiting(waker.clone())) });
        self.waiting.get_or_insert_default().push_back(waiter.clone());
        Ticket(waiter)
    }

    /// Sends everybody away: the mailbox is closed.
    pub(crate) fn close(&mut self) -> Woken {
        let waiting = self.waiting.take().into_iter().flat_map(|waiting| *waiting);
        Woken::of(waiting.filter_map(|waiter| waiter.end(Wait::Closed)).collect())
    }

    pub(crate) fn abandon(&mut self, ticket: &Ticket) -> Woken {
        if ticket.0.leave() {
            return self.give_back(1);
        }
        if let Some(waiting) = &mut self.waiting {
            waiting.retain(|waiter| !Arc::ptr_eq(waiter, &ticket.0));
        }
        Woken::nobody()
    }
}

/// Those whose wait is over, woken when this is dropped: after the lock, for they may use the mailbox at once.
#[must_use = "dropped under the lock, it wakes under the lock"]
pub(crate) struct Woken(Option<Vec<Waker>>);

impl Woken {
    pub(super) const fn nobody() -> Self {
        Self(None)
    }

    fn of(wakers: Vec<Waker>) -> Self {
        Self(Some(wakers))
    }
}

impl Drop for Woken {
    #[inline]
    fn drop(&mut self) {
        // Nearly always nobody waits: that is one look.
        if let Some(wakers) = self.0.take() {
            wakers.into_iter().for_each(Waker::wake);
        }
    }
}

/// A place in the line for room.
#[derive(Clone, Debug)]
pub(crate) struct Ticket(Arc<Waiter>);

impl Ticket {
    /// Whether this is the same place in the same line.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

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
    /// Moves on from waiting; nobody to wake if it no longer waited.
    fn end(&self, next: Wait) -> Option<Waker> {
        let mut state = self.state.lock();
        if !matches!(*state, Wait::Waiting(_)) {
            return None;
        }
        match std::mem::replace(&mut *state, next) {
            Wait::Waiting(waker) => Some(waker),
            _ => None,
        }
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
