//! Quiet: the moment at which everyone waits, as the runtime of a test sees it.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

thread_local! {
    /// Absent where no test runs.
    static WAITING: RefCell<Option<Vec<Rc<Wait>>>> = const { RefCell::new(None) };
}

struct Wait {
    waker: RefCell<Waker>,
    over: std::cell::Cell<bool>,
}

/// A runtime of one thread on paused time, which says when everyone waits.
pub(super) fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().start_paused(true);
    // Under loom tokio does not say when it parks.
    #[cfg(not(loom))]
    builder.on_thread_park(wake);
    builder.build().expect("a current-thread runtime needs nothing that can be missing")
}

/// Nothing is ready: whoever waited for that goes on, and the clock does not.
fn wake() {
    let waiting = WAITING.with_borrow_mut(|waiting| waiting.as_mut().map(std::mem::take));
    for wait in waiting.into_iter().flatten() {
        wait.over.set(true);
        wait.waker.borrow().wake_by_ref();
    }
}

/// The test of this thread, until it is dropped.
pub(super) struct Listening(());

impl Listening {
    pub(super) fn begin() -> Self {
        WAITING.set(Some(Vec::new()));
        Self(())
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        WAITING.set(None);
    }
}

/// Waits until everyone waits; no time passes.
///
/// # Panics
///
/// Outside a test of ours.
pub(super) async fn settle() {
    let mut mine: Option<Rc<Wait>> = None;
    poll_fn(|cx| {
        let wait = mine.get_or_insert_with(|| begin(cx.waker()));
        if wait.over.get() {
            return Poll::Ready(());
        }
        wait.waker.borrow_mut().clone_from(cx.waker());
        Poll::Pending
    })
    .await;
}

fn begin(waker: &Waker) -> Rc<Wait> {
    let wait = Rc::new(Wait { waker: RefCell::new(waker.clone()), over: false.into() });
    WAITING.with_borrow_mut(|waiting| {
        let waiting =
            waiting.as_mut().expect("a TestKit settles only in a test of `#[akt::test]`, on its thread");
        waiting.push(wait.clone());
    });
    wait
}
