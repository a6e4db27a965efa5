use akt::prelude::*;

struct Counter {
    value: i64,
}

#[akt::actor]
impl Counter {
    #[handler]
    fn load(&mut self, name: &str) -> usize {
        name.len()
    }
}

async fn client(counter: CounterRef) {
    let _ = counter.load("x").await;
}

fn main() {}
