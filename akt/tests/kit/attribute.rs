//! `#[akt::test]` makes a test of what a `#[test]` may be.

use std::time::Duration;

use akt::ActorSystem;
use akt::testkit::TestKit;

use crate::support::Counter;

#[akt::test]
async fn a_test_may_take_nothing() {
    std::future::ready(()).await;
}

#[akt::test]
async fn a_test_may_take_a_kit(kit: TestKit) {
    let counter = kit.spawn(Counter::default).await;

    assert_eq!(counter.add(2).await.unwrap(), 2);
    assert_eq!(counter.actor().path().to_string(), "/user/Counter-1");
}

#[akt::test]
async fn a_test_may_return_a_result(_: TestKit) -> Result<(), akt::StartError> {
    let kit = TestKit::start(ActorSystem::builder("second")).await;
    assert_eq!(kit.system().name(), "second");
    Ok(())
}

#[akt::test]
#[should_panic(expected = "as it should")]
async fn a_test_may_have_to_panic(_kit: TestKit) -> () {
    panic!("as it should");
}

#[akt::test]
#[ignore = "it fails"]
async fn a_test_may_be_ignored() {
    panic!("it was not ignored");
}

#[akt::test(system = ActorSystem::builder("shop").ask_timeout(Duration::from_secs(1)))]
async fn a_test_says_what_its_system_is_made_with(mut kit: TestKit) {
    kit = kit.clone();
    let counter = kit.spawn(Counter::default).await;
    let before = kit.now();

    counter.wait().await.unwrap_err();

    assert_eq!(kit.now().since(before).as_secs(), 1);
    assert_eq!(kit.system().name(), "shop");
    counter.actor().kill();
}

#[test]
fn an_error_of_the_test_is_told_before_what_it_left() {
    let body = async |kit: TestKit| {
        kit.allow_leaks();
        kit.spawn(Counter::default).await;
        Err::<(), _>("no bread")
    };

    assert_eq!(akt::testkit::run(body), Err("no bread"));
}
