//! A test that leaves something behind fails, and says what it is.

use akt::testkit::TestKit;

use crate::support::{Counter, beside, failure};

#[test]
fn a_task_that_goes_on_is_a_leak() {
    let said = failure(async |_| beside());

    assert_eq!(
        said,
        "the test left something behind; say `kit.allow_leaks()` if it means to:\n\
         - 1 tasks still run that no actor of the kit has started"
    );
}

#[akt::test]
async fn a_test_may_say_that_it_leaks(kit: TestKit) {
    kit.allow_leaks();
    beside();
}

#[akt::test]
#[should_panic(expected = "no bread")]
async fn a_panic_is_told_and_not_what_it_left(kit: TestKit) {
    kit.spawn(Counter::default).await;
    beside();
    panic!("no bread");
}
