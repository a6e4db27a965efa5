//! Calls between nodes, over a network inside the process.

use std::time::Duration;

use akt::prelude::*;
use akt::{ActorAtError, AskError, DeadLetterReason, Network, Remote};

use crate::contracts::depot::v1 as depot;
use crate::depot::{Pair, Shelf, at, item, keeps_every_promise, millis, until};

async fn pair(network: &Network) -> Pair {
    Pair::start(|| Remote::memory(network)).await
}

#[tokio::test(start_paused = true)]
async fn the_memory_transport_keeps_every_promise() {
    let network = Network::new();

    keeps_every_promise(|| Remote::memory(&network)).await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_network_keeps_every_promise() {
    let network = Network::seeded(7);
    network.set_latency(Duration::from_millis(1)..Duration::from_millis(10));

    keeps_every_promise(|| Remote::memory(&network)).await;
}
