use akt::handler;

#[derive(Default)]
struct Counter;

#[akt::actor]
impl Counter {
    #[handler]
    fn add(&mut self, by: i64) -> i64 {
        by
    }
}

fn counter(system: &akt::ActorSystem) -> CounterRef {
    system.grain::<Counter>("user-1")
}

fn main() {}
