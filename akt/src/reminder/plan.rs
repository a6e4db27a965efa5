//! *Pure.* When a reminder comes, and what becomes of the times at which it could not.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::actor::Calendar;
use crate::time::Wall;

/// What becomes of the times at which a reminder that repeats could not come: its node was down, or late.
///
/// ```
/// use akt::Missed;
///
/// // At most the last three of them, each by itself.
/// let policy = Missed::All { max: 3 };
/// # assert_ne!(policy, Missed::default());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missed {
    /// They come as one, however late: the first of them.
    #[default]
    Once,
    /// Each comes, one after the other: the last `max` of them, one at least.
    All {
        /// How many at most.
        max: u32,
    },
    /// They are left out. What is late by a minute or less is not missed: the last such time comes. A reminder that comes
    /// only once is gone if it is missed.
    Skip,
}

/// What is late by no more is not missed.
const GRACE: Duration = Duration::from_secs(60);

/// How often a reminder comes.
#[derive(Clone)]
pub(crate) enum Schedule {
    Once,
    /// So long after one another.
    Every(Duration),
    On(Arc<dyn Calendar>),
}

/// What is to be done about a reminder whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// The time that comes now; none if all were missed.
    pub(super) fire: Option<Wall>,
    /// When it is due then; none if it is over.
    pub(super) next: Option<Wall>,
}

impl Schedule {
    /// The first time later than `after`, if it is due at `due` as well.
    pub(super) fn next(&self, due: Wall, after: Wall) -> Option<Wall> {
        match self {
            Self::Once => None,
            Self::Every(_) if after < due => Some(due),
            Self::Every(period) => Some(step(due, *period, steps(due, *period, after) + 1)),
            Self::On(calendar) => calendar.next(after),
        }
    }

    /// What is to be done at `now` about one that is due at `due`, or was.
    pub(super) fn plan(&self, missed: Missed, due: Wall, now: Wall) -> Plan {
        match missed {
            Missed::Once => Plan { fire: Some(due), next: self.next(due, now) },
            Missed::All { max } => {
                let fire = self.last(max.max(1), due, now);
                Plan { fire: Some(fire), next: self.next(fire, fire) }
            }
            Missed::Skip => {
                let last = self.last(1, due, now);
                let fire = Some(last).filter(|last| now.since(*last) <= GRACE);
                Plan { fire, next: self.next(due, now) }
            }
        }
    }

    /// The first of the last `count` times from `due` to `now`.
    fn last(&self, count: u32, due: Wall, now: Wall) -> Wall {
        match self {
            Self::Once => due,
            Self::Every(period) => {
                let steps = steps(due, *period, now);
                step(due, *period, steps.saturating_sub(u64::from(count) - 1))
            }
            Self::On(calendar) => last(&**calendar, count, due, now),
        }
    }
}

/// How many whole periods lie between.
fn steps(from: Wall, period: Duration, to: Wall) -> u64 {
    to.as_nanos().saturating_sub(from.as_nanos()) / nanos(period)
}

fn step(from: Wall, period: Duration, steps: u64) -> Wall {
    Wall::from_nanos(from.as_nanos().saturating_add(nanos(period).saturating_mul(steps)))
}

/// Of a period, which is not zero.
fn nanos(period: Duration) -> u64 {
    u64::try_from(period.as_nanos()).unwrap_or(u64::MAX).max(1)
}

