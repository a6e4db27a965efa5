//! One message on its way to an actor that answers nobody: a lazy value that tells or waits for room.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::call::{Call, Draft, Holder};
use super::error::{AskError, TellError};
use super::post::Post;
use super::reference::Ref;
use super::traits::{Message, Request};

/// A call of a one-way rpc: `.tell()` sends now, `.send()` waits for room; there is no reply to await.
///
/// Nothing happens until one of them; messages are ordered by acceptance, not by creation. What becomes of the message
/// is what becomes of any that is told: handled, handed back in a [`TellError`], or a dead letter with its reason.
#[must_use = "a one-way call does nothing until it is sent with `.tell()` or `.send()`"]
pub struct OneWay<'a, M: Message, P: 'static> {
    draft: Draft<'a, M, P>,
    rpc: &'static Rpc<M, P>,
}

/// What the rpc does with the call. Its type is not in that of the call, for it is not the user's.
struct Rpc<M: Message, P: 'static> {
    name: &'static str,
    tell: fn(Draft<'_, M, P>) -> Result<(), TellError<P>>,
    send: for<'a> fn(Draft<'a, M, P>) -> Sending<'a, P>,
    post: fn(Draft<'_, M, P>) -> Post<M>,
}

type Sending<'a, P> = Pin<Box<dyn Future<Output = Result<(), TellError<P>>> + Send + 'a>>;

impl<'a, M: Message, P: Send + 'static> OneWay<'a, M, P> {
    #[doc(hidden)]
    pub fn new<Q: Request<Message = M, Payload = P>>(target: &'a Ref<M>, payload: P) -> Self {
        let draft = Draft { target: Holder::Borrowed(target), payload, timeout: None, extra: None };
        let rpc = const {
            &Rpc {
                name: Q::NAME,
                tell: |draft| Call::<Q>::of(draft).tell(),
                send: |draft| Box::pin(Call::<Q>::of(draft).send()),
                post: |draft| Call::<Q>::of(draft).post(),
            }
        };
        Self { draft, rpc }
    }

    /// Waits at most `timeout` for room with [`send`](Self::send).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.draft.timeout = Some(timeout);
        self
    }

    /// As [`Call::header`].
    pub fn header(mut self, name: impl Into<Box<str>>, value: impl Into<Box<str>>) -> Self {
        self.draft.extra.get_or_insert_default().headers.insert(name, value);
        self
    }

    /// As [`Call::expires_in`].
    pub fn expires_in(mut self, time: Duration) -> Self {
        self.draft.extra.get_or_insert_default().expires = Some(time);
        self
    }

    /// Sends now.
    ///
    /// # Errors
    ///
    /// [`TellError`] with the message, if it was not accepted: full, stopped, unreachable, too large.
    pub fn tell(self) -> Result<(), TellError<P>> {
        (self.rpc.tell)(self.draft)
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
    pub async fn send(self) -> Result<(), TellError<P>> {
        (self.rpc.send)(self.draft).await
    }

    /// The message, for a timer, a pipe or a schedule to send.
    pub fn post(self) -> Post<M> {
        (self.rpc.post)(self.draft)
    }

    /// The same call, still lazy, with a reference of its own.
    pub fn into_owned(self) -> OneWay<'static, M, P> {
        let Draft { target, payload, timeout, extra } = self.draft;
        let target = Holder::Owned(target.get().clone());
        OneWay { draft: Draft { target, payload, timeout, extra }, rpc: self.rpc }
    }
}

/// What answers a one-way call: nothing does.
#[diagnostic::on_unimplemented(
    message = "this call is one-way: it has no reply to await; use `.tell()`",
    label = "nobody answers this rpc",
    note = "`(akt.rpc).oneway` in the contract says that the rpc is only told: `.tell()` sends it now, `.send()` waits for room"
)]
#[doc(hidden)]
pub trait AnswersAll {}

/// Never holds: it is here so that `.await` says why.
impl<M: Message + AnswersAll, P: 'static> Future for OneWay<'_, M, P> {
    type Output = Result<(), AskError>;

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Pending
    }
}

impl<M: Message, P: Send + 'static> From<OneWay<'_, M, P>> for Post<M> {
    fn from(call: OneWay<'_, M, P>) -> Self {
        call.post()
    }
}

impl<M: Message, P: 'static> fmt::Debug for OneWay<'_, M, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OneWay({} of {})", self.rpc.name, self.draft.target.get().actor().path())
    }
}
