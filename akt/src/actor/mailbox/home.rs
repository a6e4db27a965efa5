//! A home: a queue and its consumer's state, which an asker may be lent while the consumer rests.
//!
//! The queue's lock says who may touch the state: the consumer when it is inside, an asker while it is lent,
//! nobody otherwise. Neither holds the lock while it works, and the consumer stays inside across awaits.
#![expect(unsafe_code, reason = "the state is reached without the lock that says whose it is")]

use std::collections::VecDeque;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::task::Context;

use super::queue::{Batch, Look, Queue, Returned};
use crate::sync::{AtomicBool, MutPtr, Ordering, UnsafeCell};

/// A queue of `M` and the resident `T` that empties it.
pub(crate) struct Home<M, T> {
    pub(crate) queue: Queue<M>,
    /// The resident was lent, and the asker has not come yet.
    promised: AtomicBool,
    resident: UnsafeCell<Option<T>>,
}

// SAFETY: the resident is reached only by a visit or by a guest, one at a time, on any thread.
unsafe impl<M: Send, T: Send> Sync for Home<M, T> {}

impl<M, T> Home<M, T> {
    pub(crate) fn new(queue: Queue<M>) -> Self {
        Self { queue, promised: AtomicBool::new(false), resident: UnsafeCell::new(None) }
    }

    /// Makes `resident` the state of the consumer, which has not come yet.
    pub(crate) fn move_in(&self, resident: T) {
        let visit = self.enter();
        // SAFETY: this visit has the resident to itself.
        visit.inside.with(|inside| unsafe { *inside = Some(resident) });
    }

    /// The consumer goes in, which has never rested.
    ///
    /// # Panics
    ///
    /// If it is inside, or its part is lent.
    pub(crate) fn enter(&self) -> Visit<'_, M, T> {
        assert!(self.queue.begin_stay(), "a consumer that has never rested is lent to nobody");
        self.visit()
    }

    /// The caller has marked the consumer as being inside.
    fn visit(&self) -> Visit<'_, M, T> {
        Visit { inside: self.resident.get_mut(), stay: Stay(&self.queue), resident: PhantomData }
    }

    /// The consumer looks in, under the lock.
    pub(crate) fn door(&self, cx: &Context<'_>) -> Door<'_, M, T> {
        Door { look: self.queue.look(cx), home: self }
    }

    /// The consumer is gone for good. Its resident comes out: here, or with the asker that has it.
    pub(crate) fn move_out(&self) -> Option<T> {
        if !self.queue.leave() {
            return None;
        }
        // SAFETY: the consumer was not inside, and rests no more, so that nobody else is lent the resident.
        self.resident.with_mut(|resident| unsafe { (*resident).take() })
    }

    /// Promises the resident to an asker, if it rests: true, and [`guest`](Self::guest) must follow.
    ///
    /// The asker's message counts as accepted, and has room.
    pub(crate) fn lend(&self) -> bool {
        let lent = self.queue.lend();
        if lent {
            self.promised.store(true, Ordering::Release);
        }
        lent
    }

    /// The asker comes.
    ///
    /// # Panics
    ///
    /// If nothing was promised.
    pub(crate) fn guest(&self) -> Guest<'_, M, T> {
        assert!(self.promised.swap(false, Ordering::Acquire), "nothing was lent");
        Guest { inside: Some(self.resident.get_mut()), home: self }
    }
}

/// The consumer's look into its home, under the lock.
pub(crate) struct Door<'a, M, T> {
    look: Look<'a, M>,
    home: &'a Home<M, T>,
}

impl<'a, M, T> Door<'a, M, T> {
    /// Goes in; not while an asker is there: the consumer is woken when he leaves.
    pub(crate) fn enter(&mut self) -> Option<Visit<'a, M, T>> {
        self.look.enter().then(|| self.home.visit())
    }

    /// See [`Look::take`].
    pub(crate) fn take(&mut self, batch: &mut VecDeque<M>, started: usize) -> bool {
        self.look.take(batch, started)
    }

    /// See [`Look::close`].
    pub(crate) fn close(&mut self) {
        self.look.close();
    }

    /// Lets the consumer rest, once it has left. See [`Look::rest`].
    pub(crate) fn rest(&mut self, batch: &mut VecDeque<M>, cx: &Context<'_>) -> Batch {
        self.look.rest(batch, cx)
    }

    /// Goes out. The lock is held until the door is dropped.
    pub(crate) fn leave(&mut self, visit: Visit<'a, M, T>) {
        assert!(std::ptr::eq(visit.stay.0, &raw const self.home.queue), "a visit leaves by its own door");
        std::mem::forget(visit.stay);
        self.look.leave();
    }
}

/// The consumer inside its home, until this is dropped or leaves by the door.
pub(crate) struct Visit<'a, M, T> {
    /// Dropped before the stay ends.
    inside: MutPtr<Option<T>>,
    stay: Stay<'a, M>,
    resident: PhantomData<&'a mut T>,
}

struct Stay<'a, M>(&'a Queue<M>);

impl<M> Drop for Stay<'_, M> {
    fn drop(&mut self) {
        self.0.end_stay();
    }
}

// SAFETY: a visit is what `&mut T` is, and a reference to a home, which any thread may hold.
unsafe impl<M: Send, T: Send> Send for Visit<'_, M, T> {}

impl<M, T> Deref for Visit<'_, M, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the consumer is inside, as the lock said, and this is its only visit.
        self.inside.with(|inside| unsafe { &*inside }).as_ref().expect("it has moved in")
    }
}

impl<M, T> DerefMut for Visit<'_, M, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above, and nobody else has this visit.
        self.inside.with(|inside| unsafe { &mut *inside }).as_mut().expect("it has moved in")
    }
}

/// An asker in the consumer's stead, until it leaves. Dropped, it has the consumer woken to see for itself.
pub(crate) struct Guest<'a, M, T> {
    /// There until it leaves.
    inside: Option<MutPtr<Option<T>>>,
    home: &'a Home<M, T>,
}

impl<M, T> Guest<'_, M, T> {
    pub(crate) fn resident(&mut self) -> &mut T {
        let inside = self.inside.as_ref().expect("there until it leaves");
        // SAFETY: the resident is lent, and this guest is the one that was promised it.
        inside.with(|inside| unsafe { &mut *inside }).as_mut().expect("who is lent has moved in")
    }

    /// Gives the resident back, and the asker's message if the consumer has to handle it. True if nobody else
    /// came meanwhile.
    pub(crate) fn leave(mut self, kept: Option<M>, wake: bool) -> bool {
        self.give_back(kept, wake) == Returned::Alone
    }

    fn give_back(&mut self, kept: Option<M>, wake: bool) -> Returned {
        self.inside = None;
        let returned = self.home.queue.take_back(kept, wake);
        if returned == Returned::Left {
            // SAFETY: the consumer is gone, and the loan has not ended: this is the last who comes here.
            drop(self.home.resident.with_mut(|resident| unsafe { (*resident).take() }));
        }
        returned
    }
}

impl<M, T> Drop for Guest<'_, M, T> {
    fn drop(&mut self) {
        if self.inside.is_some() {
            self.give_back(None, true);
        }
    }
}
