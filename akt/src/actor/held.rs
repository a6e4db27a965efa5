//! A message from another node that waits until its mailbox has room.

use std::sync::Arc;
use std::task::{Context, Poll};

use super::error::{AskError, Delivery, NO_ROUTEES, StopReason};
use super::mailbox::Ticket;
use super::outbound::Origin;
use super::reference::{Ref, Refusal, Refused};
use super::traits::Message;
use crate::system::DeadLetterReason;

/// Waits for room, whatever it carries.
pub(crate) trait Held: Send {
    /// Ready when the message is in its mailbox, or was refused and is accounted for.
    fn poll_admitted(&mut self, cx: &Context<'_>) -> Poll<()>;

    /// Of its body, as it came; `None` for what is no message.
    fn bytes(&self) -> Option<usize>;
}

/// A message of `M` on its way into a mailbox; what is dropped before it is there was refused.
pub(super) struct Waiting<M: Message> {
    origin: Arc<dyn Origin>,
    target: Ref<M>,
    message: Option<M>,
    bytes: usize,
    line: Line,
}

/// Where it stands.
enum Line {
    /// Behind others from the same node.
    Behind,
    /// In the line for room.
    In(Option<Ticket>),
}

impl<M: Message> Waiting<M> {
    pub(super) fn new(target: &Ref<M>, message: M, origin: &Arc<dyn Origin>, bytes: usize) -> Self {
        let (origin, target, message) = (origin.clone(), target.clone(), Some(message));
        Self { origin, target, message, bytes, line: Line::Behind }
    }

    /// Pushes it; puts it in line if there is no room.
    fn push(&mut self, message: M, reserved: bool) -> Poll<()> {
        let Err(Refused { refusal, message }) = self.target.0.push(message, reserved) else {
            return Poll::Ready(());
        };
        if !matches!(refusal, Refusal::Full) {
            self.refuse(message, refusal);
            return Poll::Ready(());
        }
        let (message, routee) = self.target.0.waits_at(message);
        if let Some(routee) = routee {
            self.target = routee;
        }
        self.message = Some(message);
        self.line = Line::In(None);
        Poll::Pending
    }

    fn refuse(&self, message: M, refusal: Refusal) {
        refuse(&self.target, message, refusal, &*self.origin);
    }
}

impl<M: Message> Held for Waiting<M> {
    fn poll_admitted(&mut self, cx: &Context<'_>) -> Poll<()> {
        loop {
            let Line::In(ticket) = &mut self.line else {
                let Some(message) = self.message.take() else { return Poll::Ready(()) };
                if self.push(message, false).is_ready() {
                    return Poll::Ready(());
                }
                continue;
            };
            let Poll::Ready(room) = self.target.0.poll_room(ticket, cx) else { return Poll::Pending };
            self.line = Line::In(None);
            let Some(message) = self.message.take() else { return Poll::Ready(()) };
            if let Err(refusal) = room {
                self.refuse(message, refusal);
                return Poll::Ready(());
            }
            if self.push(message, true).is_ready() {
                return Poll::Ready(());
            }
        }
    }

    fn bytes(&self) -> Option<usize> {
        Some(self.bytes)
    }
}

impl<M: Message> Drop for Waiting<M> {
    fn drop(&mut self) {
        if let Line::In(Some(ticket)) = &self.line {
            self.target.0.abandon(ticket);
        }
        if let Some(message) = self.message.take() {
            self.refuse(message, Refusal::Stopped);
        }
    }
}

/// Tells the asker, or makes a dead letter of a tell.
pub(super) fn refuse<M: Message>(target: &Ref<M>, message: M, refusal: Refusal, origin: &dyn Origin) {
    let (error, reason) = match refusal {
        Refusal::Full => (AskError::Full, DeadLetterReason::MailboxFull),
        Refusal::NoRoutees => (AskError::Rejected(NO_ROUTEES.into()), DeadLetterReason::Rejected),
        Refusal::Rejected(why) => (AskError::Rejected(why), DeadLetterReason::Rejected),
        Refusal::Cycle(path) => (AskError::Cycle { path }, DeadLetterReason::Rejected),
        Refusal::Fault(info) => (AskError::Fault(info), DeadLetterReason::of_stop(StopReason::Fault)),
        _ => {
            let reason = target.0.refusal();
            (AskError::Stopped { reason, delivered: Delivery::No }, DeadLetterReason::of_stop(reason))
        }
    };
    let name = message.name();
    if !message.into_reply().fail(error) {
        origin.undeliverable(name, reason);
    }
}
