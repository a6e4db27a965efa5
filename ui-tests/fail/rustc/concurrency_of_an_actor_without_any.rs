#[derive(Default)]
struct Counter;

#[akt::actor]
impl Counter {
    #[akt::handler]
    fn add(&mut self, by: i64) -> i64 {
        by
    }
}

async fn spawn(system: &akt::ActorSystem) {
    let _ = system.spawn("counter", Counter::default).concurrency(4).await;
}

fn main() {}
