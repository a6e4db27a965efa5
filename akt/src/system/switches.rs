//! Promises that a test can break, to see that the fate test notices.

use super::dead_letters::DeadLetterReason;

/// Everything is on outside of tests.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Switches {
    #[cfg(test)]
    pub(crate) broken: Option<Promise>,
}

/// A promise of the engine.
#[cfg(test)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Promise {
    DrainOnStop,
    DeadLetterOnKill,
    AnswerOnPanic,
    DeadLetterOnRefusal,
    /// Of each key of a grain, there is one activation at a time.
    SingleFlight,
}

impl Switches {
    /// Whether the next activation of a key waits for the end of the one before.
    #[cfg(not(test))]
    #[expect(clippy::unused_self, reason = "tests look at it")]
    pub(crate) const fn has_single_flight(self) -> bool {
        true
    }

    #[cfg(test)]
    pub(crate) fn has_single_flight(self) -> bool {
        self.broken != Some(Promise::SingleFlight)
    }

    /// Whether messages lost for `reason` are accounted for.
    #[cfg(not(test))]
    #[expect(clippy::unused_self, reason = "tests look at it")]
    pub(crate) const fn accounts_for(self, _reason: DeadLetterReason) -> bool {
        true
    }

    #[cfg(test)]
    pub(crate) fn accounts_for(self, reason: DeadLetterReason) -> bool {
        let promise = match reason {
            DeadLetterReason::Stopped | DeadLetterReason::Shutdown => Promise::DrainOnStop,
            DeadLetterReason::Killed => Promise::DeadLetterOnKill,
            DeadLetterReason::Panicked => Promise::AnswerOnPanic,
            DeadLetterReason::StashFull | DeadLetterReason::Unhandled => Promise::DeadLetterOnRefusal,
            _ => return true,
        };
        self.broken != Some(promise)
    }
}
