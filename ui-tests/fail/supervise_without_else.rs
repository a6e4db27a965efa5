use akt::prelude::*;

struct Worker;

#[akt::actor(supervise(strategy = one_for_one, on(panic) = restart))]
impl Worker {
    #[handler]
    fn work(&mut self) {}
}

fn main() {}
