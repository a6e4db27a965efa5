//! *Pure.* When a timer ticks.

use std::time::Duration;

use crate::time::Instant;

/// The moments of one timer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Rhythm {
    /// Its one moment has been given out.
    Over,
    /// Once, at that moment.
    Once(Instant),
    /// At every multiple of `interval` after the start; each moment up to `jitter` late.
    Every {
        /// The last multiple that was given out.
        last: Instant,
        interval: Duration,
        jitter: Duration,
    },
}

/// No timer ticks more often: the wheel's own step.
const SHORTEST: Duration = Duration::from_millis(1);

impl Rhythm {
    pub(crate) fn once(now: Instant, after: Duration) -> Self {
        Self::Once(now + after)
    }

    pub(crate) fn every(now: Instant, interval: Duration, jitter: Duration) -> Self {
        Self::Every { last: now, interval: interval.max(SHORTEST), jitter }
    }

    /// The next moment after `now`; moments that were missed are left out. `chance` is from 0 to 1.
    pub(crate) fn next(&mut self, now: Instant, chance: f64) -> Option<Instant> {
        match self {
            Self::Over => None,
            Self::Once(at) => {
                let at = *at;
                *self = Self::Over;
                Some(at)
            }
            Self::Every { last, interval, jitter } => {
                let step = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX);
                let missed = now.as_nanos().saturating_sub(last.as_nanos()) / step;
                *last = Instant::from_nanos(last.as_nanos().saturating_add(missed.saturating_mul(step)))
                    + *interval;
                Some(*last + jitter.mul_f64(chance.clamp(0.0, 1.0)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(millis)
    }

    #[test]
    fn once_is_once() {
        let mut rhythm = Rhythm::once(at(5), Duration::from_millis(7));

        assert_eq!(rhythm.next(at(5), 0.0), Some(at(12)));
        assert_eq!(rhythm.next(at(12), 0.0), None);
    }

    #[test]
    fn a_repeated_timer_keeps_to_its_grid_and_leaves_out_what_it_missed() {
        let mut rhythm = Rhythm::every(at(0), Duration::from_millis(10), Duration::ZERO);

        assert_eq!(rhythm.next(at(0), 0.0), Some(at(10)));
        assert_eq!(rhythm.next(at(11), 0.0), Some(at(20)), "late by one: no drift");
        assert_eq!(rhythm.next(at(57), 0.0), Some(at(60)), "30, 40 and 50 are gone");
    }

    #[test]
    fn jitter_delays_a_tick_and_not_the_grid() {
        let mut rhythm = Rhythm::every(at(0), Duration::from_millis(10), Duration::from_millis(4));

        assert_eq!(rhythm.next(at(0), 0.5), Some(at(12)));
        assert_eq!(rhythm.next(at(12), 1.0), Some(at(24)));
        assert_eq!(rhythm.next(at(24), 0.0), Some(at(30)));
    }

    #[test]
    fn an_interval_of_nothing_is_the_shortest_there_is() {
        let mut rhythm = Rhythm::every(at(3), Duration::ZERO, Duration::ZERO);

        assert_eq!(rhythm.next(at(3), 0.0), Some(at(4)));
    }
}
