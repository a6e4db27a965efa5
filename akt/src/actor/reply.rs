//! Where an answer goes: the slot that an asker and a handler share, and the handler's half of it.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::error::AskError;
use super::meta::Meta;
use super::orphan;
use super::slot::{Ender, Packed, Share};
use crate::time::Instant;

/// Where the answer to one message goes; a tell has nowhere.
///
/// A `#[handler(defer)]` may keep it and answer later. Dropping it unanswered tells the asker so at once, with
/// [`AskError::Unanswered`], or `Stopped` when its actor stops: an ask never waits for an answer that cannot come.
pub struct Reply<R: Send + 'static>(Option<Packed<R>>);

impl<R: Send + 'static> Reply<R> {
    /// The reply of a tell.
    pub(crate) const fn nobody() -> Self {
        Self(None)
    }

    /// The reply of a tell that came with something.
    pub(crate) fn told(meta: Option<Arc<Meta>>) -> Self {
        Self(meta.map(Packed::told))
    }

    pub(crate) fn to(slot: Ender<R>) -> Self {
        Self(Some(Packed::ask(slot)))
    }

    fn end(&self) -> Option<&Ender<R>> {
        self.0.as_ref().and_then(Packed::end)
    }

    /// Answers. Does nothing when nobody waits.
    #[inline]
    pub fn send(mut self, out: R) {
        let packed = self.0.take();
        // Empty: a tell pays for no destructor.
        std::mem::forget(self);
        if let Some(slot) = packed.and_then(Packed::into_end) {
            slot.settle(Ok(out));
        }
    }

    /// Whether somebody asked and still waits.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        self.end().is_some_and(Ender::is_awaited)
    }

    /// Calls `hook` once if its asker gives up; never for a tell.
    pub(super) fn on_cancel(&self, hook: impl FnOnce() + Send + 'static) {
        if let Some(slot) = self.end() {
            slot.on_cancel(Box::new(hook));
        }
    }

    /// Its message waits in another mailbox from now on.
    pub(super) fn requeue(&self) {
        if let Some(slot) = self.end() {
            slot.travel(Progress::Queued);
        }
    }

    /// When its asker gives up; none for a tell.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.end().map(Ender::deadline)
    }

    /// What came with the message.
    pub(crate) fn meta(&self) -> Option<Arc<Meta>> {
        self.0.as_ref().and_then(Packed::meta)
    }

    /// Whether this is the reply of an ask, waited for or not.
    pub(crate) fn is_ask(&self) -> bool {
        self.0.as_ref().is_some_and(Packed::is_ask)
    }

    /// What the engine has to look at: none of a plain tell.
    #[doc(hidden)]
    pub fn slot(&self) -> Option<&dyn Slot> {
        self.0.as_ref().map(|packed| packed as &dyn Slot)
    }

    #[doc(hidden)]
    #[must_use]
    pub fn erase(mut self) -> AnyReply {
        AnyReply(self.0.take().and_then(Packed::into_end).map(Ender::erase))
    }

    pub(crate) fn take(mut self) -> Option<Ender<R>> {
        self.0.take().and_then(Packed::into_end)
    }
}

impl<R: Send + 'static> Drop for Reply<R> {
    #[inline]
    fn drop(&mut self) {
        if let Some(packed) = self.0.take() {
            abandon(packed);
        }
    }
}

#[cold]
fn abandon<R: Send + 'static>(packed: Packed<R>) {
    if let Some(slot) = packed.into_end() {
        orphan::leave(AnyReply(Some(slot.erase())));
    }
}

impl<R: Send + 'static> std::fmt::Debug for Reply<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_ask() { "Reply(ask)" } else { "Reply(tell)" })
    }
}

/// What the engine asks of a message's reply before its handler runs.
#[doc(hidden)]
pub trait Slot {
    /// Marks the message as being handled, unless its asker has given up or its time has passed.
    fn begin(&self, now: Instant) -> Begin;
    /// The slot, shared; nobody's for a tell.
    fn share(&self) -> AnyReply;
    /// Whether somebody asked.
    fn is_ask(&self) -> bool;
    /// What came with the message.
    fn meta(&self) -> Option<Came>;
    /// Notes that the message is in its actor's stash.
    fn put_aside(&self);
    /// Whether the asker has an answer, or has given up.
    fn is_over(&self) -> bool;
}

/// What came with a message, for the engine.
#[doc(hidden)]
#[derive(Debug)]
pub struct Came(pub(crate) Arc<Meta>);

impl<R: Send + 'static> Slot for Packed<R> {
    fn begin(&self, now: Instant) -> Begin {
        match (self.end(), self.expires()) {
            (Some(slot), _) => slot.begin(now),
            (None, Some(expires)) if now >= expires => {
                Begin::Expired { waited: now.since(expires), in_stash: false }
            }
            (None, _) => Begin::Go,
        }
    }

    fn share(&self) -> AnyReply {
        AnyReply(self.end().map(Ender::share))
    }

    fn is_ask(&self) -> bool {
        Self::is_ask(self)
    }

    fn meta(&self) -> Option<Came> {
        self.meta().map(Came)
    }

    fn put_aside(&self) {
        if let Some(slot) = self.end() {
            slot.travel(Progress::Stashed);
        }
    }

    fn is_over(&self) -> bool {
        self.end().is_some_and(|slot| !slot.is_awaited())
    }
}

/// Whether a message may be handled.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// Somebody waits, and there is time.
    Go,
    /// The deadline has passed, and the asker does not know yet.
    Expired { waited: Duration, in_stash: bool },
    /// The asker has its answer: its time ran out.
    Returned,
    /// The asker has dropped its call.
    Cancelled,
    /// No rpc of its actor's contract has this id.
    Unknown { contract: &'static str, id: u32 },
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

    /// When the asker gives up; [`Instant::FAR`] for a tell.
    pub(crate) fn deadline(&self) -> Instant {
        self.0.as_ref().map_or(Instant::FAR, Share::deadline)
    }

    /// Ready when the asker has given up; never for a tell.
    pub(crate) fn poll_cancelled(&self, cx: &Context<'_>) -> Poll<()> {
        self.0.as_ref().map_or(Poll::Pending, |slot| slot.pending().poll_cancelled(cx))
    }
}

/// Runs the future of a handler until the asker gives up: then it is dropped at its next await, and nothing comes.
#[doc(hidden)]
pub fn unless_cancelled<R: Send + 'static, F: Future + Send>(
    reply: &Reply<R>,
    future: F,
) -> impl Future<Output = Option<F::Output>> + Send + use<R, F> {
    let asker = reply.slot().map(Slot::share).unwrap_or_default();
    async move {
        let mut future = std::pin::pin!(future);
        std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(out) => Poll::Ready(Some(out)),
            Poll::Pending => asker.poll_cancelled(cx).map(|()| None),
        })
        .await
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
    /// In its actor's stash.
    Stashed,
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
