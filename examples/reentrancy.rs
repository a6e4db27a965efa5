//! Who has the actor while a handler waits: `&mut self` alone, `&self` with others of its kind, `Turn<Self>` by turns.

use std::collections::HashMap;
use std::time::Duration;

use akt::prelude::*;
use akt::{Turn, TurnCtx};

/// A slow service elsewhere.
async fn fetch(sku: &str) -> u32 {
    tokio::time::sleep(Duration::from_millis(100)).await;
    u32::try_from(sku.len()).unwrap_or(u32::MAX) * 100
}

#[derive(Default)]
struct Prices {
    known: HashMap<String, u32>,
    fetched: u32,
    orders: Option<OrdersRef>,
}

#[akt::actor(concurrency = 16)]
impl Prices {
    /// Alone: nothing else is handled until the price is here.
    #[handler]
    async fn load_alone(&mut self, sku: String) -> u32 {
        let cents = fetch(&sku).await;
        *self.known.entry(sku).or_insert(cents)
    }

    /// With others: up to 16 of them wait at the same time, and nobody changes the state meanwhile.
    #[handler]
    async fn estimate(&self, sku: String) -> u32 {
        match self.known.get(&sku) {
            Some(cents) => *cents,
            None => fetch(&sku).await,
        }
    }

    /// By turns: anything else is handled at each `.await`, so the state may be another after it.
    #[handler(reentrant, max = 32)]
    async fn load(this: Turn<Self>, sku: String) -> u32 {
        if let Some(cents) = this.with(|me| me.known.get(&sku).copied()) {
            return cents;
        }
        let cents = fetch(&sku).await;
        this.with(|me| {
            me.fetched += 1;
            *me.known.entry(sku).or_insert(cents)
        })
    }

    #[handler]
    fn fetched(&self) -> u32 {
        self.fetched
    }

    #[handler]
    fn lead(&mut self, orders: OrdersRef) {
        self.orders = Some(orders);
    }

    /// Asks the orders, which ask back for the price.
    #[handler(reentrant)]
    async fn quote(this: Turn<Self>, sku: String, alone: bool, cx: &TurnCtx<Self>) -> String {
        let orders = this.with(|me| me.orders.clone().expect("it was led"));
        let asked = orders.total(sku, cx.me());
        let total = if alone { this.exclusive(asked).await } else { asked.await };
        total.unwrap_or_else(|error| error.to_string())
    }
}

#[derive(Default)]
struct Orders;

#[akt::actor]
impl Orders {
    #[handler]
    async fn total(&mut self, sku: String, prices: PricesRef) -> String {
        match prices.load(sku).await {
            Ok(cents) => format!("{} cents for three", 3 * cents),
            Err(error) => error.to_string(),
        }
    }
}

/// How long both calls took together.
async fn together(
    system: &ActorSystem,
    first: impl Future<Output = Result<u32, AskError>>,
    second: impl Future<Output = Result<u32, AskError>>,
) -> Result<Duration, AskError> {
    let began = system.runtime().now();
    let (first, second) = tokio::join!(first, second);
    first.and(second)?;
    Ok(system.runtime().now().since(began))
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let system = ActorSystem::builder("reentrancy").start().await?;
    let prices = system.spawn("prices", Prices::default).await?;
    let (pear, plum) = (|| "pear".to_owned(), || "plum".to_owned());

    println!("alone: {:?}", together(&system, prices.load_alone(pear()), prices.load_alone(plum())).await?);
    println!(
        "shared: {:?}",
        together(&system, prices.estimate("fig".to_owned()), prices.estimate(pear())).await?
    );
    let (apple, quince) = (prices.load("apple".to_owned()), prices.load("quince".to_owned()));
    println!("by turns: {:?}, {} fetched", together(&system, apple, quince).await?, prices.fetched().await?);

    prices.lead(system.spawn("orders", Orders::default).await?).await?;
    println!("asked back: {}", prices.quote(pear(), false).await?);
    println!("asked back, alone: {}", prices.quote(pear(), true).await?);
    system.shutdown().await;
    Ok(())
}
