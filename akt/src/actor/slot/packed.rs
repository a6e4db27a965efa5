//! The reply of a message in one word: the end of an ask, or what a tell came with.
#![expect(unsafe_code, reason = "every message has this word, and most would pay for a second one in vain")]

use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::sync::Arc;

use super::ends::Ender;
use super::share::Share;
use crate::actor::meta::Meta;
use crate::time::Instant;

/// A pointer to a slot; or, with its lowest bit set, to what a tell came with.
pub(crate) struct Packed<R>(NonNull<()>, PhantomData<Ender<R>>);

// SAFETY: it is an `Ender<R>` or an `Arc<Meta>`, which both may go to other threads.
unsafe impl<R: Send> Send for Packed<R> {}
// SAFETY: as above.
unsafe impl<R: Send> Sync for Packed<R> {}

const TOLD: usize = 1;

impl<R: Send + 'static> Packed<R> {
    pub(crate) fn ask(end: Ender<R>) -> Self {
        Self(end.erase().into_raw(), PhantomData)
    }

    pub(crate) fn told(meta: Arc<Meta>) -> Self {
        let meta = NonNull::new(Arc::into_raw(meta).cast_mut()).expect("an `Arc` points somewhere");
        Self(meta.map_addr(|address| address | TOLD).cast(), PhantomData)
    }

    /// The end of the ask; none of a tell.
    pub(crate) fn end(&self) -> Option<&Ender<R>> {
        // SAFETY: without the bit, the word is what an `Ender<R>` is, whose layout is that of a pointer.
        self.is_ask().then(|| unsafe { &*(&raw const self.0).cast::<Ender<R>>() })
    }

    /// What the message came with.
    pub(crate) fn meta(&self) -> Option<Arc<Meta>> {
        match self.end() {
            Some(end) => end.meta().cloned(),
            // SAFETY: the word owns the `Arc`, and stays as it is.
            None => Some(Arc::clone(&*unsafe { ManuallyDrop::new(Arc::from_raw(self.told_meta())) })),
        }
    }

    /// When a tell is too late.
    pub(crate) fn expires(&self) -> Option<Instant> {
        if self.is_ask() {
            return None;
        }
        // SAFETY: the word owns an `Arc` of it.
        unsafe { &*self.told_meta() }.expires
    }

    /// The end of the ask, owned; what a tell came with is dropped.
    #[inline]
    pub(crate) fn into_end(self) -> Option<Ender<R>> {
        if !self.is_ask() {
            return None;
        }
        let raw = ManuallyDrop::new(self).0;
        // SAFETY: `ask` made the word from the share of an end of this type, and it is taken back once.
        Some(Ender::of(unsafe { Share::from_raw(raw) }))
    }
}

impl<R> Packed<R> {
    #[inline]
    pub(crate) fn is_ask(&self) -> bool {
        self.0.addr().get() & TOLD == 0
    }

    fn told_meta(&self) -> *const Meta {
        self.0.as_ptr().map_addr(|address| address & !TOLD).cast()
    }
}

impl<R> Drop for Packed<R> {
    fn drop(&mut self) {
        if self.is_ask() {
            // SAFETY: the word is the share of a slot, and is dropped once.
            drop(unsafe { Share::from_raw(self.0) });
        } else {
            // SAFETY: `told` made the word from an `Arc<Meta>`, and it is taken back once.
            drop(unsafe { Arc::from_raw(self.told_meta()) });
        }
    }
}
