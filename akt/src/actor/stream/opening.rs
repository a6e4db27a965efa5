//! A call that is answered with a stream: lazy, until it is opened.

use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::channel::Channel;
use super::error::End;
use super::opened::Opened;
use super::streaming::{Input, Streaming};
use crate::actor::admission::{Admission, NoRoom};
use crate::actor::asked::{refused, timed_out};
use crate::actor::call::Place;
use crate::actor::current;
use crate::actor::error::{AskError, Stage};
use crate::actor::meta::{Headers, Meta};
use crate::actor::reference::{Ref, Refusal, Refused};
use crate::actor::reply::{Awaited, Reply};
use crate::actor::slot;
use crate::actor::traits::Request;
use crate::time::Instant;

/// How many items wait for the reader, unless it says otherwise.
const BUFFER: usize = 16;

/// An rpc that answers with a stream. Generated.
pub trait Opens:
    Request<Payload = Opened<<Self as Opens>::Open, <Self as Opens>::Item, <Self as Request>::Err>>
{
    /// What is sent: the request, or the stream that goes in.
    type Open: Send + 'static;
    /// What comes out.
    type Item: Send + 'static;

    #[doc(hidden)]
    fn input(_open: &Self::Open) -> Option<Input> {
        None
    }
}

/// A call of an rpc that answers with a stream: [`open`](Self::open) sends it.
///
/// Nothing happens before that.
#[must_use = "an opening does nothing until `.open()`"]
pub struct Opening<'a, Q: Opens> {
    target: &'a Ref<Q::Message>,
    open: Q::Open,
    buffer: usize,
    timeout: Option<Duration>,
    headers: Headers,
}

impl<'a, Q: Opens> Opening<'a, Q> {
    #[doc(hidden)]
    pub fn new(target: &'a Ref<Q::Message>, open: Q::Open) -> Self {
        Self { target, open, buffer: BUFFER, timeout: None, headers: Headers::default() }
    }

    /// Waits at most `timeout` for room in the mailbox. The stream itself has no time limit.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sends `value` along under `name`, as [`Call::header`](crate::Call::header).
    pub fn header(mut self, name: impl Into<Box<str>>, value: impl Into<Box<str>>) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Lets at most `items` wait to be read; then their producer waits. 16; at least one, at most 4,096.
    pub fn buffer(mut self, items: usize) -> Self {
        self.buffer = items;
        self
    }

    /// Sends the message as soon as there is room, and gives the stream at once: it is ready when the message is in
    /// the mailbox, or queued for the node of its actor. What becomes of it there comes through the stream.
    ///
    /// # Errors
    ///
    /// [`AskError`], delivered No, when the message was not accepted: `Stopped`, `Unreachable`, `TooLarge`,
    /// `Rejected`, `Full`, and `Timeout` when there was no room in time.
    ///
    /// # Cancellation
    ///
    /// Dropping it before it is ready sends nothing.
    pub async fn open(self) -> Result<Streaming<Q::Item, Q::Err>, AskError<Q::Err>> {
        let Self { target, mut open, buffer, timeout, headers } = self;
        let system = target.0.system();
        let meta = current::for_tell(system, Some(&headers));
        let since = system.runtime().now();
        let timeout = timeout.or(Q::TIMEOUT).unwrap_or_else(|| system.ask_timeout());
        let deadline = (since + timeout).min(current::deadline());
        let (mut target, mut reserved) = (target.clone(), false);
        loop {
            let unopened = match push::<Q>(&target, open, buffer, meta.clone(), reserved) {
                Ok(streaming) => return Ok(streaming),
                Err(unopened) => unopened,
            };
            if !matches!(unopened.refusal, Refusal::Full) {
                return Err(refused(&*target.0, unopened.refusal).widen());
            }
            open = unopened.open;
            target = unopened.routee.unwrap_or(target);
            let mut place = Place { admission: Admission::new(since, deadline), target: &*target.0 };
            match poll_fn(|cx| place.admission.poll(place.target, cx)).await {
                Ok(()) => reserved = true,
                Err(NoRoom::Late { waited }) => {
                    return Err(timed_out(&*target.0, Q::NAME, waited, Stage::WaitingForRoom).widen());
                }
                Err(NoRoom::Refused(refusal)) => return Err(refused(&*target.0, refusal).widen()),
            }
        }
    }
}

/// What was not accepted.
struct Unopened<Q: Opens> {
    refusal: Refusal,
    open: Q::Open,
    /// Where it waits for room, if not where it was sent.
    routee: Option<Ref<Q::Message>>,
}

fn push<Q: Opens>(
    target: &Ref<Q::Message>,
    open: Q::Open,
    buffer: usize,
    meta: Option<Arc<Meta>>,
    reserved: bool,
) -> Result<Streaming<Q::Item, Q::Err>, Unopened<Q>> {
    let channel = Channel::buffered(buffer);
    let answered = channel.clone();
    let end = slot::for_hook(Instant::FAR, meta, move |awaited| conclude::<Q>(&answered, awaited));
    let (ask, input) = (end.share(), Q::input(&open));
    let message = Q::wrap(Opened::new(open, channel.clone()), Reply::to(end));
    let Err(Refused { refusal, message }) = target.0.push(message, reserved) else {
        return Ok(Streaming::of_call(channel, ask, input));
    };
    ask.pending().cancel();
    let (message, routee) = match refusal {
        Refusal::Full => target.0.waits_at(message),
        _ => (message, None),
    };
    let (opened, _) = Q::unwrap(message).expect("a refused message is the one that was sent");
    Err(Unopened { refusal, open: opened.into_inner().0, routee })
}

/// Lets the end of the message be that of its stream: unless the handler returned in order.
fn conclude<Q: Opens>(channel: &Channel<Q::Item, Q::Err>, awaited: Awaited<Q::Out>) {
    channel.end(match awaited {
        Awaited::Outcome(Ok(out)) => match Q::split(out) {
            Ok(_) => return,
            Err(error) => End::Domain(error),
        },
        Awaited::Outcome(Err(error)) => End::Failed(error),
        Awaited::Due(_) => End::Failed(AskError::Unanswered),
    });
}

/// What is answered once. No opening is.
#[diagnostic::on_unimplemented(
    message = "this rpc answers with a stream: open it with `.open()`",
    label = "cannot be awaited",
    note = "`let mut events = cart.watch(request).open().await?;` gives a `Streaming`, whose items `next()` gives"
)]
#[doc(hidden)]
pub trait AnsweredOnce {}

/// Only so that rustc says what to do instead.
impl<Q: Opens> Future for Opening<'_, Q>
where
    Q: AnsweredOnce,
{
    type Output = Infallible;

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Infallible> {
        Poll::Pending
    }
}

impl<Q: Opens> fmt::Debug for Opening<'_, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opening({} of {})", Q::NAME, self.target.0.path())
    }
}
