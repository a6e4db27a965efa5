//! What an actor's loop has to do next, and why it leaves its messages.

use tracing::Span;

use super::error::StopReason;
use super::fault::Failure;
use super::regroup::Seat;
use super::watch::Terminated;

/// Why the loop left its messages.
pub(super) enum End {
    Stop(StopReason),
    Killed,
    Failed(Box<Failure>),
    /// It was told to restart.
    Restart,
    /// A sibling failed, and its policy includes this actor.
    Regroup(Seat),
}

/// What is left to do after one message, or after what the control lane said.
pub(super) enum Step {
    Next,
    /// The handler of the first message of the batch is async; it has this span, if somebody listens.
    Await(Option<Box<Span>>),
    /// The handler of the message that comes next runs beside others; or none comes, and those under way are to end.
    Start,
    /// There is nothing to do.
    Idle,
    /// It is the turn of others.
    Yield,
    Matter(Box<Matter>),
}

/// What is rare.
pub(super) enum Matter {
    End(End),
    Terminated(Terminated),
    /// The actor is in another state.
    Enter,
}

impl From<Option<End>> for Step {
    fn from(end: Option<End>) -> Self {
        end.map_or(Self::Next, |end| Self::Matter(Box::new(Matter::End(end))))
    }
}

impl From<End> for Step {
    fn from(end: End) -> Self {
        Some(end).into()
    }
}
