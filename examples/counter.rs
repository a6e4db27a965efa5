//! A counter: its two messages, and who sends them.

struct Counter(i64);

#[akt::actor]
impl Counter {
    #[akt::handler]
    fn add(&mut self, by: i64) {
        self.0 += by;
    }

    #[akt::handler]
    fn print(&self) {
        println!("{}", self.0);
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let counter = akt::ActorSystem::builder("demo").start().await?.spawn("counter", || Counter(0)).await?;
    counter.add(3).tell()?;
    Ok(counter.print().await?)
}
