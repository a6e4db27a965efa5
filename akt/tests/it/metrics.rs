//! What a system counts and measures of itself.

use std::sync::Arc;
use std::time::Duration;

use akt::prelude::*;
use akt::{DeadLetterReason, MessageMetrics, Supervise};
use tokio::sync::Notify;

use crate::support::{Counter, CounterRef, gated, system};

fn of(system: &ActorSystem, message: &str) -> MessageMetrics {
    let metrics = system.metrics();
    metrics.kind("Counter").and_then(|kind| kind.message(message)).cloned().unwrap_or_default()
}

async fn counter(system: &ActorSystem, name: &str) -> CounterRef {
    system.spawn(name, Counter::default).supervise(Supervise::restart()).await.unwrap()
}

#[akt::test]
async fn every_handled_message_is_counted_by_kind_and_name() {
    let system = system().await;
    let (one, two) = (counter(&system, "one").await, counter(&system, "two").await);

    for n in 0..1_000 {
        one.add(n).send().await.unwrap();
        two.add(n).await.unwrap();
        one.wait().await.unwrap();
    }

    assert_eq!(of(&system, "add").handled, 2_000);
    assert_eq!((of(&system, "wait").handled, of(&system, "wait").failed), (1_000, 0));
    system.shutdown().await;
}

#[akt::test]
async fn a_handler_that_fails_is_counted_as_handled_and_failed_and_its_actor_as_restarted() {
    let system = system().await;
    let counter = counter(&system, "counter").await;

    counter.boom().await.unwrap_err();
    counter.fail().await.unwrap_err();
    counter.checked(1_000).await.unwrap_err();
    counter.add(1).await.unwrap();

    let counts =
        ["boom", "fail", "checked"].map(|name| (of(&system, name).handled, of(&system, name).failed));
    assert_eq!(counts, [(1, 1), (1, 1), (1, 0)]);
    assert_eq!(system.metrics().kind("Counter").unwrap().restarts, 2);
    system.shutdown().await;
}

#[akt::test]
async fn a_message_waits_for_its_turn_and_is_handled_for_as_long_as_its_awaits_take() {
    let system = system().await;
    let gate = Arc::new(Notify::new());
    let counter = system.spawn("counter", gated(&gate)).await.unwrap();

    let slow = counter.wait().start();
    tokio::task::yield_now().await;
    counter.add(1).tell().unwrap();
    tokio::time::advance(Duration::from_millis(40)).await;
    gate.notify_one();
    slow.await.unwrap();
    counter.add(1).await.unwrap();

    let (slow, quick) = (of(&system, "wait"), of(&system, "add"));
    assert_eq!((slow.wait.count(), slow.time.count()), (1, 1));
    assert!(slow.wait.sum().is_zero() && slow.time.sum() == Duration::from_millis(40), "{slow:?}");
    assert_eq!((quick.wait.count(), quick.time.count()), (2, 2));
    assert!(quick.wait.sum() == Duration::from_millis(40) && quick.time.sum().is_zero(), "{quick:?}");
    system.shutdown().await;
}

#[akt::test]
async fn after_the_first_256_about_one_message_in_512_is_measured_also_of_those_that_take_turns() {
    let system = system().await;
    let counter = counter(&system, "counter").await;

    for n in 0..64_000 {
        counter.add(n).send().await.unwrap();
        counter.checked(1).send().await.unwrap();
    }
    counter.add(0).await.unwrap();

    let samples = ["add", "checked"].map(|name| of(&system, name).time.count());
    assert!(samples.iter().all(|samples| (150..300).contains(samples)), "{samples:?}");
    assert_eq!(of(&system, "add").handled, 64_001);
    system.shutdown().await;
}

#[akt::test]
async fn actors_and_what_waits_for_them_are_counted_by_kind() {
    let system = system().await;
    let gate = Arc::new(Notify::new());
    let busy = system.spawn("busy", gated(&gate)).await.unwrap();
    let gone = counter(&system, "gone").await;
    gone.actor().stop();
    gone.actor().stopped().await;

    let blocked = busy.wait().start();
    tokio::task::yield_now().await;
    (0..3).for_each(|n| busy.add(n).tell().unwrap());

    let metrics = system.metrics();
    let kind = metrics.kind("Counter").unwrap();
    assert_eq!((kind.actors, kind.spawned, kind.queued, kind.deepest), (1, 2, 3, 3));
    gate.notify_one();
    blocked.await.unwrap();
    system.shutdown().await;
    assert_eq!(system.metrics().kind("Counter").unwrap().actors, 0, "all are gone");
}

#[akt::test]
async fn dead_letters_are_counted_by_kind_and_reason_as_by_system() {
    let system = system().await;
    let gate = Arc::new(Notify::new());
    let counter = system.spawn("counter", gated(&gate)).await.unwrap();

    let held = counter.wait().start();
    tokio::task::yield_now().await;
    (0..3).for_each(|n| counter.add(n).tell().unwrap());
    counter.actor().stop();
    gate.notify_one();
    held.await.unwrap();
    counter.actor().stopped().await;

    let metrics = system.metrics();
    assert_eq!(metrics.dead_letters, [(DeadLetterReason::Stopped, 3)].into());
    assert_eq!(metrics.kind("Counter").unwrap().dead_letters, metrics.dead_letters);
    system.shutdown().await;
}

#[akt::test]
async fn what_slow_subscribers_miss_is_counted() {
    let system = system().await;
    counter(&system, "zero").await;
    let slow = system.events_with_capacity(2);

    for name in ["one", "two", "three"] {
        counter(&system, name).await;
    }

    let events = system.metrics().events;
    assert_eq!((events.subscribers, events.backlog, events.missed), (1, 2, 1));
    drop(slow);
    assert_eq!(system.metrics().events.subscribers, 0);
    system.shutdown().await;
}

#[akt::test]
async fn a_system_without_metrics_counts_no_messages() {
    let system = ActorSystem::builder("test").without_metrics().start().await.unwrap();
    let counter = counter(&system, "counter").await;

    counter.add(1).await.unwrap();

    let metrics = system.metrics();
    let kind = metrics.kind("Counter").unwrap();
    assert!(kind.messages.is_empty() && kind.actors == 1, "{kind:?}");
    system.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_count_is_lost_among_threads() {
    let system = system().await;
    let counters = [counter(&system, "one").await, counter(&system, "two").await];

    let send = |counter: CounterRef| async move {
        for n in 0..5_000 {
            counter.add(n).send().await.unwrap();
            counter.checked(n).await.ok();
        }
    };
    let [one, two] = &counters;
    tokio::join!(send(one.clone()), send(two.clone()), send(one.clone()), send(two.clone()));
    for counter in &counters {
        counter.actor().stop_after_drain();
        counter.actor().stopped().await;
    }

    assert_eq!(["add", "checked"].map(|name| of(&system, name).handled), [20_000, 20_000]);
    system.shutdown().await;
}
