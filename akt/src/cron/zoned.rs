//! *Pure.* When a cron expression comes due on the clocks of a time zone, which are changed twice a year.

use chrono::{DateTime, LocalResult, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use crate::time::Wall;

/// An expression that was checked, and its zone.
pub(super) struct Zoned {
    pattern: croner::Cron,
    zone: Tz,
    /// Its hour is `*` or `*/n`: it follows the clock, rather than naming times of the day.
    follows: bool,
}

const SECOND: TimeDelta = TimeDelta::seconds(1);
const DAY: TimeDelta = TimeDelta::days(1);

impl Zoned {
    pub(super) fn new(expression: &str, zone: Tz) -> Result<Self, croner::errors::CronError> {
        let pattern = croner::Cron::new(expression).with_seconds_optional().parse()?;
        let fields: Vec<_> = expression.split_whitespace().collect();
        let hour = fields.len().checked_sub(4).map_or_else(|| expression.trim(), |hour| fields[hour]);
        let follows = hour.starts_with('*') || hour.eq_ignore_ascii_case("@hourly");
        Ok(Self { pattern, zone, follows })
    }

    pub(super) fn zone(&self) -> Tz {
        self.zone
    }

    /// The first moment after `after`.
    pub(super) fn next(&self, after: Wall) -> Option<Wall> {
        let secs = i64::try_from(after.as_nanos() / 1_000_000_000).ok()?;
        let next = self.first(DateTime::from_timestamp(secs, 0)? + SECOND)?;
        let nanos = u64::try_from(next.timestamp()).ok()?.checked_mul(1_000_000_000)?;
        Some(Wall::from_nanos(nanos))
    }

    /// The first moment at `from` or later.
    fn first(&self, mut from: DateTime<Utc>) -> Option<DateTime<Utc>> {
        loop {
            // Where it would be if the clocks were never changed again.
            let offset = self.offset(from);
            let at = self.matching(from.naive_utc() + offset)? - offset;
            let at = at.and_utc();
            let Some(change) = self.change(from, at) else {
                if self.follows || !self.is_second_pass(at) {
                    return Some(at);
                }
                from = at + SECOND;
                continue;
            };
            if !self.follows && at + offset < change + self.offset(change) {
                // The clocks are put forward over it.
                return Some(change);
            }
            from = change;
        }
    }

    /// The first time at `local` or later that the expression is about, on a clock that is never changed.
    fn matching(&self, local: NaiveDateTime) -> Option<NaiveDateTime> {
        let found = self.pattern.find_next_occurrence(&local.and_utc(), true);
        found.ok().map(|found| found.naive_utc())
    }

    fn offset(&self, at: DateTime<Utc>) -> TimeDelta {
        let offset = self.zone.offset_from_utc_datetime(&at.naive_utc()).fix();
        TimeDelta::seconds(offset.local_minus_utc().into())
    }

    /// Whether the clocks have shown the time of `at` once before, the same day.
    fn is_second_pass(&self, at: DateTime<Utc>) -> bool {
        let local = at.naive_utc() + self.offset(at);
        match self.zone.from_local_datetime(&local) {
            LocalResult::Ambiguous(first, _) => first.to_utc() < at,
            LocalResult::Single(_) | LocalResult::None => false,
        }
    }

    /// When the clocks are changed first after `from`, if that is at `until` or before.
    fn change(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let offset = self.offset(from);
        let mut before = from;
        while before < until {
            let mut after = until.min(before + DAY);
            if self.offset(after) == offset {
                before = after;
                continue;
            }
            while after - before > SECOND {
                let middle = before + SECOND * i32::try_from((after - before).num_seconds() / 2).ok()?;
                if self.offset(middle) == offset {
                    before = middle;
                } else {
                    after = middle;
                }
            }
            return Some(after);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zoned(expression: &str, zone: Tz) -> Zoned {
        Zoned::new(expression, zone).unwrap()
    }

    /// `n` ticks after the local time `after`, as local times with their offsets.
    fn ticks(expression: &str, zone: Tz, after: &str, n: usize) -> Vec<String> {
        let zoned = zoned(expression, zone);
        let after = zone.from_local_datetime(&after.parse().unwrap()).earliest().unwrap();
        let mut at = after.to_utc();
        let next = || {
            at = zoned.first(at + SECOND)?;
            Some(at.with_timezone(&zone).format("%d %H:%M:%S %z").to_string())
        };
        std::iter::from_fn(next).take(n).collect()
    }

    const SKIPPED: &str = "2026-03-28T12:00:00";
    const REPEATED: &str = "2026-10-24T12:00:00";

    #[test]
    fn a_time_that_is_skipped_comes_when_the_clocks_are_put_forward() {
        let daily = ticks("0 30 2 * * *", Tz::Europe__Berlin, SKIPPED, 2);
        assert_eq!(daily, ["29 03:00:00 +0200", "30 02:30:00 +0200"]);

        let several = ticks("0 */20 2-3 * * *", Tz::Europe__Berlin, SKIPPED, 4);
        assert_eq!(
            several,
            ["29 03:00:00 +0200", "29 03:20:00 +0200", "29 03:40:00 +0200", "30 02:00:00 +0200"],
            "02:00, 02:20 and 02:40 are one tick, and the same as 03:00"
        );
    }

    #[test]
    fn a_time_that_is_repeated_comes_once() {
        let daily = ticks("30 2 * * *", Tz::Europe__Berlin, REPEATED, 2);
        assert_eq!(daily, ["25 02:30:00 +0200", "26 02:30:00 +0100"]);

        let several = ticks("0 */20 2-3 * * *", Tz::Europe__Berlin, REPEATED, 4);
        assert_eq!(
            several,
            ["25 02:00:00 +0200", "25 02:20:00 +0200", "25 02:40:00 +0200", "25 03:00:00 +0100"]
        );
    }

    #[test]
    fn who_begins_in_the_second_pass_waits_for_the_next_day() {
        let zoned = zoned("0 30 2 * * *", Tz::Europe__Berlin);
        let second_pass: DateTime<Utc> = "2026-10-25T01:10:00Z".parse().unwrap();

        assert_eq!(zoned.first(second_pass).unwrap().to_rfc3339(), "2026-10-26T01:30:00+00:00");
    }

    #[test]
    fn every_hour_follows_the_clock() {
        let forward = ticks("0 30 * * * *", Tz::Europe__Berlin, "2026-03-29T00:45:00", 3);
        assert_eq!(forward, ["29 01:30:00 +0100", "29 03:30:00 +0200", "29 04:30:00 +0200"]);

        let back = ticks("0 30 */1 * * *", Tz::Europe__Berlin, "2026-10-25T01:45:00", 3);
        assert_eq!(back, ["25 02:30:00 +0200", "25 02:30:00 +0100", "25 03:30:00 +0100"]);
    }

    #[test]
    fn other_zones_have_other_changes() {
        // By half an hour, in the other hemisphere.
        let howe = ticks("0 15 2 * * *", Tz::Australia__Lord_Howe, "2026-10-03T12:00:00", 2);
        assert_eq!(howe, ["04 02:30:00 +1100", "05 02:15:00 +1100"]);
        // By a day: the thirtieth never was.
        let apia = ticks("0 0 8 * * *", Tz::Pacific__Apia, "2011-12-29T07:00:00", 3);
        assert_eq!(apia, ["29 08:00:00 -1000", "31 00:00:00 +1400", "31 08:00:00 +1400"]);
        let utc = ticks("0 30 2 * * *", Tz::UTC, SKIPPED, 2);
        assert_eq!(utc, ["29 02:30:00 +0000", "30 02:30:00 +0000"]);
    }

    #[test]
    fn rare_dates_are_found() {
        assert_eq!(
            ticks("@yearly", Tz::America__New_York, SKIPPED, 2),
            ["01 00:00:00 -0500", "01 00:00:00 -0500"]
        );
        let zoned = zoned("0 0 0 29 2 *", Tz::UTC);
        let from: DateTime<Utc> = "2096-03-01T00:00:00Z".parse().unwrap();
        assert_eq!(zoned.first(from).unwrap().to_rfc3339(), "2104-02-29T00:00:00+00:00");
    }

    /// Every second of two days around each change, compared with what the rules say of it.
    #[test]
    fn around_a_change_the_ticks_are_those_that_the_rules_say() {
        for expression in
            ["0 */20 * * * *", "0 */20 2 * * *", "0 0 1-4 * * *", "17 59 */2 * * *", "0 30 3,2 * * *"]
        {
            for day in ["2026-03-28T11:00:00Z", "2026-10-24T10:00:00Z"] {
                let zoned = zoned(expression, Tz::Europe__Berlin);
                let begin: DateTime<Utc> = day.parse().unwrap();
                let end = begin + DAY * 2;
                let mut from = begin;
                let next = || {
                    let at = zoned.first(from).filter(|at| *at < end)?;
                    from = at + SECOND;
                    Some(at)
                };

                let ticks: Vec<_> = std::iter::from_fn(next).collect();

                assert_eq!(ticks, by_the_rules(&zoned, begin, end), "{expression} from {day}");
            }
        }
    }

    fn by_the_rules(zoned: &Zoned, begin: DateTime<Utc>, end: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        let seconds = |from: NaiveDateTime, to: NaiveDateTime| {
            (0..(to - from).num_seconds()).map(move |second| from + TimeDelta::seconds(second))
        };
        let matches = |local: NaiveDateTime| zoned.pattern.is_time_matching(&local.and_utc()).unwrap();
        if zoned.follows {
            let all = seconds(begin.naive_utc(), end.naive_utc()).map(|at| at.and_utc());
            return all.filter(|at| matches(at.naive_utc() + zoned.offset(*at))).collect();
        }
        let local = |at: DateTime<Utc>| at.naive_utc() + zoned.offset(at);
        let named = seconds(local(begin), local(end)).filter(|local| matches(*local));
        let mut ticks: Vec<_> = named
            .map(|local| match zoned.zone.from_local_datetime(&local) {
                LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.to_utc(),
                // The end of the gap.
                LocalResult::None => "2026-03-29T01:00:00Z".parse().unwrap(),
            })
            .collect();
        ticks.dedup();
        ticks
    }
}
