use std::rc::Rc;

use akt::prelude::*;

struct Counter {
    value: i64,
}

#[akt::actor]
impl Counter {
    #[handler]
    async fn load(&mut self) -> i64 {
        let by = Rc::new(self.value);
        std::future::ready(()).await;
        *by
    }
}

fn main() {}
