//! What can be asked of a node and its actors, of another node and of this one.

use std::time::Duration;

use akt::prelude::*;
use akt::{ActorAtError, ActorState, Network, NodeRef, OperationError, Remote, StopReason};

use crate::contracts::depot::v1 as depot;
use crate::depot::{Pair, Shelf, at, item, millis};
use crate::support::Counter;

/// Everything that can be asked of `node`, on which `system` has a shelf.
async fn answers_everything(node: &NodeRef, system: &ActorSystem) {
    system.spawn("counter", Counter::default).await.unwrap();
    let shelf: depot::DepotRef = node.actor_of("shelf").await.unwrap();
    shelf.add(item(7)).await.unwrap();

    let report = node.inspect("/user/shelf").await.unwrap();
    assert_eq!((report.path.as_str(), &*report.kind), ("/user/shelf", "Shelf"));
    assert_eq!((report.contract.as_deref(), report.state), (Some("depot.v1.Depot"), ActorState::Running));
    assert_eq!((report.queued, report.children, report.doing.as_deref()), (0, 0, Some("Add")));
    let children = node.children("/user").await.unwrap();
    assert_eq!(children.iter().map(|name| &**name).collect::<Vec<_>>(), ["shelf", "counter"]);
    assert_eq!(node.inspect("counter").await.unwrap().contract, None);

    let wrong = node.actor_of::<depot::OtherRef>("shelf").await.unwrap_err();
    assert_eq!(wrong.to_string(), "the actor serves \"depot.v1.Depot\", and \"depot.v1.Other\" is expected");
    let none = node.actor_of::<depot::DepotRef>("counter").await.unwrap_err();
    assert_eq!(none.to_string(), "the actor serves no contract, and \"depot.v1.Depot\" is expected");

    node.restart("shelf").await.unwrap();
    assert!(shelf.view(()).await.unwrap().added.is_empty(), "a new value behind the same reference");
    assert_eq!(node.stop("shelf").await, Ok(StopReason::Requested));
    assert!(system.actor_of::<depot::DepotRef>("shelf").await.is_err());

    for nobody in [
        node.inspect("shelf").await.map(|_| ()),
        node.children("shelf").await.map(|_| ()),
        node.stop("shelf").await.map(|_| ()),
        node.restart("shelf").await,
    ] {
        assert!(
            matches!(&nobody, Err(OperationError::NotFound(path)) if path.name() == "shelf"),
            "{nobody:?}"
        );
    }
    let akts_own = node.stop("/user").await.unwrap_err();
    assert_eq!(akts_own.to_string(), "refused: `/user` belongs to akt");
    assert!(matches!(node.inspect("a b").await, Err(OperationError::Name(_))));
    assert_eq!(node.kinds().await, Ok(Vec::new()));
}

async fn another_node_answers(remote: impl Fn() -> Remote) {
    let pair = Pair::start(remote).await;
    let node = pair.near.node(&format!("akt://{}", pair.far.address().unwrap())).unwrap();

    answers_everything(&node, &pair.far).await;

    assert_eq!(pair.near.node_of(&pair.shelf.actor()).unwrap().address(), pair.far.address());
    pair.stop().await;
}

#[akt::test]
async fn a_node_answers_what_another_asks_about_its_actors() {
    let network = Network::new();
    another_node_answers(|| Remote::memory(&network)).await;
}

#[tokio::test]
async fn a_node_answers_over_quic() {
    another_node_answers(crate::quic::remote).await;
}

#[akt::test]
async fn a_system_answers_the_same_about_itself() {
    let alone = ActorSystem::builder("shop").start().await.unwrap();
    alone.spawn("shelf", Shelf::default).await.unwrap();

    answers_everything(&alone.this_node(), &alone).await;

    let refused = alone.node("akt://shop@memory:1").unwrap_err();
    assert!(matches!(refused, ActorAtError::NoRemote));
    alone.shutdown().await;
}

#[akt::test]
async fn an_operation_on_a_node_that_is_not_there_ends_within_its_time() {
    let network = Network::new();
    let pair = Pair::start(|| Remote::memory(&network)).await;
    let (near, far) = (pair.near.address().unwrap(), pair.far.address().unwrap());
    let nobody = pair.near.node("shop@memory:9").unwrap();

    let error = nobody.inspect("shelf").await.unwrap_err();
    assert!(matches!(error, OperationError::Unreachable { delivered: Delivery::No, .. }), "{error:?}");

    let node = pair.near.node(&far.to_string()).unwrap().timeout(Duration::from_millis(200));
    node.inspect("shelf").await.unwrap();
    network.cut(&near, &far);
    let begun = pair.near.runtime().now();
    let error = node.stop("shelf").await.unwrap_err();
    assert!(matches!(error, OperationError::Timeout(_)), "{error:?}");
    assert_eq!(error.delivery(), Delivery::Maybe);
    assert!(pair.near.runtime().now().since(begun) < Duration::from_secs(1));
    pair.near.shutdown().await;
    pair.far.shutdown().await;
}

#[akt::test]
async fn a_stop_that_is_waited_for_and_given_up_is_done_all_the_same() {
    let network = Network::new();
    let pair = Pair::start(|| Remote::memory(&network)).await;
    let node = pair.near.node(&pair.far.address().unwrap().to_string()).unwrap();
    let there: depot::DepotRef = pair.far.actor_of("shelf").await.unwrap();
    let busy = pair.shelf.wait(millis(2_000)).timeout(Duration::from_secs(10)).start();
    pair.shelf.view(()).timeout(Duration::from_millis(100)).await.unwrap_err();

    let error = node.timeout(Duration::from_secs(1)).stop("shelf").await.unwrap_err();

    assert!(matches!(error, OperationError::Timeout(_)), "{error:?}");
    busy.await.unwrap();
    assert_eq!(there.actor().stopped().await, StopReason::Requested);
    pair.stop().await;
}

#[akt::test]
async fn a_batch_to_another_node_is_accepted_in_order_as_far_as_there_is_room() {
    let network = Network::new();
    let pair = Pair::start(|| Remote::memory(&network)).await;
    let shelf = &pair.shelf;

    akt::batch((0..100).map(|n| shelf.add(item(n)))).tell().unwrap();
    let added = akt::batch((0..3).map(|n| shelf.add(item(n)))).await;
    let last = added.into_iter().map(|answer| answer.unwrap().added.len()).collect::<Vec<_>>();
    assert_eq!(last, [101, 102, 103]);

    network.cut(&pair.near.address().unwrap(), &pair.far.address().unwrap());
    let wide = at(&pair.near, &pair.far, "wide");
    let refused = akt::batch((0..5_000).map(|_| wide.add(item(1)))).tell().unwrap_err();
    assert_eq!((refused.of, refused.refused.len()), (5_000, 5_000 - 4_096), "the queue of the peer is full");
    assert_eq!(refused.refused[0].0, 4_096);
    pair.near.shutdown().await;
    pair.far.shutdown().await;
}
