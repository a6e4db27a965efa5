//! *Pure.* The language of cron expressions: what is one, and what is wrong with one that is not.
//!
//! Two crates have this file: akt checks with it what it is given when a program runs, akt-macros what stands in
//! `#[cron(..)]`. A test keeps the copies equal.

use std::fmt;

/// What is wrong with an expression.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    /// It has so many fields.
    Fields(usize),
    /// One of its fields, counted from 1.
    Field(usize, String),
    /// It begins with `@` and is none of those that do.
    Nickname(String),
    /// There is no such date.
    Never,
}

/// Checks `second minute hour day-of-month month day-of-week`, of which the first may be left out, or `@daily`.
pub(crate) fn check(expression: &str) -> Result<(), Mistake> {
    let fields: Vec<_> = expression.split_whitespace().collect();
    if let [nickname] = fields[..]
        && nickname.starts_with('@')
    {
        let known = NICKNAMES.iter().any(|known| known.eq_ignore_ascii_case(nickname));
        return if known { Ok(()) } else { Err(Mistake::Nickname(nickname.to_owned())) };
    }
    if fields.len() != 5 && fields.len() != 6 {
        return Err(Mistake::Fields(fields.len()));
    }
    let left_out = FIELDS.len() - fields.len();
    let mut spans = vec![Vec::new(); left_out];
    for (place, field) in fields.iter().enumerate() {
        let read = FIELDS[place + left_out].read(field);
        spans.push(read.map_err(|problem| Mistake::Field(place + 1, problem))?);
    }
    let any_weekday = matches!(*fields.last().expect("there are five or six"), "*" | "?");
    if any_weekday && !has_date(&spans[DAY], &spans[MONTH]) { Err(Mistake::Never) } else { Ok(()) }
}

const NICKNAMES: &[&str] = &["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@hourly"];
const DAY: usize = 3;
const MONTH: usize = 4;
/// The most days that each month has.
const LENGTHS: [u8; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const FIELDS: [Field; 6] = [
    Field { first: 0, last: 59, names: &[], kind: Kind::Plain },
    Field { first: 0, last: 59, names: &[], kind: Kind::Plain },
    Field { first: 0, last: 23, names: &[], kind: Kind::Plain },
    Field { first: 1, last: 31, names: &[], kind: Kind::Day },
    Field {
        first: 1,
        last: 12,
        names: &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
        kind: Kind::Plain,
    },
    Field {
        first: 0,
        last: 7,
        names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
        kind: Kind::Weekday,
    },
];

struct Field {
    first: u8,
    last: u8,
    names: &'static [&'static str],
    kind: Kind,
}

#[derive(PartialEq, Eq)]
enum Kind {
    Plain,
    /// `L` is the last one.
    Day,
    /// 7 is 0; `5L` is the last Friday of the month, `1#2` the second Monday.
    Weekday,
}

/// `from` to `to`, every `step`.
#[derive(Clone)]
struct Span {
    from: u8,
    to: u8,
    step: u8,
}

impl Field {
    fn read(&self, text: &str) -> Result<Vec<Span>, String> {
        if text == "?" && self.kind != Kind::Plain {
            return self.read("*");
        }
        if text.contains(',') && text.split(',').any(|item| item == "*") {
            return Err("`*` stands alone".to_owned());
        }
        text.split(',').map(|item| self.item(item)).collect()
    }

    fn item(&self, item: &str) -> Result<Span, String> {
        let (base, step) = match item.split_once('/') {
            Some((base, step)) => (base, self.step(step)?),
            None if self.kind != Kind::Plain && !item.contains('-') => match self.special(item)? {
                Some(span) => return Ok(span),
                None => (item, 1),
            },
            None => (item, 1),
        };
        if base == "*" {
            return Ok(Span { from: self.first, to: self.last, step });
        }
        let Some((from, to)) = base.split_once('-') else {
            let from = self.value(base)?;
            let to = if item.contains('/') { self.last } else { from };
            return Ok(Span { from, to, step });
        };
        let sunday = self.kind == Kind::Weekday && to.eq_ignore_ascii_case("SUN");
        let (from, to) = (self.value(from)?, if sunday { 7 } else { self.value(to)? });
        if from > to {
            return Err(format!("the range `{base}` ends before it begins"));
        }
        Ok(Span { from, to, step })
    }

    /// What is no number: the last day, the last or another Friday.
    fn special(&self, item: &str) -> Result<Option<Span>, String> {
        let one = |day| Span { from: day, to: day, step: 1 };
        if self.kind == Kind::Day {
            return Ok(item.eq_ignore_ascii_case("L").then(|| one(self.first)));
        }
        let weekday = |text| self.value(text).ok().filter(|day| *day < 7);
        if let Some(last) = item.strip_suffix(['L', 'l']) {
            let day = weekday(last).ok_or_else(|| "expected 0–6 or SUN–SAT before `L`".to_owned())?;
            return Ok(Some(one(day)));
        }
        let Some((day, nth)) = item.split_once('#') else { return Ok(None) };
        match (weekday(day), number(nth)) {
            (None, _) => Err("expected 0–6 or SUN–SAT before `#`".to_owned()),
            (Some(day), Some(1..=5)) => Ok(Some(one(day))),
            (Some(_), _) => Err("expected 1–5 behind `#`".to_owned()),
        }
    }

