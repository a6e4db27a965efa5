//! The receiver of a reentrant handler: its actor's state, a turn at a time.

use std::fmt;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use parking_lot::Mutex;

use super::context::Ctx;
use super::current;
use super::error::{Fault, StopReason};
use super::flight::{Absent, Table};
use super::mailbox::Control;
use super::post::Post;
use super::reference::Target;
use super::timers::Timer;
use super::trace;
use super::traits::{Actor, Message};
use super::work::{PipeError, Work};

/// The actor of a reentrant handler: `async fn load(this: Turn<Self>, key: String)`, with `#[handler(reentrant)]`.
///
/// While the handler waits at an `.await`, its actor handles other messages, and other handlers that wait go on: the
/// state may be another after each `.await`. [`with`](Self::with) looks at it and changes it, in a closure that
/// cannot await; what it returns is owned. Handlers are begun in the order of their messages. At most
/// `#[handler(reentrant, max = 32)]` of one kind are under way; more wait in the mailbox, and what is behind them, too.
///
/// A restart drops the handlers that are under way, whose askers get `Fault`; a stop lets them end, a kill does not.
///
/// ```
/// use std::collections::HashMap;
///
/// use akt::Turn;
/// use akt::prelude::*;
/// # async fn fetch(key: &str) -> u64 { key.len() as u64 }
///
/// #[derive(Default)]
/// struct Cache(HashMap<String, u64>);
///
/// #[akt::actor]
/// impl Cache {
///     #[handler(reentrant)]
///     async fn get(this: Turn<Self>, key: String) -> u64 {
///         if let Some(value) = this.with(|me| me.0.get(&key).copied()) {
///             return value;
///         }
///         let value = fetch(&key).await;
///         // Another handler may have been faster.
///         this.with(|me| *me.0.entry(key).or_insert(value))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// // Outside of a system, for a test of the handler alone:
/// assert_eq!(Cache::get(Turn::of(Cache::default()), "four".to_owned()).await, 4);
/// # }
/// ```
pub struct Turn<A> {
    table: Arc<Table<A>>,
    handler: &'static str,
}

impl<A> Turn<A> {
    pub(super) fn new(table: Arc<Table<A>>, handler: &'static str) -> Self {
        Self { table, handler }
    }

    /// The turn of an actor's value in no system, for tests that call a handler.
    #[must_use]
    pub fn of(actor: A) -> Self {
        Self::new(Arc::new(Table::of(actor)), "a handler outside of a system")
    }

    /// Runs `f` with the actor's state.
    ///
    /// # Panics
    ///
    /// Inside another `with`, and anywhere but in the handler that was given this turn: in a task that it spawned, or
    /// after its end. In a handler, such a panic is a fault of the actor.
    #[track_caller]
    pub fn with<R>(&self, f: impl FnOnce(&mut A) -> R) -> R {
        match self.table.with(f) {
            Ok(out) => out,
            Err(Absent::Taken) => panic!(
                "`Turn::with` inside `Turn::with`, in `{}`: the state is lent once at a time; do both in one closure",
                self.handler
            ),
            Err(Absent::NoTurn) => self.refuse("with"),
        }
    }

    /// Awaits `future`, a call for instance, with the actor to itself: until it is ready, no message is begun and no
    /// other handler goes on, as in a handler with `&mut self`.
    ///
    /// An ask in `future` that comes back to this actor is answered with [`AskError::Cycle`](crate::AskError::Cycle).
    ///
    /// # Cancellation
    ///
    /// Dropping the future lets the others go on.
    ///
    /// # Panics
    ///
    /// As [`with`](Self::with), when it is polled.
    pub fn exclusive<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<'_, A, F> {
        Exclusive { turn: self, future: Box::pin(future), holds: false }
    }

    #[track_caller]
    fn refuse(&self, method: &str) -> ! {
        panic!(
            "`Turn::{method}` of `{}` outside of its turn: use it in the handler itself, and send a message from elsewhere",
            self.handler
        )
    }
}

