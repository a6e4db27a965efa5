use akt::prelude::*;

struct Counter {
    value: i64,
}

#[akt::actor]
impl Counter {
    #[handler]
    fn add(&mut self, (a, b): (i64, i64)) {
        self.value += a + b;
    }
}

async fn client(counter: CounterRef) {
    let _ = counter.add((1, 2)).await;
}

fn main() {}
