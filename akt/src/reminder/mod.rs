//! Reminders: messages to grains that come later or again and again, kept in a store.

mod agenda;
mod agent;
mod codec;
mod flight;
mod plan;
mod remind;
mod shard;

#[cfg(feature = "cron")]
#[path = "cron.rs"]
mod calendar;
#[cfg(not(feature = "cron"))]
#[path = "no_cron.rs"]
mod calendar;

pub use self::plan::Missed;
pub use self::remind::{Remembered, Remind, RemindError, Reminders, Reminding};
