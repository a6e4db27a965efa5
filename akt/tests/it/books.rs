//! Tells across connections that break: each is handled, a dead letter, or among those that may have been delivered.

use std::time::Duration;

use akt::prelude::*;
use akt::{DeadLetterReason, Event, Network, Remote};

use crate::contracts::depot::v1 as depot;
use crate::depot::{Pair, Shelf, at, item};
use crate::support::{settle, until};

async fn pair(network: &Network) -> Pair {
    Pair::start(|| Remote::memory(network)).await
}

/// Two nodes, one of which has taken fifty tells.
async fn fifty_told(network: &Network) -> Pair {
    let pair = pair(network).await;
    pair.shelf.view(()).await.unwrap();
    for n in 0..50 {
        pair.shelf.add(item(n)).tell().unwrap();
    }
    settle().await;
    pair
}

fn sever(network: &Network, pair: &Pair) {
    network.sever(&pair.near.address().unwrap(), &pair.far.address().unwrap());
}

#[akt::test]
async fn tells_under_way_on_a_connection_that_breaks_are_said_by_actor() {
    let network = Network::new();
    let pair = pair(&network).await;
    pair.far.spawn("other", Shelf::default).await.unwrap();
    let (mut events, other) = (pair.near.events(), at(&pair.near, &pair.far, "other"));
    pair.shelf.view(()).await.unwrap();
    network.set_latency(Duration::from_millis(50)..Duration::from_millis(50));

    other.add(item(1)).tell().unwrap();
    let ask = pair.shelf.view(()).start();
    for n in 0..3 {
        pair.shelf.add(item(n)).tell().unwrap();
    }
    settle().await;
    sever(&network, &pair);

    let said = until(&mut events, |event| matches!(event, Event::MaybeDelivered { .. })).await;
    let Event::MaybeDelivered { peer, tells, targets } = said else { unreachable!("it was found") };
    let targets: Vec<_> = targets.iter().map(|(path, tells)| (path.as_str(), *tells)).collect();
    assert_eq!((peer, tells), (pair.far.address().unwrap(), 4));
    assert_eq!(targets, [("/user/shelf", 3), ("/user/other", 1)]);
    assert_eq!(ask.await.unwrap_err().delivery(), Delivery::Maybe);
    assert_eq!((pair.near.metrics().maybe_delivered, pair.near.dead_letters()), (4, 0));
    pair.stop().await;
}

#[akt::test]
async fn what_arrived_more_than_a_second_ago_is_not_in_doubt() {
    let network = Network::new();
    let pair = fifty_told(&network).await;

    tokio::time::advance(Duration::from_millis(1_100)).await;
    settle().await;
    sever(&network, &pair);
    settle().await;

    assert_eq!(pair.near.maybe_delivered(), 0);
    assert_eq!(pair.shelf.view(()).await.unwrap().added.len(), 50);
    pair.stop().await;
}

#[akt::test]
async fn a_goodbye_that_was_read_leaves_nothing_in_doubt() {
    for near_leaves in [true, false] {
        let network = Network::new();
        let pair = fifty_told(&network).await;

        if near_leaves {
            pair.near.shutdown().await;
            pair.far.shutdown().await;
        } else {
            pair.far.shutdown().await;
            pair.near.shutdown().await;
        }

        assert_eq!(pair.near.maybe_delivered(), 0, "near leaves: {near_leaves}");
    }
}

/// What was accepted, handled and lost, and what may have been delivered.
fn simulated(seed: u64) -> [u64; 4] {
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
        let rest = |millis| {
            let until = runtime.now() + Duration::from_millis(millis);
            runtime.sleep_until(Some(until))
        };

        let (mut accepted, mut large) = (0, Vec::new());
        for n in 0..300 {
            accepted += u64::from(shelf.add(item(n % 100)).tell().is_ok());
            if n % 50 == 0 {
                // By a stream of its own; what follows waits for it.
                large.push(shelf.echo(depot::Blob { bytes: vec![0; 70 << 10] }).start());
            }
            match runtime.random() % 40 {
                0 => network.sever(&a, &b),
                1 => network.cut(&a, &b),
                2 | 3 => network.heal(&a, &b),
                _ => {}
            }
            rest(runtime.random() % 40).await;
        }
        network.heal(&a, &b);
        rest(5_000).await;
        let handled = shelf_of(far).await;
        let counted =
            [accepted, handled, near.dead_letters_of(DeadLetterReason::NoRoute), near.maybe_delivered()];
        near.shutdown().await;
        far.shutdown().await;
        counted
    })
}

async fn shelf_of(far: &ActorSystem) -> u64 {
    let shelf: depot::DepotRef = far.actor_of("shelf").await.unwrap();
    shelf.view(()).await.unwrap().added.len() as u64
}

#[test]
fn accepted_tells_are_handled_dead_letters_or_maybe_delivered() {
    let mut doubts = 0;
    for seed in 0..200 {
        let [accepted, handled, dead, maybe] = simulated(seed);

        assert!(handled + dead <= accepted, "seed {seed}: {handled} + {dead} of {accepted}");
        assert!(accepted - handled - dead <= maybe, "seed {seed}: {accepted}: {handled}, {dead}, {maybe}");
        doubts += maybe;
    }
    assert!(doubts > 0, "nothing was ever under way when a connection broke");
}
