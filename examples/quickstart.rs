//! The smallest actor: told, asked, shut down.

use akt::prelude::*;

#[derive(Default)]
struct Counter(i64);

#[akt::actor]
impl Counter {
    #[handler]
    fn add(&mut self, by: i64) -> i64 {
        self.0 += by;
        self.0
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let system = ActorSystem::builder("quickstart").start().await?;
    let counter = system.spawn("counter", Counter::default).await?;
    counter.add(2).tell()?;
    println!("told 2, asked 3: {}", counter.add(3).await?);
    system.shutdown().await;
    println!("after the shutdown: {}", counter.add(4).await.unwrap_err());
    Ok(())
}
