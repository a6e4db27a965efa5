//! The number of an activation: its store's, or one of its system.

use std::sync::atomic::{AtomicU64, Ordering};

use super::traits::Grain;
use crate::actor::Ctx;
use crate::persistence::Fence;

/// The last number that a system gave to an activation whose store gave it none.
#[derive(Default)]
struct Last(AtomicU64);

impl Last {
    /// One that is higher than any before, and than those of an earlier process whose clock was right.
    fn next(&self, micros: u64) -> u64 {
        let next = |last: u64| micros.max(last + 1);
        let before = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)));
        next(before.unwrap_or_else(|last| last))
    }
}

impl<G: Grain> Ctx<G> {
    /// The number of this activation, higher than that of any before it: to be sent along to whatever must not listen
    /// to an older one.
    ///
    /// With a state or with events it is that of the store, which refuses older ones. Without, it comes from the clock on
    /// the wall, and grows within its system; beyond, as far as the clock does.
    #[must_use]
    pub fn fence(&self) -> Fence {
        Fence(self.fence_or(|| {
            let system = self.system();
            system.part::<Last>().next(system.runtime().wall().as_nanos() / 1_000)
        }))
    }
}
