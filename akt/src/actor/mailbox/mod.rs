//! The mailbox of an actor: two lanes, one for messages with room for so many, one for control.

mod home;
mod lane;
#[cfg(all(test, loom))]
mod model;
mod queue;
mod room;

use std::num::NonZeroUsize;

pub(crate) use home::{Home, Visit};
pub(crate) use lane::{Control, Errand, Lane};
pub(crate) use queue::{Batch, Queue};
pub(crate) use room::{Room, Ticket};

/// How many messages an actor may have accepted and not started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mailbox {
    /// At most this many; a `tell` to a full mailbox hands the message back, `send` and asks wait.
    Bounded(NonZeroUsize),
    /// As many as memory holds.
    Unbounded,
}

impl Mailbox {
    /// The bound of a mailbox that says nothing else.
    pub const DEFAULT: Self = Self::bounded(1_024);

    /// A mailbox of `limit` messages.
    ///
    /// # Panics
    ///
    /// If `limit` is zero: such an actor could never be told anything.
    #[must_use]
    pub const fn bounded(limit: usize) -> Self {
        match NonZeroUsize::new(limit) {
            Some(limit) => Self::Bounded(limit),
            None => panic!("a mailbox needs room for at least one message"),
        }
    }

    pub(crate) fn limit(self) -> usize {
        match self {
            Self::Bounded(limit) => limit.get(),
            Self::Unbounded => usize::MAX,
        }
    }
}

impl Default for Mailbox {
    fn default() -> Self {
        Self::DEFAULT
    }
}
