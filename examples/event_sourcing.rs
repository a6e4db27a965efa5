//! Event sourcing: an account that keeps what has happened to it, and is what its events say after each start.

use std::fmt;

use akt::persistence::{EventStore, MemoryEventStore, Persist, Snapshot, StoreError};
use akt::prelude::*;

/// What happens to an account. A message of a `.proto` would do as well.
#[derive(Clone, PartialEq, akt::prost::Message)]
#[prost(prost_path = "akt::prost")]
struct Booked {
    #[prost(sint64, tag = "1")]
    cents: i64,
    #[prost(string, tag = "2")]
    text: String,
}

#[derive(Debug)]
struct Overdrawn(i64);

impl fmt::Display for Overdrawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "that would leave {}", self.0)
    }
}

impl std::error::Error for Overdrawn {}

#[derive(Default)]
struct Account {
    cents: i64,
}

#[akt::actor(
    event_sourced(event = Booked, kind = "account", snapshot_every = 3),
    supervise(on(StoreError) = restart, else = stop)
)]
impl Account {
    /// Decides, and changes nothing yet.
    #[handler]
    fn book(&mut self, cents: i64, text: String) -> Persist<Self, Result<i64, Overdrawn>> {
        let after = self.cents + cents;
        if after < 0 {
            return Persist::none(Err(Overdrawn(after)));
        }
        Persist::one(Booked { cents, text }).then(|account| Ok(account.cents))
    }

    /// Reads, and persists nothing.
    #[handler]
    fn balance(&self) -> i64 {
        self.cents
    }

    /// Changes the state: when an event is stored, and again at each start.
    #[apply]
    fn booked(&mut self, event: &Booked) {
        println!("    {} by {}", event.cents, event.text);
        self.cents += event.cents;
    }
}

/// What is kept of it after three events.
impl Snapshot for Account {
    type State = i64;

    fn snapshot(&self) -> i64 {
        self.cents
    }

    fn restore(&mut self, cents: i64) {
        println!("    a snapshot of {cents}");
        self.cents = cents;
    }
}

async fn bank(store: &MemoryEventStore) -> Result<(ActorSystem, AccountRef), Box<dyn std::error::Error>> {
    let system = ActorSystem::builder("bank").event_store(store.clone()).start().await?;
    let account = system.spawn("anna", Account::default).await?;
    Ok((system, account))
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = MemoryEventStore::new();

    println!("one day:");
    let (system, account) = bank(&store).await?;
    account.book(100, "wages".to_owned()).await?;
    account.book(-30, "rent".to_owned()).await?;
    if let Err(AskError::Handler(refused)) = account.book(-500, "a car".to_owned()).await {
        println!("  refused: {refused}");
    }
    println!(
        "  {} after {} events",
        account.balance().await?,
        store.read("account/anna", 1, 100).await?.len()
    );
    system.shutdown().await;

    println!("the next day:");
    let (today, account) = bank(&store).await?;
    println!("  {}", account.book(5, "interest".to_owned()).await?);

    println!("the same account, started elsewhere:");
    let (elsewhere, newer) = bank(&store).await?;
    println!("  {}", newer.book(1, "a find".to_owned()).await?);

    println!("fences off the older one, which says so and starts again:");
    println!("  {}", account.book(7, "a gift".to_owned()).await.unwrap_err());
    println!("  {}", account.balance().await?);
    today.shutdown().await;
    elsewhere.shutdown().await;
    Ok(())
}
