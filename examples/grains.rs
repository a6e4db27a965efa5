//! Grains: carts that are always there, by the name of their customer, and in memory only while they are used.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use akt::prelude::*;

/// What is kept of carts while they are not there.
#[derive(Clone, Default)]
struct Store(Arc<Mutex<BTreeMap<String, u32>>>);

impl Store {
    fn load(&self, customer: &str) -> Result<u32, Fault> {
        match customer {
            "nobody" => Err(Fault::new("there is no such customer")),
            customer => Ok(self.0.lock().unwrap().get(customer).copied().unwrap_or(0)),
        }
    }

    fn save(&self, customer: &str, things: u32) {
        self.0.lock().unwrap().insert(customer.to_owned(), things);
    }
}

struct Cart {
    things: u32,
}

#[akt::grain(kind = "cart", key = String, passivate = "10m")]
impl Cart {
    /// Makes the value, before the first message.
    #[on(activate)]
    fn load(customer: &String, cx: &mut Ctx<Self>) -> Result<Self, Fault> {
        let things = cx.dep::<Store>().load(customer)?;
        println!("  {customer}'s cart comes, with {things}");
        Ok(Self { things })
    }

    #[handler]
    fn add(&mut self, things: u32) -> u32 {
        self.things += things;
        self.things
    }

    #[handler]
    fn leave(&mut self, cx: &mut Ctx<Self>) {
        cx.deactivate();
    }

    #[on(deactivate)]
    fn save(&mut self, cx: &mut Ctx<Self>) {
        cx.dep::<Store>().save(cx.key(), self.things);
        println!("  {}'s cart goes, with {}", cx.key(), self.things);
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let system = ActorSystem::builder("shop").provide(Store::default()).start().await?;

    println!("nobody spawns a cart:");
    let anna = Cart::grain(&system, "anna");
    println!("  {}", anna.add(2).await?);

    println!("after ten idle minutes:");
    tokio::time::sleep(Duration::from_secs(601)).await;
    println!("  {}", anna.add(1).await?);

    println!("what it has not begun when it goes, the next one does:");
    anna.leave().tell()?;
    anna.add(1).tell()?;
    println!("  {}", anna.add(1).await?);

    println!("one that cannot come says why:");
    println!("  {}", Cart::grain(&system, "nobody").add(1).await.unwrap_err());

    println!("and all go with their system:");
    system.shutdown().await;
    Ok(())
}
