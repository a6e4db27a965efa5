//! What is an expression, and that what is one can be used.

use proptest::prelude::*;

use super::*;

fn at(secs: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(secs)
}

#[test]
fn a_wrong_expression_says_which_field_and_what_is_expected() {
    let field = |field, problem: &str| CronError::Field { field, problem: problem.into() };

    assert_eq!(Cron::new("0 0 24 * * *").unwrap_err(), field(3, "expected 0–23"));
    assert_eq!(Cron::new("0 0 24 * * *").unwrap_err().to_string(), "field 3: expected 0–23");
    assert_eq!(Cron::new("3 * *").unwrap_err(), CronError::Fields(3));
    assert_eq!(Cron::new("@dayly").unwrap_err(), CronError::Nickname("@dayly".into()));
    assert_eq!(Cron::new("0 0 30 2 *").unwrap_err(), CronError::Never);
    let cron: Cron = "@daily".parse().unwrap();
    assert_eq!(cron.zone("Europe/Berln").unwrap_err().to_string(), "unknown time zone `Europe/Berln`");
}

#[test]
fn the_next_moment_is_later_and_on_the_second() {
    let cron = Cron::new("*/10 * * * * *").unwrap();

    assert_eq!(cron.next(at(20)), Some(at(30)));
    assert_eq!(cron.next(at(30) - std::time::Duration::from_nanos(1)), Some(at(30)));
    assert_eq!(cron.next(at(60 * 60 * 24 * 365 * 600)), None, "beyond the year 2554 nothing comes");
}

fn item(first: u8, last: u8) -> impl Strategy<Value = String> {
    let value = first..=last;
    prop_oneof![
        value.clone().prop_map(|value| value.to_string()),
        (value.clone(), 1..=last).prop_map(|(from, step)| format!("{from}/{step}")),
        (1..=last).prop_map(|step| format!("*/{step}")),
        (value.clone(), value, 1..=last).prop_map(|(a, b, step)| format!("{}-{}/{step}", a.min(b), a.max(b))),
    ]
}

fn field(first: u8, last: u8, special: &'static [&'static str]) -> impl Strategy<Value = String> {
    let special = proptest::sample::select([&["*/1"], special].concat()).prop_map(str::to_owned);
    let item = prop_oneof![4 => item(first, last), 1 => special];
    let list = proptest::collection::vec(item, 1..4).prop_map(|items| items.join(","));
    prop_oneof![3 => list, 1 => Just("*".to_owned())]
}

const MONTHS: &[&str] = &["jan", "FEB-Jun", "DEC", "SEP-nov/2"];
const WEEKDAYS: &[&str] = &["SUN", "mon-FRI", "SAT-SUN", "5L", "friL", "1#2", "MON#5", "sun#1"];

proptest! {
    #[test]
    fn what_is_checked_can_be_used_and_comes_due(
        time in (field(0, 59, &[]), field(0, 59, &[]), field(0, 23, &[])),
        day in (field(1, 31, &["L", "l"]), field(1, 12, MONTHS), field(0, 7, WEEKDAYS)),
    ) {
        let expression = format!("{} {} {} {} {} {}", time.0, time.1, time.2, day.0, day.1, day.2);
        let cron = match Cron::new(&expression) {
            Err(CronError::Never) => return Ok(()),
            cron => cron.unwrap(),
        };

        for zone in ["UTC", "Europe/Berlin"] {
            let next = cron.zone(zone).unwrap().next(at(1_800_000_000));
            prop_assert!(next.is_some_and(|next| next > at(1_800_000_000)), "{expression}");
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "[-*/,#L@0-9A-Z ]{0,24}") {
        let _ = Cron::new(&text);
    }
}
