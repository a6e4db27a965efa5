//! One share of a slot, counted in its word.
#![expect(unsafe_code, reason = "counted by hand, so that an answer and the end of a share are one step")]

use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use super::inner::Header;
use super::word::*;
use crate::actor::reply::Pending;
use crate::runtime::Fire;
use crate::sync::{AtomicU64, Ordering};
use crate::time::Instant;

/// One share of a slot, whatever its type.
#[repr(transparent)]
pub(crate) struct Share(pub(super) NonNull<Header>);

// SAFETY: slots are `Send` and `Sync`, since `R: Send` wherever one is made; shares are counted atomically.
unsafe impl Send for Share {}
// SAFETY: as above.
unsafe impl Sync for Share {}

impl Share {
    pub(super) fn header(&self) -> &Header {
        // SAFETY: the slot lives as long as one of its shares.
        unsafe { self.0.as_ref() }
    }

    pub(super) fn word(&self) -> &AtomicU64 {
        &self.header().word
    }

    pub(crate) fn pending(&self) -> &dyn Pending {
        // SAFETY: the slot lives as long as one of its shares, and was made with this function.
        unsafe { (self.header().pending)(self.0).as_ref() }
    }

    /// When its asker is to be woken.
    pub(crate) fn alarm(&self) -> Instant {
        self.header().alarm
    }

    /// When its asker gives up.
    pub(crate) fn deadline(&self) -> Instant {
        self.header().deadline
    }

    /// Gives up ownership; [`from_raw`](Self::from_raw) takes it back.
    pub(crate) fn into_raw(self) -> NonNull<()> {
        ManuallyDrop::new(self).as_raw()
    }

    pub(crate) fn as_raw(&self) -> NonNull<()> {
        self.0.cast()
    }

    /// # Safety
    ///
    /// `raw` came from [`into_raw`](Self::into_raw), and becomes a share once.
    pub(crate) unsafe fn from_raw(raw: NonNull<()>) -> Self {
        Self(raw.cast())
    }

    /// Frees the slot.
    ///
    /// # Safety
    ///
    /// There is no other share.
    unsafe fn free(slot: NonNull<Header>) {
        // SAFETY: nobody else looks at the slot, which was a box, of the type that `pending` knows.
        unsafe {
            let inner = (slot.as_ref().pending)(slot);
            drop(Box::from_raw(inner.as_ptr()));
        }
    }

    /// Gives back `count` shares, of which this is one; `and` is subtracted from the word with them.
    pub(super) fn leave(self, count: Word, and: Word) {
        let slot = ManuallyDrop::new(self).0;
        // SAFETY: the slot lives until its last share is subtracted, here at the earliest.
        let word = unsafe { &slot.as_ref().word };
        let before = word.load(Ordering::Acquire);
        if shares(before) == count {
            // Nobody else can come to a share: this is the only owner.
            word.store(before - and, Ordering::Relaxed);
        } else if shares(word.fetch_sub(count * SHARE + and, Ordering::AcqRel)) != count {
            return;
        }
        // SAFETY: all shares were the caller's.
        unsafe { Self::free(slot) };
    }
}

impl Clone for Share {
    fn clone(&self) -> Self {
        self.word().fetch_add(SHARE, Ordering::Relaxed);
        Self(self.0)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        Self(self.0).leave(1, 0);
    }
}

impl Fire for Share {
    fn fire(&self, now: Instant) {
        self.pending().fire(now);
    }
}
