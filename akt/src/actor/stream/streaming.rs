//! The reader's half of a stream.

use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::channel::{Abort, Channel, Next};
use super::sink::StreamSink;
use crate::actor::error::AskError;
use crate::actor::reply::Reply;
use crate::actor::slot::Share;

/// Makes a stream: what goes into the sink comes out of the other half, which a client-streaming rpc is given.
///
/// At most `buffer` items wait in between, at least one. On the way to another node, up to 16 more wait there.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), akt::AskError> {
/// let (items, mut input) = akt::stream(16);
/// items.send("milk").await.expect("somebody reads");
/// drop(items);
///
/// assert_eq!(input.next().await.transpose()?, Some("milk"));
/// assert!(input.next().await.is_none());
/// # Ok(())
/// # }
/// ```
pub fn stream<T: Send + 'static>(buffer: usize) -> (StreamSink<T>, Streaming<T>) {
    let channel = Channel::buffered(buffer.clamp(1, super::credit::MOST as usize));
    (StreamSink::new(channel.clone()), Streaming::new(channel))
}

/// Where the items of a stream come out: what `.open()` gives, the `input` of a handler.
///
/// Items that were accepted before the end, or before a failure, come before it. There is no time limit, but a stream
/// that cannot go on ends: with the error that an ask would get when its message is not handled, when the handler or
/// its actor fails or stops, and with `Unreachable` when the connection is lost. An `input` ends with `Cancelled` when
/// its asker gives up.
///
/// Dropping it before the end cancels: the sinks are closed, a message that is still queued is never handled, and a
/// running handler is told through [`Ctx::cancelled`](crate::Ctx::cancelled); across nodes too.
#[must_use = "dropping a stream cancels it"]
pub struct Streaming<T: Send + 'static, E: Send + 'static = Infallible> {
    channel: Arc<Channel<T, E>>,
    /// The message that opened it.
    ask: Option<Share>,
    /// The stream in the other direction, which ends with this one.
    input: Option<Input>,
}

impl<T: Send + 'static, E: Send + 'static> Streaming<T, E> {
    pub(super) fn new(channel: Arc<Channel<T, E>>) -> Self {
        Self { channel, ask: None, input: None }
    }

    /// The output of a call that was made with the slot of `ask`.
    pub(super) fn of_call(channel: Arc<Channel<T, E>>, ask: Share, input: Option<Input>) -> Self {
        Self { channel, ask: Some(ask), input }
    }

    /// The next item; `None` after the end or an error, for ever.
    ///
    /// # Errors
    ///
    /// [`AskError`], once, when the stream did not end in order.
    ///
    /// # Cancellation
    ///
    /// Dropping it before it is ready loses nothing.
    pub async fn next(&mut self) -> Option<Result<T, AskError<E>>> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// [`next`](Self::next), for futures that are written by hand.
    pub fn poll_next(&mut self, cx: &Context<'_>) -> Poll<Option<Result<T, AskError<E>>>> {
        self.channel.poll_step(true, cx).map(|next| match next {
            Next::Item(item) => Some(Ok(item)),
            Next::End(end) => end.into_error().map(Err),
            Next::Over => None,
        })
    }

    pub(super) fn channel(&self) -> &Arc<Channel<T, E>> {
        &self.channel
    }
}

impl<T: Send + 'static> Streaming<T> {
    /// Ends this stream from elsewhere.
    #[doc(hidden)]
    #[must_use]
    pub fn input(&self) -> Input {
        Input(self.channel.clone())
    }
}

impl<T: Send + 'static, E: Send + 'static> futures_core::Stream for Streaming<T, E> {
    type Item = Result<T, AskError<E>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Self::poll_next(self.get_mut(), cx)
    }
}

impl<T: Send + 'static, E: Send + 'static> Drop for Streaming<T, E> {
    fn drop(&mut self) {
        if !self.channel.abandon() {
            return;
        }
        if let Some(ask) = self.ask.take() {
            ask.pending().cancel();
        }
        if let Some(Input(input)) = self.input.take() {
            input.abort(AskError::Cancelled);
        }
    }
}

impl<T: Send + 'static, E: Send + 'static> fmt::Debug for Streaming<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Streaming")
    }
}

/// The input of a call, which ends when its asker gives up.
#[doc(hidden)]
pub struct Input(Arc<dyn Abort>);

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Input")
    }
}

/// Ends `input` when the asker of `reply` gives up.
#[doc(hidden)]
pub fn tie<T: Send + 'static, R: Send + 'static>(input: &Streaming<T>, reply: &Reply<R>) {
    let Input(input) = input.input();
    reply.on_cancel(move || input.abort(AskError::Cancelled));
}
