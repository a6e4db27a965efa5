#![deny(unused_must_use)]

use akt::prelude::*;

struct Counter {
    value: i64,
}

#[akt::actor]
impl Counter {
    #[handler]
    fn add(&mut self, by: i64) -> i64 {
        self.value += by;
        self.value
    }
}

fn client(counter: &CounterRef) {
    counter.add(1);
}

fn main() {}
