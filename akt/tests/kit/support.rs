//! Actors of the tests, and what a test that must fail said.

use std::panic::{AssertUnwindSafe, catch_unwind};

use akt::prelude::*;
use akt::testkit::TestKit;

/// Counts, and stops, fails and forgets on demand.
#[derive(Default)]
pub(crate) struct Counter {
    pub(crate) value: i64,
}

#[akt::actor(passivate = "10m", supervise(else = restart))]
impl Counter {
    #[handler]
    pub(crate) fn add(&mut self, by: i64) -> i64 {
        self.value += by;
        self.value
    }

    #[handler]
    pub(crate) async fn wait(&mut self) {
        std::future::pending::<()>().await;
    }

    #[handler]
    pub(crate) fn boom(&mut self) {
        panic!("no bread");
    }

    #[handler]
    pub(crate) fn say(&mut self, count: u64) {
        tracing::warn!(count, kind = "bread", "baked");
    }
}

/// A task of which akt knows nothing.
#[expect(clippy::disallowed_methods, reason = "it is what a user might do")]
pub(crate) fn beside() {
    drop(tokio::spawn(std::future::pending::<()>()));
}

/// What the test said that failed.
pub(crate) fn failure(body: impl AsyncFnOnce(TestKit)) -> String {
    let panic = catch_unwind(AssertUnwindSafe(|| akt::testkit::run(body))).expect_err("the test must fail");
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).expect("a panic has a text")
}
