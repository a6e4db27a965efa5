//! Passivation: carts that nobody uses end by themselves, and come back when they are asked for again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use akt::prelude::*;
use akt::{Event, EventStream, Evict, Passivate, SpawnError};

const MINUTE: Duration = Duration::from_secs(60);

/// What is kept of carts while they are not there.
type Store = Arc<Mutex<BTreeMap<String, u32>>>;

/// Knows how many things are in it, and writes that down when it ends.
struct Cart {
    customer: String,
    things: u32,
    store: Store,
}

#[akt::actor(passivate = "10m")]
impl Cart {
    #[on(start)]
    fn started(&mut self) {
        self.things = self.store.lock().unwrap().get(&self.customer).copied().unwrap_or(0);
    }

    #[handler]
    fn add(&mut self, things: u32) -> u32 {
        self.things += things;
        self.things
    }

    /// Whoever pays must not find the cart gone.
    #[handler]
    fn begin_payment(&mut self, cx: &mut Ctx<Self>) {
        cx.pause_passivation();
    }

    #[handler]
    fn paid(&mut self, cx: &mut Ctx<Self>) {
        self.things = 0;
        cx.resume_passivation();
    }

    #[on(stop)]
    fn stopped(&mut self) {
        self.store.lock().unwrap().insert(self.customer.clone(), self.things);
    }
}

/// The cart of a customer, wherever it was.
async fn cart(system: &ActorSystem, store: &Store, customer: &str) -> Result<CartRef, SpawnError> {
    if let Ok(cart) = system.actor_of::<CartRef>(customer).await {
        return Ok(cart);
    }
    let (customer, store) = (customer.to_owned(), store.clone());
    let make = move || Cart { customer: customer.clone(), things: 0, store: store.clone() };
    system.spawn(make().customer, make).await
}

fn report(events: &mut EventStream) {
    while let Some(event) = events.try_next() {
        match event {
            Event::Stopped { actor, reason, .. } => println!("  {}: {reason}", actor.name()),
            Event::Evicted { actor, .. } => println!("  {} has to make room", actor.name()),
            _ => {}
        }
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let evict = Evict::least_recently_used(3);
    let system = ActorSystem::builder("shop").evict(evict).start().await?;
    let (mut events, store) = (system.events(), Store::default());

    println!("anna adds two things, and something each five minutes:");
    let anna = cart(&system, &store, "anna").await?;
    for things in [2, 1, 1] {
        println!("  {}", anna.add(things).await?);
        tokio::time::sleep(5 * MINUTE).await;
    }

    println!("she goes away for ten minutes:");
    tokio::time::sleep(10 * MINUTE).await;
    report(&mut events);

    println!("and is back:");
    let anna = cart(&system, &store, "anna").await?;
    println!("  {}", anna.add(1).await?);

    println!("paying takes an hour:");
    anna.begin_payment().await?;
    tokio::time::sleep(60 * MINUTE).await;
    report(&mut events);
    anna.paid().await?;
    println!("  {}", anna.add(0).await?);

    println!("there is room for three carts, and a long-lived one beside them:");
    let (till, kept) = ("till".to_owned(), store.clone());
    let make = move || Cart { customer: till.clone(), things: 0, store: kept.clone() };
    system.spawn("till", make).passivate(Passivate::never()).await?;
    for customer in ["bert", "carl", "dora"] {
        tokio::time::sleep(MINUTE).await;
        cart(&system, &store, customer).await?.add(1).await?;
    }
    anna.actor().stopped().await;
    report(&mut events);

    println!("evicted: {}", system.evictions());
    system.shutdown().await;
    Ok(())
}
