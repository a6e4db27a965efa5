//! One message on its way to an actor that answers nobody: a lazy value that tells or waits for room.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::call::Call;
use super::error::TellError;
use super::post::Post;
use super::reference::Ref;
use super::traits::{Answered, Request};

/// A call of a one-way rpc: `.tell()` sends now, `.send()` waits for room; there is no reply to await.
///
/// Nothing happens until one of them; messages are ordered by acceptance, not by creation. What becomes of the message
/// is what becomes of any that is told: handled, handed back in a [`TellError`], or a dead letter with its reason.
#[must_use = "a one-way call does nothing until it is sent with `.tell()` or `.send()`"]
pub struct OneWay<'a, Q: Request>(Call<'a, Q>);

impl<'a, Q: Request> OneWay<'a, Q> {
    #[doc(hidden)]
    pub fn new(target: &'a Ref<Q::Message>, payload: Q::Payload) -> Self {
        Self(Call::new(target, payload))
    }

    /// Waits at most `timeout` for room with [`send`](Self::send).
    pub fn timeout(self, timeout: Duration) -> Self {
        Self(self.0.timeout(timeout))
    }

    /// As [`Call::header`].
    pub fn header(self, name: impl Into<Box<str>>, value: impl Into<Box<str>>) -> Self {
        Self(self.0.header(name, value))
    }

    /// As [`Call::expires_in`].
    pub fn expires_in(self, time: Duration) -> Self {
        Self(self.0.expires_in(time))
    }

    /// Sends now.
    ///
    /// # Errors
    ///
    /// [`TellError`] with the message, if it was not accepted: full, stopped, unreachable, too large.
    pub fn tell(self) -> Result<(), TellError<Q::Payload>> {
        self.0.tell()
    }

    /// Sends as soon as there is room, in the order of waiting.
    ///
    /// # Errors
    ///
    /// [`TellError`] with the message; `Full` when there was no room in time.
    ///
    /// # Cancellation
    ///
    /// Dropping it before it is ready sends nothing.
    pub async fn send(self) -> Result<(), TellError<Q::Payload>> {
        self.0.send().await
    }

    /// The message, for a timer, a pipe or a schedule to send.
    pub fn post(self) -> Post<Q::Message> {
        self.0.post()
    }

    /// The same call, still lazy, with a reference of its own.
    pub fn into_owned(self) -> OneWay<'static, Q> {
        OneWay(self.0.into_owned())
    }
}

/// Never holds: it is here so that `.await` says why.
impl<Q: Answered> Future for OneWay<'_, Q> {
    type Output = <Call<'static, Q> as Future>::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl<Q: Request> From<OneWay<'_, Q>> for Post<Q::Message> {
    fn from(call: OneWay<'_, Q>) -> Self {
        call.post()
    }
}

impl<Q: Request> fmt::Debug for OneWay<'_, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OneWay({} of {})", Q::NAME, self.0.target().actor().path())
    }
}
