//! Reminders by cron expressions, without the feature `cron`: there are none that could come.

use super::codec::MadeCalendar;

pub(super) fn calendar(expression: &str, zone: &str) -> MadeCalendar {
    Err(format!("`{expression}` ({zone}) needs the feature `cron` of akt: `cargo add akt --features cron`"))
}
