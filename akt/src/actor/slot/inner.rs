//! What is in a slot, and the steps that end an ask.
#![expect(unsafe_code, reason = "a waker that is read without a lock, a value that is there once it is told")]

use std::mem::{ManuallyDrop, MaybeUninit};
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::share::Share;
use super::word::*;
use crate::actor::error::AskError;
use crate::actor::meta::Meta;
use crate::actor::reply::{Awaited, Pending, Progress};
use crate::sync::{AtomicU64, Mutex, Ordering, UnsafeCell};
use crate::time::Instant;

/// What is known of a slot without its type.
pub(super) struct Header {
    pub(super) word: AtomicU64,
    /// Finds the type again.
    pub(super) pending: unsafe fn(NonNull<Self>) -> NonNull<dyn Pending>,
    pub(super) since: Instant,
    pub(super) deadline: Instant,
    /// When the asker is woken at the latest.
    pub(super) alarm: Instant,
    pub(super) begun: AtomicU64,
    pub(super) fired: AtomicU64,
    /// What came with the ask.
    pub(super) meta: Option<Arc<Meta>>,
    /// The asker's first; written before the slot is shared, only read from then on.
    pub(super) waker: UnsafeCell<MaybeUninit<Waker>>,
}

#[repr(C)]
pub(super) struct Inner<R> {
    pub(super) header: Header,
    /// Written by the one [`Ender`] before it says so; read by the one [`Asker`] after that.
    pub(super) value: UnsafeCell<MaybeUninit<Awaited<R>>>,
    pub(super) cold: Mutex<Cold<R>>,
}

/// Takes an outcome away at once.
pub(super) type Deliver<R> = Box<dyn FnOnce(Awaited<R>) + Send>;

/// What an ask carries, and who gets its outcome at once; else a task here looks for it.
pub(super) type From<R> = (Option<Arc<Meta>>, Option<Deliver<R>>);

pub(super) struct Cold<R> {
    /// The asker's waker, once [`MOVED`].
    pub(super) asker: Option<Waker>,
    /// A refusal by somebody who is not the ender.
    pub(super) refusal: Option<AskError>,
    /// Woken when the asker gives up: a handler that waits in `cx.cancelled()`.
    pub(super) handler: Option<Waker>,
    /// Called when the asker gives up: a connection that carries the ask.
    pub(super) on_cancel: Option<Box<dyn FnOnce() + Send>>,
    /// Takes the outcome away at once: a connection that brought the ask.
    pub(super) answer: Option<Deliver<R>>,
}

// SAFETY: the value is handed from one thread to another, never used by two at once; everything else in a
// slot is atomic, behind the lock, or only read.
unsafe impl<R: Send> Send for Inner<R> {}
// SAFETY: as above.
unsafe impl<R: Send> Sync for Inner<R> {}

