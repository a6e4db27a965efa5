//! What is counted of grains, and what a circle of asks over grains and actors is told.

use akt::prelude::*;
use akt::{KindMetrics, StopReason};

use crate::support::{settle, system};

/// Does not activate at key 13.
struct Lamp;

#[akt::grain(kind = "lamp", key = u64)]
impl Lamp {
    #[on(activate)]
    fn activate(key: &u64) -> Result<Self, Fault> {
        if *key == 13 { Err(Fault::new("no bulb")) } else { Ok(Self) }
    }

    #[handler]
    fn shine(&mut self) {}

    #[handler]
    fn off(&mut self, cx: &mut Ctx<Self>) {
        cx.deactivate();
    }

    #[handler]
    fn burst(&mut self, cx: &mut Ctx<Self>) {
        cx.fail(Fault::new("burst"));
    }
}

fn lamps(system: &ActorSystem) -> KindMetrics {
    system.metrics().kind("Lamp").cloned().unwrap_or_default()
}

#[akt::test]
async fn activations_and_their_ends_are_counted_by_kind() {
    let system = system().await;
    for key in 0..5_u64 {
        Lamp::grain(&system, key).shine().await.unwrap();
    }
    Lamp::grain(&system, 13_u64).shine().await.unwrap_err();
    Lamp::grain(&system, 0_u64).off().await.unwrap();
    Lamp::grain(&system, 1_u64).burst().await.unwrap_err();
    Lamp::grain(&system, 2_u64).actor().kill();
    settle().await;
    Lamp::grain(&system, 0_u64).shine().await.unwrap();

    let lamps = lamps(&system);
    assert_eq!((lamps.actors, lamps.spawned, lamps.start_failures), (3, 7, 1));
    let ends: Vec<_> = lamps.stopped.into_iter().collect();
    assert_eq!(ends, [(StopReason::Requested, 1), (StopReason::Killed, 1), (StopReason::Fault, 1)]);
    assert_eq!(lamps.messages.iter().find(|message| message.message == "shine").map(|m| m.handled), Some(6));
    system.shutdown().await;
}

/// Asks whoever is next.
#[derive(Default)]
struct Link;

#[akt::grain(kind = "link", key = String)]
impl Link {
    #[handler]
    async fn pass(&mut self, actor: HubRef) -> String {
        match actor.pass().await {
            Ok(text) => text,
            Err(error) => error.to_string(),
        }
    }
}

struct Hub;

#[akt::actor]
impl Hub {
    #[handler]
    async fn begin(&mut self, cx: &mut Ctx<Self>) -> String {
        Link::grain(cx.system(), "a").pass(cx.me()).await.unwrap()
    }

    #[handler]
    fn pass(&mut self) -> String {
        "handled".to_owned()
    }
}

#[akt::test]
async fn a_cycle_over_grains_and_actors_names_them() {
    let system = system().await;
    let hub = system.spawn("hub", || Hub).await.unwrap();

    let text = hub.begin().await.unwrap();

    for name in ["/user/hub", "/user/$grains/link/a"] {
        assert!(text.contains(name), "{text}");
    }
    system.shutdown().await;
}
