//! Spots: one for each thread that runs handlers of a system, where others can see what it does.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::watchdog::Sight;
use crate::id::ActorId;
use crate::runtime::thread_number;

thread_local! {
    /// This thread's spots: one, unless it serves several systems.
    static MINE: RefCell<Vec<Arc<Spot>>> = const { RefCell::new(Vec::new()) };
}

/// No actor has this id.
const NOBODY: u64 = 0;

/// What one thread does for one system. Written by that thread alone, with plain stores.
pub(crate) struct Spot {
    system: Weak<List>,
    thread: u64,
    actor: AtomicU64,
    beat: AtomicU64,
}

impl Spot {
    fn new(system: Weak<List>) -> Self {
        let (actor, beat) = (AtomicU64::new(NOBODY), AtomicU64::new(0));
        Self { system, thread: thread_number() as u64, actor, beat }
    }

    /// Something has ended, and something else may begin.
    #[inline]
    pub(crate) fn advance(&self) {
        self.beat.store(self.beat.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }

    /// Has `actor` here until what is returned is dropped; then whoever was here before, if one handler runs
    /// inside another's poll.
    #[inline]
    fn occupy(&self, actor: ActorId) -> Stay<'_> {
        let before = self.actor.load(Ordering::Relaxed);
        self.actor.store(actor.as_u64(), Ordering::Relaxed);
        self.advance();
        Stay { spot: self, before }
    }

    fn sight(&self) -> Sight {
        let beat = self.beat.load(Ordering::Relaxed);
        let actor = self.actor.load(Ordering::Relaxed);
        Sight { thread: self.thread, beat, actor: (actor != NOBODY).then(|| ActorId::new(actor)) }
    }
}

struct Stay<'a> {
    spot: &'a Spot,
    before: u64,
}

impl Drop for Stay<'_> {
    #[inline]
    fn drop(&mut self) {
        self.spot.actor.store(self.before, Ordering::Relaxed);
        self.spot.advance();
    }
}

#[derive(Default)]
struct List {
    spots: Mutex<Vec<Weak<Spot>>>,
    /// The system has ended: its threads may forget their spots.
    closed: AtomicBool,
}

/// The spots of one system.
#[derive(Default)]
pub(super) struct Spots(Arc<List>);

impl Spots {
    /// Runs `work` on the spot of this thread.
    #[inline]
    pub(super) fn occupied_by<T>(&self, actor: ActorId, work: impl FnOnce(&Spot) -> T) -> T {
        MINE.with(|mine| {
            let known = mine.try_borrow().ok();
            let spot = known.as_ref().and_then(|known| known.iter().find(|spot| self.is_of(spot)));
            let Some(spot) = spot else {
                drop(known);
                return self.first(mine, actor, work);
            };
            let _stay = spot.occupy(actor);
            work(spot)
        })
    }

    fn is_of(&self, spot: &Spot) -> bool {
        std::ptr::eq(spot.system.as_ptr(), Arc::as_ptr(&self.0))
    }

    /// The first time on this thread. Inside the handler of another system, the list of spots is in use: what
    /// runs then is seen as part of that handler.
    #[cold]
    fn first<T>(&self, mine: &RefCell<Vec<Arc<Spot>>>, actor: ActorId, work: impl FnOnce(&Spot) -> T) -> T {
        let spot = Arc::new(Spot::new(Arc::downgrade(&self.0)));
        if let Ok(mut mine) = mine.try_borrow_mut() {
            mine.retain(|spot| {
                spot.system.upgrade().is_some_and(|list| !list.closed.load(Ordering::Relaxed))
            });
            mine.push(spot.clone());
            self.0.spots.lock().push(Arc::downgrade(&spot));
        }
        let _stay = spot.occupy(actor);
        work(&spot)
    }

    /// Nobody looks any more.
    pub(super) fn close(&self) {
        self.0.closed.store(true, Ordering::Relaxed);
    }

    /// What the threads do now.
    pub(super) fn seen(&self) -> Vec<Sight> {
        let mut spots = self.0.spots.lock();
        spots.retain(|spot| spot.strong_count() > 0);
        spots.iter().filter_map(|spot| spot.upgrade().map(|spot| spot.sight())).collect()
    }
}
