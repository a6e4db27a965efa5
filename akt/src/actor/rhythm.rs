//! *Pure.* When a timer ticks.

use std::time::Duration;

use super::calendar::{Calendar, Dates};
use crate::time::{Instant, Wall};

/// The moments of one timer.
#[derive(Debug)]
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
    /// By the clock on the wall.
    On(Dates),
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

    pub(crate) fn on(calendar: Box<dyn Calendar>, now: Instant, wall: Wall) -> Self {
        Self::On(Dates::new(calendar, now, wall))
    }

    /// Whether the moment that [`next`](Self::next) gave out, and that is `now`, is one to tick at: a calendar
    /// wants to look at the clock in between.
    pub(crate) fn is_due(&mut self, now: Instant, wall: impl FnOnce() -> Wall) -> bool {
        match self {
            Self::On(dates) => dates.look(now, wall()),
            Self::Over | Self::Once(_) | Self::Every { .. } => true,
        }
    }

    /// The next moment of a timer that rested and has `pending` still to come. What has come meanwhile is left
    /// out, unless there was only one moment: that one is now.
    pub(crate) fn resume(
        &mut self,
        pending: Option<Instant>,
        now: Instant,
        wall: impl FnOnce() -> Wall,
        chance: f64,
    ) -> Option<Instant> {
        match self {
            Self::Over => pending,
            Self::On(dates) => {
                let _left_out = dates.look(now, wall());
                dates.alarm()
            }
            Self::Every { .. } if pending.is_some_and(|at| at >= now) => pending,
            Self::Once(_) | Self::Every { .. } => self.next(now, chance),
        }
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
            Self::On(dates) => dates.alarm(),
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
    fn a_timer_that_rested_goes_on_with_its_grid_and_one_that_ticks_once_is_late() {
        let wall = || Wall::from_nanos(0);
        let mut every = Rhythm::every(at(0), Duration::from_millis(10), Duration::ZERO);
        let pending = every.next(at(0), 0.0);
        assert_eq!(every.resume(pending, at(4), wall, 0.0), Some(at(10)), "it is still to come");
        assert_eq!(every.resume(pending, at(34), wall, 0.0), Some(at(40)), "10, 20 and 30 are gone");

        let mut once = Rhythm::once(at(0), Duration::from_millis(10));
        let pending = once.next(at(0), 0.0);
        assert_eq!(once.resume(pending, at(34), wall, 0.0), Some(at(10)));
    }

    #[test]
    fn an_interval_of_nothing_is_the_shortest_there_is() {
        let mut rhythm = Rhythm::every(at(3), Duration::ZERO, Duration::ZERO);

        assert_eq!(rhythm.next(at(3), 0.0), Some(at(4)));
    }
}
