//! The error of a message that went to several actors, some of which did not handle it.

use std::fmt;

use super::error::AskError;

/// How many of a router's routees did not handle a message that all should.
#[derive(Debug)]
pub struct PartlyInfo {
    /// How many were asked.
    pub asked: usize,
    /// How many of them failed, or were not there any more.
    pub failed: usize,
    /// What one of these said: the error that says most.
    pub error: AskError,
}

impl fmt::Display for PartlyInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} routees failed: {}", self.failed, self.asked, self.error)
    }
}

impl<E> AskError<E> {
    /// The handler's own error, or the same error for handlers that have none.
    pub(crate) fn narrow(self) -> Result<E, AskError> {
        Err(match self {
            Self::Handler(error) => return Ok(error),
            Self::Fault(info) => AskError::Fault(info),
            Self::Unhandled { behaviour } => AskError::Unhandled { behaviour },
            Self::Rejected(why) => AskError::Rejected(why),
            Self::Partly(info) => AskError::Partly(info),
            Self::Full => AskError::Full,
            Self::Stopped { reason, delivered } => AskError::Stopped { reason, delivered },
            Self::Paused => AskError::Paused,
            Self::Moved => AskError::Moved,
            Self::Timeout(info) => AskError::Timeout(info),
            Self::Unreachable { delivered, source } => AskError::Unreachable { delivered, source },
            Self::Unimplemented { rpc } => AskError::Unimplemented { rpc },
            Self::Codec(error) => AskError::Codec(error),
            Self::TooLarge { bytes, limit } => AskError::TooLarge { bytes, limit },
            Self::Cycle { path } => AskError::Cycle { path },
            Self::Unanswered => AskError::Unanswered,
            Self::Cancelled => AskError::Cancelled,
            Self::Remote { code, text } => AskError::Remote { code, text },
        })
    }
}
