//! What an actor's loop and the handlers under way beside each other want of one another.

use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

use super::member::{Lost, Next};
use super::returns::{Full, NoReturns, Returning};
use crate::actor::runner::Runner;
use crate::actor::step::End;
use crate::actor::traits::Actor;

/// How the handler of a message has its actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// To itself, until it ends: `&mut self`.
    Exclusive,
    /// Together with others: `async fn` with `&self`.
    Shared,
    /// Together with others, if they are under way; it never waits: `fn` with `&self`.
    Peek,
    /// At its turns, between which others have theirs; at most so many at once.
    Turn {
        /// More wait for their start.
        max: usize,
    },
}

impl Mode {
    /// Whether handlers of this mode stay under way while their actor goes on.
    pub(in crate::actor) fn is_beside(self) -> bool {
        matches!(self, Self::Shared | Self::Turn { .. })
    }
}

/// An actor whose handlers run beside each other: some take `&self` and are `async`, or `Turn<Self>`.
#[diagnostic::on_unimplemented(
    message = "the handlers of `{Self}` run one at a time",
    note = "an `async fn` with `&self` runs beside others of its kind; a `#[handler(reentrant)]` takes `this: Turn<Self>`"
)]
pub trait Concurrent: Actor {}

#[diagnostic::do_not_recommend]
impl<A: Actor<Flight = super::Flight<A>>> Concurrent for A {}

/// The handlers that an actor has under way beside each other: a [`Flight`](super::Flight), or [`NoFlight`].
pub trait Flights<A: Actor>: Default + Send + 'static {
    /// There are none: each handler has its actor to itself.
    const ALONE: bool;
    /// Where asks that come back wait.
    type Returns: Returning<A::Msg>;

    /// At most so many `&self` handlers at once.
    fn limit(&mut self, concurrency: usize);
    /// Whether no handler is under way, and none waits for its start.
    fn is_empty(&self) -> bool;
    /// Whether a handler can go on.
    fn is_woken(&self) -> bool;
    /// Has `task` woken when one can.
    fn listen(&self, task: &Waker);
    /// A message whose handler runs beside others waits for its start.
    fn line_up(&mut self, next: Next<A::Msg>);
    /// Whether one does.
    fn has_next(&self) -> bool;
    /// What cannot be begun before a handler has ended.
    fn full(&self) -> Full;
    /// Whether it is for a handler with `&self`.
    fn next_shares(&self) -> bool;
    /// Takes out the messages that wait for their start.
    fn take_next(&mut self) -> VecDeque<A::Msg>;
    /// Drops the handlers that are under way.
    fn lose(&mut self) -> Vec<Lost>;

    /// Lets the handlers go on that were woken. Pending while one of them has the actor to itself.
    fn poll_turns(deck: &mut Deck<'_, A>, cx: &mut Context<'_>) -> Poll<()>;
    /// Begins the handler of the message that waits for its start. Pending while too many of its kind are under way,
    /// or any if no message waits.
    fn poll_start(deck: &mut Deck<'_, A>, cx: &mut Context<'_>) -> Poll<()>;
    /// Ready when no handler is under way, or the actor is killed.
    fn poll_landed(deck: &mut Deck<'_, A>, cx: &mut Context<'_>) -> Poll<()>;
}

/// An actor's value and its runner, at work on handlers under way.
pub struct Deck<'a, A: Actor> {
    pub(in crate::actor) runner: &'a mut Runner<A>,
    pub(in crate::actor) actor: &'a mut Option<A>,
    /// What a handler led to, for the loop to see to.
    pub(in crate::actor) end: Option<End>,
}

impl<'a, A: Actor> Deck<'a, A> {
    pub(in crate::actor) fn new(runner: &'a mut Runner<A>, actor: &'a mut Option<A>) -> Self {
        Self { runner, actor, end: None }
    }
}

impl<A: Actor> std::fmt::Debug for Deck<'_, A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Deck({})", A::NAME)
    }
}

/// Of an actor whose handlers run alone. Takes no space.
#[derive(Debug, Default)]
pub struct NoFlight;

impl<A: Actor> Flights<A> for NoFlight {
    const ALONE: bool = true;
    type Returns = NoReturns;

    fn limit(&mut self, _concurrency: usize) {}

    fn is_empty(&self) -> bool {
        true
    }

    fn is_woken(&self) -> bool {
        false
    }

    fn listen(&self, _task: &Waker) {}

    fn line_up(&mut self, _next: Next<A::Msg>) {
        unreachable!("its handlers run alone")
    }

    fn has_next(&self) -> bool {
        false
    }

    fn full(&self) -> Full {
        Full::default()
    }

    fn next_shares(&self) -> bool {
        false
    }

    fn take_next(&mut self) -> VecDeque<A::Msg> {
        VecDeque::new()
    }

    fn lose(&mut self) -> Vec<Lost> {
        Vec::new()
    }

    fn poll_turns(_deck: &mut Deck<'_, A>, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    fn poll_start(_deck: &mut Deck<'_, A>, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    fn poll_landed(_deck: &mut Deck<'_, A>, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}
