use akt::prelude::*;

struct Counter {
    value: i64,
}

#[akt::actor]
impl Counter {
    #[handler]
    fn add(by: i64) -> i64 {
        by
    }
}

async fn client(counter: CounterRef) -> Result<i64, AskError> {
    counter.add(2).await
}

fn main() {}
