//! What a message was sent for by a reminder.

use std::sync::Arc;
use std::time::SystemTime;

/// The reminder that a message comes from, and the time at which it was due: [`Ctx::reminder`](crate::Ctx::reminder).
///
/// Both together are the same when the same tick comes again: a handler that must not do its work twice keeps them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Reminder {
    /// The name that it was set under.
    pub name: Arc<str>,
    /// When it was due. It comes then or later, never earlier.
    pub due: SystemTime,
}
