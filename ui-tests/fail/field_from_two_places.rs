use akt::prelude::*;

#[derive(akt::Inject)]
struct Orders {
    #[dep]
    #[arg]
    db: String,
    #[dep(name = "eu")]
    bank: String,
    #[arg = 3]
    shard: u32,
}

#[akt::actor]
impl Orders {
    #[handler]
    fn all(&mut self) -> (&'static str, u32) {
        drop((self.db.clone(), self.bank.clone()));
        ("all", self.shard)
    }
}

async fn client(system: ActorSystem) {
    let orders = system.spawn_injected::<Orders>("orders", OrdersArgs { shard: 7 }).await.unwrap();
    let _ = orders.all().await;
}

fn main() {}
