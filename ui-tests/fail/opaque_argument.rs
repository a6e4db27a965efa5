use akt::prelude::*;

struct Counter {
    value: i64,
}

#[akt::actor]
impl Counter {
    #[handler]
    fn add(&mut self, all: impl Iterator<Item = i64>) {
        self.value += all.sum::<i64>();
    }
}

async fn client(counter: CounterRef) {
    let _ = counter.add([1].into_iter()).await;
}

fn main() {}