    fn step(&self, text: &str) -> Result<u8, String> {
        let step = number(text).filter(|step| (1..=self.last).contains(step));
        step.ok_or_else(|| format!("expected a step of 1–{} behind `/`", self.last))
    }

    fn value(&self, text: &str) -> Result<u8, String> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let named = named.and_then(|place| u8::try_from(place).ok()).map(|place| place + self.first);
        let value = named.or_else(|| number(text)).filter(|value| (self.first..=self.last).contains(value));
        value.ok_or_else(|| self.expected())
    }

    fn expected(&self) -> String {
        let Self { first, last, names, kind } = self;
        match (names.first().zip(names.last()), kind) {
            (Some((name, last_name)), _) => format!("expected {first}–{last} or {name}–{last_name}"),
            (None, Kind::Day) => format!("expected {first}–{last} or L"),
            (None, _) => format!("expected {first}–{last}"),
        }
    }
}

fn number(text: &str) -> Option<u8> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// Whether one of the months has one of the days.
fn has_date(days: &[Span], months: &[Span]) -> bool {
    let first = days.iter().map(|days| days.from).min().unwrap_or(0);
    let mut months = months.iter().flat_map(|span| (span.from..=span.to).step_by(span.step.into()));
    months.any(|month| LENGTHS[usize::from(month) - 1] >= first)
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fields(found) => {
                write!(f, "expected six fields, or five without seconds, found {found}")
            }
            Self::Field(place, problem) => write!(f, "field {place}: {problem}"),
            Self::Nickname(name) => {
                write!(f, "unknown `{name}`; supported: {}", NICKNAMES.join(", "))
            }
            Self::Never => f.write_str("no such date: none of the months has so many days"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(expression: &str) -> String {
        check(expression).expect_err(expression).to_string()
    }

    #[test]
    fn expressions_of_five_and_six_fields_are_fine() {
        for fine in [
            "* * * * *",
            "0 0 3 * * *",
            "*/10 0-30/5,45 9-17 1,15,L JAN-jun,12 MON-FRI",
            "0 0 0 ? * SAT-SUN",
            "0 0 0 29 FEB *",
            "0 0 0 31 2 5L",
            "0 0 0 * * 1#2,FRI#5,satL",
            "5/15 5 5 5/2 5 7",
            "@daily",
            "  @Hourly ",
        ] {
            assert_eq!(check(fine), Ok(()), "{fine}");
        }
    }

    #[test]
    fn a_number_that_is_out_of_range_names_its_field() {
        assert_eq!(problem("0 0 24 * * *"), "field 3: expected 0–23");
        assert_eq!(problem("60 * * * *"), "field 1: expected 0–59");
        assert_eq!(problem("0 0 0 0 * *"), "field 4: expected 1–31 or L");
        assert_eq!(problem("0 0 0 * 13 *"), "field 5: expected 1–12 or JAN–DEC");
        assert_eq!(problem("0 0 0 * * 8"), "field 6: expected 0–7 or SUN–SAT");
        assert_eq!(problem("0 0 0 * * MOND"), "field 6: expected 0–7 or SUN–SAT");
    }

    #[test]
    fn what_is_no_number_is_named() {
        for empty in ["0,,1 * * * *", "+5 * * * *", "300 * * * *", "-1 * * * *", "? * * * *", "1-2-3 * * * *"]
        {
            assert_eq!(problem(empty), "field 1: expected 0–59", "{empty}");
        }
        assert_eq!(problem("0 5-1 * * *"), "field 2: the range `5-1` ends before it begins");
        assert_eq!(problem("*/0 * * * *"), "field 1: expected a step of 1–59 behind `/`");
        assert_eq!(problem("0 1,* * * *"), "field 2: `*` stands alone");
        assert_eq!(problem("* * * * 7L"), "field 5: expected 0–6 or SUN–SAT before `L`");
        assert_eq!(problem("* * * * 8#1"), "field 5: expected 0–6 or SUN–SAT before `#`");
        assert_eq!(problem("* * * * 1#6"), "field 5: expected 1–5 behind `#`");
    }

    #[test]
    fn fields_are_counted() {
        assert_eq!(problem("0 3 * *"), "expected six fields, or five without seconds, found 4");
        assert_eq!(problem(""), "expected six fields, or five without seconds, found 0");
        assert_eq!(
            problem("@dayly"),
            "unknown `@dayly`; supported: @yearly, @annually, @monthly, @weekly, @daily, @hourly"
        );
    }

    #[test]
    fn a_date_that_never_comes_is_named() {
        let never = "no such date: none of the months has so many days";
        assert_eq!(problem("0 0 0 30 2 *"), never);
        assert_eq!(problem("0 0 31 4,6,SEP-SEP,11 ?"), never);
        assert_eq!(check("0 0 31 4,5 *"), Ok(()));
    }
}
