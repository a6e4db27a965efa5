use akt::prelude::*;

struct Worker;

#[akt::actor(supervise(on(panic) = restart { max = 5, backoff = "10s..1s" }, else = stop))]
impl Worker {
    #[handler]
    fn work(&mut self) {}
}

fn main() {}
