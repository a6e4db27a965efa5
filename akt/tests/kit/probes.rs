//! A probe stands in for an actor, and says what came instead of what was expected.

use std::time::Duration;

use akt::prelude::*;
use akt::testkit::{Probe, TestKit};
use akt::{DeadLetterReason, Message, StopReason};

use crate::support::{Counter, CounterRef, failure};

const SECOND: Duration = Duration::from_secs(1);

/// Asks a counter on behalf of others.
struct Relay(CounterRef);

#[akt::actor]
impl Relay {
    #[handler]
    async fn pass(&mut self, by: i64) -> Result<i64, Fault> {
        Ok(self.0.add(by).header("tenant", "acme").timeout(SECOND).await?)
    }
}

fn tell(counter: &CounterRef, bys: impl IntoIterator<Item = i64>) {
    bys.into_iter().for_each(|by| counter.add(by).tell().unwrap());
}

#[akt::test]
async fn a_test_takes_messages_out_and_answers_them(kit: TestKit) {
    let (counter, mut probe) = kit.probe::<CounterRef>();
    let relay = kit.spawn(move || Relay(counter.clone())).await;

    let pass = relay.pass(3).start();
    let (request, reply) = probe.expect(CounterRef::add).await;
    reply.send(request.by + 1);

    assert_eq!(pass.await.unwrap(), 4);
    assert_eq!(probe.waiting(), 0);
}

#[akt::test]
async fn a_message_says_where_it_came_from(kit: TestKit) {
    let (counter, mut probe) = kit.probe::<CounterRef>();
    let inner = counter.clone();
    let relay = kit.spawn(move || Relay(inner.clone())).await;
    relay.pass(3).tell().unwrap();
    kit.settle().await;
    counter.add(4).tell().unwrap();

    probe.expect(CounterRef::add).await.1.send(0);
    let asked = probe.origin().clone();
    probe.expect_any().await;

    assert_eq!(asked.headers.get("tenant"), Some("acme"));
    assert_eq!(asked.deadline, Some(kit.now() + SECOND));
    assert_eq!(asked.callers.to_string(), "/user/Relay-1");
    let told = probe.origin();
    assert!(told.headers.is_empty() && told.deadline.is_none() && told.callers.0.is_empty());
}

#[test]
fn another_message_than_expected_is_named_with_those_behind_it() {
    let said = failure(async |kit| {
        let (counter, mut probe) = kit.probe::<CounterRef>();
        tell(&counter, [1, 2]);
        counter.wait().tell().unwrap();
        probe.expect(CounterRef::wait).await;
    });

    assert!(said.starts_with("expected `wait`, and `add` came to the probe /user/probe-"), "{said}");
    assert!(said.contains("; waited 0ns; in its queue: `add`, `wait` (akt/tests/kit/probes.rs:"), "{said}");
}

#[test]
fn a_message_that_does_not_come_is_waited_for_as_long_as_the_test_says() {
    let said = failure(async |kit| {
        let (_counter, mut probe) = kit.probe::<CounterRef>();
        probe.patience(SECOND * 2);
        probe.expect(CounterRef::add).await;
    });

    assert!(said.starts_with("expected `add`, and nothing came to the probe /user/probe-"), "{said}");
    assert!(said.contains("; waited 2s; in its queue: nothing ("), "{said}");
}

#[akt::test]
async fn the_next_message_is_waited_for(kit: TestKit) {
    let (counter, mut probe) = kit.probe::<CounterRef>();
    let before = kit.now();
    tell(&counter, [1]);

    assert_eq!(Message::name(&probe.next_within(SECOND).await), "add");
    assert_eq!(kit.now(), before);
}

#[test]
fn the_next_message_may_not_come() {
    let said = failure(async |kit| {
        let (_counter, mut probe) = kit.probe::<CounterRef>();
        probe.next_within(SECOND).await;
    });

    assert!(said.starts_with("expected a message, and nothing came to the probe"), "{said}");
    assert!(said.contains("; waited 1s;"), "{said}");
}

