//! Actors are spawned in another process: of the kinds that it allows, with arguments that travel.

mod other_process;

use std::error::Error;

use akt::Remote;
use akt::prelude::*;
use other_process::OtherProcess;
use shop::v1 as shop_v1;

akt::include_contracts!();

/// What the other process provides.
#[derive(Clone)]
struct Owner(String);

#[derive(akt::Inject)]
#[inject(args = shop_v1::Goods)]
struct Depot {
    #[dep]
    owner: Owner,
    #[arg]
    pieces: u32,
}

#[akt::actor]
impl shop_v1::Depot for Depot {
    fn store(&mut self, goods: shop_v1::Goods) -> shop_v1::Stored {
        self.pieces += goods.pieces;
        shop_v1::Stored { pieces: self.pieces, owner: self.owner.0.clone() }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    if other_process::is_this() {
        let remote = Remote::quic("127.0.0.1:0").allow_spawn::<Depot>();
        let builder = ActorSystem::builder("shop").provide(Owner("the other process".to_owned()));
        return other_process::serve(builder.remote(remote).start().await?).await;
    }
    let other = OtherProcess::start().await?;
    let system = ActorSystem::builder("shop").remote(Remote::quic("127.0.0.1:0")).start().await?;
    let node = system.node(&other.address)?;
    for kind in node.kinds().await? {
        println!("allowed: {}, which serves {}", kind.name, kind.contract);
    }

    let goods = shop_v1::Goods { pieces: 10 };
    let depot: shop_v1::DepotRef = node.spawn_named("Depot", "north", &goods).await?;
    let stored = depot.store(shop_v1::Goods { pieces: 2 }).await?;
    println!("spawned: {} pieces, of {}", stored.pieces, stored.owner);

    let again = node.spawn_named::<shop_v1::DepotRef>("Depot", "north", &goods).await;
    println!("again:   {}", again.err().ok_or("its name is taken")?);
    let cart = node.spawn::<shop_v1::CartRef>("Cart", &goods).await;
    println!("a cart:  {}", cart.err().ok_or("nobody allows it")?);

    let report = node.inspect("north").await?;
    println!(
        "inspect: {} is {:?}, its last message was {}",
        report.path,
        report.state,
        report.doing.unwrap_or_default()
    );
    println!("stop:    {}", node.stop("north").await?);
    system.shutdown().await;
    Ok(())
}
