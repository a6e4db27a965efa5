//! Nodes of a simulation are paused, killed, brought back, and have clocks of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use akt::prelude::*;
use akt::{Network, NodeAddress, NotSimulated, Remote, Runtime, StartError, StopReason};

use crate::contracts::depot::v1 as depot;
use crate::depot::{Shelf, at, item, millis};
use crate::support::Counter;

const SECOND: Duration = Duration::from_secs(1);

/// Runs a test under the seeded executor, and on tokio with its clock paused.
fn in_both(test: impl AsyncFn(Runtime)) {
    for seed in 0..8 {
        akt::sim::run(seed, |runtime| test(runtime));
    }
    let tokio =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    tokio.block_on(async { test(Runtime::current().unwrap().for_another_node()).await });
}

async fn node(runtime: &Runtime, remote: Remote) -> ActorSystem {
    let node = ActorSystem::builder("shop").remote(remote);
    node.runtime(runtime.for_another_node()).start().await.unwrap()
}

async fn pair(runtime: &Runtime, network: &Network) -> (ActorSystem, ActorSystem, depot::DepotRef) {
    let (near, far) =
        (node(runtime, Remote::memory(network)).await, node(runtime, Remote::memory(network)).await);
    far.spawn("shelf", Shelf::default).await.unwrap();
    let shelf = at(&near, &far, "shelf");
    shelf.add(item(1)).await.unwrap();
    (near, far, shelf)
}

fn address(system: &ActorSystem) -> NodeAddress {
    system.address().unwrap()
}

async fn local(runtime: &Runtime) -> ActorSystem {
    ActorSystem::builder("shop").runtime(runtime.for_another_node()).start().await.unwrap()
}

#[test]
fn a_paused_node_does_nothing_and_goes_on_where_it_was() {
    in_both(async |runtime| {
        let system = local(&runtime).await;
        let counter = system.spawn("counter", Counter::default).await.unwrap();
        counter.add(1).await.unwrap();

        system.runtime().pause().unwrap();
        let asked = counter.add(2).timeout(3600 * SECOND).start();
        let mut asked = Box::pin(asked);
        let early = tokio::select! { biased;
            answer = &mut asked => Some(answer),
            () = runtime.sleep(60 * SECOND) => None,
        };
        system.runtime().resume().unwrap();

        assert!(early.is_none(), "{early:?}");
        assert_eq!(asked.await.unwrap(), 3);
        system.shutdown().await;
    });
}

#[test]
fn what_came_due_while_a_node_was_paused_fires_at_once_when_it_goes_on() {
    in_both(async |runtime| {
        let system = local(&runtime).await;
        let fired = Arc::new(AtomicUsize::new(0));
        let (sleeper, count) = (system.runtime().clone(), fired.clone());
        let clock = system.spawn("clock", move || Clock(count.clone())).await.unwrap();
        clock.ring_in(5 * SECOND).await.unwrap();

        sleeper.pause().unwrap();
        let before = sleeper.now();
        runtime.sleep(20 * SECOND).await;
        assert_eq!((fired.load(Ordering::SeqCst), sleeper.now() - before), (0, 20 * SECOND));
        sleeper.resume().unwrap();
        runtime.sleep(Duration::from_millis(1)).await;

        assert_eq!(fired.load(Ordering::SeqCst), 1);
        system.shutdown().await;
    });
}

struct Clock(Arc<AtomicUsize>);

#[akt::actor]
impl Clock {
    #[handler]
    fn ring_in(&mut self, time: Duration, cx: &mut Ctx<Self>) {
        cx.after(time, cx.me().ring().post()).detach();
    }