impl<R: Send + 'static> Inner<R> {
    pub(super) fn allocate(
        [since, deadline, alarm]: [Instant; 3],
        word: Word,
        waker: MaybeUninit<Waker>,
        (meta, answer): From<R>,
    ) -> Share {
        let header = Header {
            word: AtomicU64::new(word),
            pending: Self::pending,
            since,
            deadline,
            alarm,
            begun: AtomicU64::new(0),
            fired: AtomicU64::new(0),
            meta,
            waker: UnsafeCell::new(waker),
        };
        let cold = Cold { asker: None, refusal: None, handler: None, on_cancel: None, answer };
        let value = UnsafeCell::new(MaybeUninit::uninit());
        let inner = Box::new(Self { header, value, cold: Mutex::new(cold) });
        Share(NonNull::from(Box::leak(inner)).cast())
    }

    /// # Safety
    ///
    /// The slot was made for `R`.
    unsafe fn pending(slot: NonNull<Header>) -> NonNull<dyn Pending> {
        slot.cast::<Self>()
    }

    pub(super) fn progress(&self, word: Word) -> Progress {
        let moment = |nanos: &AtomicU64| Instant::from_nanos(nanos.load(Ordering::Relaxed));
        match word & PHASE {
            QUEUED => Progress::Queued,
            CONNECTING => Progress::Connecting,
            SENT => Progress::Sent,
            STASHED => Progress::Stashed,
            _ => Progress::Handling { since: moment(&self.header.begun), at: moment(&self.header.fired) },
        }
    }

    pub(super) fn copy_waker(&self) -> MaybeUninit<Waker> {
        // SAFETY: the place is only read since the slot is shared; a copy is used by whoever set `TAKEN`.
        self.header.waker.with(|waker| unsafe { waker.read() })
    }

    /// Whether the first waker wakes the same task as `other`; it is there, and perhaps taken meanwhile.
    pub(super) fn has_waker(&self, other: &Waker) -> bool {
        // SAFETY: a slot that was not made for the wire has one; only its two pointers are looked at.
        ManuallyDrop::new(unsafe { self.copy_waker().assume_init() }).will_wake(other)
    }

    /// Takes a step together with the asker's waker; the word as it was, or as it is if there is no step.
    pub(super) fn advance(
        &self,
        step: impl Fn(Word) -> Option<Word>,
        cold: &mut Cold<R>,
    ) -> Result<(Word, Option<Waker>), Word> {
        let mut word = self.header.word.load(Ordering::Acquire);
        loop {
            let next = step(word).ok_or(word)?;
            let taken = if word & MOVED == 0 { TAKEN } else { 0 };
            match exchange(&self.header.word, word, next | taken) {
                Ok(()) if word & MOVED != 0 => return Ok((word, cold.asker.take())),
                Ok(()) if word & TAKEN != 0 => return Ok((word, None)),
                // SAFETY: this call set the bit, so the copy is the waker now.
                Ok(()) => return Ok((word, Some(unsafe { self.copy_waker().assume_init() }))),
                Err(now) => word = now,
            }
        }
    }

    /// Ends an ask of the wire; false when it was cancelled.
    pub(super) fn deliver(&self, phase: Word, awaited: impl FnOnce(Word) -> Awaited<R>) -> bool {
        let step = |word| (!is_over(word)).then(|| at(phase, word));
        let word = match self.header.word.fetch_update(Ordering::AcqRel, Ordering::Acquire, step) {
            Ok(word) => word,
            Err(word) => return word & PHASE != DROPPED,
        };
        let mut cold = self.cold.lock();
        let (answer, handler) = (cold.answer.take(), cold.handler.take());
        drop(cold);
        if let Some(answer) = answer {
            answer(awaited(word));
        }
        // A handler that waits for the asker to give up: it has.
        wake(handler.filter(|_| phase == TIMED_OUT));
        true
    }

    pub(super) fn give_up(&self) {
        let mut cold = self.cold.lock();
        let step = |word| (!is_over(word)).then(|| at(DROPPED, word));
        let asker = match self.advance(step, &mut cold) {
            Ok((_, asker)) => asker,
            // What the other node called due, it knows.
            Err(word) if word & PHASE == TIMED_OUT && word & VALUE == 0 => None,
            Err(_) => return,
        };
        let answer = cold.answer.take();
        drop(cold);
        drop((asker, answer));
        self.call_hooks();
    }

    fn call_hooks(&self) {
        let mut cold = self.cold.lock();
        let (handler, on_cancel) = (cold.handler.take(), cold.on_cancel.take());
        drop(cold);
        wake(handler);
        if let Some(on_cancel) = on_cancel {
            on_cancel();
        }
    }
}

impl<R: Send + 'static> Pending for Inner<R> {
    fn fail(&self, error: AskError) -> bool {
        if self.header.word.load(Ordering::Acquire) & WIRE != 0 {
            return self.deliver(ANSWERED, |_| Awaited::Outcome(Err(error)));
        }
        let mut cold = self.cold.lock();
        match self.advance(|word| (!is_over(word)).then(|| at(ANSWERED, word)), &mut cold) {
            Ok((_, waker)) => {
                cold.refusal = Some(error);
                drop(cold);
                wake(waker);
                true
            }
            Err(word) => word & PHASE != DROPPED,
        }
    }

    fn cancel(&self) {
        self.give_up();
    }

    fn poll_cancelled(&self, cx: &Context<'_>) -> Poll<()> {
        let mut cold = self.cold.lock();
        match self.header.word.load(Ordering::Acquire) & PHASE {
            DROPPED | TIMED_OUT => return Poll::Ready(()),
            ANSWERED => {}
            _ => cold.handler = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    fn fire(&self, now: Instant) {
        self.header.fired.store(now.as_nanos(), Ordering::Relaxed);
        if self.header.word.load(Ordering::Acquire) & WIRE != 0 {
            self.deliver(TIMED_OUT, |word| Awaited::Due(self.progress(word)));
            return;
        }
        let mut cold = self.cold.lock();
        let due = |word| (!is_over(word) && word & DUE == 0).then_some(word | DUE);
        let advanced = self.advance(due, &mut cold);
        drop(cold);
        if let Ok((_, waker)) = advanced {
            wake(waker);
        }
    }
}

impl<R> Drop for Inner<R> {
    fn drop(&mut self) {
        let word = self.header.word.load(Ordering::Relaxed);
        if word & TAKEN == 0 {
            // SAFETY: a waker that nobody has taken is still here.
            drop(self.header.waker.with(|waker| unsafe { waker.read().assume_init() }));
        }
        if word & VALUE != 0 {
            // SAFETY: the ender has written it, and no asker has read it.
            drop(self.value.with(|value| unsafe { value.read().assume_init() }));
        }
    }
}

pub(super) fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
