//! What is asked of the life of an actor on another node.

use akt::prelude::*;
use akt::{Network, Remote, StopReason};

use crate::contracts::depot::v1 as depot;
use crate::depot::{Pair, Shelf, at, item, millis};

/// The actor `name` of the far node, as that knows it.
async fn there(pair: &Pair, name: &str) -> depot::DepotRef {
    pair.far.actor_of(name).await.unwrap()
}

async fn signals_travel(remote: impl Fn() -> Remote) {
    let pair = Pair::start(remote).await;
    for name in ["stopped", "killed", "drained"] {
        pair.far.spawn(name, Shelf::default).await.unwrap();
    }
    let [stopped, killed, drained] =
        ["stopped", "killed", "drained"].map(|name| at(&pair.near, &pair.far, name));

    let end = there(&pair, "stopped").await.actor();
    stopped.actor().stop();
    assert_eq!(end.stopped().await, StopReason::Requested);

    let end = there(&pair, "killed").await.actor();
    let call = killed.wait(millis(60_000)).start();
    killed.actor().kill();
    assert_eq!(end.stopped().await, StopReason::Killed);
    let error = call.await.unwrap_err();
    assert!(matches!(error, AskError::Stopped { reason: StopReason::Killed, .. }), "{error:?}");

    let end = there(&pair, "drained").await.actor();
    (0..99).for_each(|n| drained.add(item(n)).tell().unwrap());
    let last = drained.view(()).start();
    drained.actor().stop_after_drain();
    assert_eq!(last.await.unwrap().added.len(), 99, "in order with what was sent before");
    assert_eq!(end.stopped().await, StopReason::Requested);
    pair.stop().await;
}

#[akt::test]
async fn stops_kills_and_drains_travel_in_order_with_messages() {
    let network = Network::seeded(4);
    network.set_latency(std::time::Duration::from_millis(1)..std::time::Duration::from_millis(5));

    signals_travel(|| Remote::memory(&network)).await;
}

#[tokio::test]
async fn stops_kills_and_drains_travel_over_quic() {
    signals_travel(crate::quic::remote).await;
}

#[akt::test]
async fn a_guardian_of_another_node_is_not_stopped() {
    let network = Network::new();
    let pair = Pair::start(|| Remote::memory(&network)).await;
    let root: depot::DepotRef =
        pair.near.actor_at(&format!("akt://{}/user", pair.far.address().unwrap())).unwrap();

    root.actor().stop();
    root.actor().stop_after_drain();
    root.actor().kill();

    assert!(pair.shelf.view(()).await.unwrap().added.is_empty(), "everybody lives");
    pair.far.spawn("another", Shelf::default).await.unwrap();
    pair.stop().await;
}
