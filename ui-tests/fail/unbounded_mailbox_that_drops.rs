use akt::prelude::*;

struct Counter {
    value: i64,
}

#[akt::actor(mailbox = unbounded(drop_oldest), order = fair(3))]
impl Counter {
    #[handler]
    fn add(&mut self, by: i64) -> i64 {
        self.value += by;
        self.value
    }
}

async fn client(counter: CounterRef) -> Result<i64, AskError> {
    counter.add(2).await
}

fn main() {}
