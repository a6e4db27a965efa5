//! What a test leaves behind.

use std::fmt::Write;
use std::future::ready;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{TestKit, quiet};
use crate::system::DeadLetter;

/// How long the end of a system takes at most, beside what its builder gave to its actors.
const END: Duration = Duration::from_secs(120);

/// What a test says that it may leave behind.
#[derive(Default)]
pub(super) struct Allowed {
    all: AtomicBool,
}

impl TestKit {
    /// The test may leave something behind: nothing is said about it.
    ///
    /// Otherwise the test fails if, when its function has returned and everyone waits,
    ///
    /// - an ask waits for its answer,
    /// - a message has become a dead letter, though nobody gave it up, and the test has not looked:
    ///   [`dead_letters`](Self::dead_letters);
    ///
    /// or if, when its system is shut down then,
    ///
    /// - an actor does not stop within the system's grace,
    /// - the shutdown does not end,
    /// - a task outlives the system, also one of `tokio::spawn`.
    pub fn allow_leaks(&self) {
        self.0.leaks.all.store(true, Ordering::Relaxed);
    }
}

/// What was found, one line each.
#[derive(Default)]
pub(in crate::testkit) struct Leaks(Vec<String>);

impl Leaks {
    /// Ends the systems of `kits`, and looks for what is left.
    pub(in crate::testkit) async fn of(kits: Vec<TestKit>) -> Self {
        let mut leaks = Vec::new();
        for kit in &kits {
            kit.end(&mut leaks).await;
        }
        let allowed = kits.iter().any(|kit| kit.0.leaks.all.load(Ordering::Relaxed));
        drop(kits);
        quiet::settle().await;
        let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
        if tasks > 0 && leaks.is_empty() {
            leaks.push(format!("{tasks} tasks still run that no actor of the kit has started"));
        }
        Self(if allowed { Vec::new() } else { leaks })
    }

    /// # Panics
    ///
    /// If there are any.
    pub(in crate::testkit) fn fail(self) {
        let Self(leaks) = self;
        if leaks.is_empty() {
            return;
        }
        let mut text =
            String::from("the test left something behind; say `kit.allow_leaks()` if it means to:");
        for leak in leaks {
            write!(text, "\n- {leak}").expect("a string takes everything");
        }
        panic!("{text}");
    }
}

impl TestKit {
    async fn end(&self, leaks: &mut Vec<String>) {
        let system = self.system();
        quiet::settle().await;
        let waiting = system.board().roll().waiting();
        leaks.extend(waiting.iter().map(|(path, name)| format!("an ask `{name}` waits for {path}")));
        leaks.extend(self.0.seen.unseen_dead_letters().iter().map(|DeadLetter { target, message, reason, .. }| {
            format!("`{message}` for {target} became a dead letter ({reason}), and `kit.dead_letters()` was not looked at")
        }));
        let begun = self.now();
        let end = system.run_until(ready(())).into_future();
        let report = tokio::select! { biased;
            report = end => report,
            () = system.runtime().sleep(END) => {
                let tasks = system.runtime().tasks().live();
                leaks.push(format!("the system `{}` did not end in {:?}: {tasks} of its tasks still run", system.name(), self.now().since(begun)));
                return;
            }
        };
        leaks.extend(report.actors.iter().map(|actor| format!("{actor}; it was killed")));
        leaks.extend(report.stuck.iter().map(|actor| format!("{actor}; it could not be killed")));
    }
}
