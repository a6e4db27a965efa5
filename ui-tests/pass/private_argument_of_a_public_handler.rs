//! A private argument type does not warn, as it would not in a plain method of a private type.
#![deny(warnings)]

use akt::prelude::*;

struct Counter {
    value: i64,
}

struct Step(i64);

#[actor]
impl Counter {
    #[handler]
    pub fn add(&mut self, by: Step) -> i64 {
        self.value += by.0;
        self.value
    }
}

async fn client(counter: CounterRef) -> Result<i64, AskError> {
    counter.add(Step(1)).await
}

fn main() {
    let _ = (client, Counter { value: 1 });
}
