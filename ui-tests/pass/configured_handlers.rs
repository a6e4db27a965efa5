//! Handlers and hooks that are there in some configurations only.
#![deny(warnings)]

use akt::prelude::*;

struct Counter {
    value: i64,
}

#[actor]
impl Counter {
    #[handler]
    #[cfg(test)]
    async fn peek(&mut self) -> Result<Missing, Missing> {
        missing!()
    }

    #[handler]
    #[cfg(not(test))]
    fn add(&mut self, by: i64) -> i64 {
        self.value += by;
        self.value
    }

    #[handler]
    #[cfg(test)]
    fn add(&mut self) {}

    #[cfg(test)]
    #[on(start)]
    fn started(&mut self) {}
}

struct Silent;

#[actor]
impl Silent {
    #[handler]
    #[cfg(test)]
    fn only_in_tests(&mut self) {}
}

async fn client(counter: CounterRef, silent: SilentRef) -> Result<i64, AskError> {
    let _ = silent.actor();
    counter.add(1).await
}

fn main() {
    let _ = (client, Silent);
    let _ = Counter { value: 1 };
}
