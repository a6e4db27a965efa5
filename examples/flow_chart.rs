//! A run of two nodes as a log and as a picture: `flow_chart run.flow run.svg` makes the picture of a log that is there.

use std::error::Error;
use std::time::Duration;

use akt::prelude::*;
use akt::testkit::flow::{Flow, Recorder};
use akt::{Network, Remote};
use shop::v1 as shop_v1;

akt::include_contracts!();

#[derive(Default)]
struct Depot {
    pieces: u32,
}

#[akt::actor]
impl shop_v1::Depot for Depot {
    fn store(&mut self, goods: shop_v1::Goods) -> shop_v1::Stored {
        self.pieces += goods.pieces;
        shop_v1::Stored { pieces: self.pieces, owner: "nobody".to_owned() }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut files = std::env::args().skip(1);
    if let (Some(log), Some(picture)) = (files.next(), files.next()) {
        let flow: Flow = std::fs::read_to_string(log)?.parse()?;
        std::fs::write(&picture, flow.chart().to_string())?;
        println!("{} things that happened are in {picture}", flow.entries().len());
        return Ok(());
    }
    print!("{}", run(7)?);
    Ok(())
}

/// One node asks the other, and the connection breaks meanwhile. The same seed gives the same log.
fn run(seed: u64) -> Result<Flow, Box<dyn Error>> {
    akt::sim::run(seed, |runtime| async move {
        let network = Network::seeded(seed);
        network.set_latency(Duration::from_millis(1)..Duration::from_millis(5));
        let recorder = Recorder::new(&runtime);
        recorder.network(&network);
        recorder.contract::<shop_v1::DepotMsg>();
        let node = || ActorSystem::builder("shop").remote(Remote::memory(&network));
        let near = node().runtime(runtime.for_another_node()).start().await?;
        recorder.node("near", &near);
        let far = node().runtime(runtime.for_another_node()).start().await?;
        recorder.node("far", &far);
        far.spawn("depot", Depot::default).await?;
        let (a, b) = (near.address().ok_or("near is remote")?, far.address().ok_or("far is remote")?);
        let depot: shop_v1::DepotRef = near.actor_at(&format!("akt://{b}/user/depot"))?;

        depot.store(shop_v1::Goods { pieces: 3 }).await?;
        let second = depot.store(shop_v1::Goods { pieces: 4 }).start();
        runtime.sleep(Duration::from_millis(2)).await;
        network.sever(&a, &b);
        if let Err(error) = second.await {
            recorder.note("near", error.to_string());
        }
        depot.store(shop_v1::Goods { pieces: 5 }).await?;
        near.shutdown().await;
        far.shutdown().await;
        Ok(recorder.flow())
    })
}
