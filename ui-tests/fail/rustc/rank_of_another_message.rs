use akt::prelude::*;

struct Counter {
    value: i64,
}

fn rank(message: &i64) -> i64 {
    *message
}

#[akt::actor(order = priority(rank))]
impl Counter {
    #[handler]
    fn add(&mut self, by: i64) -> i64 {
        self.value += by;
        self.value
    }
}

fn main() {}
