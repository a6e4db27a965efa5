//! Whether the consumer of a mailbox waits, and how it is woken.

use std::task::Waker;

/// What a consumer does, as its queue knows.
#[derive(Default)]
pub(super) enum Idle {
    /// It does not wait.
    #[default]
    No,
    /// It is the first consumer.
    First,
    /// Another has taken over, as one connection does from another.
    Later(Box<Waker>),
    /// It does not wait, but an asker handles a message in its stead.
    Lent,
    /// As `Lent`; it was to be woken meanwhile.
    Recalled,
    /// As `Lent`; it is gone for good.
    Left,
}

impl Idle {
    pub(super) fn is_lent(&self) -> bool {
        matches!(self, Self::Lent | Self::Recalled | Self::Left)
    }

    /// What is to be woken now.
    pub(super) fn rouse(&mut self) -> Self {
        match self {
            Self::Lent | Self::Recalled => {
                *self = Self::Recalled;
                Self::No
            }
            Self::Left => Self::No,
            idle => std::mem::take(idle),
        }
    }
}

/// A consumer that is to be woken, if it waited.
#[must_use = "nobody else wakes it"]
pub(crate) struct Roused(pub(super) Idle);

impl Roused {
    /// Whether nobody is to be woken.
    pub(crate) fn is_nobody(&self) -> bool {
        !matches!(self.0, Idle::First | Idle::Later(_))
    }
}
