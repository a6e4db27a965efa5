//! A way between nodes that was cut, or a node that was not there, and comes back.

use std::time::Duration;

use akt::prelude::*;
use akt::{Network, Remote};

use crate::contracts::depot::v1 as depot;
use crate::depot::{Pair, Shelf, at};
use crate::support::settle;

const STEP: Duration = Duration::from_millis(20);

/// How long somebody on `near` has to ask until there is an answer.
async fn asks_until_it_works(near: &ActorSystem, shelf: &depot::DepotRef) -> Duration {
    let begun = near.runtime().now();
    while shelf.view(()).timeout(STEP).await.is_err() {
        tokio::time::advance(STEP).await;
        settle().await;
        assert!(
            near.runtime().now().since(begun) < Duration::from_secs(30),
            "there is no connection any more"
        );
    }
    near.runtime().now().since(begun)
}

async fn asks_in_vain(near: &ActorSystem, shelf: &depot::DepotRef, time: Duration) {
    let begun = near.runtime().now();
    while near.runtime().now().since(begun) < time {
        assert!(shelf.view(()).timeout(STEP).await.is_err());
        tokio::time::advance(STEP).await;
        settle().await;
    }
}

#[akt::test]
async fn a_connection_is_back_within_a_second_of_its_way_however_long_that_was_cut() {
    for millis in [1_000, 3_100, 4_000, 5_500, 10_000, 60_000] {
        let network = Network::new();
        let pair = Pair::start(|| Remote::memory(&network)).await;
        let (near, far) = (pair.near.address().unwrap(), pair.far.address().unwrap());
        pair.shelf.view(()).await.unwrap();

        network.cut(&near, &far);
        asks_in_vain(&pair.near, &pair.shelf, Duration::from_millis(millis)).await;
        network.heal(&near, &far);
        let waited = asks_until_it_works(&pair.near, &pair.shelf).await;

        assert!(waited < Duration::from_secs(1), "cut for {millis} ms: {waited:?}");
        pair.stop().await;
    }
}

#[akt::test]
async fn a_node_that_nobody_answered_for_a_minute_is_dialed_twice_a_second_while_somebody_asks() {
    let network = Network::new();
    let near = ActorSystem::builder("shop").remote(Remote::memory(&network)).start().await.unwrap();
    // The next node of the network has the next port.
    let port = near.address().unwrap().port + 1;
    let shelf: depot::DepotRef = near.actor_at(&format!("akt://shop@memory:{port}/user/shelf")).unwrap();
    asks_in_vain(&near, &shelf, Duration::from_secs(60)).await;

    let far = ActorSystem::builder("shop").remote(Remote::memory(&network)).start().await.unwrap();
    far.spawn("shelf", Shelf::default).await.unwrap();
    let waited = asks_until_it_works(&near, &at(&near, &far, "shelf")).await;

    assert!(waited < Duration::from_secs(1), "{waited:?}");
    near.shutdown().await;
    far.shutdown().await;
}
