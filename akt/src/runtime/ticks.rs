//! The steps in which timers look at the clock.

use crate::time::Instant;

const BITS: u32 = 20;
const MILLI: u64 = 1_000_000;

/// How exact a system's timers are: each fires at its deadline or a little later, never before.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Ticks {
    /// Up to two steps of about a millisecond later.
    #[default]
    Coarse,
    /// At the next whole millisecond: where time is virtual, and a test counts on it.
    Millis,
}

impl Ticks {
    /// The tick that has begun at `moment`.
    pub(crate) fn of(self, moment: Instant) -> u64 {
        match self {
            Self::Coarse => moment.as_nanos() >> BITS,
            Self::Millis => moment.as_nanos() / MILLI,
        }
    }

    /// The tick with whose beginning a timer for `deadline` fires.
    pub(crate) fn due(self, deadline: Instant) -> u64 {
        match self {
            Self::Coarse => self.of(deadline) + 1,
            Self::Millis => deadline.as_nanos().div_ceil(MILLI),
        }
    }

    /// When `tick` begins, in nanoseconds.
    pub(crate) fn begin(self, tick: u64) -> u64 {
        match self {
            Self::Coarse => tick.checked_mul(1 << BITS),
            Self::Millis => tick.checked_mul(MILLI),
        }
        .unwrap_or(u64::MAX)
    }

    /// When a timer for `deadline` fires, in nanoseconds.
    pub(crate) fn after(self, deadline: Instant) -> u64 {
        self.begin(self.due(deadline))
    }

    /// Whether a timer for `deadline` fires `now`.
    pub(crate) fn is_due(self, deadline: Instant, now: Instant) -> bool {
        self.of(now) >= self.due(deadline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_timer_fires_before_its_deadline() {
        let moments = [0, 1, 999_999, MILLI, (1 << BITS) - 1, 1 << BITS, 30 * MILLI, u64::MAX >> 1];
        for (ticks, late) in [(Ticks::Coarse, 2 << BITS), (Ticks::Millis, MILLI)] {
            for deadline in moments.map(Instant::from_nanos) {
                let after = ticks.after(deadline);
                assert!((deadline.as_nanos()..deadline.as_nanos() + late).contains(&after), "{deadline:?}");
                assert!(ticks.is_due(deadline, Instant::from_nanos(after)));
                assert!(after == 0 || !ticks.is_due(deadline, Instant::from_nanos(after - 1)));
            }
        }
        assert_eq!(Ticks::Coarse.after(Instant::from_nanos(u64::MAX)), u64::MAX);
    }

    #[test]
    fn whole_milliseconds_are_met() {
        assert_eq!(Ticks::Millis.after(Instant::from_nanos(30 * MILLI)), 30 * MILLI);
    }
}
