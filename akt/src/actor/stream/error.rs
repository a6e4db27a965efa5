//! How a stream ends, and why it does not take an item.

use std::fmt;

use thiserror::Error;

use crate::actor::error::{AskError, TooLarge};

/// Why an item was not sent; it comes back.
#[derive(Error)]
#[non_exhaustive]
pub enum SendError<T> {
    /// There is no room at the moment; only [`StreamSink::try_send`](crate::StreamSink::try_send) says so.
    #[error("no room in the stream; the item was not sent")]
    Full(T),
    /// The stream has ended, or nobody reads it any more.
    #[error("the stream has ended, or nobody reads it any more; the item was not sent")]
    Closed(T),
    /// The item is larger than the wire allows; the stream goes on.
    #[error("{1}")]
    TooLarge(T, TooLarge),
}

impl<T> SendError<T> {
    /// The item that was not sent.
    pub fn into_item(self) -> T {
        match self {
            Self::Full(item) | Self::Closed(item) | Self::TooLarge(item, _) => item,
        }
    }
}

impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(_) => f.write_str("Full(..)"),
            Self::Closed(_) => f.write_str("Closed(..)"),
            Self::TooLarge(_, size) => f.debug_tuple("TooLarge").field(size).finish_non_exhaustive(),
        }
    }
}

/// How a stream ended; on the wire its domain error is bytes.
#[derive(Debug)]
pub(crate) enum End<E> {
    /// In order.
    Done,
    Domain(E),
    Failed(AskError),
}

impl<E> End<E> {
    /// What its reader gets for it, if anything.
    pub(super) fn into_error(self) -> Option<AskError<E>> {
        match self {
            Self::Done => None,
            Self::Domain(error) => Some(AskError::Handler(error)),
            Self::Failed(error) => Some(error.widen()),
        }
    }
}
