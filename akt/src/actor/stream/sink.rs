//! The producer's half of a stream.

use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;

use super::channel::{Channel, Room};
use super::error::{End, SendError};

/// Where the items of a stream go in: the `out` of a handler, or one half of [`akt::stream`](crate::stream()).
///
/// Items arrive in the order in which they were accepted, each once, or not at all after the stream has ended. There
/// is room for as many as the reader buffers; on another node, for as many as it has granted. Who sends more, waits.
/// Clones send into the same stream. It may be kept: a stream outlives the handler that was given it.
///
/// The stream ends in order with [`finish`](Self::finish), or when the last clone is dropped; with an error by
/// [`fail`](Self::fail), when the handler that was given it returns one, or when the last clone goes down with its
/// actor: `Fault` in a panic, `Stopped` when the actor stops. A task that is aborted drops its sinks as if it were
/// done: what must not look like an end says [`finish`](Self::finish) and keeps a clone elsewhere.
pub struct StreamSink<T: Send + 'static, E: Send + 'static = Infallible>(Arc<Channel<T, E>>);

impl<T: Send + 'static, E: Send + 'static> StreamSink<T, E> {
    pub(super) fn new(channel: Arc<Channel<T, E>>) -> Self {
        channel.enter();
        Self(channel)
    }

    pub(super) fn channel(&self) -> &Arc<Channel<T, E>> {
        &self.0
    }

    /// Whether there are others of the same stream, and it is open.
    pub(super) fn is_shared(&self) -> bool {
        self.0.has_several_sinks() && !self.is_closed()
    }

    /// Sends `item` as soon as there is room, in the order of waiting.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the item: `Closed` when the stream has ended or nobody reads it any more, also while it
    /// waits; `TooLarge` for a reader on another node.
    ///
    /// # Cancellation
    ///
    /// Dropping it before it is ready sends nothing.
    pub async fn send(&self, item: T) -> Result<(), SendError<T>> {
        if let Some(size) = self.0.oversize(&item) {
            return Err(SendError::TooLarge(item, size));
        }
        if !self.0.reserve().await {
            return Err(SendError::Closed(item));
        }
        self.0.put(item).map_err(SendError::Closed)
    }

    /// Sends `item` now.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the item: as [`send`](Self::send), and `Full` when there is no room.
    pub fn try_send(&self, item: T) -> Result<(), SendError<T>> {
        if let Some(size) = self.0.oversize(&item) {
            return Err(SendError::TooLarge(item, size));
        }
        match self.0.try_reserve() {
            Room::Reserved => self.0.put(item).map_err(SendError::Closed),
            Room::Full => Err(SendError::Full(item)),
            Room::Closed => Err(SendError::Closed(item)),
        }
    }

    /// Ends the stream in order, for all clones: the reader gets what was accepted, then the end.
    pub fn finish(&self) {
        self.0.end(End::Done);
    }

    /// Ends the stream with `error`, for all clones: the reader gets what was accepted, then
    /// [`AskError::Handler`](crate::AskError::Handler).
    pub fn fail(&self, error: E) {
        self.0.end(End::Domain(error));
    }

    /// Whether the stream has ended, or nobody reads it any more.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Ready when the stream has ended, or nobody reads it any more. Cancel-safe.
    pub async fn closed(&self) {
        poll_fn(|cx| self.0.poll_closed(cx)).await;
    }
}

impl<T: Send + 'static, E: Send + 'static> Clone for StreamSink<T, E> {
    fn clone(&self) -> Self {
        Self::new(self.0.clone())
    }
}

impl<T: Send + 'static, E: Send + 'static> Drop for StreamSink<T, E> {
    fn drop(&mut self) {
        if self.0.leave() {
            self.0.forsaken();
        }
    }
}

impl<T: Send + 'static, E: Send + 'static> fmt::Debug for StreamSink<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamSink").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}
