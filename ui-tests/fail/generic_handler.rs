use akt::prelude::*;

struct Counter {
    value: i64,
}

#[akt::actor]
impl Counter {
    #[handler]
    fn add<T: Into<i64>>(&mut self, by: T) {
        self.value += by.into();
    }
}

async fn client(counter: CounterRef) {
    let _ = counter.add(1_u8).await;
}

fn main() {}
