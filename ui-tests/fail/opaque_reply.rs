use akt::prelude::*;

struct Counter {
    value: i64,
}

#[akt::actor]
impl Counter {
    #[handler]
    fn all(&mut self) -> impl Iterator<Item = i64> {
        [self.value].into_iter()
    }
}

fn main() {}
