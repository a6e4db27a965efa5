use akt::prelude::*;

struct Counter {
    value: i64,
}

#[akt::actor]
impl Counter {
    fn add(&mut self, by: i64) {
        self.value += by;
    }
}

fn client(counter: &CounterRef) {
    counter.actor();
}

fn main() {}
