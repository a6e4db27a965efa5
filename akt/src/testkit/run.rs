//! A test from its beginning to its end: its runtime, its body, and what is left.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::{ExitCode, Termination};
use std::task::Poll;
use std::thread;

use super::kit::{Leaks, TestKit};
use super::logs::Logs;
use super::quiet::{self, Listening};
use crate::system::{ActorSystem, SystemBuilder};

thread_local! {
    /// The kits of the test that runs on this thread.
    static KITS: RefCell<Vec<TestKit>> = const { RefCell::new(Vec::new()) };
}

/// Runs `body` as [`#[akt::test]`](crate::test) does, with a kit around a system that is called `test`.
///
/// For what is no test function: a table of cases, a test of another framework.
///
/// ```
/// let name = akt::testkit::run(async |kit| kit.system().name().to_owned());
///
/// assert_eq!(name, "test");
/// ```
///
/// # Panics
///
/// If `body` does, or if it left something: see [`TestKit::allow_leaks`]. Inside an async runtime: it brings its own.
pub fn run<T>(body: impl AsyncFnOnce(TestKit) -> T) -> T {
    let (result, leaks) = conduct(async {
        let kit = TestKit::start(ActorSystem::builder("test")).await;
        body(kit).await
    });
    leaks.fail();
    result
}

/// What `#[akt::test]` makes of a function that takes no kit.
pub fn test<F>(body: impl FnOnce() -> F) -> ExitCode
where
    F: Future<Output: Termination>,
{
    judge(body())
}

/// What `#[akt::test]` makes of a function that takes a kit.
pub fn test_with_kit<F>(system: SystemBuilder, body: impl FnOnce(TestKit) -> F) -> ExitCode
where
    F: Future<Output: Termination>,
{
    judge(async { body(TestKit::start(system).await).await })
}

/// An error that the test returned comes before what it left.
fn judge(body: impl Future<Output: Termination>) -> ExitCode {
    let (result, leaks) = conduct(body);
    let code = result.report();
    if code == ExitCode::SUCCESS {
        leaks.fail();
    }
    code
}

fn conduct<T>(body: impl Future<Output = T>) -> (T, Leaks) {
    let (_listening, _logs) = (Listening::begin(), Logs::begin());
    let runtime = quiet::runtime();
    let (result, leaks) = runtime.block_on(async {
        let result = caught(body).await;
        let kits = KITS.take();
        if result.is_err() {
            return (result, Leaks::default());
        }
        (result, Leaks::of(kits).await)
    });
    drop(runtime);
    (result.unwrap_or_else(|panic| resume_unwind(panic)), leaks)
}

/// The kit's system ends with the test of this thread.
pub(super) fn enlist(kit: &TestKit) {
    KITS.with_borrow_mut(|kits| kits.push(kit.clone()));
}

/// What `body` comes to, or its panic.
pub(super) async fn caught<T>(body: impl Future<Output = T>) -> thread::Result<T> {
    let mut body = Some(Box::pin(body));
    std::future::poll_fn(|cx| {
        let polled = catch_unwind(AssertUnwindSafe(|| {
            body.as_mut().expect("it is polled until it is ready").as_mut().poll(cx)
        }));
        let result = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(out)) => Ok(out),
            Err(panic) => Err(panic),
        };
        // What the body holds ends with it, even if that panics.
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(body.take())));
        Poll::Ready(result.and_then(|out| dropped.map(|()| out)))
    })
    .await
}
