//! The tests of the page about tests, `docs/testing.md`: what it shows stands here, and runs.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use akt::prelude::*;
use akt::testkit::cluster::{Chaos, ClusterKit, NodeStart};
use akt::testkit::{Effect, Solo, TestKit};
use shop::v1 as shop_v1;

akt::include_contracts!();

/// Bakes, and brings to the depot what it has baked, once an hour.
struct Baker {
    depot: shop_v1::DepotRef,
    loaves: u32,
}

#[akt::actor(passivate = "24h")]
impl Baker {
    #[handler]
    fn bake(&mut self, loaves: u32, cx: &mut Ctx<Self>) -> u32 {
        if self.loaves == 0 {
            cx.after(Duration::from_secs(3600), cx.me().deliver()).detach();
        }
        self.loaves += loaves;
        self.loaves
    }

    #[handler]
    async fn deliver(&mut self) -> Result<u32, Fault> {
        let goods = shop_v1::Goods { pieces: self.loaves };
        let stored = self.depot.store(goods).await?;
        self.loaves = 0;
        Ok(stored.pieces)
    }

    #[handler]
    fn rest(&self) -> bool {
        self.loaves == 0
    }
}

fn baker() -> (Solo<Baker>, shop_v1::DepotProbe) {
    Solo::with(|kit| {
        let (depot, probe) = kit.probe::<shop_v1::DepotRef>();
        (Baker { depot, loaves: 0 }, probe)
    })
}

#[test]
fn the_first_loaf_sets_the_timer() {
    let (mut baker, _depot) = baker();

    let mut first = baker.run(|baker| baker.bake(2));
    assert_eq!(first.reply(), Some(2));
    assert_eq!(first.effects(), [Effect::Scheduled(Duration::from_secs(3600))]);

    let second = baker.run(|baker| baker.bake(3));
    assert_eq!(second.effects(), []);
    assert_eq!(baker.state(|baker| baker.loaves), 5);
}

#[test]
fn a_delivery_waits_for_the_depot() {
    let (mut baker, mut depot) = baker();
    baker.run(|baker| baker.bake(2));

    let deliver = baker.run(|baker| baker.deliver());
    assert!(matches!(deliver.effects(), [Effect::Sent { message: "Store", asked: true, .. }]));

    let (goods, reply) = baker.wait(depot.expect_store());
    reply.send(shop_v1::Stored { pieces: goods.pieces + 40, owner: String::new() });
    assert_eq!(baker.finish(deliver).unwrap(), 42);
}

async fn bakery(kit: &TestKit) -> (BakerRef, shop_v1::DepotProbe) {
    let (depot, probe) = kit.probe::<shop_v1::DepotRef>();
    (kit.spawn(move || Baker { depot: depot.clone(), loaves: 0 }).await, probe)
}

#[akt::test]
async fn bread_is_delivered_after_an_hour(kit: TestKit) -> Result<(), AskError> {
    let (baker, mut depot) = bakery(&kit).await;
    baker.bake(2).await?;

    depot.expect_none(Duration::from_secs(3599)).await;
    kit.advance(Duration::from_secs(1)).await;

    let (goods, reply) = depot.expect_store().await;
    assert_eq!(goods.pieces, 2);
    reply.send(shop_v1::Stored::default());
    assert!(baker.rest().await?);
    Ok(())
}

#[akt::test]
async fn a_depot_that_answers_by_itself(kit: TestKit) {
    let (baker, mut depot) = bakery(&kit).await;
    let mut pieces = 0;
    depot.answer(shop_v1::DepotRef::store, move |goods| {
        pieces += goods.pieces;
        shop_v1::Stored { pieces, owner: String::new() }
    });

    baker.bake(2).await.unwrap();
    kit.advance(Duration::from_secs(3600)).await;
    baker.bake(3).await.unwrap();
    assert_eq!(baker.deliver().await.unwrap(), 5);

    assert_eq!(kit.handled::<Baker>("deliver"), 2);
    kit.advance(Duration::from_secs(2 * 86400)).await;
    kit.expect_passivated(&baker).await;
}

#[akt::test]
async fn a_depot_that_is_gone_stops_the_baker(kit: TestKit) {
    let (baker, depot) = bakery(&kit).await;
    depot.actor().stop();
    baker.deliver().tell().unwrap();

    assert_eq!(kit.expect_terminated(&baker).await, akt::StopReason::Fault);
    assert_eq!(kit.dead_letters()[0].message, "deliver");
}

#[test]
#[should_panic(expected = "the test left something behind")]
fn a_test_must_answer_who_asks() {
    akt::testkit::run(async |kit| {
        let (baker, _depot) = bakery(&kit).await;
        baker.deliver().tell().unwrap();
    });
}

/// Outlives its node.
#[derive(Default)]
struct Disk(AtomicU32);

/// Has on its disk what it has said that it has.
struct Depot {
    pieces: u32,
    disk: Arc<Disk>,
}

#[akt::actor]
impl shop_v1::Depot for Depot {
    fn store(&mut self, goods: shop_v1::Goods) -> shop_v1::Stored {
        self.pieces += goods.pieces;
        self.disk.0.store(self.pieces, Ordering::SeqCst);
        shop_v1::Stored { pieces: self.pieces, owner: String::new() }
    }
}

/// What starts a node, at the begin and after a kill. The depot is on the second.
async fn node(start: NodeStart) -> Result<ActorSystem, Box<dyn Error + Send + Sync>> {
    let disk = start.kit.shared::<Disk>();
    let system = start.builder.start().await?;
    if start.node == 1 {
        let depot = move || Depot { pieces: disk.0.load(Ordering::SeqCst), disk: disk.clone() };
        system.spawn("depot", depot).await?;
    }
    Ok(system)
}

fn goods(pieces: u32) -> shop_v1::Goods {
    shop_v1::Goods { pieces }
}

#[akt::test(nodes = 3, start = node)]
async fn a_cut_heals(kit: ClusterKit) {
    let depot: shop_v1::DepotRef = kit.actor(0, 1, "/user/depot");
    kit.cut(0, 1);
    depot.store(goods(1)).await.unwrap_err();
    kit.heal(0, 1);
    kit.advance(Duration::from_secs(5)).await;
    depot.store(goods(1)).await.unwrap();
}

#[akt::sim_test(nodes = 3, seeds = 200, start = node)]
async fn what_was_answered_is_kept(kit: ClusterKit) {
    let storm = kit.unleash(&Chaos::new().severs(3).cuts(1).kills(2).on(1..3));
    let depot: shop_v1::DepotRef = kit.actor(0, 1, "/user/depot");
    let mut stored = 0;
    for _ in 0..10 {
        kit.advance(Duration::from_secs(1)).await;
        stored += u32::from(depot.store(goods(1)).await.is_ok());
    }
    storm.over().await;
    kit.advance(Duration::from_secs(5)).await;
    assert!(depot.store(goods(0)).await.unwrap().pieces >= stored);
}

#[test]
fn the_page_shows_what_stands_here() {
    let (source, page) = (include_str!("testing.rs"), include_str!("../../docs/testing.md"));
    let blocks: Vec<_> =
        page.split("```rust\n").skip(1).filter_map(|block| block.split("\n```").next()).collect();

    assert!(blocks.len() > 8);
    assert!(!page.contains("```rust,"), "all code of docs/testing.md is compiled and run");
    for block in blocks {
        assert!(source.contains(block), "docs/testing.md shows what is not there:\n{block}");
    }
}
