//! *Pure.* Durations counted in buckets whose width grows with the value: fixed memory, mergeable.

use std::array;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Every power of two is cut into 2^`FINE` buckets.
const FINE: u32 = 3;
const PARTS: usize = 1 << FINE;
/// Longer than 2^38 ns, four and a half minutes, is the last bucket.
const TOP: u32 = 38;
const BUCKETS: usize = (TOP - FINE + 1) as usize * PARTS;

/// How long something took, how often: as many samples as there were, in buckets of at most an eighth of their
/// value, from a nanosecond to four and a half minutes. What took longer is in the last bucket.
///
/// ```
/// use std::time::Duration;
/// use akt::Histogram;
///
/// let mut waits = Histogram::default();
/// waits.record(Duration::from_micros(10));
/// waits.record(Duration::from_millis(3));
///
/// assert_eq!(waits.count(), 2);
/// let longest = waits.quantile(1.0).unwrap();
/// assert!(longest >= Duration::from_millis(3) && longest < Duration::from_micros(3_400));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Histogram {
    counts: Box<[u64; BUCKETS]>,
    nanos: u64,
}

impl Histogram {
    /// Adds one sample.
    pub fn record(&mut self, duration: Duration) {
        let nanos = nanos_of(duration);
        self.counts[bucket_of(nanos)] += 1;
        self.nanos = self.nanos.saturating_add(nanos);
    }

    /// Adds the samples of another.
    pub fn merge(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&*other.counts).for_each(|(mine, theirs)| *mine += theirs);
        self.nanos = self.nanos.saturating_add(other.nanos);
    }

    /// How many samples there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// All samples together.
    #[must_use]
    pub fn sum(&self) -> Duration {
        Duration::from_nanos(self.nanos)
    }

    /// What a share of `quantile`, 0 to 1, of the samples did not exceed, rounded up to the end of its bucket:
    /// at most an eighth too long. None without samples.
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> Option<Duration> {
        let count = self.count();
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rank within the count; buckets are coarser than a float"
        )]
        let rank = ((quantile.clamp(0.0, 1.0) * count as f64).ceil() as u64).clamp(1, count.max(1));
        let mut below = 0;
        self.buckets().find_map(|(end, count)| {
            below += count;
            (below >= rank).then_some(end)
        })
    }

    /// The buckets that have samples: what theirs are below, and how many they are. In order.
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> + '_ {
        let filled = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        filled.map(|(bucket, count)| (Duration::from_nanos(end_of(bucket)), *count))
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: Box::new([0; BUCKETS]), nanos: 0 }
    }
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [half, most, longest] = [0.5, 0.99, 1.0].map(|share| self.quantile(share).unwrap_or_default());
        f.debug_struct("Histogram")
            .field("count", &self.count())
            .field("sum", &self.sum())
            .field("p50", &half)
            .field("p99", &most)
            .field("max", &longest)
            .finish()
    }
}

/// A histogram that many threads write.
pub(super) struct Recorder {
    counts: [AtomicU64; BUCKETS],
    nanos: AtomicU64,
}

impl Recorder {
    pub(super) fn new() -> Self {
        Self { counts: array::from_fn(|_| AtomicU64::new(0)), nanos: AtomicU64::new(0) }
    }

    pub(super) fn record(&self, duration: Duration) {
        let nanos = nanos_of(duration);
        self.counts[bucket_of(nanos)].fetch_add(1, Ordering::Relaxed);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    /// What was recorded so far; a sample under way may be in the counts and not yet in the sum.
    pub(super) fn read(&self) -> Histogram {
        let counts = Box::new(array::from_fn(|bucket| self.counts[bucket].load(Ordering::Relaxed)));
        Histogram { counts, nanos: self.nanos.load(Ordering::Relaxed) }
    }
}

fn nanos_of(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn bucket_of(nanos: u64) -> usize {
    let power = nanos.checked_ilog2().unwrap_or(0);
    if power < FINE {
        return usize::try_from(nanos).unwrap_or(0);
    }
    let part = usize::try_from(nanos >> (power - FINE)).unwrap_or(PARTS) % PARTS;
    ((power - FINE + 1) as usize * PARTS + part).min(BUCKETS - 1)
}

/// What all values of a bucket are below.
fn end_of(bucket: usize) -> u64 {
    let next = bucket + 1;
    let (row, part) = (next / PARTS, (next % PARTS) as u64);
    match u32::try_from(row).unwrap_or(TOP).checked_sub(1) {
        None => part,
        Some(shift) => (part + PARTS as u64) << shift,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_value_is_below_the_end_of_its_bucket_and_above_that_of_the_one_before(nanos in 0..1_u64 << TOP) {
            let bucket = bucket_of(nanos);

            prop_assert!(nanos < end_of(bucket));
            prop_assert!(bucket == 0 || nanos >= end_of(bucket - 1));
            prop_assert!(end_of(bucket) - nanos <= nanos / PARTS as u64 + 1, "an eighth at most");
        }

        #[test]
        fn merged_histograms_are_the_histogram_of_all(left in samples(), right in samples()) {
            let mut merged = of(&left);
            merged.merge(&of(&right));

            prop_assert_eq!(merged, of(&[left, right].concat()));
        }
    }

    fn samples() -> impl Strategy<Value = Vec<u64>> {
        proptest::collection::vec(0..u64::MAX / 1_000, 0..50)
    }

    fn of(samples: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        samples.iter().for_each(|nanos| histogram.record(Duration::from_nanos(*nanos)));
        histogram
    }

    #[test]
    fn a_quantile_is_the_end_of_the_bucket_that_holds_it() {
        let histogram = of(&[1, 2, 3, 1_000]);

        let at = |share| histogram.quantile(share).map(|duration| duration.as_nanos());
        assert_eq!([at(0.0), at(0.5), at(0.75), at(1.0)], [Some(2), Some(3), Some(4), Some(1_024)]);
        assert_eq!(Histogram::default().quantile(0.5), None);
    }

    #[test]
    fn what_takes_longer_than_the_last_bucket_is_in_it() {
        let recorder = Recorder::new();
        recorder.record(Duration::from_secs(3_600));
        recorder.record(Duration::MAX);

        assert_eq!(recorder.read().count(), 2);
        assert_eq!(recorder.read().buckets().count(), 1);
    }
}
