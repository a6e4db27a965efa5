//! The tasks of one system: counted when spawned, waited for at shutdown.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use parking_lot::Mutex;
use pin_project_lite::pin_project;
use std::task::Waker;

/// A group of tasks that can be waited for.
#[derive(Clone, Default)]
pub(crate) struct TaskGroup(Arc<Shared>);

#[derive(Default)]
struct Shared {
    live: AtomicUsize,
    waiting: Mutex<Vec<Waker>>,
}

impl TaskGroup {
    /// Makes `future` a member until it ends or is dropped.
    pub(crate) fn join<F>(&self, future: F) -> Member<F> {
        self.0.live.fetch_add(1, Ordering::Relaxed);
        Member { future, _leave: Leave(self.0.clone()) }
    }

    /// How many members there are now.
    pub(crate) fn live(&self) -> usize {
        self.0.live.load(Ordering::Acquire)
    }

    /// Waits until at most `rest` members are left.
    pub(crate) async fn down_to(&self, rest: usize) {
        poll_fn(|cx| {
            let mut waiting = self.0.waiting.lock();
            if self.live() <= rest {
                return Poll::Ready(());
            }
            waiting.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

struct Leave(Arc<Shared>);

impl Drop for Leave {
    fn drop(&mut self) {
        self.0.live.fetch_sub(1, Ordering::AcqRel);
        // The lock orders this after a waiter that saw the old count and is about to register.
        let waiting = std::mem::take(&mut *self.0.waiting.lock());
        waiting.into_iter().for_each(Waker::wake);
    }
}

pin_project! {
    /// A future that leaves its group when it ends.
    pub(crate) struct Member<F> {
        #[pin]
        future: F,
        _leave: Leave,
    }
}

impl<F: Future> Future for Member<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().future.poll(cx)
    }
}
