//! *Pure.* How long to wait before the next try.

use std::ops::RangeInclusive;
use std::time::Duration;

/// Doubles from `min` to `max`; each wait is shortened by up to `jitter` of itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Backoff {
    pub(crate) min: Duration,
    pub(crate) max: Duration,
    /// Share of a wait that chance may take away, 0.0 to 1.0.
    pub(crate) jitter: f64,
}

impl Backoff {
    pub(crate) const NONE: Self = Self { min: Duration::ZERO, max: Duration::ZERO, jitter: 0.0 };

    /// Waits within `waits`, less up to a fifth by chance.
    pub(crate) fn jittered(waits: RangeInclusive<Duration>) -> Self {
        let (min, max) = waits.into_inner();
        Self { min, max, jitter: 0.2 }
    }

    /// The wait before try number `attempt` (from 0); `chance` is a random number in 0..1.
    pub(crate) fn wait(&self, attempt: u32, chance: f64) -> Duration {
        let doubled = self.min.saturating_mul(2_u32.saturating_pow(attempt.min(31)));
        doubled.min(self.max).mul_f64(1.0 - self.jitter * chance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_limit_and_jitter_only_shortens() {
        let backoff = Backoff { min: Duration::from_millis(100), max: Duration::from_secs(1), jitter: 0.2 };

        let waits: Vec<_> = (0..5).map(|n| backoff.wait(n, 0.0).as_millis()).collect();

        assert_eq!(waits, [100, 200, 400, 800, 1000]);
        assert_eq!(backoff.wait(0, 1.0), Duration::from_millis(80));
        assert_eq!(backoff.wait(u32::MAX, 0.0), Duration::from_secs(1));
    }
}
