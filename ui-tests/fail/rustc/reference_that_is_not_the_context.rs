use akt::prelude::*;

struct Counter {
    value: i64,
}

#[actor]
impl Counter {
    #[handler]
    fn add(&mut self, by: &mut i64) -> i64 {
        self.value += *by;
        self.value
    }
}

fn main() {}
