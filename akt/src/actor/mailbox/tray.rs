//! Messages that are handed out one at a time: in an order of their own, or so that the oldest can be dropped.

use std::collections::{BTreeMap, VecDeque};

use super::order::{MailboxPlace, MailboxQueue};
use crate::actor::panic::guard;

/// What a queue holds when it is no plain line. User code says whose turn it is, but holds no message.
pub(super) struct Tray<M> {
    /// In the order of acceptance.
    held: BTreeMap<MailboxPlace, M>,
    last: u64,
    /// Absent: the oldest first.
    order: Option<Box<dyn MailboxQueue<M>>>,
    /// What an asker left for the consumer: it is the next.
    kept: Option<M>,
    /// What came after a drain: not handed out any more.
    late: Option<VecDeque<M>>,
}

/// What a tray held, and user code to be dropped outside the lock.
pub(super) type Rest<M> = (VecDeque<M>, Option<Box<dyn MailboxQueue<M>>>);

impl<M> Tray<M> {
    pub(super) fn new(order: Option<Box<dyn MailboxQueue<M>>>) -> Self {
        Self { held: BTreeMap::new(), last: 0, order, kept: None, late: None }
    }

    pub(super) fn put(&mut self, message: M) {
        if let Some(late) = &mut self.late {
            return late.push_back(message);
        }
        self.last += 1;
        let place = MailboxPlace(self.last);
        self.ask(|order| order.push(&message, place));
        self.held.insert(place, message);
    }

    /// The next message is this one, which was lent and has its turn.
    pub(super) fn put_back(&mut self, message: M) {
        assert!(self.kept.replace(message).is_none(), "one message is lent at a time");
    }

    /// The next message.
    pub(super) fn take(&mut self) -> Option<M> {
        self.kept.take().or_else(|| self.pick(|order| order.pop()))
    }

    /// The message that is dropped in favour of the others.
    pub(super) fn displace(&mut self) -> Option<M> {
        match &mut self.late {
            // A drain counts on what was there before it.
            Some(late) => late.pop_front(),
            None => self.pick(|order| order.evict()),
        }
    }

    /// Keeps what comes from now on apart.
    pub(super) fn seal(&mut self) {
        self.late.get_or_insert_default();
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.kept.is_some()) + self.held.len() + self.late.as_ref().map_or(0, VecDeque::len)
    }

    pub(super) fn empty(&mut self) -> Rest<M> {
        let held = self.kept.take().into_iter().chain(std::mem::take(&mut self.held).into_values());
        (held.chain(self.late.take().into_iter().flatten()).collect(), self.order.take())
    }

    /// What the order says, or the oldest if it says nothing of use.
    fn pick(&mut self, say: impl FnOnce(&mut dyn MailboxQueue<M>) -> Option<MailboxPlace>) -> Option<M> {
        if self.held.is_empty() {
            return None;
        }
        let said = self.ask(say).flatten().and_then(|place| self.held.remove(&place));
        said.or_else(|| self.held.pop_first().map(|(_, message)| message))
    }

    /// None if there is no order, or it panics.
    fn ask<T>(&mut self, ask: impl FnOnce(&mut dyn MailboxQueue<M>) -> T) -> Option<T> {
        let order = &mut **self.order.as_mut()?;
        let told = guard(|| ask(order));
        told.inspect_err(|panic| {
            let (text, place) = (&panic.text, &panic.place);
            tracing::error!(text, place, "the order of a mailbox panicked");
        })
        .ok()
    }
}
