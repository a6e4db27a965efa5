//! Many calls as one: told, sent or asked in order, each with an outcome of its own.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use thiserror::Error;

use super::call::Call;
use super::error::{AskError, TellError};
use super::reference::AnyRef;
use super::traits::Request;

/// Makes one batch of many calls of one handler, to one actor or to many.
///
/// Like a [`Call`], it does nothing until it is awaited (ask), or sent with [`tell`](Batch::tell) or
/// [`send`](Batch::send). To each actor, the messages go in the order of the batch. Told or sent, they end where
/// one is not accepted: an actor that did not take a message gets none of the later ones either. What one actor
/// refuses changes nothing for another.
///
/// ```
/// # use akt::prelude::*;
/// # #[derive(Default)] struct Counter(i64);
/// #[akt::actor]
/// impl Counter {
///     #[handler]
///     fn add(&mut self, by: i64) -> i64 {
///         self.0 += by;
///         self.0
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = ActorSystem::builder("shop").start().await?;
/// let counter = system.spawn("counter", Counter::default).await?;
/// akt::batch((1..=3).map(|by| counter.add(by))).tell()?;
///
/// let sums = akt::batch((1..=3).map(|by| counter.add(by))).await;
///
/// let sums: Result<Vec<_>, _> = sums.into_iter().collect();
/// assert_eq!(sums?, [7, 9, 12]);
/// # system.shutdown().await;
/// # Ok(())
/// # }
/// ```
pub fn batch<'a, Q: Request>(calls: impl IntoIterator<Item = Call<'a, Q>>) -> Batch<'a, Q> {
    Batch { calls: calls.into_iter().collect() }
}

/// Many calls of one handler. Made by [`batch`].
#[must_use = "a batch does nothing until it is awaited (ask), or sent with `.tell()` or `.send()`"]
pub struct Batch<'a, Q: Request> {
    calls: VecDeque<Call<'a, Q>>,
}

impl<'a, Q: Request> Batch<'a, Q> {
    /// Sends all now, without answers.
    ///
    /// # Errors
    ///
    /// [`BatchError`] with what was not accepted; everything else was.
    pub fn tell(self) -> Result<(), BatchError<Q::Payload>> {
        let mut outcome = Outcome::new(self.calls.len());
        for (place, call) in self.calls.into_iter().enumerate() {
            let target = call.target().actor();
            let told = if outcome.has_refused(&target) { Err(skipped(call)) } else { call.tell() };
            outcome.note(place, target, told);
        }
        outcome.into_result()
    }

    /// Sends all as soon as there is room, one after the other, without answers.
    ///
    /// One that waits holds up those after it, also those to other actors.
    ///
    /// # Errors
    ///
    /// [`BatchError`] with what was not accepted, each in its own time; everything else was.
    ///
    /// # Cancellation
    ///
    /// Dropping it sends no more; what was accepted stays accepted.
    pub async fn send(self) -> Result<(), BatchError<Q::Payload>> {
        let mut outcome = Outcome::new(self.calls.len());
        for (place, call) in self.calls.into_iter().enumerate() {
            let target = call.target().actor();
            let sent = if outcome.has_refused(&target) { Err(skipped(call)) } else { call.send().await };
            outcome.note(place, target, sent);
        }
        outcome.into_result()
    }

    /// Asks all; the answers come in the order of the calls, see [`Answers`].
    pub fn answers(self) -> Answers<'a, Q> {
        Answers { calls: self.calls, accepted: 0, read: Vec::new() }
    }
}

/// All answers, in the order of the calls.
impl<'a, Q: Request> IntoFuture for Batch<'a, Q> {
    type Output = Vec<Answer<Q>>;
    type IntoFuture = Answers<'a, Q>;

    fn into_future(self) -> Answers<'a, Q> {
        self.answers()
    }
}

impl<Q: Request> fmt::Debug for Batch<'_, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Batch({} of {})", self.calls.len(), Q::NAME)
    }
}

type Answer<Q> = Result<<Q as Request>::Ok, AskError<<Q as Request>::Err>>;

