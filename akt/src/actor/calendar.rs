//! *Pure.* Ticks at dates: by the clock on the wall, which may be set.

use std::fmt;
use std::time::Duration;

use crate::time::{Instant, Wall};

/// Says when, by the clock on the wall. The seam to cron expressions, which are a feature.
pub(crate) trait Calendar: Send + Sync {
    /// The first moment later than `after`; none if there is none.
    fn next(&self, after: Wall) -> Option<Wall>;

    /// The expression, for people.
    fn expression(&self) -> &str;

    /// The time zone it is meant in.
    fn zone(&self) -> &str;
}

/// How often the clock is looked at, as nobody says when it is set. By less than this it may be set back
/// without that anything comes twice.
const LOOK: Duration = Duration::from_secs(60);

/// The dates of one timer.
pub(crate) struct Dates {
    calendar: Box<dyn Calendar>,
    /// The next of them.
    due: Option<Wall>,
    /// The last look at both clocks.
    seen: (Instant, Wall),
}

impl Dates {
    pub(crate) fn new(calendar: Box<dyn Calendar>, now: Instant, wall: Wall) -> Self {
        let due = calendar.next(wall);
        Self { calendar, due, seen: (now, wall) }
    }

    /// Looks at the clock: whether a date has come. Those that came with it are left out.
    pub(crate) fn look(&mut self, now: Instant, wall: Wall) -> bool {
        if self.was_set_back(now, wall) {
            self.due = self.calendar.next(wall);
            return false;
        }
        if self.due.is_none_or(|due| due > wall) {
            return false;
        }
        self.due = self.calendar.next(wall);
        true
    }

    /// When to look again.
    pub(crate) fn alarm(&self) -> Option<Instant> {
        let (now, wall) = self.seen;
        self.due.map(|due| now + due.since(wall).min(LOOK))
    }

    pub(crate) fn due(&self) -> Option<Wall> {
        self.due
    }

    pub(crate) fn calendar(&self) -> &dyn Calendar {
        &*self.calendar
    }

    fn was_set_back(&mut self, now: Instant, wall: Wall) -> bool {
        let (before, then) = std::mem::replace(&mut self.seen, (now, wall));
        wall + LOOK <= then + now.since(before)
    }
}

impl fmt::Debug for Dates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dates({} {})", self.calendar.expression(), self.calendar.zone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every ten minutes.
    struct Tens;

    impl Calendar for Tens {
        fn next(&self, after: Wall) -> Option<Wall> {
            let ten = 600_000_000_000;
            Some(Wall::from_nanos((after.as_nanos() / ten + 1) * ten))
        }

        fn expression(&self) -> &str {
            "*/10 * * * *"
        }

        fn zone(&self) -> &str {
            "UTC"
        }
    }

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    fn now(at: u64) -> Instant {
        Instant::ZERO + secs(at)
    }

    fn wall(at: u64) -> Wall {
        Wall::from_nanos(0) + secs(at)
    }

    #[test]
    fn the_clock_is_looked_at_every_minute_and_at_the_date() {
        let mut dates = Dates::new(Box::new(Tens), now(0), wall(450));
        assert_eq!(dates.alarm(), Some(now(60)));

        assert!(!dates.look(now(60), wall(510)));
        assert!(!dates.look(now(120), wall(570)));
        assert_eq!(dates.alarm(), Some(now(150)));

        assert!(dates.look(now(150), wall(600)));
        assert_eq!(dates.due(), Some(wall(1_200)));
    }

    #[test]
    fn a_clock_that_is_set_forward_over_several_dates_ticks_once() {
        let mut dates = Dates::new(Box::new(Tens), now(0), wall(450));

        assert!(dates.look(now(60), wall(5_000)));
        assert!(!dates.look(now(60), wall(5_000)));
        assert_eq!(dates.due(), Some(wall(5_400)));
    }

    #[test]
    fn a_clock_that_is_set_back_a_little_repeats_nothing() {
        let mut dates = Dates::new(Box::new(Tens), now(0), wall(599));
        assert!(dates.look(now(1), wall(600)));

        assert!(!dates.look(now(2), wall(570)));
        assert!(!dates.look(now(40), wall(608)), "the same date again");
        assert_eq!(dates.due(), Some(wall(1_200)));
    }

    #[test]
    fn a_clock_that_is_set_back_by_a_minute_or_more_begins_anew() {
        let mut dates = Dates::new(Box::new(Tens), now(0), wall(1_000_000_000));

        assert!(!dates.look(now(60), wall(595)));

        assert_eq!(dates.due(), Some(wall(600)));
        assert_eq!(dates.alarm(), Some(now(65)));
    }

    #[test]
    fn a_look_sees_that_the_clock_was_set_back_though_it_went_on_since() {
        let mut dates = Dates::new(Box::new(Tens), now(0), wall(1_210));

        dates.look(now(55), wall(1_180));

        assert_eq!(dates.due(), Some(wall(1_200)), "85 seconds back, 55 have passed");
    }
}