#[akt::test]
async fn no_message_comes(kit: TestKit) {
    let (_counter, mut probe) = kit.probe::<CounterRef>();
    let before = kit.now();

    probe.expect_none(SECOND).await;

    assert_eq!(kit.now(), before + SECOND);
}

#[test]
fn a_message_that_comes_where_none_should_is_named() {
    let said = failure(async |kit| {
        let (counter, mut probe) = kit.probe::<CounterRef>();
        tell(&counter, [1]);
        probe.expect_none(SECOND).await;
    });

    assert!(said.starts_with("expected no message for 1s, and `add` came to the probe"), "{said}");
}

#[akt::test]
async fn fishing_passes_over_what_does_not_match(kit: TestKit) {
    let (counter, mut probe) = kit.probe::<CounterRef>();
    tell(&counter, 1..5);
    counter.wait().tell().unwrap();
    tell(&counter, [5]);

    let wait = probe.fish(|message| Message::name(message) == "wait").await;
    let (request, _) = probe.fish_for(CounterRef::add).await;

    assert_eq!((Message::name(&wait), request.by, probe.waiting()), ("wait", 5, 0));
}

#[test]
fn fishing_says_what_it_passed_over() {
    let fished = failure(async |kit| {
        let (counter, mut probe) = kit.probe::<CounterRef>();
        tell(&counter, [1, 2]);
        probe.fish_for(CounterRef::wait).await;
    });
    let matched = failure(async |kit| {
        let (_counter, mut probe) = kit.probe::<CounterRef>();
        probe.fish(|_| false).await;
    });

    assert!(fished.starts_with("expected `wait`, and none came to the probe /user/probe-"), "{fished}");
    assert!(fished.contains("; passed over: `add`, `add`; waited 5s;"), "{fished}");
    assert!(matched.starts_with("expected a message that matches, and none came to the probe"), "{matched}");
    assert!(matched.contains("; passed over: nothing;"), "{matched}");
    assert!(matched.contains("; waited 5s;"), "{matched}");
}

#[akt::test]
async fn messages_are_picked_from_among_others(kit: TestKit) {
    let (counter, mut probe) = kit.probe::<CounterRef>();
    tell(&counter, [1]);
    counter.wait().tell().unwrap();

    probe.pick(CounterRef::wait).await;
    let (request, _) = probe.expect(CounterRef::add).await;

    assert_eq!(request.by, 1);
}

#[test]
fn a_message_that_cannot_be_picked_is_named() {
    let said = failure(async |kit| {
        let (counter, mut probe) = kit.probe::<CounterRef>();
        tell(&counter, [1]);
        probe.pick(CounterRef::wait).await;
    });

    assert!(said.starts_with("expected `wait`, in any place, and none came to the probe"), "{said}");
    assert!(said.contains("in its queue: `add` ("), "{said}");
}

#[akt::test]
async fn messages_are_expected_in_any_order(kit: TestKit) {
    let (counter, mut probe) = kit.probe::<CounterRef>();
    counter.wait().tell().unwrap();
    tell(&counter, [1, 2]);

    let all = probe.expect_all(&["add", "wait", "add"]).await;

    assert_eq!(all.iter().map(Message::name).collect::<Vec<_>>(), ["add", "wait", "add"]);
}

#[test]
fn what_is_missing_of_several_is_named() {
    let late = failure(async |kit| {
        let (counter, mut probe) = kit.probe::<CounterRef>();
        tell(&counter, [1]);
        probe.expect_all(&["wait", "add", "wait"]).await;
    });
    let other = failure(async |kit| {
        let (counter, mut probe) = kit.probe::<CounterRef>();
        tell(&counter, [1, 2]);
        probe.expect_all(&["add", "wait"]).await;
    });

    assert!(
        late.starts_with("expected `wait`, `wait`, in any order, and nothing came to the probe"),
        "{late}"
    );
    assert!(other.starts_with("expected `wait`, in any order, and `add` came to the probe"), "{other}");
}

