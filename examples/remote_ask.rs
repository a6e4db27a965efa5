//! An actor in another process is asked and told as one in this process is.

mod other_process;

use std::error::Error;

use akt::Remote;
use akt::prelude::*;
use other_process::OtherProcess;
use shop::v1 as shop_v1;

akt::include_contracts!();

#[derive(Default)]
struct Depot {
    pieces: u32,
}

#[akt::actor]
impl shop_v1::Depot for Depot {
    fn store(&mut self, goods: shop_v1::Goods, cx: &mut Ctx<Self>) -> shop_v1::Stored {
        self.pieces += goods.pieces;
        let owner = cx.headers().get("owner").unwrap_or("nobody").to_owned();
        shop_v1::Stored { pieces: self.pieces, owner }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let remote = Remote::quic("127.0.0.1:0");
    let system = ActorSystem::builder("shop").remote(remote).start().await?;
    if other_process::is_this() {
        system.spawn("depot", Depot::default).await?;
        return other_process::serve(system).await;
    }
    let other = OtherProcess::start().await?;
    let depot: shop_v1::DepotRef = system.actor_at(&format!("{}/user/depot", other.address))?;

    let stored = depot.store(pieces(3)).header("owner", "ada").await?;
    println!("ask  store 3 -> {} pieces, the last of {}", stored.pieces, stored.owner);
    depot.store(pieces(4)).tell()?;
    println!("tell store 4 -> sent");
    let stored = depot.store(pieces(5)).await?;
    println!("ask  store 5 -> {} pieces, the last of {}", stored.pieces, stored.owner);

    let nobody: shop_v1::DepotRef = system.actor_at(&format!("{}/user/nobody", other.address))?;
    match nobody.store(pieces(1)).await {
        Err(error) => println!("ask  nobody  -> {error}"),
        Ok(_) => return Err("nobody is there".into()),
    }
    system.shutdown().await;
    Ok(())
}

fn pieces(pieces: u32) -> shop_v1::Goods {
    shop_v1::Goods { pieces }
}
