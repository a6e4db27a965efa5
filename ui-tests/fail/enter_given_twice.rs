use akt::prelude::*;

#[derive(akt::Behavior)]
enum Phase {
    Closed,
}

struct Door {
    phase: Phase,
}

#[akt::actor(behavior = phase)]
impl Door {
    #[handler(when = Phase::Closed)]
    fn open(&mut self) {}

    #[on(enter)]
    fn entered(&mut self) {}

    #[on(enter)]
    fn entered_too(&mut self) {}
}

fn main() {}
