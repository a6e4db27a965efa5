//! Work beside an actor: a future that runs as a task, with a time limit and a breaker if it is given them.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use parking_lot::Mutex;
use thiserror::Error;

use super::breaker::{Admitted, BreakerOptions, Circuit, Ended};
use super::orphan;
use super::panic::{Panic, guard, guard_drop};
use super::reply;
use super::scope::Member;
use crate::runtime::{Fire, Runtime};
use crate::system::ActorSystem;
use crate::time::Instant;

/// A future for [`Ctx::pipe`](crate::Ctx::pipe) or [`Ctx::then`](crate::Ctx::then). Made from any future of a
/// `Result` by `into()`, or with [`Work::of`] where more is to be said.
#[must_use = "work does nothing until it is piped"]
pub struct Work<F> {
    future: F,
    timeout: Option<Duration>,
    breaker: Option<Breaker>,
}

impl<F: Future> Work<F> {
    /// The work of `future`.
    pub fn of(future: F) -> Self {
        Self { future, timeout: None, breaker: None }
    }

    /// Drops the future after `timeout`; the result is [`PipeError::TimedOut`].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Asks `breaker` before the future is polled for the first time, and tells it how that ended.
    ///
    /// Failures are an `Err`, a panic, and a time that is up.
    pub fn breaker(mut self, breaker: &Breaker) -> Self {
        self.breaker = Some(breaker.clone());
        self
    }
}

impl<F: Future> From<F> for Work<F> {
    fn from(future: F) -> Self {
        Self::of(future)
    }
}

impl<F> fmt::Debug for Work<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Work")
            .field("timeout", &self.timeout)
            .field("breaker", &self.breaker)
            .finish_non_exhaustive()
    }
}

/// Why work has no result.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PipeError<E> {
    /// The future returned its own error.
    #[error("the work failed")]
    Failed(#[source] E),
    /// The future panicked.
    #[error("the work panicked: {text}")]
    Panicked {
        /// What the panic said.
        text: Box<str>,
        /// Where it was: file, line, column.
        place: Option<Box<str>>,
    },
    /// The time was up; the future was dropped.
    #[error("the work took longer than {after:?}")]
    TimedOut {
        /// How long it was given.
        after: Duration,
    },
    /// The breaker was open; the future was never polled.
    #[error("the circuit breaker is open")]
    Open {
        /// After how long it is worth trying again; zero while somebody else tries.
        retry_after: Duration,
    },
}

/// Stops work that fails too often: a circuit breaker, to be shared by all who call one service.
///
/// Cheap to clone; all clones are one breaker. Kept outside of actors that may restart, or it forgets.
#[derive(Clone)]
pub struct Breaker(Arc<Mutex<Circuit>>);

impl Breaker {
    /// A breaker that opens and closes as `options` say.
    #[must_use]
    pub fn new(options: BreakerOptions) -> Self {
        Self(Arc::new(Mutex::new(Circuit::new(options))))
    }

    /// Whether work would be refused now.
    #[must_use]
    pub fn is_open(&self, system: &ActorSystem) -> bool {
        self.0.lock().is_open(system.runtime().now())
    }
}

impl Default for Breaker {
    fn default() -> Self {
        Self::new(BreakerOptions::default())
    }
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Breaker")
    }
}

/// The right to work; what becomes of it is told to the breaker, exactly once.
struct Permit {
    breaker: Breaker,
    runtime: Runtime,
    admitted: Admitted,
    ended: Ended,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.breaker.0.lock().record(self.runtime.now(), self.admitted, self.ended);
    }
}

/// Work under way, as its actor sees it.
pub(super) struct Job {
    /// It goes on when its actor restarts.
    outlives_value: bool,
    state: Mutex<Signals>,
}

#[derive(Default)]
struct Signals {
    /// The actor does not want it any more.
    given_up: bool,
    /// Its time is up.
    due: bool,
    waker: Option<Waker>,
}

impl Job {
    pub(super) fn new(outlives_value: bool) -> Arc<Self> {
        Arc::new(Self { outlives_value, state: Mutex::default() })
    }

    /// Runs `work` to its end; `None` if the actor gave it up. The future is dropped in either case.
    pub(super) async fn run<F, T, E>(
        self: Arc<Self>,
        system: ActorSystem,
        work: Work<F>,
    ) -> Option<Result<T, PipeError<E>>>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let Work { future, timeout, breaker } = work;
        let now = system.runtime().now();
        let mut permit = match breaker.map(|breaker| breaker.admit(system.runtime(), now)).transpose() {
            Ok(permit) => permit,
            Err(retry_after) => {
                let _ = guard_drop(future);
                return Some(Err(PipeError::Open { retry_after }));
            }
        };
        let alarm = timeout.map(|after| system.timers().arm(now + after, self.clone()));
        let mut future = Box::pin(future);
        let ended = poll_fn(|cx| self.poll(future.as_mut(), timeout, cx)).await;
        if let Some(alarm) = alarm {
            system.timers().cancel(alarm);
        }
        // What it holds may be somebody's reply, or a stream's last sink, or panic.
        let _ = match &ended {
            Some(Ok(_)) => guard_drop(future),
            _ => guard(|| orphan::collect(|| drop(future))),
        };
        orphan::fail(orphan::take(), reply::dropped);
        if let Some(permit) = &mut permit {
            permit.ended = match &ended {
                None => Ended::Dropped,
                Some(Ok(_)) => Ended::Well,
                Some(Err(_)) => Ended::Badly,
            };
        }
        ended
    }

    fn poll<F, T, E>(
        &self,
        future: Pin<&mut F>,
        timeout: Option<Duration>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<T, PipeError<E>>>>
    where
        F: Future<Output = Result<T, E>>,
    {
        let mut state = self.state.lock();
        if state.given_up {
            return Poll::Ready(None);
        }
        state.waker.get_or_insert_with(|| cx.waker().clone()).clone_from(cx.waker());
        let due = state.due;
        drop(state);
        match guard(|| future.poll(cx)) {
            Ok(Poll::Ready(result)) => Poll::Ready(Some(result.map_err(PipeError::Failed))),
            Err(Panic { text, place }) => {
                orphan::fail(orphan::take(), reply::dropped);
                let (text, place) = (text.into(), place.map(Into::into));
                Poll::Ready(Some(Err(PipeError::Panicked { text, place })))
            }
            Ok(Poll::Pending) if due => {
                Poll::Ready(Some(Err(PipeError::TimedOut { after: timeout.unwrap_or_default() })))
            }
            Ok(Poll::Pending) => Poll::Pending,
        }
    }

    fn signal(&self, set: impl FnOnce(&mut Signals)) {
        let mut state = self.state.lock();
        set(&mut state);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Breaker {
    fn admit(self, runtime: &Runtime, now: Instant) -> Result<Permit, Duration> {
        let admitted = self.0.lock().admit(now)?;
        Ok(Permit { breaker: self, runtime: runtime.clone(), admitted, ended: Ended::Dropped })
    }
}

impl Fire for Job {
    fn fire(&self, _now: Instant) {
        self.signal(|state| state.due = true);
    }
}

impl Member for Job {
    fn outlives_value(&self) -> bool {
        self.outlives_value
    }

    fn end(&self) {
        self.signal(|state| state.given_up = true);
    }

    fn keeps(&self) -> bool {
        true
    }
}
