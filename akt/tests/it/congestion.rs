//! Actors on another node that do not keep up: their messages wait, there and here, and nobody else's do.

use std::time::Duration;

use akt::prelude::*;
use akt::{AskError, DeadLetterReason, Mailbox, Network, Remote, Stage, TellError};

use crate::contracts::depot::v1 as depot;
use crate::depot::{Pair, Shelf, at, item, millis};
use crate::support::settle;

/// What a node takes for one actor before it has found its place.
const WINDOW: usize = 1_024;

/// What waits for one actor on the side of the sender, of messages without much of a body.
const QUEUE: usize = 4_096;

async fn pair(network: &Network) -> Pair {
    Pair::start(|| Remote::memory(network)).await
}

/// An actor that is busy for a second, and has room for one message.
async fn busy(
    pair: &Pair,
    name: &str,
) -> (depot::DepotRef, impl Future<Output = Result<(), AskError>> + use<>) {
    pair.far.spawn(name, Shelf::default).mailbox(Mailbox::bounded(1)).await.unwrap();
    let shelf = at(&pair.near, &pair.far, name);
    let call = shelf.wait(millis(1_000)).start();
    rest().await;
    (shelf, call)
}

async fn rest() {
    tokio::time::advance(Duration::from_millis(1)).await;
    settle().await;
    settle().await;
}

#[akt::test]
async fn messages_for_a_full_mailbox_of_another_node_wait_and_none_is_lost() {
    let network = Network::new();
    let pair = pair(&network).await;
    let (small, busy) = busy(&pair, "small").await;

    for n in 0..100 {
        small.add(item(n)).tell().unwrap();
    }
    let ask = small.view(()).start();
    let late = small.view(()).timeout(Duration::from_millis(100)).await.unwrap_err();

    let AskError::Timeout(info) = &late else { panic!("{late:?}") };
    assert!(matches!(info.stage, Stage::Queued { .. }), "{late:?}");
    assert_eq!(late.delivery(), Delivery::No);
    assert!(busy.await.is_ok());
    assert_eq!(ask.await.unwrap().added, (0..100).collect::<Vec<_>>());
    assert_eq!(pair.far.dead_letters(), 0);
    pair.stop().await;
}

#[akt::test]
async fn what_an_actor_of_another_node_does_not_take_is_bounded_and_then_handed_back() {
    let network = Network::new();
    let pair = pair(&network).await;
    let (small, busy) = busy(&pair, "small").await;

    let mut accepted = 0;
    while small.add(item(accepted % 100)).tell().is_ok() {
        accepted += 1;
        if accepted % 500 == 0 {
            settle().await;
        }
    }
    let waits = small.add(item(3)).timeout(Duration::from_millis(10)).send().await.unwrap_err();
    let room = small.add(item(7)).timeout(Duration::from_secs(5)).send();

    assert!(matches!(waits, TellError::Full(_)), "{waits:?}");
    // A window of messages is there, the busy one's among them; the rest waits here.
    assert_eq!(accepted as usize, WINDOW - 1 + QUEUE);
    let (room, busy) = tokio::join!(room, busy);
    assert!(room.is_ok() && busy.is_ok(), "{room:?}");
    let added = small.view(()).await.unwrap().added;
    assert_eq!(added.len(), accepted as usize + 1);
    let in_order = |(n, sku): (usize, &u32)| *sku as usize == n % 100;
    assert!(added[..accepted as usize].iter().enumerate().all(in_order) && added.last() == Some(&7));
    pair.stop().await;
}

#[akt::test]
async fn an_actor_that_does_not_keep_up_delays_no_other() {
    let network = Network::new();
    let pair = pair(&network).await;
    let (small, busy) = busy(&pair, "small").await;
    while small.add(item(1)).tell().is_ok() {}
    rest().await;
    while small.add(item(1)).tell().is_ok() {}

    pair.shelf.add(item(5)).tell().unwrap();
    let view = pair.shelf.view(()).timeout(Duration::from_millis(10)).await.unwrap();

    assert_eq!(view.added, [5]);
    drop(busy);
    pair.stop().await;
}

#[akt::test]
async fn a_mailbox_of_another_node_that_rejects_says_so_at_once() {
    let network = Network::new();
    let pair = pair(&network).await;
    let mailbox = Mailbox::bounded(1).when_full(akt::Overflow::Reject);
    pair.far.spawn("proud", Shelf::default).mailbox(mailbox).await.unwrap();
    let proud = at(&pair.near, &pair.far, "proud");
    let busy = proud.wait(millis(1_000)).start();
    rest().await;
    proud.add(item(1)).tell().unwrap();

    let full = proud.view(()).await.unwrap_err();
    proud.add(item(2)).tell().unwrap();
    rest().await;

    assert!(matches!(full, AskError::Full), "{full:?}");
    assert_eq!(pair.far.dead_letters_of(DeadLetterReason::MailboxFull), 1);
    assert!(busy.await.is_ok());
    pair.stop().await;
}

