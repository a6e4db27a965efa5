//! The depot, and what is asked of it.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use akt::prelude::*;
use akt::testkit::cluster::{Chaos, ClusterKit, NodeStart};

use crate::shop::v1 as shop;

/// When a depot saves what it has.
#[derive(Clone, Copy, Debug)]
pub enum Saves {
    /// Wrong: what was stored since then is lost if its node dies, and it has said that it has it.
    EverySecond,
    /// Right.
    BeforeItAnswers,
}

/// Outlives its node.
#[derive(Default)]
struct Disk(AtomicU32);

struct Depot {
    pieces: u32,
    disk: Arc<Disk>,
    saves: Saves,
}

impl Depot {
    fn save(&self) {
        self.disk.0.store(self.pieces, Ordering::SeqCst);
    }
}

#[akt::actor]
impl shop::Depot for Depot {
    fn store(&mut self, goods: shop::Goods) -> shop::Stored {
        self.pieces += goods.pieces;
        if matches!(self.saves, Saves::BeforeItAnswers) {
            self.save();
        }
        shop::Stored { pieces: self.pieces, owner: String::new() }
    }

    #[every("1s")]
    fn save_now_and_then(&mut self) {
        self.save();
    }
}

/// A node of the shop. The depot is on the second, and begins with what is on the disk.
pub async fn node(start: NodeStart, saves: Saves) -> Result<ActorSystem, Box<dyn Error + Send + Sync>> {
    let disk = start.kit.shared::<Disk>();
    let system = start.builder.start().await?;
    if start.node == 1 {
        let depot = move || Depot { pieces: disk.0.load(Ordering::SeqCst), disk: disk.clone(), saves };
        system.spawn("depot", depot).await?;
    }
    Ok(system)
}

/// The first node stores a piece now and then, while connections break and the depot's node may die.
pub async fn loses_nothing(kit: ClusterKit) {
    kit.set_latency(Duration::from_millis(1)..Duration::from_millis(20));
    let storm = kit.unleash(&Chaos::new().severs(3).cuts(1).kills(2).on(1..3).within(Duration::from_secs(3)));
    let depot: shop::DepotRef = kit.actor(0, 1, "/user/depot");
    let mut stored = 0;
    for _ in 0..5 {
        kit.advance(Duration::from_millis(600)).await;
        if depot.store(shop::Goods { pieces: 1 }).await.is_ok() {
            stored += 1;
        }
    }
    storm.over().await;
    kit.advance(Duration::from_secs(5)).await;
    let has = depot.store(shop::Goods { pieces: 0 }).await.expect("all is healed").pieces;
    kit.note(1, format!("has {has} of {stored}"));
    assert!(has >= stored, "the depot has {has} pieces, and said of {stored} that it has them");
}
