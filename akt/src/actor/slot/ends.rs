//! The two ends of an ask: the one that waits and the one that answers.
#![expect(unsafe_code, reason = "the ends know the type of their slot, and take turns with the value")]

use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::inner::{Inner, wake};
use super::share::Share;
use super::word::*;
use crate::actor::error::AskError;
use crate::actor::meta::Meta;
use crate::actor::reply::{Awaited, Begin, Progress};
use crate::sync::Ordering;
use crate::time::Instant;

/// The ends of a new ask, and the share for its alarm.
pub(crate) fn for_task<R: Send + 'static>(
    since: Instant,
    deadline: Instant,
    alarm: Instant,
    waker: Waker,
    meta: Option<Arc<Meta>>,
) -> (Asker<R>, Ender<R>, Share) {
    let word = QUEUED + 3 * SHARE;
    let share = Inner::<R>::allocate([since, deadline, alarm], word, MaybeUninit::new(waker), (meta, None));
    // The slot was made with three shares.
    let (second, third) = (Share(share.0), Share(share.0));
    (Asker(share, PhantomData), Ender(second, PhantomData), third)
}

/// A slot whose outcome is handed to `answer`: for an ask that came over the wire, or opens a stream.
pub(crate) fn for_hook<R: Send + 'static>(
    deadline: Instant,
    meta: Option<Arc<Meta>>,
    answer: impl FnOnce(Awaited<R>) + Send + 'static,
) -> Ender<R> {
    let word = QUEUED + WIRE + TAKEN + SHARE;
    let from = (meta, Some(Box::new(answer) as _));
    Ender(Inner::<R>::allocate([deadline; 3], word, MaybeUninit::uninit(), from), PhantomData)
}

/// The asker's end.
pub(crate) struct Asker<R>(Share, PhantomData<fn() -> R>);

/// What an asker finds when it looks.
pub(crate) enum Seen {
    /// An outcome: [`Asker::leave`] gets it.
    Outcome,
    /// Its time is up.
    Due(Progress),
}

impl<R: Send + 'static> Asker<R> {
    fn inner(&self) -> &Inner<R> {
        // SAFETY: the slot lives as long as this share, and was made for `R`.
        unsafe { self.0.0.cast().as_ref() }
    }

    /// When the asker began to wait.
    pub(crate) fn since(&self) -> Instant {
        self.0.header().since
    }

    pub(crate) fn share(&self) -> &Share {
        &self.0
    }

    /// Looks for an end, or will be woken at it.
    pub(crate) fn poll(&mut self, cx: &Context<'_>) -> Poll<Seen> {
        let inner = self.inner();
        let mut word = self.0.word().load(Ordering::Acquire);
        loop {
            if is_over(word) {
                return Poll::Ready(Seen::Outcome);
            }
            if word & DUE != 0 {
                match exchange(self.0.word(), word, at(TIMED_OUT, word)) {
                    Ok(()) => return Poll::Ready(Seen::Due(inner.progress(word))),
                    Err(now) => word = now,
                }
                continue;
            }
            if word & MOVED == 0 && inner.has_waker(cx.waker()) {
                return Poll::Pending;
            }
            let mut cold = inner.cold.lock();
            match &mut cold.asker {
                Some(asker) => asker.clone_from(cx.waker()),
                none => *none = Some(cx.waker().clone()),
            }
            word = self.0.word().fetch_or(MOVED, Ordering::AcqRel) | MOVED;
            if !is_over(word) && word & DUE == 0 {
                return Poll::Pending;
            }
        }
    }

    /// Gives up: a queued message is skipped, a running handler is told.
    pub(crate) fn give_up(&self) {
        self.inner().give_up();
    }

    /// Leaves, with the share of the alarm if it is back, and takes an outcome along that nobody has read.
    pub(crate) fn leave(self, alarm: Option<Share>) -> Option<Awaited<R>> {
        let inner = self.inner();
        let word = self.0.word().load(Ordering::Acquire);
        let outcome = if word & VALUE != 0 {
            // SAFETY: the ender has written the value before it set the bit, which is cleared below.
            Some(inner.value.with(|value| unsafe { value.read().assume_init() }))
        } else {
            inner.cold.lock().refusal.take().map(|error| Awaited::Outcome(Err(error)))
        };
        let count = 1 + Word::from(alarm.is_some());
        std::mem::forget(alarm);
        self.0.leave(count, word & VALUE);
        outcome
    }
}

/// The handler's end: the one that may give an outcome with a value.
#[repr(transparent)]
pub(crate) struct Ender<R>(Share, PhantomData<fn() -> R>);

