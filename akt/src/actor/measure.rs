//! What a runner counts and measures of the messages that it handles. See `system/kind.rs`.

use super::cell::LocalCell;
use super::runner::Runner;
use super::step::Step;
use super::traits::{Actor, Message};
use crate::time::Instant;

impl<A: Actor> Runner<A> {
    /// The actor is in `name` from now on.
    pub(super) fn be_in(&mut self, name: &'static str) {
        self.count();
        self.cx.message = name;
        self.cell.core.kind().enter(&self.cell.doing, name);
    }

    /// Counts what was handled since the last call.
    #[inline]
    pub(super) fn count(&mut self) {
        let times = std::mem::take(&mut self.cx.uncounted);
        if times > 0 {
            self.cell.core.kind().handled(&self.cell.doing, times);
        }
    }

    /// Whether the message that is started next is measured.
    #[inline]
    pub(super) fn measures_next(&self) -> bool {
        let core = &self.cell.core;
        core.kind().measures(core.id, u64::MAX - self.left)
    }

    /// Handles a message that is measured. It was `lent` to its asker at that moment, or came out of the queue.
    #[cold]
    pub(super) fn handle_measured(&mut self, actor: &mut A, message: A::Msg, lent: Option<Instant>) -> Step {
        let cell = self.cell.clone();
        let (kind, number) = (cell.core.kind(), self.number());
        let (now, name) = (lent.unwrap_or_else(|| cell.core.system().runtime().now()), message.name());
        let came = lent.or_else(|| kind.stamped(cell.core.id, number));
        self.cx.measured = true;
        let step = match lent {
            Some(now) => self.dispatch_lent(actor, message, now),
            None => self.dispatch(actor, message, Some(now)),
        };
        if matches!(step, Step::Await(_)) {
            // When its handler begins; for one that was lent, when it came.
            kind.stamp(cell.core.id, number);
            self.cx.measured = lent.is_none();
        }
        if let Some(came) = came.filter(|_| lent.is_none() || !matches!(step, Step::Await(_))) {
            kind.waited(name, now.since(came));
        }
        if !matches!(step, Step::Await(_)) && std::mem::take(&mut self.cx.measured) {
            kind.took(&cell.doing, cell.core.system().runtime().now().since(now));
        }
        step
    }

    /// An async handler has ended.
    #[inline]
    pub(super) fn measure_async(&mut self) {
        if std::mem::take(&mut self.cx.measured) {
            let core = &self.cell.core;
            if let Some(began) = core.kind().stamped(core.id, self.number()) {
                core.kind().took(&self.cell.doing, core.system().runtime().now().since(began));
            }
        }
    }

    /// Of the message that was started last: how many were started before.
    pub(super) fn number(&self) -> u64 {
        (u64::MAX - self.left).wrapping_sub(1)
    }
}

impl<A: Actor> LocalCell<A> {
    /// A message has been accepted, as number `number`.
    #[inline]
    pub(super) fn stamp(&self, number: u64) {
        if self.core.kind().measures(self.core.id, number) {
            self.core.kind().stamp(self.core.id, number);
        }
    }
}
