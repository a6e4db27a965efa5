//! Calls between nodes, over a network inside the process.

use std::sync::atomic::Ordering;
use std::time::Duration;

use akt::prelude::*;
use akt::{ActorAtError, AskError, DeadLetterReason, Event, EventStream, Network, Refusal, Remote, Stage};

use crate::contracts::depot::v1 as depot;
use crate::depot::{Pair, Shelf, Stranger, at, item, keeps_every_promise, millis, until};
use crate::garbled::GarbledRef;

async fn pair(network: &Network) -> Pair {
    Pair::start(|| Remote::memory(network)).await
}

async fn node(network: &Network, system: &str) -> ActorSystem {
    ActorSystem::builder(system).remote(Remote::memory(network)).start().await.unwrap()
}

fn unreachable<T: std::fmt::Debug, E: std::fmt::Debug>(result: Result<T, AskError<E>>) -> (Delivery, String) {
    match result {
        Err(AskError::Unreachable { delivered, source }) => (delivered, source.to_string()),
        other => panic!("{other:?}"),
    }
}

/// Waits for a moment in which everything that can happen has happened.
async fn settle() {
    tokio::time::advance(Duration::from_millis(1)).await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

fn ups(events: &mut EventStream) -> usize {
    std::iter::from_fn(|| events.try_next()).filter(|event| matches!(event, Event::PeerUp(_))).count()
}

#[akt::test]
async fn the_memory_transport_keeps_every_promise() {
    let network = Network::new();

    keeps_every_promise(|| Remote::memory(&network)).await;
}

#[akt::test]
async fn a_slow_network_keeps_every_promise() {
    let network = Network::seeded(7);
    network.set_latency(Duration::from_millis(1)..Duration::from_millis(10));

    keeps_every_promise(|| Remote::memory(&network)).await;
}

#[akt::test]
async fn an_ask_in_flight_when_its_connection_breaks_may_have_been_handled() {
    let network = Network::new();
    let pair = pair(&network).await;
    let (near, far) = (pair.near.address().unwrap(), pair.far.address().unwrap());
    let call = pair.shelf.wait(millis(60_000)).timeout(Duration::from_secs(60)).start();
    settle().await;

    network.sever(&near, &far);

    let (delivered, said) = unreachable(call.await);
    assert_eq!(delivered, Delivery::Maybe);
    assert!(said.contains("shop@memory:2") && said.contains("reset"), "{said}");
    // The asker is gone: the handler is told.
    let cancelled = pair.cancelled.clone();
    until(move || cancelled.load(Ordering::SeqCst) == 1).await;
    assert!(pair.shelf.view(()).await.unwrap().added.is_empty(), "the next ask connects again");
    pair.stop().await;
}

#[akt::test]
async fn a_silent_peer_is_unreachable_before_its_asks_run_out_of_time() {
    let network = Network::new();
    let pair = pair(&network).await;
    let (near, far) = (pair.near.address().unwrap(), pair.far.address().unwrap());
    pair.shelf.view(()).await.unwrap();

    network.cut(&near, &far);

    let (delivered, said) = unreachable(pair.shelf.view(()).await);
    assert_eq!(delivered, Delivery::Maybe);
    assert!(said.contains("no sign of life"), "{said}");
    let (delivered, said) = unreachable(pair.shelf.view(()).await);
    assert_eq!(delivered, Delivery::No);
    assert!(said.contains("handshake not finished within 3000 ms"), "{said}");

    network.heal(&near, &far);
    tokio::time::advance(Duration::from_secs(1)).await;
    pair.shelf.view(()).await.unwrap();
    pair.stop().await;
}

#[akt::test]
async fn what_cannot_be_sent_is_handed_back_or_becomes_a_dead_letter() {
    let network = Network::new();
    let near = node(&network, "shop").await;
    let nobody: depot::DepotRef = near.actor_at("akt://shop@memory:9/user/shelf").unwrap();

    nobody.add(item(1)).tell().unwrap();
    let (delivered, said) = unreachable(nobody.view(()).await);
    let refused = nobody.add(item(2)).tell().unwrap_err();

    assert_eq!(delivered, Delivery::No);
    assert!(said.contains("nobody listens there"), "{said}");
    assert_eq!(near.dead_letters_of(DeadLetterReason::NoRoute), 1);
    let TellError::Unreachable(message, error) = refused else { panic!("{refused:?}") };
    assert_eq!((message.quantity, &*error.peer), (2, "shop@memory:9"));
    near.shutdown().await;
}

#[akt::test]
async fn a_name_that_is_given_to_another_actor_is_that_actor_for_peers_too() {
    let network = Network::new();
    let pair = pair(&network).await;
    let shelf = at(&pair.far, &pair.near, "shelf");

    for round in 1..=3 {
        let mine = pair.near.spawn("shelf", Shelf::default).await.unwrap();
        assert_eq!(shelf.add(item(round)).await.unwrap().added, vec![round]);
        mine.actor().stop();
        mine.actor().stopped().await;
        let gone = shelf.add(item(0)).await.unwrap_err();
        assert!(matches!(gone, AskError::Stopped { delivered: Delivery::No, .. }), "{gone:?}");
    }
    pair.stop().await;
}

#[akt::test]
async fn two_nodes_that_dial_each_other_at_once_share_one_connection() {
    let network = Network::seeded(1);
    network.set_latency(Duration::from_millis(5)..Duration::from_millis(6));
    let pair = pair(&network).await;
    pair.near.spawn("shelf", Shelf::default).await.unwrap();
    let back = at(&pair.far, &pair.near, "shelf");
    let (mut near, mut far) = (pair.near.events(), pair.far.events());

    let (there, here) = tokio::join!(pair.shelf.add(item(1)), back.add(item(2)));

    assert_eq!((there.unwrap().added, here.unwrap().added), (vec![1], vec![2]));
    assert_eq!((ups(&mut near), ups(&mut far)), (1, 1));
    pair.stop().await;
}

#[akt::test]
async fn a_shutdown_sends_what_was_told_and_says_goodbye() {
    let network = Network::seeded(2);
    network.set_latency(Duration::from_millis(5)..Duration::from_millis(20));
    let pair = pair(&network).await;
    let far_shelf: depot::DepotRef = pair.far.actor_of("shelf").await.unwrap();
    let mut events = pair.far.events();

    for n in 0..100 {
        pair.shelf.add(item(n)).tell().unwrap();
    }
    pair.shelf.view(()).await.unwrap();
    for n in 0..50 {
        pair.shelf.add(item(n)).tell().unwrap();
    }
    pair.near.shutdown().await;
    settle().await;

    assert_eq!(far_shelf.view(()).await.unwrap().added.len(), 150);
    let said = std::iter::from_fn(|| events.try_next()).find_map(|event| match event {
        Event::PeerDown { problem, .. } => Some(problem),
        _ => None,
    });
    assert_eq!(said.as_deref(), Some("peer left: node is shutting down"));
    pair.far.shutdown().await;
}

#[akt::test]
async fn a_node_of_another_system_is_refused_with_both_names() {
    let network = Network::new();
    let (shop, bank) = (node(&network, "shop").await, node(&network, "bank").await);
    let port = bank.address().unwrap().port;

    let astray: depot::DepotRef = shop.actor_at(&format!("akt://shop@memory:{port}/user/x")).unwrap();
    let (delivered, said) = unreachable(astray.view(()).await);

    assert_eq!(delivered, Delivery::No);
    assert!(said.contains("this node belongs to \"shop\", the peer to \"bank\""), "{said}");
    assert_eq!(bank.refusals(Refusal::System), 1);
    shop.shutdown().await;
    bank.shutdown().await;
}

#[akt::test]
async fn an_address_that_cannot_be_reached_is_refused_at_once() {
    let network = Network::new();
    let shop = node(&network, "shop").await;
    let alone = ActorSystem::builder("shop").start().await.unwrap();
    let refused =
        |system: &ActorSystem, address: &str| system.actor_at::<depot::DepotRef>(address).unwrap_err();

    assert!(matches!(refused(&shop, "shop@memory:2/user/x"), ActorAtError::Address(_)));
    assert!(matches!(refused(&shop, "akt://bank@memory:2/user/x"), ActorAtError::OtherSystem { .. }));
    assert!(matches!(refused(&shop, "akt://shop@memory:1/user/x"), ActorAtError::Here(_)));
    assert!(matches!(refused(&alone, "akt://shop@memory:1/user/x"), ActorAtError::NoRemote));
    let long = format!("akt://shop@memory:2{}", "/x".repeat(3_000));
    assert!(matches!(refused(&shop, &long), ActorAtError::PathTooLong { .. }));
    shop.shutdown().await;
    alone.shutdown().await;
}

#[akt::test]
async fn an_address_of_this_node_is_the_local_actor() {
    let network = Network::new();
    let shop = node(&network, "shop").await;
    shop.spawn("shelf", Shelf::default).await.unwrap();

    let shelf = at(&shop, &shop, "shelf");

    assert_eq!(shelf.add(item(1)).await.unwrap().added, [1]);
    assert!(shelf.actor().id().is_some());
    shop.shutdown().await;
}

#[akt::test]
async fn asks_of_a_system_that_stops_are_answered_before_it_leaves() {
    let network = Network::seeded(3);
    network.set_latency(Duration::from_millis(2)..Duration::from_millis(3));
    let pair = pair(&network).await;
    let busy = pair.shelf.wait(millis(100)).start();
    let queued = pair.shelf.view(()).start();
    for _ in 0..20 {
        settle().await;
    }

    pair.far.shutdown().await;

    busy.await.unwrap();
    let error = queued.await.unwrap_err();
    assert!(matches!(error, AskError::Stopped { delivered: Delivery::No, .. }), "{error:?}");
    pair.near.shutdown().await;
}

#[akt::test]
async fn a_message_too_large_for_the_wire_is_returned_at_once() {
    let network = Network::new();
    let remote = || Remote::memory(&network).max_message(1_000);
    let pair = Pair::start(remote).await;
    let blob = || depot::Blob { bytes: vec![1; 1_000] };

    let asked = pair.shelf.echo(blob()).await.unwrap_err();
    let told = pair.shelf.echo(blob()).tell().unwrap_err();

    assert!(matches!(asked, AskError::TooLarge { bytes: 1_003, limit: 1_000 }), "{asked:?}");
    assert!(matches!(&told, TellError::TooLarge(blob, _) if blob.bytes.len() == 1_000), "{told:?}");
    pair.stop().await;
}

#[akt::test]
async fn a_message_too_large_for_the_peer_alone_is_returned_once_it_is_known() {
    let network = Network::new();
    let near = node(&network, "shop").await;
    let small = Remote::memory(&network).max_message(1_000);
    let far = ActorSystem::builder("shop").remote(small).start().await.unwrap();
    let shelf = at(&near, &far, "shelf");
    let blob = || depot::Blob { bytes: vec![1; 1_000] };

    let asked = shelf.echo(blob()).await.unwrap_err();
    shelf.echo(blob()).tell().unwrap();
    settle().await;

    assert!(matches!(asked, AskError::TooLarge { bytes: 1_003, limit: 1_000 }), "{asked:?}");
    assert_eq!(near.dead_letters_of(DeadLetterReason::TooLarge), 1);
    near.shutdown().await;
    far.shutdown().await;
}

#[akt::test]
async fn an_unknown_rpc_or_undecodable_message_of_another_node_is_answered_at_once() {
    let network = Network::new();
    let pair = pair(&network).await;
    pair.far.spawn("stranger", Stranger::default).await.unwrap();
    let stranger = at(&pair.near, &pair.far, "stranger");
    let garbled: GarbledRef =
        pair.near.actor_at(&format!("akt://{}/user/shelf", pair.far.address().unwrap())).unwrap();
    let blob = || depot::Blob { bytes: vec![0xff; 9] };

    let unknown = stranger.view(()).await.unwrap_err();
    let undecodable = garbled.add(blob()).await.unwrap_err();
    stranger.view(()).tell().unwrap();
    garbled.add(blob()).tell().unwrap();
    settle().await;

    let AskError::Unimplemented { rpc } = &unknown else { panic!("{unknown:?}") };
    assert_eq!(rpc, "View (id 0xf9b05c24, unknown to depot.v1.Other)");
    assert!(matches!(undecodable, AskError::Codec(_)), "{undecodable:?}");
    assert_eq!((unknown.delivery(), undecodable.delivery()), (Delivery::No, Delivery::No));
    assert_eq!(pair.far.dead_letters_of(DeadLetterReason::Undecodable), 2);
    pair.stop().await;
}

/// Across connections that break: accepted = handled + dead letters + maybe.
#[akt::test]
async fn every_message_is_accounted_for_across_connections_that_break() {
    for seed in 0..20 {
        let network = Network::seeded(seed);
        network.set_latency(Duration::from_millis(1)..Duration::from_millis(8));
        let pair = pair(&network).await;
        let (near, far) = (pair.near.address().unwrap(), pair.far.address().unwrap());
        let (mut asks, mut refused) = (Vec::new(), 0);

        for n in 0..300_u32 {
            if n % 60 == 59 {
                network.sever(&near, &far);
            }
            asks.push(pair.shelf.add(item(n % 100)).start());
            settle().await;
        }
        let (mut done, mut maybe) = (0, 0);
        for ask in asks {
            match ask.await {
                Ok(_) => done += 1,
                Err(error) if error.delivery() == Delivery::Maybe => maybe += 1,
                Err(_) => refused += 1,
            }
        }

        let shelf: depot::DepotRef = pair.far.actor_of("shelf").await.unwrap();
        let handled = shelf.view(()).await.unwrap().added.len();
        assert_eq!(done + maybe + refused, 300, "seed {seed}");
        assert!(
            (done..=done + maybe).contains(&handled),
            "seed {seed}: {handled} handled, {done} to {maybe} more"
        );
        assert!(done > 0 && maybe > 0, "seed {seed}: {done} done, {maybe} maybe");
        pair.stop().await;
    }
}

#[akt::test]
async fn an_ask_that_runs_out_of_time_before_there_is_a_connection_says_so() {
    let network = Network::new();
    let pair = pair(&network).await;
    network.cut(&pair.near.address().unwrap(), &pair.far.address().unwrap());

    let error = pair.shelf.view(()).timeout(Duration::from_millis(100)).await.unwrap_err();

    let AskError::Timeout(info) = &error else { panic!("{error:?}") };
    assert_eq!((info.stage, error.delivery()), (Stage::Connecting, Delivery::No));
    pair.stop().await;
}

/// Two nodes under the seeded executor, on a network that fails: what was done, refused and left open.
fn simulated(seed: u64) -> (Vec<&'static str>, usize, u64) {
    akt::sim::run(seed, |runtime| async move {
        let network = Network::seeded(seed);
        network.set_latency(Duration::from_millis(1)..Duration::from_millis(8));
        let mut nodes = Vec::new();
        for _ in 0..2 {
            let node = ActorSystem::builder("shop").remote(Remote::memory(&network));
            nodes.push(node.runtime(runtime.for_another_node()).start().await.unwrap());
        }
        let [near, far] = &nodes[..] else { unreachable!("two nodes") };
        far.spawn("shelf", Shelf::default).await.unwrap();
        let (a, b) = (near.address().unwrap(), far.address().unwrap());
        let shelf = at(near, far, "shelf");

        let mut asks = Vec::new();
        for n in 0..200 {
            asks.push(shelf.add(item(n % 100)).start());
            match runtime.random() % 40 {
                0 => network.sever(&a, &b),
                1 => network.cut(&a, &b),
                2 | 3 => network.heal(&a, &b),
                _ => {}
            }
            let next = runtime.now() + Duration::from_millis(runtime.random() % 40);
            runtime.sleep_until(Some(next)).await;
        }
        network.heal(&a, &b);
        let mut log = Vec::new();
        for ask in asks {
            log.push(match ask.await {
                Ok(_) => "done",
                Err(error) if error.delivery() == Delivery::Maybe => "maybe",
                Err(_) => "not sent",
            });
        }
        let shelf: depot::DepotRef = far.actor_of("shelf").await.unwrap();
        let handled = shelf.view(()).await.unwrap().added.len();
        near.shutdown().await;
        far.shutdown().await;
        (log, handled, runtime.now().as_nanos())
    })
}

#[test]
fn a_simulation_accounts_for_every_ask_and_can_be_replayed() {
    for seed in 0..40 {
        let (log, handled, end) = simulated(seed);

        let count = |what| log.iter().filter(|said| **said == what).count();
        let (done, maybe) = (count("done"), count("maybe"));
        assert!((done..=done + maybe).contains(&handled), "seed {seed}: {handled} of {done} + {maybe}");
        assert!(done > 0, "seed {seed}: nothing was done");
        if seed % 8 == 0 {
            assert_eq!(simulated(seed), (log, handled, end), "seed {seed} cannot be replayed");
        }
    }
}
