use std::rc::Rc;

use akt::prelude::*;

struct Counter {
    value: i64,
}

#[akt::actor]
impl Counter {
    #[handler]
    fn shared(&mut self) -> Rc<i64> {
        Rc::new(self.value)
    }
}

fn main() {}
