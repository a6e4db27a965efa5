use akt::handler;

struct Counter;

#[akt::actor]
impl Counter {
    #[handler]
    fn add(&mut self, by: i64) -> i64 {
        by
    }
}

/// As everything that reaches for another node does.
fn reach<R: akt::ActorRef<Message: akt::Protocol>>() {}

fn main() {
    reach::<CounterRef>();
}
