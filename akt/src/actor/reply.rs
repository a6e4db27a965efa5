//! Where an answer goes: the slot that an asker and a handler share, and the handler's half of it.

use std::task::{Context, Poll};
use std::time::Duration;

use super::error::AskError;
use super::orphan;
use super::slot::{Ender, Share};
use crate::time::Instant;

/// Where the answer to one message goes; a tell has nowhere.
///
/// A `#[handler(defer)]` may keep it and answer later. Dropping it unanswered tells the asker so at once, with
/// [`AskError::Unanswered`], or `Stopped` when its actor stops: an ask never waits for an answer that cannot come.
pub struct Reply<R: Send + 'static>(Option<Ender<R>>);

impl<R: Send + 'static> Reply<R> {
    /// The reply of a tell.
    pub(crate) const fn nobody() -> Self {
        Self(None)
    }

    pub(crate) fn to(slot: Ender<R>) -> Self {
        Self(Some(slot))
    }

    /// Answers. Does nothing when nobody waits.
    pub fn send(mut self, out: R) {
        if let Some(slot) = self.0.take() {
            slot.settle(Ok(out));
        }
    }

    /// Whether somebody asked and still waits.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        self.0.as_ref().is_some_and(Ender::is_awaited)
    }

    /// Its message waits in another mailbox from now on.
    pub(super) fn requeue(&self) {
        if let Some(slot) = &self.0 {
            slot.travel(Progress::Queued);
        }
    }

    /// When its asker gives up; none for a tell.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.0.as_ref().map(Ender::deadline)
    }

    /// Whether this is the reply of an ask, waited for or not.
    pub(crate) fn is_ask(&self) -> bool {
        self.0.is_some()
    }

    #[doc(hidden)]
    pub fn slot(&self) -> Option<&dyn Slot> {
        self.0.as_ref().map(|slot| slot as &dyn Slot)
    }

    #[doc(hidden)]
    #[must_use]
    pub fn erase(mut self) -> AnyReply {
        AnyReply(self.0.take().map(Ender::erase))
    }

    pub(crate) fn take(mut self) -> Option<Ender<R>> {
        self.0.take()
    }
}

impl<R: Send + 'static> Drop for Reply<R> {
    fn drop(&mut self) {
        if let Some(slot) = self.0.take() {
            orphan::leave(AnyReply(Some(slot.erase())));
        }
    }
}

impl<R: Send + 'static> std::fmt::Debug for Reply<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "Reply(ask)" } else { "Reply(tell)" })
    }
}

/// What the engine asks of a message's reply before its handler runs.
#[doc(hidden)]
pub trait Slot {
    /// Marks the message as being handled, unless its asker has given up or its time has passed.
    fn begin(&self, now: Instant) -> Begin;
    /// The slot, shared.
    fn share(&self) -> AnyReply;
}

impl<R: Send + 'static> Slot for Ender<R> {
    fn begin(&self, now: Instant) -> Begin {
        Self::begin(self, now)
    }

    fn share(&self) -> AnyReply {
        AnyReply(Some(Self::share(self)))
    }
}

/// Whether a message may be handled.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// Somebody waits, and there is time.
    Go,
    /// The deadline has passed, and the asker does not know yet.
    Expired { waited: Duration },
    /// The asker has its answer: its time ran out.
    Returned,
    /// The asker has dropped its call.
    Cancelled,
}

/// A reply whose type is forgotten: it can still be refused.
#[doc(hidden)]
#[derive(Clone, Default)]
pub struct AnyReply(Option<Share>);

impl AnyReply {
    pub(crate) fn is_ask(&self) -> bool {
        self.0.is_some()
    }

    /// Refuses with `error`. False when nobody gets it: a tell, or a call that was dropped.
    pub(crate) fn fail(self, error: AskError) -> bool {
        self.0.is_some_and(|slot| slot.pending().fail(error))
    }

    /// Ready when the asker has given up; never for a tell.
    pub(crate) fn poll_cancelled(&self, cx: &Context<'_>) -> Poll<()> {
        self.0.as_ref().map_or(Poll::Pending, |slot| slot.pending().poll_cancelled(cx))
    }
}

impl std::fmt::Debug for AnyReply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "AnyReply(ask)" } else { "AnyReply(tell)" })
    }
}

/// What can be done with a slot without knowing its type.
pub(crate) trait Pending: Send + Sync {
    fn fail(&self, error: AskError) -> bool;
    fn cancel(&self);
    fn poll_cancelled(&self, cx: &Context<'_>) -> Poll<()>;
    /// The asker's time is up.
    fn fire(&self, now: Instant);
}

/// How far a message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    Queued,
    /// Waiting for a connection to its node.
    Connecting,
    /// Written to a connection.
    Sent,
    Handling {
        since: Instant,
        at: Instant,
    },
    /// Handling on another node, which said so when the time was up.
    HandlingThere(Duration),
}

impl Progress {
    /// For how long its handler had run when its time was up.
    pub(crate) fn handling(self) -> Option<Duration> {
        match self {
            Self::Handling { since, at } => Some(at.since(since)),
            Self::HandlingThere(elapsed) => Some(elapsed),
            _ => None,
        }
    }
}

/// What an asker finds when it looks.
pub(crate) enum Awaited<R> {
    Outcome(Result<R, AskError>),
    Due(Progress),
}

/// The error of an ask whose reply was dropped unanswered outside of a handler's end.
pub(crate) fn dropped() -> AskError {
    AskError::Unanswered
}
