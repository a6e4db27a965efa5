use std::rc::Rc;

use akt::prelude::*;

struct Counter {
    value: i64,
}

#[akt::actor]
impl Counter {
    #[handler]
    fn add(&mut self, by: Rc<i64>) {
        self.value += *by;
    }
}

fn main() {}
