//! Actors made from what their system provides; an extension that outlives them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use akt::prelude::*;
use akt::{Extension, Inject};

/// What all actors share.
#[derive(Default)]
struct Ledger(AtomicU64);

/// An exchange rate that is read before the first actor and reported after the last.
struct Rates(AtomicU64);

impl Extension for Rates {
    async fn start(&self, _system: &ActorSystem) -> Result<(), Fault> {
        self.0.store(110, Ordering::Relaxed);
        println!("rates: read");
        Ok(())
    }

    async fn stop(&self, _system: &ActorSystem) {
        println!("rates: closed");
    }
}

#[derive(Inject)]
struct Orders {
    #[dep]
    ledger: Arc<Ledger>,
    #[dep(named = "eu")]
    currency: String,
    #[arg]
    shard: u32,
    pending: Vec<u64>,
}

#[akt::actor]
impl Orders {
    #[handler]
    fn place(&mut self, cents: u64, cx: &mut Ctx<Self>) -> String {
        self.pending.push(cents);
        let total = self.ledger.0.fetch_add(cents, Ordering::Relaxed) + cents;
        let rate = cx.system().extension::<Rates>().map_or(100, |rates| rates.0.load(Ordering::Relaxed));
        let (shard, currency, count) = (self.shard, &self.currency, self.pending.len());
        format!(
            "shard {shard}: {count} pending, all shards {total} {currency} cents, {} abroad",
            total * rate / 100
        )
    }

    #[handler]
    fn crash(&mut self) {
        std::panic::panic_any("a bug");
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    std::panic::set_hook(Box::new(|_| {}));
    let incomplete = ActorSystem::builder("shop").provide(Arc::new(Ledger::default())).register::<Orders>();
    println!("{}", incomplete.start().await.unwrap_err());

    let system = ActorSystem::builder("shop")
        .provide(Arc::new(Ledger::default()))
        .provide_named("eu", "EUR".to_owned())
        .extension(Rates(AtomicU64::new(0)))
        .register::<Orders>()
        .start()
        .await?;
    let spawn = system.spawn_injected::<Orders>("orders-7", OrdersArgs { shard: 7 });
    let seven = spawn.supervise(Supervise::restart()).await?;
    let eight = system.spawn_injected::<Orders>("orders-8", OrdersArgs { shard: 8 }).await?;

    println!("{}", seven.place(200).await?);
    println!("{}", eight.place(300).await?);
    seven.crash().tell()?;
    println!("after a crash, {}", seven.place(500).await?);
    system.shutdown().await;
    Ok(())
}
