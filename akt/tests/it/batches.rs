//! Batches: many calls told, sent or asked as one.
#![allow(clippy::disallowed_methods, reason = "the tasks of a test are its own")]

use std::sync::Arc;
use std::time::Duration;

use akt::prelude::*;
use akt::{DeadLetterReason, Mailbox};
use tokio::sync::{Notify, mpsc};

use crate::support::{Counter, gated, system};

async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[akt::test]
async fn a_batch_is_told_and_asked_in_order() {
    let system = system().await;
    let (log, mut said) = mpsc::channel(2_000);
    let factory = move || Counter { log: Some(log.clone()), ..Counter::default() };
    let counter = system.spawn("counter", factory).mailbox(Mailbox::bounded(7)).await.unwrap();

    akt::batch((0..5).map(|by| counter.add(by))).tell().unwrap();
    akt::batch((5..100).map(|by| counter.add(by))).send().await.unwrap();
    let sums = akt::batch((100..200).map(|by| counter.add(by))).await;

    for by in 0..200 {
        assert_eq!(said.recv().await, Some(by));
    }
    assert_eq!(sums.len(), 100);
    assert_eq!(sums.last().unwrap().as_ref().unwrap(), &(199 * 200 / 2));
    assert!(akt::batch((0..0).map(|by| counter.add(by))).await.is_empty());
    assert!(akt::batch((0..0).map(|by| counter.add(by))).tell().is_ok());
    system.shutdown().await;
}

#[akt::test]
async fn a_batch_gives_back_what_was_not_accepted_and_leaves_no_gap_at_any_actor() {
    let (system, gate) = (system().await, Arc::new(Notify::new()));
    let full = system.spawn("full", gated(&gate)).mailbox(Mailbox::bounded(2)).await.unwrap();
    let gone = system.spawn("gone", Counter::default).await.unwrap();
    let free = system.spawn("free", Counter::default).await.unwrap();
    full.wait().tell().unwrap();
    gone.actor().stop();
    gone.actor().stopped().await;
    settle().await;

    let calls = (0..12).map(|n| [&full, &gone, &free][n % 3].add(1));
    let error = akt::batch(calls).tell().unwrap_err();

    let said = "6 of 12 messages were not accepted; the first: actor stopped; the message was not accepted";
    assert_eq!(error.to_string(), said);
    let places: Vec<_> = error.refused.iter().map(|(place, _)| *place).collect();
    assert_eq!(places, [1, 4, 6, 7, 9, 10]);
    assert!(matches!(error.refused[2].1, TellError::Full(_)));
    assert!(matches!(error.refused[4].1, TellError::Rejected(..)), "not tried");
    assert_eq!(error.into_messages().len(), 6);
    assert_eq!(free.add(0).await.unwrap(), 4);
    gate.notify_one();
    assert_eq!(full.add(0).await.unwrap(), 2);
    system.shutdown().await;
}

#[akt::test]
async fn answers_come_in_the_order_of_asking_each_with_its_own_outcome() {
    let (system, gate) = (system().await, Arc::new(Notify::new()));
    let slow = system.spawn("slow", gated(&gate)).await.unwrap();
    let fast = system.spawn("fast", Counter::default).await.unwrap();
    let mut answers = akt::batch([slow.wait(), fast.wait()]).answers();

    let early = tokio::time::timeout(Duration::from_secs(1), answers.next()).await;

    assert!(early.is_err(), "the second waits for the first");
    assert_eq!(answers.len(), 2);
    gate.notify_one();
    assert_eq!(answers.next().await.unwrap().unwrap(), 0);
    assert_eq!(answers.next().await.unwrap().unwrap(), 0);
    assert!(answers.next().await.is_none() && answers.is_empty());
    let mixed = akt::batch([1, 1_000, 2].map(|by| fast.checked(by))).await;
    assert!(matches!(mixed[..], [Ok(1), Err(AskError::Handler(_)), Ok(3)]));
    system.shutdown().await;
}

#[akt::test]
async fn all_calls_of_a_batch_are_under_way_at_once() {
    let (system, gate) = (system().await, Arc::new(Notify::new()));
    let mut actors = Vec::new();
    for n in 0..3 {
        actors.push(system.spawn(format!("actor{n}"), gated(&gate)).await.unwrap());
    }

    let asked = tokio::spawn(akt::batch(actors.iter().map(|actor| actor.wait().into_owned())).into_future());
    settle().await;
    gate.notify_waiters();

    assert!(asked.await.unwrap().iter().all(Result::is_ok));
    system.shutdown().await;
}

#[akt::test]
async fn answers_that_are_dropped_cancel_what_is_left() {
    let (system, gate) = (system().await, Arc::new(Notify::new()));
    let counter = system.spawn("counter", gated(&gate)).mailbox(Mailbox::bounded(3)).await.unwrap();
    counter.wait().tell().unwrap();
    settle().await;
    let mut answers = akt::batch((0..10).map(|_| counter.add(1))).answers();
    let waited = tokio::time::timeout(Duration::from_secs(1), answers.next()).await;
    assert!(waited.is_err());

    drop(answers);
    gate.notify_one();

    assert_eq!(counter.add(0).await.unwrap(), 0);
    assert_eq!(system.dead_letters_of(DeadLetterReason::Cancelled), 3, "those that had been accepted");
    assert_eq!(system.dead_letters(), 3);
    system.shutdown().await;
}
