//! A count that many threads raise at once: each has a cache line of its own.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::runtime::{thread_number, threads};

/// How often something happened. A power of two of lines: a count is raised too often for a division.
pub(super) struct Count(Box<[Line]>);

#[repr(align(128))]
#[derive(Default)]
struct Line(AtomicU64);

impl Count {
    pub(super) fn new() -> Self {
        Self((0..threads().next_power_of_two()).map(|_| Line::default()).collect())
    }

    #[inline]
    pub(super) fn add(&self, times: u64) {
        let line = &self.0[thread_number() & (self.0.len() - 1)];
        line.0.fetch_add(times, Ordering::Relaxed);
    }

    pub(super) fn sum(&self) -> u64 {
        self.0.iter().map(|line| line.0.load(Ordering::Relaxed)).sum()
    }
}
