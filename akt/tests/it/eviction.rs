//! Eviction: above a limit of live actors, those leave that are spared by nothing.

use std::sync::Arc;
use std::time::Duration;

use akt::prelude::*;
use akt::{AnyRef, Event, Evict, Passivate, Router, StopReason};
use tokio::sync::Notify;
use tokio::time::advance;

use crate::support::{Counter, CounterRef, gated, until};

async fn system(evict: Evict) -> ActorSystem {
    ActorSystem::builder("test").evict(evict).start().await.unwrap()
}

/// Lets all tasks come to rest, and what is due ring.
async fn settle() {
    for _ in 0..8 {
        advance(Duration::from_millis(20)).await;
        for _ in 0..16 {
            tokio::task::yield_now().await;
        }
    }
}

/// Spawns so many actors, of which each is used once, one after the other.
async fn used(system: &ActorSystem, count: usize) -> Vec<CounterRef> {
    let mut actors = Vec::new();
    for n in 0..count {
        let actor = system.spawn(format!("n{n}"), Counter::default).await.unwrap();
        actor.add(1).await.unwrap();
        advance(Duration::from_millis(3)).await;
        actors.push(actor);
    }
    actors
}

async fn live(system: &ActorSystem) -> Vec<String> {
    settle().await;
    let user = system.lookup(&akt::ActorPath::parse("/user").unwrap()).unwrap();
    user.children().iter().map(|actor| actor.path().name().to_owned()).collect()
}

#[akt::test]
async fn the_least_recently_used_leave_and_the_event_stream_says_so() {
    let system = system(Evict::least_recently_used(3)).await;
    let mut events = system.events();
    let actors = used(&system, 3).await;
    actors[0].add(1).await.unwrap();

    let fresh = system.spawn("n3", Counter::default).await.unwrap();

    assert_eq!(actors[1].actor().stopped().await, StopReason::Passivated);
    assert_eq!(live(&system).await, ["n0", "n2", "n3"]);
    until(&mut events, |event| matches!(event, Event::Evicted { actor, .. } if actor.name() == "n1")).await;
    assert_eq!(system.evictions(), 1);
    assert!(fresh.actor().is_alive());
    system.shutdown().await;
}

#[akt::test]
async fn the_least_frequently_used_leave() {
    let system = system(Evict::least_frequently_used(3)).await;
    let actors = used(&system, 3).await;
    for often in [&actors[0], &actors[2]] {
        often.add(1).await.unwrap();
    }

    system.spawn("n3", Counter::default).await.unwrap();

    assert_eq!(live(&system).await, ["n0", "n2", "n3"]);
    system.shutdown().await;
}

#[akt::test]
async fn the_most_recently_used_leave_but_not_the_newcomer() {
    let system = system(Evict::most_recently_used(3)).await;
    let actors = used(&system, 3).await;
    settle().await;
    actors[1].add(1).await.unwrap();
    settle().await;

    system.spawn("n3", Counter::default).await.unwrap();

    assert_eq!(live(&system).await, ["n0", "n2", "n3"]);
    system.shutdown().await;
}

#[akt::test]
async fn a_share_of_all_may_leave_at_once() {
    for (percent, left) in [(10, 7), (50, 4), (100, 1)] {
        let system = system(Evict::least_recently_used(7).percent(percent)).await;

        used(&system, 8).await;

        assert_eq!(live(&system).await.len(), left, "{percent} %");
        system.shutdown().await;
    }
}

#[akt::test]
async fn long_lived_actors_routers_and_paused_ones_are_spared() {
    let system = system(Evict::least_recently_used(1)).await;
    let never = Passivate::never();
    let old = system.spawn("old", Counter::default).passivate(never).await.unwrap();
    let router = system.spawn_router("router", Router::round_robin(3), Counter::default).await.unwrap();
    let paused = system.spawn("paused", Counter::default).await.unwrap();
    paused.actor().pause_passivation();
    settle().await;

    used(&system, 20).await;

    assert_eq!(live(&system).await, ["old", "router", "paused", "n19"]);
    assert_eq!(router.actor().children().len(), 3);
    assert_eq!(old.add(1).await.unwrap(), 1);
    paused.actor().resume_passivation();
    assert_eq!(live(&system).await, ["old", "router", "paused"], "it takes part again");
    system.shutdown().await;
}

#[akt::test]
async fn who_is_in_use_stays_and_the_next_leaves() {
    let system = system(Evict::least_recently_used(2)).await;
    let gate = Arc::new(Notify::new());
    let busy = system.spawn("busy", gated(&gate)).await.unwrap();
    let waiting = busy.wait().timeout(Duration::from_secs(60)).start();
    busy.add(1).tell().unwrap();
    settle().await;

    used(&system, 3).await;

    assert_eq!(live(&system).await.len(), 3, "it is in the midst of a message");
    assert!(busy.actor().is_alive());
    gate.notify_one();
    assert_eq!(waiting.await.unwrap(), 0);
    assert_eq!(live(&system).await.len(), 2);
    assert!(busy.actor().is_alive(), "it was used meanwhile");
    assert_eq!(system.dead_letters(), 0);
    system.shutdown().await;
}

/// Has one child.
#[derive(Default)]
struct Parent;

#[akt::actor]
impl Parent {
    #[handler]
    async fn have(&mut self, cx: &mut Ctx<Self>) -> AnyRef {
        cx.spawn("child", Counter::default).passivate(Passivate::never()).await.unwrap().actor()
    }
}

#[akt::test]
async fn who_has_children_is_passed_over_and_the_limit_holds() {
    let system = system(Evict::least_recently_used(3)).await;
    let parent = system.spawn("parent", Parent::default).await.unwrap();
    let child = parent.have().await.unwrap();
    settle().await;

    used(&system, 30).await;

    assert_eq!(live(&system).await, ["parent", "n28", "n29"]);
    assert!(child.is_alive());
    system.shutdown().await;
}

#[akt::test]
async fn the_limit_holds_for_ten_thousand_actors_and_nothing_is_lost() {
    let system = system(Evict::least_recently_used(100).percent(10)).await;
    for n in 0..10_000 {
        let actor = system.spawn(n.to_string(), Counter::default).await.unwrap();
        actor.add(1).tell().unwrap();
    }

    let live = live(&system).await.len();

    assert!((50..=100).contains(&live), "{live} are left");
    assert_eq!(system.dead_letters(), 0);
    assert_eq!(system.evictions(), 10_000 - u64::try_from(live).unwrap());
    system.shutdown().await;
}

#[akt::test]
async fn without_a_limit_nobody_is_evicted() {
    let system = ActorSystem::builder("test").start().await.unwrap();

    used(&system, 100).await;

    assert_eq!(live(&system).await.len(), 100);
    assert_eq!(system.evictions(), 0);
    system.shutdown().await;
}
