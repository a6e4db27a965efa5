use akt::prelude::*;

struct Worker;

#[akt::actor(supervise(on(panic) = restart { max = 5, within = "5 parsecs" }, else = stop))]
impl Worker {
    #[handler]
    fn work(&mut self) {}
}

fn main() {}
