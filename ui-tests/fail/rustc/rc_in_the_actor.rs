use std::rc::Rc;

use akt::prelude::*;

struct Counter {
    value: Rc<i64>,
}

#[akt::actor]
impl Counter {
    #[handler]
    fn value(&mut self) -> i64 {
        *self.value
    }
}

fn main() {}
