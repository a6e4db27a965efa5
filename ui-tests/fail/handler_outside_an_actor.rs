use akt::prelude::*;

struct Counter;

impl Counter {
    #[handler]
    fn add(&mut self, by: i64) {
        drop(by);
    }
}

fn main() {
    Counter.add(1);
}
