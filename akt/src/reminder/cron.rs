//! Reminders by cron expressions.

use std::sync::Arc;

use super::codec::MadeCalendar;
use super::plan::Schedule;
use super::remind::{Remind, Reminding};
use crate::cron::{Cron, CronError};
use crate::runtime::to_wall;

impl Remind {
    /// Whenever `cron` says. Needs the feature `cron`.
    ///
    /// What holds for a [`Cron`] when the clocks are changed holds here.
    pub fn cron(self, cron: &Cron) -> Reminding {
        let first = cron.next(self.now()).map(to_wall);
        self.set(first, Schedule::On(Arc::new(cron.clone())))
    }
}

pub(super) fn calendar(expression: &str, zone: &str) -> MadeCalendar {
    let made = Cron::new(expression).and_then(|cron| cron.zone(zone));
    made.map(|cron| Arc::new(cron) as _)
        .map_err(|error: CronError| format!("`{expression}` ({zone}): {error}"))
}