impl<A> fmt::Debug for Turn<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Turn({})", self.handler)
    }
}

struct Exclusive<'a, A, F> {
    turn: &'a Turn<A>,
    future: Pin<Box<F>>,
    holds: bool,
}

impl<A, F: Future> Future for Exclusive<'_, A, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        if !self.turn.table.is_laid() {
            self.turn.refuse("exclusive");
        }
        if !std::mem::replace(&mut self.holds, true) {
            self.turn.table.held.fetch_add(1, Ordering::Relaxed);
        }
        let polled = current::exclusively(|| self.future.as_mut().poll(cx));
        if polled.is_ready() {
            self.release();
        }
        polled
    }
}

impl<A, F> Exclusive<'_, A, F> {
    fn release(&mut self) {
        if std::mem::take(&mut self.holds) {
            let held = &self.turn.table.held;
            // None is left when it outlives its handler.
            let _ = held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| held.checked_sub(1));
        }
    }
}

impl<A, F> Drop for Exclusive<'_, A, F> {
    fn drop(&mut self) {
        self.release();
    }
}

/// The context of a reentrant handler: `cx: &TurnCtx<Self>`.
///
/// What can be done with a [`&Ctx`](Ctx) can be done with it; what changes the actor takes effect between turns.
pub struct TurnCtx<A: Actor> {
    cx: Ctx<A>,
    fault: Mutex<Option<Box<Fault>>>,
}

impl<A: Actor> TurnCtx<A> {
    pub(super) fn new(cx: Ctx<A>) -> Self {
        Self { cx, fault: Mutex::default() }
    }

    /// The handler has ended: what answers it knows whether it failed.
    #[doc(hidden)]
    pub fn closing(&mut self) -> &mut Ctx<A> {
        self.cx.fault = self.cx.fault.take().or_else(|| self.fault.get_mut().take());
        &mut self.cx
    }

    #[doc(hidden)]
    #[must_use]
    pub fn finish(mut self) -> Ctx<A> {
        self.closing();
        self.cx
    }

    /// Stops this actor once the handlers that are under way, this one too, have ended. Messages that are queued by
    /// then are refused.
    pub fn stop(&self) {
        self.cx.cell.control(Control::Stop(StopReason::Requested));
    }

    /// Fails: after this handler, supervision decides. The asker gets `Fault`.
    pub fn fail(&self, error: impl Into<Fault>) {
        let error = Box::new(error.into());
        trace::note_fault(&error);
        self.fault.lock().get_or_insert(error);
    }

    /// As [`Ctx::pipe`].
    pub fn pipe<F, T, E, M>(
        &self,
        work: impl Into<Work<F>>,
        done: impl FnOnce(&A::Ref, Result<T, PipeError<E>>) -> Post<M> + Send + 'static,
    ) where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
        M: Message,
    {
        self.cx.twin().pipe(work, done);
    }

    /// As [`Ctx::then`].
    pub fn then<F, T, E>(
        &self,
        work: impl Into<Work<F>>,
        done: impl FnOnce(&mut A, Result<T, PipeError<E>>, &mut Ctx<A>) + Send + 'static,
    ) where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        self.cx.twin().then(work, done);
    }

    /// As [`Ctx::after`].
    pub fn after<M: Message>(&self, after: Duration, post: impl Into<Post<M>>) -> Timer {
        self.cx.twin().after(after, post)
    }

    /// As [`Ctx::every`].
    pub fn every<M: Message>(
        &self,
        interval: Duration,
        make: impl FnMut(&A::Ref) -> Post<M> + Send + 'static,
    ) -> Timer {
        self.cx.twin().every(interval, make)
    }
}

impl<A: Actor> Deref for TurnCtx<A> {
    type Target = Ctx<A>;

    fn deref(&self) -> &Ctx<A> {
        &self.cx
    }
}

impl<A: Actor> fmt::Debug for TurnCtx<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TurnCtx({})", self.path())
    }
}
