use akt::prelude::*;

struct Counter;

#[akt::actor(passivate = "5 parsecs")]
impl Counter {
    #[handler]
    fn add(&mut self, by: i64) -> i64 {
        by
    }
}

fn main() {}