    #[handler]
    fn ring(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_node_that_is_paused_for_long_is_silent_to_its_peers_and_reached_again_later() {
    in_both(async |runtime| {
        let network = Network::seeded(runtime.random());
        let (near, far, shelf) = pair(&runtime, &network).await;

        far.runtime().pause().unwrap();
        let began = runtime.now();
        let lost = shelf.add(item(2)).timeout(60 * SECOND).await.unwrap_err();
        assert!(matches!(lost.delivery(), Delivery::Maybe), "{lost}");
        assert_eq!((runtime.now() - began).as_secs(), 3, "{lost}");
        far.runtime().resume().unwrap();
        runtime.sleep(5 * SECOND).await;

        shelf.add(item(3)).await.unwrap();
        near.shutdown().await;
        far.shutdown().await;
    });
}

#[test]
fn a_node_that_is_paused_shortly_answers_later_and_keeps_its_connection() {
    in_both(async |runtime| {
        let network = Network::seeded(runtime.random());
        let (near, far, shelf) = pair(&runtime, &network).await;

        far.runtime().pause().unwrap();
        let asked = shelf.add(item(2)).start();
        runtime.sleep(2 * SECOND).await;
        far.runtime().resume().unwrap();

        asked.await.unwrap();
        near.shutdown().await;
        far.shutdown().await;
    });
}

#[test]
fn a_killed_node_is_silent_and_another_takes_its_address() {
    in_both(async |runtime| {
        let network = Network::seeded(runtime.random());
        let (near, far, shelf) = pair(&runtime, &network).await;
        let place = address(&far);

        let asked = shelf.add(item(2)).timeout(60 * SECOND).start();
        far.runtime().kill().unwrap();
        let began = runtime.now();
        let lost = asked.await.unwrap_err();
        assert!(matches!(lost.delivery(), Delivery::Maybe | Delivery::No), "{lost}");
        assert_eq!((runtime.now() - began).as_secs(), 3, "it says nothing: {lost}");
        assert_eq!(far.runtime().now() - akt::Instant::ZERO, runtime.now() - akt::Instant::ZERO);

        let again = node(&runtime, Remote::memory_at(&network, &place)).await;
        assert_eq!(address(&again), place);
        again.spawn("shelf", Shelf::default).await.unwrap();
        runtime.sleep(5 * SECOND).await;
        shelf.add(item(3)).await.unwrap();

        // What is left of the old one takes nothing from the new one.
        far.shutdown().await;
        drop(far);
        shelf.add(item(4)).await.unwrap();
        near.shutdown().await;
        again.shutdown().await;
    });
}

#[test]
fn who_comes_back_at_the_address_of_a_killed_node_knows_nothing_of_its_connections() {
    in_both(async |runtime| {
        let network = Network::seeded(runtime.random());
        let (near, far, shelf) = pair(&runtime, &network).await;
        let place = address(&far);

        let asked = shelf.wait(millis(30_000)).timeout(60 * SECOND).start();
        runtime.sleep(SECOND).await;
        far.runtime().kill().unwrap();
        let again = node(&runtime, Remote::memory_at(&network, &place)).await;
        again.spawn("shelf", Shelf::default).await.unwrap();
        let began = runtime.now();

        let lost = asked.await.unwrap_err();
        assert_eq!((lost.delivery(), runtime.now() - began), (Delivery::Maybe, Duration::ZERO), "{lost}");
        runtime.sleep(SECOND).await;
        assert_eq!(shelf.view(()).await.unwrap().added, []);
        near.shutdown().await;
        again.shutdown().await;
    });
}

#[test]
fn a_killed_system_answers_as_one_that_has_stopped() {
    in_both(async |runtime| {
        let system = local(&runtime).await;
        let counter = system.spawn("counter", Counter::default).await.unwrap();
        let forever = counter.wait_or_cancelled(tokio::sync::mpsc::channel(1).0).start();
        runtime.sleep(SECOND).await;

        system.runtime().kill().unwrap();

        let ended = forever.await.unwrap_err();
        assert!(matches!(ended, AskError::Unanswered), "{ended:?}");
        assert_eq!(ended.delivery(), Delivery::Maybe);
        assert!(matches!(counter.add(1).await, Err(AskError::Stopped { .. })));
        assert_eq!(counter.actor().stop_reason(), Some(StopReason::Killed));
        assert!(system.spawn("other", Counter::default).await.is_err());
        system.shutdown().await;
        system.runtime().resume().unwrap();
        system.runtime().pause().unwrap();
        system.runtime().kill().unwrap();
    });
}

#[test]
fn destructors_of_a_killed_node_may_tell_ask_and_spawn_to_no_effect() {
    struct Last(depot::DepotRef, ActorSystem);

    #[akt::actor]
    impl Last {
        #[handler]
        fn ready(&mut self) {}
    }

    impl Drop for Last {
        fn drop(&mut self) {
            let _ = self.0.add(item(100)).tell();
            drop(self.0.add(item(100)).start());
            drop(self.1.spawn("heir", Counter::default));
        }
    }

    in_both(async |runtime| {
        let network = Network::seeded(runtime.random());
        let (near, far, shelf) = pair(&runtime, &network).await;
        let (me, system) = (shelf.clone(), near.clone());
        let last = near.spawn_value("last", Last(me, system)).await.unwrap();
        last.ready().await.unwrap();

        near.runtime().kill().unwrap();
        runtime.sleep(10 * SECOND).await;

        let here = at(&far, &far, "shelf");
        assert_eq!(here.view(()).await.unwrap().added, [1]);
        far.shutdown().await;
    });
}

#[test]
fn an_address_that_is_taken_or_elsewhere_is_refused() {
    in_both(async |runtime| {
        let network = Network::new();
        let near = node(&runtime, Remote::memory(&network)).await;
        let mut place = address(&near);
        let refused = async |place: &NodeAddress| {
            let node = ActorSystem::builder("shop").remote(Remote::memory_at(&network, place));
            match node.runtime(runtime.for_another_node()).start().await {
                Err(StartError::Part { source, .. }) => source.to_string(),
                other => panic!("{other:?}"),
            }
        };

        assert_eq!(refused(&place).await, "cannot listen on memory:1: another node of this network does");
        place.host = "shop.example".into();
        assert_eq!(
            refused(&place).await,
            "cannot listen on shop.example:1: expected the address of a node in memory, such as `memory:1`"
        );
        near.shutdown().await;
    });
}

#[test]
fn a_clock_that_drifts_goes_on_from_where_it_is_and_times_what_waits_by_it() {
    in_both(async |runtime| {
        let node = runtime.for_another_node();
        node.set_wall_clock(SystemTime::UNIX_EPOCH + 1_000 * SECOND);
        runtime.sleep(10 * SECOND).await;

        node.set_drift(100_000).unwrap();
        assert_eq!(node.now() - akt::Instant::ZERO, 10 * SECOND);
        runtime.sleep(10 * SECOND).await;
        assert_eq!(node.now() - akt::Instant::ZERO, 21 * SECOND);
        let before = runtime.now();
        node.sleep(11 * SECOND).await;
        assert_eq!((runtime.now() - before).as_millis(), 10_000);

        node.set_drift(-500_000).unwrap();
        let before = runtime.now();
        let slowed = node.sleep(10 * SECOND);
        let hurried = async {
            runtime.sleep(10 * SECOND).await;
            node.set_drift(1_000_000).unwrap();
        };
        let ((), ()) = tokio::join!(slowed, hurried);
        assert_eq!((runtime.now() - before).as_millis(), 12_500);
        assert_eq!(
            node.wall_clock(),
            SystemTime::UNIX_EPOCH + 1_000 * SECOND + (node.now() - akt::Instant::ZERO)
        );
    });
}

#[test]
fn timers_of_actors_go_by_the_clock_of_their_node() {
    in_both(async |runtime| {
        let system = local(&runtime).await;
        let fired = Arc::new(AtomicUsize::new(0));
        let count = fired.clone();
        let clock = system.spawn("clock", move || Clock(count.clone())).await.unwrap();
        clock.ring_in(100 * SECOND).await.unwrap();
        runtime.sleep(10 * SECOND).await;

        system.runtime().set_drift(500_000).unwrap();
        runtime.sleep(60 * SECOND - Duration::from_millis(5)).await;
        assert_eq!(fired.load(Ordering::SeqCst), 0);
        runtime.sleep(Duration::from_millis(10)).await;

        assert_eq!(fired.load(Ordering::SeqCst), 1);
        system.shutdown().await;
    });
}

#[tokio::test]
async fn the_programs_own_runtime_is_not_meddled_with() {
    let runtime = Runtime::current().unwrap();

    assert_eq!(runtime.pause(), Err(NotSimulated));
    assert_eq!(runtime.resume(), Err(NotSimulated));
    assert_eq!(runtime.kill(), Err(NotSimulated));
    assert_eq!(runtime.set_drift(1), Err(NotSimulated));
}
