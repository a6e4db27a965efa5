//! An actor watches others in another process: it is told when one stops, and when their process is lost.

mod other_process;

use std::error::Error;
use std::time::Duration;

use akt::prelude::*;
use akt::{AnyRef, Remote};
use other_process::OtherProcess;
use shop::v1 as shop_v1;

akt::include_contracts!();

#[derive(Default)]
struct Depot;

#[akt::actor]
impl shop_v1::Depot for Depot {
    fn store(&mut self, goods: shop_v1::Goods) -> shop_v1::Stored {
        shop_v1::Stored { pieces: goods.pieces, ..Default::default() }
    }
}

#[derive(Default)]
struct Watcher {
    waiting: Vec<Reply<String>>,
}

#[akt::actor]
impl Watcher {
    #[handler]
    fn watch(&mut self, actor: AnyRef, cx: &mut Ctx<Self>) {
        cx.watch(&actor);
    }

    /// What it is told next.
    #[handler(defer)]
    fn next(&mut self, reply: Reply<String>) {
        self.waiting.push(reply);
    }

    #[on(terminated)]
    fn gone(&mut self, terminated: Terminated) {
        let said = format!("{} is gone: {}", terminated.actor.path(), terminated.reason);
        self.waiting.drain(..).for_each(|reply| reply.send(said.clone()));
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let remote = Remote::quic("127.0.0.1:0").lost_after(Duration::from_secs(1));
    let system = ActorSystem::builder("shop").remote(remote).start().await?;
    if other_process::is_this() {
        system.spawn("north", Depot::default).await?;
        system.spawn("south", Depot::default).await?;
        return other_process::serve(system).await;
    }
    let mut other = OtherProcess::start().await?;
    let watcher = system.spawn("watcher", Watcher::default).await?;
    let depot = |name: &str| system.actor_at::<shop_v1::DepotRef>(&format!("{}/user/{name}", other.address));
    let (north, south) = (depot("north")?, depot("south")?);
    for depot in [&north, &south] {
        watcher.watch(depot.actor()).await?;
    }

    let next = watcher.next().timeout(Duration::from_secs(60)).start();
    north.actor().stop();
    println!("{}", next.await?);

    let next = watcher.next().timeout(Duration::from_secs(60)).start();
    other.kill().await?;
    println!("{}", next.await?);
    system.shutdown().await;
    Ok(())
}
