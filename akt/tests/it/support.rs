//! The actor that most tests use: counts, waits, fails on demand.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use akt::prelude::*;
use akt::{Event, EventStream};
use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc, oneshot};

#[derive(Default)]
pub(crate) struct Counter {
    pub(crate) value: i64,
    pub(crate) log: Option<mpsc::Sender<i64>>,
    pub(crate) gate: Option<Arc<Notify>>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct TooBig;

impl std::fmt::Display for TooBig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("too big")
    }
}

impl std::error::Error for TooBig {}

#[akt::actor]
impl Counter {
    #[handler]
    pub(crate) fn add(&mut self, by: i64) -> i64 {
        self.value += by;
        if let Some(log) = &self.log {
            log.try_send(by).expect("the log has room");
        }
        self.value
    }

    #[handler]
    pub(crate) fn checked(&mut self, by: i64) -> Result<i64, TooBig> {
        if by > 100 { Err(TooBig) } else { Ok(self.add(by)) }
    }

    #[handler]
    pub(crate) fn boom(&mut self) {
        panic!("no {}", "bread");
    }

    #[handler]
    pub(crate) fn fail(&mut self, cx: &mut Ctx<Self>) -> u8 {
        cx.fail(TooBig);
        7
    }

    #[handler]
    pub(crate) async fn wait(&mut self) -> i64 {
        if let Some(gate) = &self.gate {
            gate.notified().await;
        }
        self.value
    }

    #[handler]
    pub(crate) async fn wait_or_cancelled(&mut self, log: mpsc::Sender<i64>, cx: &mut Ctx<Self>) {
        cx.cancelled().await;
        log.try_send(-1).expect("the log has room");
    }

    #[handler]
    pub(crate) fn quit(&mut self, cx: &mut Ctx<Self>) {
        cx.stop();
    }
}

pub(crate) async fn system() -> ActorSystem {
    ActorSystem::builder("test").start().await.unwrap()
}

pub(crate) fn gated(gate: &Arc<Notify>) -> impl FnMut() -> Counter + Send + 'static {
    let gate = gate.clone();
    move || Counter { gate: Some(gate.clone()), ..Counter::default() }
}

pub(crate) async fn until(events: &mut EventStream, found: impl Fn(&Event) -> bool) -> Event {
    loop {
        let event = events.next().await.expect("the system runs");
        if found(&event) {
            return event;
        }
    }
}

/// What actors of a test did, in its order.
pub(crate) type Log = Arc<Mutex<Vec<String>>>;

/// What a handler waits for until its other half is used or dropped.
pub(crate) type Door = oneshot::Receiver<()>;

pub(crate) fn door() -> (oneshot::Sender<()>, Door) {
    oneshot::channel()
}

/// Lets everything run that can.
pub(crate) async fn settle() {
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
}

/// What was written down since the last call.
pub(crate) fn take(log: &Log) -> Vec<String> {
    std::mem::take(&mut log.lock())
}

/// A task that is polled in the midst of its own `wake`: it sees what other tasks see on another thread.
pub(crate) struct Inline<T> {
    future: Mutex<Option<Pin<Box<dyn Future<Output = T> + Send>>>>,
    out: Mutex<Option<T>>,
}

impl<T: Send + 'static> Inline<T> {
    pub(crate) fn run(future: impl Future<Output = T> + Send + 'static) -> Arc<Self> {
        let task = Arc::new(Self { future: Mutex::new(Some(Box::pin(future))), out: Mutex::default() });
        task.clone().wake();
        task
    }

    pub(crate) fn take(&self) -> Option<T> {
        self.out.lock().take()
    }
}

impl<T: Send + 'static> Wake for Inline<T> {
    fn wake(self: Arc<Self>) {
        let Some(mut future) = self.future.lock().take() else { return };
        match future.as_mut().poll(&mut Context::from_waker(&Waker::from(self.clone()))) {
            Poll::Ready(out) => *self.out.lock() = Some(out),
            Poll::Pending => *self.future.lock() = Some(future),
        }
    }
}
