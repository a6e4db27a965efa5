//! What a node counts of each of its peers.

use akt::prelude::*;
use akt::{DeadLetterReason, Mailbox, Network, NodeAddress, PeerMetrics, Remote};

use crate::contracts::depot::v1 as depot;
use crate::depot::{Pair, Shelf, at, item, millis, until};
use crate::support::settle;

fn of(system: &ActorSystem, peer: &NodeAddress) -> PeerMetrics {
    system.metrics().peer(&peer.to_string()).cloned().unwrap_or_default()
}

/// What the two nodes say of each other.
fn both(pair: &Pair) -> [PeerMetrics; 2] {
    let [near, far] = [&pair.near, &pair.far].map(|system| system.address().unwrap());
    [of(&pair.near, &far), of(&pair.far, &near)]
}

#[akt::test]
async fn what_one_node_sends_the_other_counts_as_received() {
    let network = Network::new();
    let pair = Pair::start(|| Remote::memory(&network)).await;
    assert_eq!((both(&pair)[0].made, both(&pair)[0].bytes_sent), (0, 0), "nobody was dialed");

    for n in 0..3 {
        pair.shelf.add(item(n)).tell().unwrap();
    }
    pair.shelf.echo(depot::Blob { bytes: vec![7; 200_000] }).await.unwrap();
    settle().await;

    let [near, far] = both(&pair);
    assert_eq!((near.messages_sent, far.messages_received), (4, 4));
    assert_eq!((near.messages_received, far.messages_sent), (0, 0));
    assert_eq!((near.connections, near.made, near.lost), (1, 1, 0));
    assert_eq!((near.bytes_sent, near.bytes_received), (far.bytes_received, far.bytes_sent));
    assert!(near.bytes_sent > 200_000 && near.bytes_received > 200_000, "{near:?}");
    assert_eq!((near.round_trip, near.packets_lost), (None, None), "a network in memory has no packets");
    let text = pair.near.metrics().prometheus_text();
    let line = format!("akt_peer_messages_sent_total{{system=\"shop\",peer=\"{}\"}} 4", near.peer);
    assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    pair.stop().await;
}

#[akt::test]
async fn connections_that_come_and_go_are_counted() {
    let network = Network::new();
    let pair = Pair::start(|| Remote::memory(&network)).await;
    let [near, far] = [&pair.near, &pair.far].map(|system| system.address().unwrap());
    for _ in 0..2 {
        pair.shelf.view(()).await.unwrap();
        network.sever(&near, &far);
        settle().await;
    }

    let [seen, by_far] = both(&pair);

    assert_eq!((seen.connections, seen.made, seen.lost), (0, 2, 2));
    assert_eq!((by_far.connections, by_far.made, by_far.lost), (0, 2, 2));
    pair.stop().await;
}

#[akt::test]
async fn what_waits_on_both_sides_is_seen_and_gone_when_it_does_not_wait() {
    let network = Network::new();
    let pair = Pair::start(|| Remote::memory(&network)).await;
    pair.far.spawn("busy", Shelf::default).mailbox(Mailbox::bounded(1)).await.unwrap();
    let busy = at(&pair.near, &pair.far, "busy");
    let call = busy.wait(millis(1_000)).start();
    settle().await;

    for n in 0..2_000 {
        busy.add(item(n % 100)).tell().unwrap();
    }
    settle().await;

    let [near, far] = both(&pair);
    assert!(near.waiting > 900 && near.waiting_bytes >= near.waiting << 10, "{near:?}");
    assert!(far.held_bytes > 1_000, "{far:?}");
    call.await.unwrap();
    busy.view(()).await.unwrap();
    let [near, far] = both(&pair);
    assert_eq!((near.waiting, near.waiting_bytes, far.held_bytes), (0, 0, 0));
    assert_eq!((near.messages_sent, far.messages_received), (2_002, 2_002));
    pair.stop().await;
}

#[akt::test]
async fn full_answers_and_dead_letters_are_counted_for_the_peer_that_they_are_of() {
    let network = Network::new();
    let pair = Pair::start(|| Remote::memory(&network)).await;
    let mailbox = Mailbox::bounded(1).when_full(akt::Overflow::Reject);
    pair.far.spawn("busy", Shelf::default).mailbox(mailbox).await.unwrap();
    let busy = at(&pair.near, &pair.far, "busy");
    let _call = busy.wait(millis(60_000)).start();
    settle().await;
    busy.add(item(1)).tell().unwrap();
    let full = busy.view(()).await.unwrap_err();
    let [near, far] = [&pair.near, &pair.far].map(|system| system.address().unwrap());

    network.cut(&near, &far);
    network.sever(&near, &far);
    settle().await;
    busy.add(item(1)).tell().unwrap();
    until(|| pair.near.dead_letters_of(DeadLetterReason::NoRoute) == 1).await;

    assert!(matches!(full, AskError::Full), "{full:?}");
    let [near, _] = both(&pair);
    assert_eq!(near.full, 1);
    assert_eq!(near.dead_letters.into_iter().collect::<Vec<_>>(), [(DeadLetterReason::NoRoute, 1)]);
    pair.stop().await;
}

#[tokio::test]
async fn quic_says_how_long_its_packets_take_and_how_many_are_lost() {
    let pair = Pair::start(crate::quic::remote).await;

    pair.shelf.view(()).await.unwrap();

    let [near, _] = both(&pair);
    assert!(near.round_trip.is_some_and(|time| !time.is_zero()), "{near:?}");
    assert!(near.packets_lost.is_some(), "{near:?}");
    let text = pair.near.metrics().prometheus_text();
    assert!(
        text.contains(&format!("akt_peer_round_trip_seconds{{system=\"shop\",peer=\"{}\"}} 0.0", near.peer))
    );
    until(|| both(&pair)[1].messages_received == 1).await;
    pair.stop().await;
}

#[tokio::test]
async fn tcp_says_how_long_its_way_is() {
    let pair = Pair::start(|| crate::tcp::tcp("127.0.0.1:0")).await;

    pair.shelf.view(()).await.unwrap();

    until(|| both(&pair).iter().all(|peer| peer.round_trip.is_some_and(|time| !time.is_zero()))).await;
    assert_eq!(both(&pair)[0].packets_lost, None);
    pair.stop().await;
}
