//! *Pure.* When parts of large messages may go: at once; but while small asks go beside them, by and by.
//!
//! What is in the network waits its turn there (see congestion control). What a part costs besides is time of the processors of
//! both nodes, and an ask that finds them busy waits for as long as the scheduler of the operating system sees fit.

use std::time::Duration;

use crate::time::Instant;

/// So long after a small ask others are expected.
const BESIDE: Duration = Duration::from_millis(100);

/// The pace of the large messages of one connection.
#[derive(Debug)]
pub(super) struct Pace {
    /// Bytes in a second.
    rate: u64,
    /// From when on nothing is held back.
    alone_from: Instant,
    /// When the next part may go.
    next: Instant,
}

impl Pace {
    pub(super) fn new(rate: u64) -> Self {
        Self { rate: rate.max(1), alone_from: Instant::ZERO, next: Instant::ZERO }
    }

    /// When a part of so many bytes may go, `now` or later; `beside` small asks that went since the last part.
    pub(super) fn part(&mut self, now: Instant, bytes: usize, beside: bool) -> Instant {
        if beside {
            self.alone_from = now + BESIDE;
        }
        if now >= self.alone_from {
            self.next = now;
            return now;
        }
        let at = self.next.max(now);
        self.next = at + Duration::from_nanos((bytes as u64).saturating_mul(1_000_000_000) / self.rate);
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: usize = 64 << 10;

    fn at(micros: u64) -> Instant {
        Instant::ZERO + Duration::from_micros(micros)
    }

    #[test]
    fn parts_that_are_alone_go_at_once() {
        let mut pace = Pace::new(1);

        assert_eq!([5, 5, 6].map(|now| pace.part(at(now), PART, false)), [5, 5, 6].map(at));
    }

    #[test]
    fn beside_small_asks_each_part_takes_its_time_and_none_is_made_up_for() {
        let mut pace = Pace::new(PART as u64 * 1_000);

        assert_eq!(
            [true, true, false].map(|beside| pace.part(at(0), PART, beside)),
            [0, 1_000, 2_000].map(at)
        );
        assert_eq!([5_500, 5_500].map(|now| pace.part(at(now), PART, false)), [5_500, 6_500].map(at));
    }

    #[test]
    fn a_tenth_of_a_second_after_the_last_small_ask_nothing_is_held_back() {
        let mut pace = Pace::new(PART as u64 * 1_000);
        pace.part(at(0), 50 * PART, true);

        assert_eq!(pace.part(at(99_999), 50 * PART, false), at(99_999));
        assert_eq!([100_000, 100_000].map(|now| pace.part(at(now), PART, false)), [100_000; 2].map(at));
        assert_eq!([100_001, 100_001].map(|now| pace.part(at(now), PART, true)), [100_001, 101_001].map(at));
    }
}
