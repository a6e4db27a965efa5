//! An actor behind a contract of three rpcs: `proto/greeter/v1/greeter.proto`.

use akt::prelude::*;

use crate::greeter::v1::{Greeter, Greeting, Guest};

akt::include_contracts!();

struct Host(String);

#[akt::actor]
impl Greeter for Host {
    fn greet(&self, guest: Guest) -> Greeting {
        Greeting { words: format!("{}, {}", self.0, guest.name) }
    }

    fn learn(&mut self, greeting: Greeting) {
        self.0 = greeting.words;
    }

    fn recall(&self, _: ()) -> Greeting {
        Greeting { words: self.0.clone() }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let system = ActorSystem::builder("contract").start().await?;

    let host = system.spawn("host", || Host("Hello".to_owned())).await?;
    host.learn(Greeting { words: "Good evening".to_owned() }).tell()?;
    println!("{}", host.greet(Guest { name: "Ada".to_owned() }).await?.words);

    system.shutdown().await;
    Ok(())
}