/// A calendar only goes forward: it is looked at in longer and longer spans before `now`.
fn last(calendar: &dyn Calendar, count: u32, due: Wall, now: Wall) -> Wall {
    let mut span = GRACE;
    loop {
        let start = now.as_nanos().saturating_sub(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX));
        let whole = start <= due.as_nanos();
        let first = if whole { Some(due) } else { calendar.next(Wall::from_nanos(start)) };
        let times = std::iter::successors(first, |last| calendar.next(*last)).take_while(|time| *time <= now);
        let mut kept = VecDeque::new();
        for time in times {
            kept.push_back(time);
            if kept.len() > count as usize {
                kept.pop_front();
            }
        }
        if whole || kept.len() == count as usize {
            return kept.front().copied().unwrap_or(due);
        }
        span = span.saturating_mul(4);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(secs: u64) -> Wall {
        Wall::from_nanos(0) + Duration::from_secs(secs)
    }

    fn plan(fire: Option<u64>, next: Option<u64>) -> Plan {
        Plan { fire: fire.map(at), next: next.map(at) }
    }

    /// Every so many seconds, on the dot.
    struct Dots(u64);

    impl Calendar for Dots {
        fn next(&self, after: Wall) -> Option<Wall> {
            let secs = after.as_nanos() / 1_000_000_000;
            Some(at((secs / self.0 + 1) * self.0))
        }

        fn expression(&self) -> &str {
            "dots"
        }

        fn zone(&self) -> &str {
            "UTC"
        }
    }

    #[test]
    fn in_time_each_policy_says_the_same() {
        for missed in [Missed::Once, Missed::All { max: 2 }, Missed::Skip] {
            let every = Schedule::Every(Duration::from_secs(10));
            assert_eq!(Schedule::Once.plan(missed, at(7), at(7)), plan(Some(7), None));
            assert_eq!(every.plan(missed, at(7), at(8)), plan(Some(7), Some(17)));
            assert_eq!(
                Schedule::On(Arc::new(Dots(10))).plan(missed, at(20), at(21)),
                plan(Some(20), Some(30))
            );
        }
    }

    #[test]
    fn what_was_missed_comes_as_one_or_the_last_of_it_or_not_at_all() {
        let every = Schedule::Every(Duration::from_secs(100));
        assert_eq!(every.plan(Missed::Once, at(7), at(1_000)), plan(Some(7), Some(1_007)));
        assert_eq!(every.plan(Missed::All { max: 3 }, at(7), at(1_000)), plan(Some(707), Some(807)));
        assert_eq!(every.plan(Missed::All { max: 99 }, at(7), at(1_000)), plan(Some(7), Some(107)));
        assert_eq!(every.plan(Missed::All { max: 0 }, at(7), at(1_000)), plan(Some(907), Some(1_007)));
        assert_eq!(every.plan(Missed::Skip, at(7), at(1_000)), plan(None, Some(1_007)));
        assert_eq!(every.plan(Missed::Skip, at(7), at(967)), plan(Some(907), Some(1_007)));
        assert_eq!(Schedule::Once.plan(Missed::Skip, at(7), at(68)), plan(None, None));
        assert_eq!(Schedule::Once.plan(Missed::Once, at(7), at(68)), plan(Some(7), None));
    }

    proptest! {
        #[test]
        fn dates_are_counted_as_periods_are(
            period in 1..5_000_u64, start in 1..50_u64, late in 0..100_000_u64, max in 0..9_u32, skip: bool,
        ) {
            let (dots, every) = (Schedule::On(Arc::new(Dots(period))), Schedule::Every(Duration::from_secs(period)));
            let due = at(start * period);
            let missed = if skip { Missed::Skip } else { Missed::All { max } };

            let plan = dots.plan(missed, due, due + Duration::from_secs(late));

            prop_assert_eq!(plan, every.plan(missed, due, due + Duration::from_secs(late)));
        }

        #[test]
        fn whatever_the_policy_the_next_time_is_one_of_the_schedule_and_nothing_is_early(
            period in 1..500_u64, due in 0..500_u64, late in 0..5_000_u64, max in 0..9_u32, policy in 0..3_usize,
        ) {
            let missed = [Missed::Once, Missed::All { max }, Missed::Skip][policy];
            let Plan { fire, next } = Schedule::Every(Duration::from_secs(period)).plan(missed, at(due), at(due + late));
            prop_assert!(fire.is_none_or(|fire| fire >= at(due) && fire <= at(due + late)));
            let next = next.unwrap();
            prop_assert_eq!((next.as_nanos() / 1_000_000_000 - due) % period, 0);
            prop_assert!(fire.is_none_or(|fire| next > fire));
            let all = matches!(missed, Missed::All { .. });
            prop_assert!(all || next > at(due + late));
        }
    }
}
