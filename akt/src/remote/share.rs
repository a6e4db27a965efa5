//! *Pure.* How much of its window the sender of one actor's messages has: all of it, but less while asks go to others.
//!
//! What is under way to one actor is ahead of an ask to another, on the same way and for the same processors. A window that
//! is more than the way holds only makes it wait, so the receiver says later what has found its place.

use std::time::Duration;

use crate::time::Instant;

/// So long after an ask to another actor more are expected. Who asks more rarely is not worth a firehose's time.
const BESIDE: Duration = Duration::from_millis(10);

/// A way of this round trip, as the transport measures it, holds an eighth of a window.
const EIGHTH: Duration = Duration::from_micros(200);

/// The share of one sender, in eighths of its window.
#[derive(Debug, Default)]
pub(super) struct Share {
    /// Asks of other actors, when it was looked at.
    asks: u64,
    until: Instant,
    eighths: u32,
}

impl Share {
    /// The share from now on; `asks` to other actors have come so far. The round trip is looked up now and then.
    pub(super) fn eighths(
        &mut self,
        now: Instant,
        asks: u64,
        round_trip: impl FnOnce() -> Option<Duration>,
    ) -> u32 {
        if now >= self.until && asks == self.asks {
            return 8;
        }
        if now >= self.until {
            (self.asks, self.until) = (asks, now + BESIDE);
            self.eighths =
                round_trip().map_or(8, |way| (way.as_nanos() / EIGHTH.as_nanos()).clamp(1, 8) as u32);
        }
        self.eighths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: u64) -> Instant {
        Instant::ZERO + Duration::from_micros(micros)
    }

    fn way(micros: u64) -> impl FnOnce() -> Option<Duration> {
        move || Some(Duration::from_micros(micros))
    }

    #[test]
    fn who_is_alone_has_everything() {
        let mut share = Share::default();

        assert_eq!([at(0), at(5)].map(|now| share.eighths(now, 0, || panic!("nobody asks"))), [8, 8]);
    }

    #[test]
    fn beside_asks_it_is_as_much_as_the_way_holds() {
        let shares = [0, 50, 399, 400, 1_599, 1_600, 80_000]
            .map(|micros| Share::default().eighths(at(0), 1, way(micros)));

        assert_eq!(shares, [1, 1, 1, 2, 7, 8, 8]);
        assert_eq!(Share::default().eighths(at(0), 1, || None), 8);
    }

    #[test]
    fn it_has_everything_again_when_no_ask_has_come_for_a_while() {
        let mut share = Share::default();
        share.eighths(at(0), 1, way(50));

        assert_eq!(share.eighths(at(9_999), 2, || panic!("it is known")), 1);
        assert_eq!(share.eighths(at(10_000), 2, way(450)), 2);
        assert_eq!(share.eighths(at(19_999), 2, || panic!("it is known")), 2);
        assert_eq!(share.eighths(at(20_000), 2, || panic!("nobody asks")), 8);
    }
}
