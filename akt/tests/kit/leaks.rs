//! A test that leaves something behind fails, and says what it is.

use std::time::Duration;

use akt::testkit::TestKit;
use akt::{ActorSystem, AskError, Extension};

use crate::support::{Counter, CounterRef, beside, failure};

const SAID: &str = "the test left something behind; say `kit.allow_leaks()` if it means to:\n- ";

/// Asks another and waits.
struct Asker(CounterRef);

#[akt::actor]
impl Asker {
    #[akt::handler]
    async fn pass(&mut self) -> Result<(), AskError> {
        self.0.wait().await
    }
}

#[test]
fn a_task_that_goes_on_is_a_leak() {
    let said = failure(async |_| beside());

    assert_eq!(said, format!("{SAID}1 tasks still run that no actor of the kit has started"));
}

#[test]
fn an_ask_that_waits_is_a_leak() {
    let said = failure(async |kit| {
        let counter = kit.spawn(Counter::default).await;
        let asker = kit.spawn(move || Asker(counter.clone())).await;
        asker.pass().tell().unwrap();
    });

    assert!(said.starts_with(&format!("{SAID}an ask `wait` waits for /user/Counter-1\n- ")), "{said}");
}

#[test]
fn an_actor_that_does_not_stop_is_a_leak() {
    let said = failure(async |kit| kit.spawn(Counter::default).await.wait().tell().unwrap());

    assert_eq!(
        said,
        format!("{SAID}/user/Counter-1 was in `wait` 30s after its system had begun to stop; it was killed")
    );
}

#[test]
fn a_message_that_was_lost_is_a_leak() {
    let said = failure(lose);

    assert_eq!(
        said,
        format!(
            "{SAID}`add` for /user/Counter-1 became a dead letter (Stopped), and `kit.dead_letters()` was not looked at"
        )
    );
}

#[akt::test]
async fn a_message_that_was_lost_is_no_leak_if_the_test_looks(kit: TestKit) {
    lose(kit.clone()).await;

    assert_eq!(kit.dead_letters()[0].message, "add");
}

async fn lose(kit: TestKit) {
    let counter = kit.spawn(Counter::default).await;
    counter.add(1).tell().unwrap();
    counter.actor().stop();
    kit.settle().await;
}

struct Stubborn;

impl Extension for Stubborn {
    async fn stop(&self, _system: &ActorSystem) {
        std::future::pending::<()>().await;
    }
}

#[test]
fn a_shutdown_that_does_not_end_is_a_leak() {
    let said = failure(async |_| {
        TestKit::start(ActorSystem::builder("second").extension(Stubborn)).await;
    });

    assert!(said.starts_with(&format!("{SAID}the system `second` did not end in 120s: ")), "{said}");
}

#[akt::test]
async fn an_ask_that_was_given_up_is_no_leak(kit: TestKit) {
    let counter = kit.spawn(Counter::default).await;
    drop(counter.wait().start());
    counter.wait().timeout(Duration::from_secs(1)).await.unwrap_err();
    counter.actor().kill();
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