impl<R: Send + 'static> Ender<R> {
    fn inner(&self) -> &Inner<R> {
        // SAFETY: the slot lives as long as this share, and was made for `R`.
        unsafe { self.0.0.cast().as_ref() }
    }

    /// When the asker gives up.
    pub(crate) fn deadline(&self) -> Instant {
        self.0.header().deadline
    }

    /// The slot, shared.
    pub(crate) fn share(&self) -> Share {
        self.0.clone()
    }

    /// What the message came with.
    pub(super) fn meta(&self) -> Option<&Arc<Meta>> {
        self.0.header().meta.as_ref()
    }

    /// The end whose type was forgotten. It is the slot's own.
    pub(super) fn of(share: Share) -> Self {
        Self(share, PhantomData)
    }

    /// Forgets the type.
    pub(crate) fn erase(self) -> Share {
        self.0
    }

    /// Whether the asker still waits.
    pub(crate) fn is_awaited(&self) -> bool {
        !is_over(self.0.word().load(Ordering::Acquire))
    }

    /// Marks the message as being handled, unless its asker has given up or its time has passed.
    pub(crate) fn begin(&self, now: Instant) -> Begin {
        let header = self.0.header();
        let mut word = header.word.load(Ordering::Acquire);
        loop {
            match word & PHASE {
                DROPPED => return Begin::Cancelled,
                TIMED_OUT | ANSWERED => return Begin::Returned,
                phase if now >= header.deadline => {
                    let waited = now.since(header.since);
                    return Begin::Expired { waited, in_stash: phase == STASHED };
                }
                _ => {}
            }
            header.begun.store(now.as_nanos(), Ordering::Relaxed);
            match exchange(&header.word, word, at(HANDLING, word)) {
                Ok(()) => return Begin::Go,
                Err(now) => word = now,
            }
        }
    }

    /// Notes how far the message has come.
    pub(crate) fn travel(&self, progress: Progress) {
        let phase = match progress {
            Progress::Connecting => CONNECTING,
            Progress::Sent => SENT,
            Progress::Stashed => STASHED,
            _ => QUEUED,
        };
        let word = self.0.word();
        let step = |word| (!is_over(word)).then(|| at(phase, word));
        let _ = word.fetch_update(Ordering::AcqRel, Ordering::Acquire, step);
    }

    /// Calls `hook` once if the asker gives up; at once if it has.
    pub(crate) fn on_cancel(&self, hook: Box<dyn FnOnce() + Send>) {
        let mut cold = self.inner().cold.lock();
        match self.0.word().load(Ordering::Acquire) & PHASE {
            DROPPED | TIMED_OUT => {
                drop(cold);
                hook();
            }
            ANSWERED => {}
            _ => cold.on_cancel = Some(hook),
        }
    }

    /// Stores or delivers the outcome; false when the call was dropped.
    pub(crate) fn settle(self, outcome: Result<R, AskError>) -> bool {
        self.end(ANSWERED, Awaited::Outcome(outcome))
    }

    /// The time ran out on the other node, which says where the message was.
    pub(crate) fn due(self, progress: Progress) {
        self.end(TIMED_OUT, Awaited::Due(progress));
    }

    fn end(self, phase: Word, awaited: Awaited<R>) -> bool {
        let inner = self.inner();
        let mut word = self.0.word().load(Ordering::Acquire);
        if word & WIRE != 0 {
            return inner.deliver(phase, |_| awaited);
        }
        // SAFETY: only the ender writes, and the asker reads only after `VALUE`, which is not set yet.
        inner.value.with_mut(|value| unsafe { value.write(MaybeUninit::new(awaited)) });
        while !is_over(word) && word & MOVED == 0 {
            // With the last access the asker may be awake and free the slot: the waker is copied before.
            let waker = inner.copy_waker();
            match exchange(&inner.header.word, word, (at(phase, word) | VALUE | TAKEN) - SHARE) {
                Ok(()) => {
                    std::mem::forget(self);
                    if word & TAKEN == 0 {
                        // SAFETY: this call set the bit, so the copy is the waker now.
                        unsafe { waker.assume_init() }.wake();
                    }
                    return true;
                }
                Err(now) => word = now,
            }
        }
        let mut cold = inner.cold.lock();
        match inner.advance(|word| (!is_over(word)).then(|| at(phase, word) | VALUE), &mut cold) {
            Ok((_, waker)) => {
                drop(cold);
                wake(waker);
                true
            }
            Err(word) => {
                drop(cold);
                // SAFETY: it was written above, and nobody was told.
                drop(inner.value.with(|value| unsafe { value.read().assume_init() }));
                word & PHASE != DROPPED
            }
        }
    }
}
