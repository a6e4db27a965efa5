use akt::prelude::*;

trait Count {}

#[actor]
impl dyn Count {
    #[handler]
    fn add(&mut self, by: i64) -> i64 {
        by
    }
}

fn main() {}
