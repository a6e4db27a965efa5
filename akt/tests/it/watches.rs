//! Watching actors of another node: each watch ends once, whatever becomes of the actor, its node, the connection.

use std::time::Duration;

use akt::prelude::*;
use akt::{AnyRef, Network, Remote, StopReason, Terminated};
use tokio::sync::mpsc;

use crate::contracts::depot::v1 as depot;
use crate::depot::{Pair, Shelf, at, millis};

type Ends = mpsc::Receiver<(String, StopReason)>;

/// Watches what it is given, and says what it is told.
struct Watcher(mpsc::Sender<(String, StopReason)>);

#[akt::actor]
impl Watcher {
    #[handler]
    fn watch(&mut self, actor: AnyRef, cx: &mut Ctx<Self>) {
        cx.watch(&actor);
    }

    #[handler]
    fn unwatch(&mut self, actor: AnyRef, cx: &mut Ctx<Self>) {
        cx.unwatch(&actor);
    }

    #[on(terminated)]
    fn gone(&mut self, terminated: Terminated) {
        let said = (terminated.actor.path().name().to_owned(), terminated.reason);
        self.0.try_send(said).expect("the log has room");
    }
}

async fn watcher(system: &ActorSystem) -> (WatcherRef, Ends) {
    let (log, ends) = mpsc::channel(64);
    (system.spawn("watcher", move || Watcher(log.clone())).await.unwrap(), ends)
}

fn ended(name: &str, reason: StopReason) -> (String, StopReason) {
    (name.to_owned(), reason)
}

/// A pair whose far node has a second actor, that one, and a watcher of both on the near node.
async fn watched(network: &Network) -> (Pair, depot::DepotRef, WatcherRef, Ends) {
    let pair = Pair::start(|| Remote::memory(network)).await;
    pair.far.spawn("second", Shelf::default).await.unwrap();
    let second = at(&pair.near, &pair.far, "second");
    let (watcher, ends) = watcher(&pair.near).await;
    for shelf in [&pair.shelf, &second] {
        watcher.watch(shelf.actor()).await.unwrap();
        // The answer comes behind the watch.
        shelf.view(()).await.unwrap();
    }
    (pair, second, watcher, ends)
}

/// Asks until there is a connection.
async fn reach(shelf: &depot::DepotRef) {
    while shelf.view(()).await.is_err() {
        tokio::time::advance(Duration::from_millis(100)).await;
    }
}

async fn ends_come_once(remote: impl Fn() -> Remote) {
    let pair = Pair::start(remote).await;
    let (watcher, mut ends) = watcher(&pair.near).await;
    let there = ["stopped", "killed", "failed", "kept"];
    for name in there {
        pair.far.spawn(name, Shelf::default).await.unwrap();
    }
    let [stopped, killed, failed, kept] = there.map(|name| at(&pair.near, &pair.far, name));
    for shelf in [&stopped, &killed, &failed, &kept] {
        watcher.watch(shelf.actor()).await.unwrap();
        watcher.watch(shelf.actor()).await.unwrap();
        shelf.view(()).await.unwrap();
    }

    stopped.actor().stop();
    assert_eq!(ends.recv().await.unwrap(), ended("stopped", StopReason::Requested));
    killed.actor().kill();
    assert_eq!(ends.recv().await.unwrap(), ended("killed", StopReason::Killed));
    failed.crash(millis(0)).await.unwrap_err();
    assert_eq!(ends.recv().await.unwrap(), ended("failed", StopReason::Fault));

    watcher.unwatch(at(&pair.near, &pair.far, "kept").actor()).await.unwrap();
    kept.view(()).await.unwrap();
    let end = pair.far.actor_of::<depot::DepotRef>("kept").await.unwrap().actor();
    kept.actor().stop();
    end.stopped().await;
    assert_eq!(kept.actor().stopped().await, StopReason::Unknown, "whoever is too late is told at once");
    assert!(ends.try_recv().is_err(), "each once, and none that was taken back");

    let end = pair.shelf.actor();
    let (reason, ()) = tokio::join!(end.stopped(), async { end.stop() });
    assert_eq!(reason, StopReason::Requested);
    pair.stop().await;
}