/// The answers to a batch: one after the other with [`next`](Self::next), or those that are left by `.await`.
///
/// The calls are asked in order as far as there is room, and all that are accepted are under way at once. A call
/// that waits for room holds up those after it, and the time of each begins when those before it are accepted. An
/// error of one changes nothing for the others.
///
/// # Cancellation
///
/// Dropping it cancels what was not answered, as dropping each call does; what was not asked yet never is.
#[must_use = "nothing is asked until it is polled"]
pub struct Answers<'a, Q: Request> {
    /// Those whose answer was not read; first those that were accepted, or have failed.
    calls: VecDeque<Call<'a, Q>>,
    accepted: usize,
    read: Vec<Answer<Q>>,
}

impl<Q: Request> Answers<'_, Q> {
    /// The answer to the next call; `None` after the last. Cancel-safe.
    pub async fn next(&mut self) -> Option<Answer<Q>> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// How many answers are left.
    #[must_use]
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether all answers were read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Answer<Q>>> {
        self.ask_more(cx);
        let Some(first) = self.calls.front_mut() else { return Poll::Ready(None) };
        let Poll::Ready(answer) = Pin::new(first).poll(cx) else { return Poll::Pending };
        self.calls.pop_front();
        self.accepted = self.accepted.saturating_sub(1);
        Poll::Ready(Some(answer))
    }

    /// Asks until one has to wait.
    fn ask_more(&mut self, cx: &Context<'_>) {
        while let Some(call) = self.calls.get_mut(self.accepted) {
            if !call.poll_accepted(cx) {
                return;
            }
            self.accepted += 1;
        }
    }
}

impl<Q: Request> Unpin for Answers<'_, Q> {}

impl<Q: Request> Future for Answers<'_, Q> {
    type Output = Vec<Answer<Q>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        while let Poll::Ready(next) = this.poll_next(cx) {
            match next {
                Some(answer) => this.read.push(answer),
                None => return Poll::Ready(std::mem::take(&mut this.read)),
            }
        }
        Poll::Pending
    }
}

impl<Q: Request> fmt::Debug for Answers<'_, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answers({} of {})", self.calls.len(), Q::NAME)
    }
}

/// Messages of a batch that were not accepted; the others were.
#[derive(Error)]
#[error("{} of {of} messages were not accepted; the first: {}", refused.len(), First(refused))]
#[non_exhaustive]
pub struct BatchError<M> {
    /// How many messages the batch had.
    pub of: usize,
    /// The place of each in the batch, and why it was not accepted.
    pub refused: Vec<(usize, TellError<M>)>,
}

impl<M> BatchError<M> {
    /// The messages that were not accepted, in order.
    pub fn into_messages(self) -> Vec<M> {
        self.refused.into_iter().map(|(_, error)| error.into_message()).collect()
    }
}

impl<M> fmt::Debug for BatchError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchError").field("of", &self.of).field("refused", &self.refused).finish()
    }
}

struct First<'a, M>(&'a [(usize, TellError<M>)]);

impl<M> fmt::Display for First<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.first().map_or(Ok(()), |(_, error)| fmt::Display::fmt(error, f))
    }
}

/// What is not even tried: the actor would see a gap.
fn skipped<Q: Request>(call: Call<'_, Q>) -> TellError<Q::Payload> {
    TellError::Rejected(call.into_parts().1, "an earlier message of the batch was not accepted".into())
}

/// What has become of a batch so far.
struct Outcome<M> {
    of: usize,
    refused: Vec<(usize, TellError<M>)>,
    refusers: Vec<AnyRef>,
}

impl<M> Outcome<M> {
    fn new(of: usize) -> Self {
        Self { of, refused: Vec::new(), refusers: Vec::new() }
    }

    fn has_refused(&self, target: &AnyRef) -> bool {
        self.refusers.contains(target)
    }

    fn note(&mut self, place: usize, target: AnyRef, told: Result<(), TellError<M>>) {
        let Err(error) = told else { return };
        self.refused.push((place, error));
        if !self.refusers.contains(&target) {
            self.refusers.push(target);
        }
    }

    fn into_result(self) -> Result<(), BatchError<M>> {
        match self.refused.is_empty() {
            true => Ok(()),
            false => Err(BatchError { of: self.of, refused: self.refused }),
        }
    }
}
