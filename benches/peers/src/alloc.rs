//! A global allocator that counts, when asked to.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static COUNTING: AtomicBool = AtomicBool::new(false);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static LIVE: AtomicI64 = AtomicI64::new(0);

/// What happened between [`start`] and [`stop`].
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    /// Calls that asked for memory; growing a block counts as one.
    pub allocations: u64,
    /// Bytes allocated and not freed again.
    pub live_bytes: i64,
}

/// Counts from zero. While nothing is counted, a call costs one relaxed load more than usual.
pub fn start() {
    ALLOCATIONS.store(0, Relaxed);
    LIVE.store(0, Relaxed);
    COUNTING.store(true, Relaxed);
}

/// Stops counting.
pub fn stop() -> Counted {
    COUNTING.store(false, Relaxed);
    Counted { allocations: ALLOCATIONS.load(Relaxed), live_bytes: LIVE.load(Relaxed) }
}

struct Counting;

impl Counting {
    fn note(&self, allocations: u64, bytes: i64) {
        if COUNTING.load(Relaxed) {
            ALLOCATIONS.fetch_add(allocations, Relaxed);
            LIVE.fetch_add(bytes, Relaxed);
        }
    }
}

// SAFETY: every call is handed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.note(1, layout.size() as i64);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        self.note(1, layout.size() as i64);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        self.note(1, size as i64 - layout.size() as i64);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        self.note(0, -(layout.size() as i64));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(block, layout) }
    }
}
