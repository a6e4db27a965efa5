//! What a full mailbox does: those for whom there is no room wait, are refused, or cost a message.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use akt::prelude::*;
use akt::{Mailbox, Overflow, Router};
use tokio::sync::Notify;

use crate::scribe::{Desk, FULL, Log, scribe};
use crate::support::system;

#[akt::test]
async fn a_mailbox_that_rejects_refuses_everybody_at_once() {
    let desk = Desk::new(Mailbox::bounded(2).when_full(Overflow::Reject)).await;
    desk.tell([1, 2]);

    let started = desk.scribe.note(3).start();
    let told = desk.scribe.note(4).tell().unwrap_err();
    let sent = desk.scribe.note(5).send().await.unwrap_err();
    let asked = desk.scribe.note(6).await.unwrap_err();

    assert!(matches!((told.into_message(), sent.into_message()), (told, sent) if told.n == 4 && sent.n == 5));
    assert!(matches!(asked, AskError::Full));
    assert_eq!((asked.delivery(), asked.is_retryable()), (Delivery::No, true));
    assert!(matches!(started.await, Err(AskError::Full)));
    assert_eq!(desk.handled().await, [1, 2]);
    assert_eq!(desk.system.dead_letters(), 0);
    desk.system.shutdown().await;
}

#[akt::test]
async fn a_mailbox_that_drops_the_newest_answers_its_asker_and_buries_a_tell() {
    let mut desk = Desk::new(Mailbox::bounded(2).when_full(Overflow::DropNewest)).await;
    desk.tell([1, 2]);

    desk.tell([3]);
    desk.scribe.note(4).send().await.unwrap();
    let asked = desk.scribe.note(5).await;

    assert!(matches!(asked, Err(AskError::Full)));
    assert_eq!(desk.letters(), [FULL, FULL]);
    assert_eq!(desk.handled().await, [1, 2]);
    desk.system.shutdown().await;
}

#[akt::test]
async fn a_mailbox_that_drops_the_oldest_answers_its_asker_and_buries_a_tell() {
    let mut desk = Desk::new(Mailbox::bounded(2).when_full(Overflow::DropOldest)).await;
    let first = desk.scribe.note(1).start();
    desk.tell([2]);

    desk.tell([3, 4]);
    let last = desk.scribe.note(5).start();

    assert!(matches!(first.await, Err(AskError::Full)));
    assert_eq!(desk.letters(), [FULL, FULL]);
    assert_eq!(desk.handled().await, [4, 5]);
    assert_eq!(last.await.unwrap(), 5);
    desk.system.shutdown().await;
}

#[akt::test]
async fn a_dropped_ask_that_nobody_awaits_any_more_is_a_dead_letter() {
    let mut desk = Desk::new(Mailbox::bounded(1).when_full(Overflow::DropOldest)).await;
    drop(desk.scribe.note(1).start());

    desk.tell([2]);

    assert_eq!(desk.letters(), [FULL]);
    assert_eq!(desk.handled().await, [2]);
    desk.system.shutdown().await;
}

#[akt::test]
async fn a_mailbox_that_drops_never_makes_anybody_wait() {
    for overflow in [Overflow::DropNewest, Overflow::DropOldest] {
        let desk = Desk::new(Mailbox::bounded(1).when_full(overflow)).await;

        for n in 0..1_000 {
            desk.scribe.note(n).timeout(Duration::ZERO).send().await.unwrap();
        }

        assert_eq!(desk.handled().await.len(), 1);
        assert_eq!(desk.system.dead_letters(), 999);
        desk.system.shutdown().await;
    }
}

#[akt::test]
async fn a_drain_ends_though_the_oldest_were_dropped_before_it_and_drops_none_after_it() {
    let mut desk = Desk::new(Mailbox::bounded(2).when_full(Overflow::DropOldest)).await;
    desk.tell([1, 2, 3]);

    desk.scribe.actor().stop_after_drain();
    desk.tell([4, 5]);

    assert_eq!(desk.handled().await, [2, 3]);
    assert_eq!(desk.letters(), [FULL, FULL, FULL]);
    desk.system.shutdown().await;
}

#[akt::test]
async fn a_routee_that_drops_is_never_full_for_its_router() {
    let (system, log, gate) = (system().await, Log::default(), Arc::new(Notify::new()));
    let mailbox = Mailbox::bounded(1).when_full(Overflow::DropOldest);
    let scribes =
        system.spawn_router("scribes", Router::round_robin(2).mailbox(mailbox), scribe(&log, &gate)).await;
    let scribes = scribes.unwrap();
    (0..2).for_each(|_| scribes.wait().tell().unwrap());
    tokio::task::yield_now().await;

    (0..10).for_each(|n| scribes.note(n).tell().unwrap());
    gate.notify_one();
    gate.notify_one();
    gate.notify_waiters();
    scribes.actor().stop_after_drain();
    scribes.actor().stopped().await;

    log.lock().sort_unstable();
    assert_eq!(*log.lock(), [8, 9]);
    assert_eq!(system.dead_letters(), 8);
    system.shutdown().await;
}

/// Counts, and takes its time over it.
struct Mill(Arc<AtomicU64>);

#[akt::actor(mailbox = unbounded)]
impl Mill {
    #[handler]
    fn grind(&mut self) {
        for n in 0..10_000 {
            std::hint::black_box(n);
        }
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_flooded_actor_leaves_others_their_turn_after_each_batch() {
    let system = system().await;
    let ground = Arc::<AtomicU64>::default();
    let counted = ground.clone();
    let mill = system.spawn("mill", move || Mill(counted.clone())).await.unwrap();
    (0..10_000).for_each(|_| mill.grind().tell().unwrap());

    for turn in 1..=10 {
        tokio::task::yield_now().await;

        let ground = ground.load(Ordering::Relaxed);
        assert!(ground <= turn * 128, "{ground} messages were handled before turn {turn}");
    }
    mill.actor().kill();
    system.shutdown().await;
}
