//! Asks that come back to a router whose routees wait for them.

use std::time::Duration;

use akt::prelude::*;
use akt::{Network, Remote, Router};

use crate::contracts::depot::v1 as depot;
use crate::depot::at;
use crate::envelopes::{Relay, blob, text};
use crate::support::system;

/// Asks its own router.
#[derive(Default)]
struct Digger {
    router: Option<DiggerRef>,
}

#[akt::actor]
impl Digger {
    #[handler]
    fn lead(&mut self, router: DiggerRef) {
        self.router = Some(router);
    }

    #[handler]
    fn touch(&mut self) {}

    /// Goes so deep, and says who got there, or what ended it.
    #[handler]
    async fn dig(&mut self, depth: u64, cx: &mut Ctx<Self>) -> String {
        if depth == 0 {
            return cx.path().to_string();
        }
        let router = self.router.clone().expect("it knows its router");
        // Now it is its own turn again.
        router.touch().tell().expect("there is room");
        match router.dig(depth - 1).await {
            Ok(said) => said,
            Err(AskError::Cycle { path }) => path.to_string(),
            Err(error) => error.to_string(),
        }
    }
}

/// A router whose routees know it, that many.
async fn diggers(router: Router<DiggerMsg>, count: usize) -> (ActorSystem, DiggerRef) {
    let system = system().await;
    let diggers = system.spawn_router("dig", router, Digger::default).await.unwrap();
    for number in 1..=count {
        let digger: DiggerRef = system.actor_of(&format!("/user/dig/{number}")).await.unwrap();
        digger.lead(diggers.clone()).await.unwrap();
    }
    (system, diggers)
}

#[akt::test]
async fn a_router_passes_over_routees_that_wait_for_the_ask_whatever_its_strategy() {
    let strategies: [fn(usize) -> Router<DiggerMsg>; 4] =
        [Router::round_robin, Router::random, Router::least_loaded, Router::pull];
    for strategy in strategies {
        let (system, diggers) = diggers(strategy(2), 2).await;
        let begun = system.runtime().now();

        for _ in 0..30 {
            let said = diggers.dig(1).await.unwrap();
            assert!(said.starts_with("/user/dig/") && !said.contains("->"), "{said}");
        }

        assert_eq!(system.runtime().now(), begun);
        system.shutdown().await;
    }
}

#[akt::test]
async fn an_ask_of_a_router_whose_routees_all_wait_for_it_is_a_cycle_at_once() {
    let strategies: [fn(usize) -> Router<DiggerMsg>; 5] =
        [Router::round_robin, Router::random, Router::least_loaded, Router::pull, |size| {
            Router::consistent_hash(size, |_| "one key")
        }];
    for strategy in strategies {
        let (system, diggers) = diggers(strategy(1), 1).await;
        let begun = system.runtime().now();

        assert_eq!(diggers.dig(1).await.unwrap(), "/user/dig/1 -> /user/dig/1");

        assert_eq!(system.runtime().now(), begun);
        system.shutdown().await;
    }
    let (system, diggers) = diggers(Router::round_robin(2), 2).await;
    let said = diggers.dig(2).await.unwrap();
    let way: Vec<&str> = said.split(" -> ").collect();
    assert!(way.len() >= 2 && way.first() == way.last(), "{said}");
    system.shutdown().await;
}

#[akt::test]
async fn a_key_whose_routee_waits_is_a_cycle_and_goes_to_nobody_else() {
    let (system, diggers) = diggers(Router::consistent_hash(3, |_| "one key"), 3).await;

    let said = diggers.dig(1).await.unwrap();

    let way: Vec<&str> = said.split(" -> ").collect();
    assert!(way.len() == 2 && way[0] == way[1], "{said}");
    system.shutdown().await;
}

#[akt::test]
async fn who_wants_the_first_answer_has_it_of_another_and_who_wants_all_is_a_cycle() {
    let minute = Duration::from_secs(60);
    let (system, crew) = diggers(Router::scatter_gather(2, minute), 2).await;
    let one: DiggerRef = system.actor_of("/user/dig/1").await.unwrap();
    assert_eq!(one.dig(1).await.unwrap(), "/user/dig/2");
    drop(crew);
    system.shutdown().await;

    let (system, crew) = diggers(Router::fan_out(2), 2).await;
    let one: DiggerRef = system.actor_of("/user/dig/1").await.unwrap();
    assert_eq!(one.dig(1).await.unwrap(), "/user/dig/1 -> /user/dig/1");
    drop(crew);
    system.shutdown().await;
}

#[akt::test]
async fn a_cycle_through_a_router_and_another_node_is_an_error_at_once_and_names_the_routee() {
    let network = Network::new();
    let start = || ActorSystem::builder("shop").remote(Remote::memory(&network)).start();
    let (here, there) = (start().await.unwrap(), start().await.unwrap());
    let back = at(&there, &here, "relays");
    there.spawn("relay", move || Relay { next: Some(back.clone()), ..Relay::default() }).await.unwrap();
    let next = at(&here, &there, "relay");
    let relay = move || Relay { next: Some(next.clone()), ..Relay::default() };
    let relays: depot::DepotRef = here.spawn_router("relays", Router::round_robin(1), relay).await.unwrap();
    let begun = here.runtime().now();

    let said = text(relays.echo(blob("")).await.unwrap());

    let [first, second] = [&here, &there].map(|node| node.address().unwrap());
    let routee = format!("akt://{first}/user/relays/1");
    assert_eq!(said, format!("{routee} -> akt://{second}/user/relay -> {routee}"));
    assert!(here.runtime().now().since(begun) < Duration::from_millis(100));
    here.shutdown().await;
    there.shutdown().await;
}