#[akt::test]
async fn a_probe_answers_by_itself_until_it_is_told_not_to(kit: TestKit) {
    let (counter, mut probe) = kit.probe::<CounterRef>();
    let before = counter.add(1).start();
    kit.settle().await;
    let mut sum = 0;
    probe.answer(CounterRef::add, move |request| {
        sum += request.by;
        sum
    });

    assert_eq!(before.await.unwrap(), 1);
    assert_eq!(counter.add(2).await.unwrap(), 3);
    counter.wait().tell().unwrap();
    probe.expect(CounterRef::wait).await;

    probe.stop_answering();
    tell(&counter, [3]);
    probe.expect(CounterRef::add).await;
}

#[akt::test]
async fn a_pilot_takes_what_it_wants_of_all_messages(kit: TestKit) {
    let (counter, mut probe) = kit.probe::<CounterRef>();
    probe.answer_all(|message| (Message::name(&message) != "wait").then_some(message));
    counter.wait().tell().unwrap();
    tell(&counter, [1]);

    probe.expect(CounterRef::add).await;
    probe.expect_none(SECOND).await;
}

#[akt::test]
async fn what_is_ignored_does_not_come(kit: TestKit) {
    let (counter, mut probe) = kit.probe::<CounterRef>();
    probe.ignore(CounterRef::add);
    tell(&counter, [1]);
    assert!(matches!(counter.add(2).await, Err(AskError::Unanswered)));
    probe.expect_none(SECOND).await;

    probe.ignore_nothing();
    tell(&counter, [3]);
    assert_eq!(probe.expect(CounterRef::add).await.0.by, 3);
}

#[akt::test]
async fn what_waits_is_forgotten_on_demand(kit: TestKit) {
    let (counter, mut probe) = kit.probe::<CounterRef>();
    tell(&counter, [1, 2]);
    kit.settle().await;
    assert_eq!(probe.waiting(), 2);

    probe.clear();

    assert_eq!(probe.waiting(), 0);
}

#[akt::test]
async fn a_probe_is_told_of_an_end(kit: TestKit) {
    let (_, mut probe) = kit.probe::<CounterRef>();
    let counter = kit.spawn(Counter::default).await;
    probe.watch(&counter);

    counter.actor().stop();

    let told = probe.expect_terminated(&counter).await;
    assert_eq!((told.actor, told.reason), (counter.actor(), StopReason::Requested));
}

#[test]
fn an_end_that_does_not_come_is_named() {
    let alive = failure(async |kit| {
        let (_, mut probe) = kit.probe::<CounterRef>();
        let counter = kit.spawn(Counter::default).await;
        probe.watch(&counter);
        probe.expect_terminated(&counter).await;
    });
    let unwatched = failure(async |kit| {
        let (_, mut probe) = kit.probe::<CounterRef>();
        let counter = kit.spawn(Counter::default).await;
        counter.actor().stop();
        probe.expect_terminated(&counter.actor()).await;
    });

    assert!(alive.starts_with("expected the end of /user/Counter-1, and it is alive"), "{alive}");
    assert!(unwatched.contains("and the probe does not watch it"), "{unwatched}");
}

#[akt::test]
async fn what_a_probe_has_no_room_for_is_a_dead_letter(kit: TestKit) {
    let (counter, probe) = kit.probe::<CounterRef>();
    for by in 0..1_025 {
        counter.add(by).send().await.unwrap();
    }
    kit.settle().await;

    assert_eq!(probe.waiting(), 1_024);
    assert_eq!(kit.system().dead_letters_of(DeadLetterReason::MailboxFull), 1);
    kit.allow_leaks();
}

#[akt::test]
async fn a_function_actor_has_a_probe(kit: TestKit) {
    let (function, mut probe) = kit.probe::<akt::FnRef<String, usize>>();

    let ask = function.ask("bread".to_owned()).start();
    let (request, reply) = probe.request::<akt::__private::FnCall<String, usize>>().await;
    reply.send(request.len());

    assert_eq!(ask.await.unwrap(), 5);
    let _: Probe<_> = probe;
}
