//! Where an answer goes: the slot that an asker and a handler share, and the handler's half of it.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use parking_lot::Mutex;

use super::error::AskError;
use super::orphan;
use crate::runtime::Fire;
use crate::time::Instant;

/// Where the answer to one message goes; a tell has nowhere.
///
/// A `#[handler(defer)]` may keep it and answer later. Dropping it unanswered tells the asker so at once, with
/// [`AskError::Unanswered`], or `Stopped` when its actor stops: an ask never waits for an answer that cannot come.
pub struct Reply<R: Send + 'static>(Option<Arc<ReplySlot<R>>>);

impl<R: Send + 'static> Reply<R> {
    /// The reply of a tell.
    pub(crate) const fn nobody() -> Self {
        Self(None)
    }

    pub(crate) fn to(slot: Arc<ReplySlot<R>>) -> Self {
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
        self.0.as_ref().is_some_and(|slot| slot.is_awaited())
    }

    /// Its message waits in another mailbox from now on.
    pub(super) fn requeue(&self) {
        if let Some(slot) = &self.0 {
            slot.travel(Progress::Queued);
        }
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
        AnyReply(self.0.take().map(|slot| slot as Arc<dyn Pending>))
    }

    pub(crate) fn take(mut self) -> Option<Arc<ReplySlot<R>>> {
        self.0.take()
    }
}

impl<R: Send + 'static> Drop for Reply<R> {
    fn drop(&mut self) {
        if let Some(slot) = self.0.take() {
            orphan::leave(AnyReply(Some(slot)));
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

impl<R: Send + 'static> Slot for Arc<ReplySlot<R>> {
    fn begin(&self, now: Instant) -> Begin {
        ReplySlot::begin(self, now)
    }

    fn share(&self) -> AnyReply {
        AnyReply(Some(self.clone()))
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
pub struct AnyReply(Option<Arc<dyn Pending>>);

impl AnyReply {
    pub(crate) fn is_ask(&self) -> bool {
        self.0.is_some()
    }

    /// Refuses with `error`. False when nobody gets it: a tell, or a call that was dropped.
    pub(crate) fn fail(self, error: AskError) -> bool {
        self.0.is_some_and(|slot| slot.fail(error))
    }

    /// Ready when the asker has given up; never for a tell.
    pub(crate) fn poll_cancelled(&self, cx: &Context<'_>) -> Poll<()> {
        self.0.as_ref().map_or(Poll::Pending, |slot| slot.poll_cancelled(cx))
    }
}

impl std::fmt::Debug for AnyReply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "AnyReply(ask)" } else { "AnyReply(tell)" })
    }
}

/// What can be done with a slot without knowing its type.
pub(crate) trait Pending: Fire {
    fn fail(&self, error: AskError) -> bool;
    fn cancel(&self);
    fn poll_cancelled(&self, cx: &Context<'_>) -> Poll<()>;
}

/// One ask under way, seen from both ends.
pub(crate) struct ReplySlot<R> {
    /// When the asker began to wait.
    pub(crate) since: Instant,
    /// When the asker gives up.
    pub(crate) deadline: Instant,
    state: Mutex<State<R>>,
}

struct State<R> {
    progress: Progress,
    outcome: Option<Awaited<R>>,
    asker: Asker<R>,
    /// Woken when the asker gives up: a handler that waits in `cx.cancelled()`.
    handler: Option<Waker>,
    /// Called when the asker gives up: a connection that carries the ask.
    on_cancel: Option<Box<dyn FnOnce() + Send>>,
    due: bool,
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
    Answered,
    /// The asker's time ran out: it knows.
    TimedOut,
    /// The asker dropped its call.
    Dropped,
}

impl Progress {
    fn is_over(self) -> bool {
        matches!(self, Self::Answered | Self::TimedOut | Self::Dropped)
    }

    /// For how long its handler had run when its time was up.
    pub(crate) fn handling(self) -> Option<Duration> {
        match self {
            Self::Handling { since, at } => Some(at.since(since)),
            Self::HandlingThere(elapsed) => Some(elapsed),
            _ => None,
        }
    }
}

/// Who is told of the answer.
enum Asker<R> {
    Task(Waker),
    /// A connection, which takes the outcome away at once.
    Wire(Box<dyn FnOnce(Awaited<R>) + Send>),
    Gone,
}

impl<R: Send + 'static> ReplySlot<R> {
    pub(crate) fn for_task(since: Instant, deadline: Instant, waker: Waker) -> Arc<Self> {
        Self::new(since, deadline, Asker::Task(waker))
    }

    /// A slot whose outcome is handed to `answer`, for an ask that came over the wire.
    pub(crate) fn for_wire(deadline: Instant, answer: impl FnOnce(Awaited<R>) + Send + 'static) -> Arc<Self> {
        Self::new(deadline, deadline, Asker::Wire(Box::new(answer)))
    }

    fn new(since: Instant, deadline: Instant, asker: Asker<R>) -> Arc<Self> {
        let state = State {
            progress: Progress::Queued,
            outcome: None,
            asker,
            handler: None,
            on_cancel: None,
            due: false,
        };
        Arc::new(Self { since, deadline, state: Mutex::new(state) })
    }

