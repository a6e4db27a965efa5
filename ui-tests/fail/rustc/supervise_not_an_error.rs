use akt::prelude::*;

struct Worker;

struct NotAnError;

#[akt::actor(supervise(on(NotAnError) = restart { max = 5 }, else = stop))]
impl Worker {
    #[handler]
    fn work(&mut self) {}
}

fn main() {
    let _ = NotAnError;
}
