//! *Pure.* The stages of an actor's life.

use super::error::StopReason;
use super::start::StartFailure;

/// Where an actor is in its life.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    /// The factory or `#[on(start)]` runs for the first time.
    Starting,
    Running,
    /// A new value is being made; messages queue.
    Restarting,
    /// Nothing more is accepted; children and `#[on(stop)]` end.
    Stopping(StopReason),
    Stopped {
        reason: StopReason,
        start_failure: Option<Box<StartFailure>>,
    },
}

impl Stage {
    /// Whether messages are accepted and will be handled.
    pub(crate) fn is_alive(&self) -> bool {
        matches!(self, Self::Starting | Self::Running | Self::Restarting)
    }

    /// Whether it has come to life, or never will.
    pub(crate) fn has_started(&self) -> bool {
        !matches!(self, Self::Starting)
    }

    /// Whether `next` may follow.
    pub(crate) fn allows(&self, next: &Self) -> bool {
        match (self, next) {
            (Self::Starting, Self::Restarting) | (_, Self::Starting) | (Self::Stopped { .. }, _) => false,
            (Self::Stopping(_), next) => matches!(next, Self::Stopped { .. }),
            _ => true,
        }
    }

    pub(crate) fn stop_reason(&self) -> Option<StopReason> {
        match self {
            Self::Stopped { reason, .. } => Some(*reason),
            _ => None,
        }
    }
}

impl StopReason {
    /// Why the children of an actor stop that stops for this reason.
    pub(super) fn of_children(self) -> Self {
        match self {
            Self::Shutdown => Self::Shutdown,
            _ => Self::Parent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_follows_stopped_and_only_stopped_follows_stopping() {
        let stopped = || Stage::Stopped { reason: StopReason::Killed, start_failure: None };
        let all = [
            Stage::Starting,
            Stage::Running,
            Stage::Restarting,
            Stage::Stopping(StopReason::Fault),
            stopped(),
        ];

        for next in &all {
            assert!(!stopped().allows(next), "{next:?}");
            let stopping = Stage::Stopping(StopReason::Requested);
            assert_eq!(stopping.allows(next), matches!(next, Stage::Stopped { .. }), "{next:?}");
        }
        assert!(!Stage::Starting.allows(&Stage::Restarting), "a first start is not supervised");
    }
}