    fn begin(&self, now: Instant) -> Begin {
        let mut state = self.state.lock();
        match state.progress {
            Progress::Dropped => return Begin::Cancelled,
            Progress::TimedOut | Progress::Answered => return Begin::Returned,
            _ => {}
        }
        if now >= self.deadline {
            return Begin::Expired { waited: now.since(self.since) };
        }
        state.progress = Progress::Handling { since: now, at: now };
        Begin::Go
    }

    /// Stores or delivers the outcome; false when the call was dropped.
    pub(crate) fn settle(&self, outcome: Result<R, AskError>) -> bool {
        self.end(Progress::Answered, Awaited::Outcome(outcome))
    }

    fn end(&self, progress: Progress, awaited: Awaited<R>) -> bool {
        let mut state = self.state.lock();
        if state.progress.is_over() {
            let returned = state.progress != Progress::Dropped;
            drop(state);
            drop(awaited);
            return returned;
        }
        state.progress = progress;
        let (handler, on_cancel) = (state.handler.take(), state.on_cancel.take());
        match std::mem::replace(&mut state.asker, Asker::Gone) {
            Asker::Task(waker) => {
                state.outcome = Some(awaited);
                drop(state);
                waker.wake();
            }
            Asker::Wire(answer) => {
                drop(state);
                answer(awaited);
            }
            Asker::Gone => return false,
        }
        drop(on_cancel);
        // A handler that waits for the asker to give up: it has.
        if let Some(handler) = handler.filter(|_| progress == Progress::TimedOut) {
            handler.wake();
        }
        true
    }

    /// Notes how far the message has come.
    pub(crate) fn travel(&self, progress: Progress) {
        let mut state = self.state.lock();
        if !state.progress.is_over() {
            state.progress = progress;
        }
    }

    /// The time ran out on the other node, which says where the message was.
    pub(crate) fn due(&self, handling: Option<Duration>) {
        let progress = handling.map_or(Progress::Queued, Progress::HandlingThere);
        self.end(Progress::TimedOut, Awaited::Due(progress));
    }

    /// The asker's half: the outcome, or `due` when the time is up.
    pub(crate) fn poll(&self, cx: &Context<'_>) -> Poll<Awaited<R>> {
        let mut state = self.state.lock();
        if let Some(awaited) = state.outcome.take() {
            return Poll::Ready(awaited);
        }
        if state.due {
            let progress = std::mem::replace(&mut state.progress, Progress::TimedOut);
            return Poll::Ready(Awaited::Due(progress));
        }
        match &mut state.asker {
            Asker::Task(waker) => waker.clone_from(cx.waker()),
            Asker::Wire(_) | Asker::Gone => {}
        }
        Poll::Pending
    }

    fn is_awaited(&self) -> bool {
        !self.state.lock().progress.is_over()
    }

    /// The asker gives up: a queued message is skipped, a running handler is told. What had been returned
    /// to it and was not read comes back.
    pub(crate) fn give_up(&self) -> Option<Awaited<R>> {
        let mut state = self.state.lock();
        if !state.progress.is_over() {
            state.progress = Progress::Dropped;
        } else if state.progress != Progress::TimedOut {
            return state.outcome.take();
        }
        let asker = std::mem::replace(&mut state.asker, Asker::Gone);
        let (handler, on_cancel) = (state.handler.take(), state.on_cancel.take());
        let unread = state.outcome.take();
        drop(state);
        drop(asker);
        if let Some(handler) = handler {
            handler.wake();
        }
        if let Some(on_cancel) = on_cancel {
            on_cancel();
        }
        unread
    }

    /// Calls `hook` once if the asker gives up; at once if it has.
    pub(crate) fn on_cancel(&self, hook: Box<dyn FnOnce() + Send>) {
        let mut state = self.state.lock();
        match state.progress {
            Progress::Dropped | Progress::TimedOut => {
                drop(state);
                hook();
            }
            Progress::Answered => {}
            _ => state.on_cancel = Some(hook),
        }
    }
}

/// What an asker finds when it looks.
pub(crate) enum Awaited<R> {
    Outcome(Result<R, AskError>),
    Due(Progress),
}

impl<R: Send + 'static> Pending for ReplySlot<R> {
    fn fail(&self, error: AskError) -> bool {
        self.settle(Err(error))
    }

    fn cancel(&self) {
        self.give_up();
    }

    fn poll_cancelled(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.state.lock();
        match state.progress {
            Progress::Dropped | Progress::TimedOut => Poll::Ready(()),
            Progress::Answered => Poll::Pending,
            _ => {
                state.handler = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl<R: Send + 'static> Fire for ReplySlot<R> {
    fn fire(&self, now: Instant) {
        let mut state = self.state.lock();
        if let Progress::Handling { at, .. } = &mut state.progress {
            *at = now;
        }
        match &state.asker {
            Asker::Task(waker) => {
                let waker = waker.clone();
                state.due = true;
                drop(state);
                waker.wake();
            }
            Asker::Wire(_) => {
                let progress = state.progress;
                drop(state);
                self.end(Progress::TimedOut, Awaited::Due(progress));
            }
            Asker::Gone => {}
        }
    }
}

/// The error of an ask whose reply was dropped unanswered outside of a handler's end.
pub(crate) fn dropped() -> AskError {
    AskError::Unanswered
}
