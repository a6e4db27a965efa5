use akt::prelude::*;

struct Counter;

impl Counter {
    #[on(start)]
    fn started(&mut self) {}
}

fn main() {}
