//! Nodes that know different shapes of one contract: they are told so, and speak with each other all the same.

use akt::prelude::*;
use akt::{Event, EventStream, Network, Protocol as _, Remote};

use crate::contracts::depot::v1 as depot;
use crate::depot::{Shelf, at};
use crate::garbled::{GarbledMsg, GarbledRef};

async fn node(network: &Network) -> ActorSystem {
    let node = ActorSystem::builder("shop").remote(Remote::memory(network)).start().await.unwrap();
    node.spawn("shelf", Shelf::default).await.unwrap();
    node
}

/// What was said of contracts: of whose node, and both digests.
fn skews(events: &mut EventStream) -> Vec<(String, u64, u64)> {
    let skew = |event| match event {
        Event::ContractSkew { peer, contract, ours, theirs } => {
            assert_eq!(&*contract, "depot.v1.Depot");
            Some((peer.to_string(), ours, theirs))
        }
        _ => None,
    };
    std::iter::from_fn(|| events.try_next()).filter_map(skew).collect()
}

#[akt::test]
async fn both_nodes_are_told_of_a_contract_of_another_shape_once_per_connection() {
    let network = Network::new();
    let near = ActorSystem::builder("shop").remote(Remote::memory(&network)).start().await.unwrap();
    let far = node(&network).await;
    let (mut near_events, mut far_events) = (near.events(), far.events());
    let (near_address, far_address) = (near.address().unwrap(), far.address().unwrap());
    // A reference of another shape comes to be known, and then a fitting one that is used.
    let address = format!("akt://{far_address}/user/shelf");
    let shelf: depot::DepotRef = near.actor_at(&address).unwrap();
    let _: GarbledRef = near.actor_at(&address).unwrap();

    shelf.view(()).await.unwrap();
    shelf.view(()).await.unwrap();
    let once = (skews(&mut near_events), skews(&mut far_events));
    network.sever(&near_address, &far_address);
    while shelf.view(()).await.is_err() {}
    let again = (skews(&mut near_events).len(), skews(&mut far_events).len());

    let (odd, good) = (GarbledMsg::DIGEST, depot::DepotMsg::DIGEST);
    assert_eq!(once.0, [(far_address.to_string(), odd, good)]);
    assert_eq!(once.1, [(near_address.to_string(), good, odd)]);
    assert_eq!(again, (1, 1));
    near.shutdown().await;
    far.shutdown().await;
}

#[akt::test]
async fn of_contracts_of_one_shape_nothing_is_said() {
    let network = Network::new();
    let (near, far) = (node(&network).await, node(&network).await);
    let (mut near_events, mut far_events) = (near.events(), far.events());

    at(&near, &far, "shelf").view(()).await.unwrap();

    assert_ne!(depot::DepotMsg::DIGEST, 0);
    assert_ne!(depot::DepotMsg::DIGEST, depot::OtherMsg::DIGEST);
    assert_eq!((skews(&mut near_events), skews(&mut far_events)), (Vec::new(), Vec::new()));
    near.shutdown().await;
    far.shutdown().await;
}
