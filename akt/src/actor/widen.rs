//! The errors of an ask with a domain error of its handler, and without.

use std::convert::Infallible;

use super::error::AskError;

impl AskError<Infallible> {
    /// The same error for a handler with a domain error of its own.
    #[must_use]
    pub fn widen<E>(self) -> AskError<E> {
        match self.narrow() {
            Ok(never) => match never {},
            Err(error) => error,
        }
    }
}

impl<E> AskError<E> {
    /// The handler's own error, or the same error for handlers with another, or none.
    pub(crate) fn narrow<F>(self) -> Result<E, AskError<F>> {
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
            Self::Journal(error) => AskError::Journal(error),
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
