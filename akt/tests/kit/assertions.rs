//! A kit says how actors end, what happened, what was logged and counted, and what came instead.

use std::time::Duration;

use akt::testkit::TestKit;
use akt::{DeadLetterReason, Event, StopReason};
use tracing::Level;

use crate::support::{Counter, failure};

const SECOND: Duration = Duration::from_secs(1);

#[akt::test]
async fn actors_end_as_expected(kit: TestKit) {
    let [stopped, killed, idle] = [
        kit.spawn(Counter::default).await,
        kit.spawn(Counter::default).await,
        kit.spawn(Counter::default).await,
    ];
    stopped.actor().stop();
    killed.actor().kill();

    kit.expect_stopped(&stopped).await;
    assert_eq!(kit.expect_terminated(&killed.actor()).await, StopReason::Killed);
    kit.advance(SECOND * 600).await;
    kit.expect_passivated(&idle).await;
}

#[test]
fn an_actor_that_does_not_end_is_described() {
    let idle = failure(async |kit| {
        let counter = kit.spawn(Counter::default).await;
        kit.expect_terminated(&counter).await;
    });
    let busy = failure(async |kit| {
        let counter = kit.spawn(Counter::default).await;
        counter.wait().tell().unwrap();
        kit.settle().await;
        counter.add(1).tell().unwrap();
        kit.expect_passivated(&counter).await;
    });

    assert!(
        idle.starts_with(
            "expected that /user/Counter-1 has ended, and it is there after 5s; it is or was in `on(start)` ("
        ),
        "{idle}"
    );
    assert!(
        busy.starts_with(
            "expected that /user/Counter-1 was passivated, and it is there after 5s; \
             it is or was in `wait`, and 1 messages wait (akt/tests/kit/assertions.rs:"
        ),
        "{busy}"
    );
}

#[test]
fn an_actor_that_ends_otherwise_is_described() {
    let said = failure(async |kit| {
        let counter = kit.spawn(Counter::default).await;
        counter.actor().kill();
        kit.expect_stopped(&counter).await;
    });

    assert!(said.starts_with("expected that /user/Counter-1 has stopped, and it was killed ("), "{said}");
}

#[akt::test]
async fn each_restart_is_expected_once(kit: TestKit) {
    let counter = kit.spawn(Counter::default).await;
    counter.boom().await.unwrap_err();
    counter.boom().await.unwrap_err();

    kit.expect_restarted(&counter).await;
    kit.expect_restarted(&counter).await;

    assert_eq!((kit.restarts::<Counter>(), kit.failed::<Counter>("boom")), (2, 2));
}

#[test]
fn a_restart_that_does_not_come_is_named_with_what_happened() {
    let said = failure(async |kit| {
        let counter = kit.spawn(Counter::default).await;
        kit.expect_restarted(&counter).await;
    });

    assert!(said.starts_with("expected a restart of /user/Counter-1 within 5s (akt/tests/kit/"), "{said}");
    assert!(said.contains("); what else was published:\n- Started { actor: "), "{said}");
}

#[akt::test]
async fn events_are_kept_and_awaited_in_any_order(kit: TestKit) {
    let counter = kit.spawn(Counter::default).await;
    kit.spawn(Counter::default).await;
    counter.actor().stop();
    let is_stopped = |event: &Event| matches!(event, Event::Stopped { .. });
    let is_started = |event: &Event| matches!(event, Event::Started { .. });

    kit.expect_event(is_stopped).await;
    kit.expect_event(is_started).await;
    kit.expect_event(is_started).await;
    kit.expect_no_event(is_stopped, SECOND).await;

    assert_eq!(kit.events().len(), 3, "{:?}", kit.events());
}

#[test]
fn an_event_that_comes_where_none_should_is_shown() {
    let said = failure(async |kit| {
        let counter = kit.spawn(Counter::default).await;
        counter.actor().stop();
        kit.expect_no_event(|event| matches!(event, Event::Stopped { .. }), SECOND).await;
    });
    let missing = failure(async |kit| {
        kit.expect_event(|_| true).await;
    });

    assert!(said.starts_with("expected no such event for 1s, and there was Stopped { actor: "), "{said}");
    assert!(missing.starts_with("expected an event that matches within 5s ("), "{missing}");
    assert!(missing.ends_with("what else was published: nothing"), "{missing}");
}

#[akt::test]
async fn dead_letters_are_kept_and_awaited(kit: TestKit) {
    let counter = kit.spawn(Counter::default).await;
    counter.add(1).tell().unwrap();
    counter.actor().kill();

    let letter = kit.expect_dead_letter("add").await;

    assert_eq!((letter.target, letter.reason), (counter.actor().path(), DeadLetterReason::Killed));
    assert_eq!(kit.dead_letters().len(), 1);
}

#[test]
fn a_dead_letter_that_does_not_come_is_named() {
    let said = failure(async |kit| {
        kit.expect_dead_letter("add").await;
    });

    assert!(said.starts_with("expected a dead letter `add` within 5s ("), "{said}");
}

#[akt::test]
async fn what_was_logged_is_kept(kit: TestKit) {
    let counter = kit.spawn(Counter::default).await;
    counter.say(3).await.unwrap();

    let log = kit.expect_log(Level::WARN, "bake");

    assert_eq!(log.to_string(), "WARN kit::support: baked count=3 kind=bread");
    assert_eq!((log.field("count"), log.field("none")), (Some("3"), None));
    kit.expect_no_logs(Level::ERROR);
    kit.expect_log(Level::INFO, "system started");
}

#[test]
fn what_was_not_logged_is_named_with_what_was() {
    let missing = failure(async |kit| {
        kit.spawn(Counter::default).await.say(1).await.unwrap();
        kit.expect_log(Level::WARN, "sold");
    });
    let unwanted = failure(async |kit| {
        kit.spawn(Counter::default).await.say(1).await.unwrap();
        kit.expect_no_logs(Level::WARN);
    });

    let baked = "what was:\n- WARN kit::support: baked count=1 kind=bread";
    assert_eq!(missing, format!("expected that `sold` was logged with WARN; {baked}"));
    assert_eq!(unwanted, format!("expected that nothing was logged with WARN or above; {baked}"));
}

#[akt::test]
async fn messages_and_actors_are_counted(kit: TestKit) {
    let counter = kit.spawn(Counter::default).await;
    counter.add(1).tell().unwrap();
    counter.add(1).await.unwrap();
    kit.settle().await;

    assert_eq!((kit.handled::<Counter>("add"), kit.actors::<Counter>()), (2, 1));
    assert_eq!(kit.metrics().kind("Counter").unwrap().spawned, 1);
}