#[akt::test]
async fn the_end_of_an_actor_of_another_node_is_told_once_with_its_reason() {
    let network = Network::seeded(5);
    network.set_latency(Duration::from_millis(1)..Duration::from_millis(5));

    ends_come_once(|| Remote::memory(&network)).await;
}

#[tokio::test]
async fn ends_are_told_over_quic() {
    ends_come_once(crate::quic::remote).await;
}

#[akt::test]
async fn watching_nobody_on_another_node_is_told_at_once() {
    let network = Network::new();
    let pair = Pair::start(|| Remote::memory(&network)).await;
    let (watcher, mut ends) = watcher(&pair.near).await;
    let begun = pair.near.runtime().now();

    watcher.watch(at(&pair.near, &pair.far, "nobody").actor()).await.unwrap();

    assert_eq!(ends.recv().await.unwrap(), ended("nobody", StopReason::Unknown));
    assert!(pair.near.runtime().now().since(begun) < Duration::from_millis(10));
    pair.stop().await;
}

#[akt::test]
async fn a_watch_outlives_its_connection_and_still_means_the_same_actor() {
    let network = Network::new();
    let (pair, second, _watcher, mut ends) = watched(&network).await;
    let (near, far) = (pair.near.address().unwrap(), pair.far.address().unwrap());

    network.sever(&near, &far);
    reach(&pair.shelf).await;
    pair.shelf.actor().stop();
    assert_eq!(ends.recv().await.unwrap(), ended("shelf", StopReason::Requested));

    network.cut(&near, &far);
    tokio::time::advance(Duration::from_secs(9)).await;
    let old: depot::DepotRef = pair.far.actor_of("second").await.unwrap();
    old.actor().stop();
    old.actor().stopped().await;
    pair.far.spawn("second", Shelf::default).await.unwrap();
    network.heal(&near, &far);

    assert_eq!(ends.recv().await.unwrap(), ended("second", StopReason::Unknown), "another has its place");
    second.view(()).await.unwrap();
    assert!(ends.try_recv().is_err());
    pair.stop().await;
}

#[akt::test]
async fn the_actors_of_a_node_that_is_lost_are_gone_and_say_so_once() {
    let network = Network::new();
    let (pair, _, watcher, mut ends) = watched(&network).await;
    let (near, far) = (pair.near.address().unwrap(), pair.far.address().unwrap());
    let shelf = pair.shelf.actor();

    let (reason, mut told) = tokio::join!(shelf.stopped(), async {
        network.cut(&near, &far);
        [ends.recv().await.unwrap(), ends.recv().await.unwrap()]
    });
    told.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(told, [ended("second", StopReason::NodeLost), ended("shelf", StopReason::NodeLost)]);
    assert_eq!(reason, StopReason::NodeLost);

    network.heal(&near, &far);
    reach(&pair.shelf).await;
    watcher.watch(pair.shelf.actor()).await.unwrap();
    pair.shelf.actor().stop();
    assert_eq!(ends.recv().await.unwrap(), ended("shelf", StopReason::Requested), "watched again");
    assert!(ends.try_recv().is_err());
    pair.stop().await;
}

#[akt::test]
async fn a_node_that_was_never_there_is_lost_after_its_time() {
    let network = Network::new();
    let remote = Remote::memory(&network).lost_after(Duration::from_secs(3));
    let near = ActorSystem::builder("shop").remote(remote).start().await.unwrap();
    let (watcher, mut ends) = watcher(&near).await;
    let nobody: depot::DepotRef = near.actor_at("akt://shop@memory:9/user/shelf").unwrap();
    let begun = near.runtime().now();

    watcher.watch(nobody.actor()).await.unwrap();

    assert_eq!(ends.recv().await.unwrap(), ended("shelf", StopReason::NodeLost));
    assert_eq!(near.runtime().now().since(begun).as_secs(), 3);
    near.shutdown().await;
}

#[akt::test]
async fn a_node_that_stops_says_so_for_each_of_its_actors() {
    let network = Network::new();
    let (pair, _, _watcher, mut ends) = watched(&network).await;

    pair.far.shutdown().await;

    let mut told = [ends.recv().await.unwrap(), ends.recv().await.unwrap()];
    told.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(told, [ended("second", StopReason::Shutdown), ended("shelf", StopReason::Shutdown)]);
    pair.near.shutdown().await;
}
