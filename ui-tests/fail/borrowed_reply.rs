use akt::prelude::*;

struct Counter {
    value: i64,
}

#[akt::actor]
impl Counter {
    #[handler]
    fn value(&mut self) -> &i64 {
        &self.value
    }
}

fn main() {}
