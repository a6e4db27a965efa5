//! Running user code: polled until it ends, panics or is killed; and giving way to others.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tracing::Span;

use super::cell::LocalCell;
use super::current::{self, Handling};
use super::fault::Broken;
use super::meta::{Meta, Receiver};
use super::orphan;
use super::panic::{Panic, guard};
use super::trace::Lap;
use super::traits::Actor;
use crate::time::Instant;

pin_project! {
    /// A handler or hook under way. When it breaks, what it held is dropped and its replies are kept.
    ///
    /// A struct rather than an `async fn`, which would hold the handler's future twice.
    pub(super) struct Attend<'a, A: Actor, F> {
        cell: &'a Arc<LocalCell<A>>,
        deadline: Instant,
        meta: Option<Arc<Meta>>,
        span: Option<Box<Span>>,
        #[pin]
        user: Option<F>,
    }
}

impl<'a, A: Actor, F: Future> Attend<'a, A, F> {
    /// A hook: nobody waits for it.
    pub(super) fn hook(cell: &'a Arc<LocalCell<A>>, user: F) -> Self {
        Self::handler(cell, Instant::FAR, None, user)
    }

    /// The handler of a message that came with `meta` and is to be answered by `deadline`.
    pub(super) fn handler(
        cell: &'a Arc<LocalCell<A>>,
        deadline: Instant,
        meta: Option<Arc<Meta>>,
        user: F,
    ) -> Self {
        Self { cell, deadline, meta, span: None, user: Some(user) }
    }

    /// Polls it inside `span`.
    pub(super) fn within(self, span: Option<Box<Span>>) -> Self {
        Self { span, ..self }
    }
}

impl<A: Actor, F: Future> Future for Attend<'_, A, F> {
    type Output = Result<F::Output, Broken>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let _acting = current::act(&this.cell.core.lane);
        let Some(running) = this.user.as_mut().as_pin_mut() else { panic!("polled after its end") };
        let core = &this.cell.core;
        let lap = this.span.as_deref().map(Lap::within);
        let broken = if core.lane.is_killed() {
            Broken::Killed
        } else {
            let handling = Handling {
                actor: Some(this.cell.clone()),
                receiver: Receiver::Exclusive,
                deadline: *this.deadline,
                meta: this.meta.clone(),
                hold: None,
            };
            match inside(this.cell, handling, || running.poll(cx)) {
                Ok(Poll::Ready(out)) => return Poll::Ready(Ok(out)),
                Err(panic) => Broken::Panic(panic),
                Ok(Poll::Pending) => {
                    core.lane.register(cx.waker());
                    if !core.lane.is_killed() {
                        return Poll::Pending;
                    }
                    Broken::Killed
                }
            }
        };
        lap.iter().for_each(|lap| lap.broke(&broken));
        if let Err(panic) = guard(|| orphan::collect(|| this.user.set(None))) {
            tracing::error!(
                text = panic.text,
                place = panic.place,
                "a destructor panicked after its handler"
            );
        }
        Poll::Ready(Err(broken))
    }
}

/// Runs user code of an actor, as part of `handling`, while the actor [acts](current::act); a panic comes back as a
/// value.
pub(super) fn inside<A: Actor, T>(
    cell: &LocalCell<A>,
    handling: Handling,
    user: impl FnOnce() -> T,
) -> Result<T, Panic> {
    let system = cell.core.system();
    system.watched(cell.core.id, |_| current::within(system, handling, || guard(user)))
}

/// Lets other tasks have their turn.
pub(crate) fn yield_now() -> impl Future<Output = ()> + Send {
    let mut yielded = false;
    poll_fn(move |cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}
