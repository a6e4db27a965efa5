//! Where a message came from.

use crate::actor::{CallPath, Headers, Message};
use crate::time::Instant;

/// Where a message came from, as far as it says so.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Origin {
    /// What was sent with it under names.
    pub headers: Headers,
    /// When its asker gives up; none for a tell.
    pub deadline: Option<Instant>,
    /// The actors that wait for its answer, in their handlers, outermost first; none for a tell, or for an ask from outside.
    pub callers: CallPath,
}

impl Origin {
    pub(super) fn of(message: &impl Message) -> Self {
        let Some(slot) = message.reply() else { return Self::default() };
        let meta = slot.meta();
        Self {
            headers: meta.as_ref().map(|came| came.0.headers.clone()).unwrap_or_default(),
            deadline: Some(slot.share().deadline()).filter(|deadline| *deadline != Instant::FAR),
            callers: meta.map(|came| came.0.callers()).unwrap_or_default(),
        }
    }
}
