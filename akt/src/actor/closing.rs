//! The end of an actor's mailbox: what becomes of that which it had accepted and not begun.

use super::error::{FaultInfo, StopReason};
use super::face::Face;
use super::flight::{Flights, Returning};
use super::mailbox::Shut;
use super::orphan;
use super::runner::Runner;
use super::stash::Shelf;
use super::traits::{Actor, Message};

impl<A: Actor> Runner<A> {
    /// Closes the mailbox. Unless another actor follows, askers are answered, and tells become dead letters.
    pub(super) fn close(&mut self, reason: StopReason) {
        self.end_errands();
        let left = match self.cx.face().filter(|_| reason.has_next()).cloned() {
            Some(face) => self.leave_to(&*face),
            None => self.empty().0,
        };
        for message in left {
            self.cell.core.refuse(message.name(), orphan::part(message), reason);
        }
    }

    /// As [`close`](Self::close), of an actor that was never there: askers of a grain get the cause.
    pub(super) fn close_unborn(&mut self, reason: StopReason, info: &FaultInfo) {
        if self.cx.face().is_none() || !reason.has_next() {
            return self.close(reason);
        }
        self.end_errands();
        for message in self.empty().0 {
            self.cell.core.refuse_with(message.name(), orphan::part(message), info);
        }
    }

    fn end_errands(&mut self) {
        self.cx.end_scope();
        let errands = self.cell.core.lane.seal();
        errands.into_iter().for_each(|errand| self.cell.core.abandon(errand));
    }

    fn leave_to(&mut self, face: &dyn Face<A>) -> Vec<A::Msg> {
        let (id, mut shut) = (self.cell.core.id, None);
        face.inherit(id, &mut || {
            let (left, rest) = self.empty();
            shut = Some(rest);
            left
        })
    }

    /// Closes the mailbox: what was accepted and not begun, in order.
    fn empty(&mut self) -> (Vec<A::Msg>, Shut<A::Msg>) {
        let (queued, shut) = self.cell.home.queue.shut();
        let taken = std::mem::take(&mut self.batch);
        let returned = self.cell.returns.close().into_iter().chain(self.flight.take_next());
        (returned.chain(self.cx.shelf.take_all()).chain(taken).chain(queued).collect(), shut)
    }
}
