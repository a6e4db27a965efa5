use akt::prelude::*;

struct Counter {
    value: i64,
}

#[akt::actor]
impl Counter {
    #[handler]
    fn add(&mut self, (a, b): (i64, i64)) -> i64 {
        self.value + a + b
    }

    #[handler]
    fn load(&mut self, name: &str) -> usize {
        name.len()
    }

    #[on(strat)]
    fn started(&mut self) {}
}

async fn client(counter: CounterRef) {
    let _ = counter.add((1, 2)).await;
    let _ = counter.load("x").await;
}

fn main() {}
