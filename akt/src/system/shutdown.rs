//! The end of a system: actors first, then its extensions, then its tasks.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::task::Poll;

use super::ActorSystem;
use crate::actor::{Control, StopReason};

impl ActorSystem {
    /// Stops every actor and waits until all is over.
    ///
    /// Actors stop after their current message, children before parents, each with its `#[on(stop)]`.
    /// Handlers that still run after the grace period (30 s unless the builder says otherwise) are killed;
    /// a handler that blocks its thread cannot be. What was queued is answered with `Stopped` or becomes a
    /// dead letter. Then the extensions stop; connections, which are one, say goodbye.
    ///
    /// Calling it twice is the same as once; both wait. Inside an actor of this system, do not await it: it
    /// waits for that actor.
    pub async fn shutdown(&self) {
        let first = !self.0.stopping.swap(true, Ordering::SeqCst);
        let user = self.user();
        let core = user.core().expect("the guardian is local");
        if first {
            user.control(Control::Stop(StopReason::Shutdown));
        }
        if !self.within_grace(core.stopped()).await {
            tracing::warn!(
                system = self.name(),
                "handlers outlived the grace period of the shutdown: killed"
            );
            user.kill();
            core.stopped().await;
        }
        self.stop_extensions().await;
        self.0.timers.stop();
        self.runtime().tasks().down_to(0).await;
        self.0.events.close();
        if first {
            tracing::info!(system = self.name(), "system stopped");
        }
    }

    /// Waits for `end`; false if the grace period is over before.
    async fn within_grace<T>(&self, end: impl Future<Output = T>) -> bool {
        let mut end = pin!(end);
        let mut grace = pin!(self.runtime().sleep(self.0.config.shutdown_grace));
        poll_fn(|cx| match end.as_mut().poll(cx) {
            Poll::Ready(_) => Poll::Ready(true),
            Poll::Pending => grace.as_mut().poll(cx).map(|()| false),
        })
        .await
    }
}