#[akt::test]
async fn a_connection_that_breaks_loses_nothing_that_had_arrived_and_returns_what_had_not_left() {
    let network = Network::new();
    let pair = pair(&network).await;
    let (near, far) = (pair.near.address().unwrap(), pair.far.address().unwrap());
    let (small, busy) = busy(&pair, "small").await;
    let mut accepted = 0;
    while small.add(item(1)).tell().is_ok() {
        accepted += 1;
        if accepted % 500 == 0 {
            settle().await;
        }
    }

    network.sever(&near, &far);
    rest().await;

    assert_eq!(pair.near.dead_letters_of(DeadLetterReason::NoRoute), QUEUE as u64);
    drop(busy);
    tokio::time::advance(Duration::from_secs(1)).await;
    let added = small.view(()).await.unwrap().added.len();
    assert_eq!(added, accepted - QUEUE, "the connection ended, and what it had brought was handled");
    assert!(small.add(item(1)).tell().is_ok());
    pair.stop().await;
}

#[akt::test]
async fn an_actor_that_stops_accounts_for_what_waits_for_it() {
    let network = Network::new();
    let pair = pair(&network).await;
    let (small, busy) = busy(&pair, "small").await;
    for _ in 0..50 {
        small.add(item(1)).tell().unwrap();
    }
    let ask = small.view(()).start();
    rest().await;

    pair.far.actor_of::<depot::DepotRef>("small").await.unwrap().actor().kill();

    assert!(busy.await.is_err());
    assert!(matches!(ask.await.unwrap_err(), AskError::Stopped { delivered: Delivery::No, .. }));
    rest().await;
    assert_eq!(pair.far.dead_letters(), 50);
    pair.stop().await;
}

#[akt::test]
async fn many_who_wait_for_room_at_another_node_get_it_in_order() {
    let network = Network::new();
    let pair = pair(&network).await;
    let (small, busy) = busy(&pair, "small").await;
    let mut accepted = 0;
    while small.add(item(1)).tell().is_ok() {
        accepted += 1;
        if accepted % 500 == 0 {
            settle().await;
        }
    }
    let mut waiting = tokio::task::JoinSet::new();
    for n in 0..50 {
        let small = small.clone();
        waiting.spawn(async move { small.add(item(n)).timeout(Duration::from_secs(60)).send().await });
        settle().await;
    }

    assert!(busy.await.is_ok());
    while let Some(sent) = waiting.join_next().await {
        sent.unwrap().unwrap();
    }

    let added = small.view(()).await.unwrap().added;
    assert_eq!(added[accepted..], (0..50).collect::<Vec<_>>());
    pair.stop().await;
}

#[akt::test]
async fn an_actor_of_another_node_that_is_drained_handles_all_that_was_sent_before() {
    let network = Network::new();
    let pair = pair(&network).await;
    let (small, busy) = busy(&pair, "small").await;
    for n in 0..2_000 {
        small.add(item(n % 100)).tell().unwrap();
        if n % 500 == 0 {
            settle().await;
        }
    }
    let last = small.view(()).timeout(Duration::from_secs(60)).start();

    small.actor().stop_after_drain();

    assert!(busy.await.is_ok());
    assert_eq!(last.await.unwrap().added.len(), 2_000);
    assert_eq!(pair.far.dead_letters(), 0);
    let gone = small.view(()).await.unwrap_err();
    assert!(matches!(gone, AskError::Stopped { .. }), "{gone:?}");
    pair.stop().await;
}

#[akt::test]
async fn time_that_passes_while_a_peer_is_not_reached_counts_for_what_is_written_after_it() {
    let network = Network::new();
    let pair = pair(&network).await;
    let (near, far) = (pair.near.address().unwrap(), pair.far.address().unwrap());
    pair.shelf.view(()).await.unwrap();
    network.cut(&near, &far);

    // More than the network takes while it is cut.
    let padding = "x".repeat(15_000);
    for n in 0..150 {
        pair.shelf.add(item(n % 100)).header("padding", &*padding).tell().unwrap();
    }
    pair.shelf.add(item(99)).expires_in(Duration::from_secs(1)).tell().unwrap();
    settle().await;
    tokio::time::advance(Duration::from_secs(2)).await;
    network.heal(&near, &far);

    assert_eq!(pair.shelf.view(()).await.unwrap().added.len(), 150);
    assert_eq!(pair.near.dead_letters_of(DeadLetterReason::Expired), 1, "not even sent");
    pair.stop().await;
}
