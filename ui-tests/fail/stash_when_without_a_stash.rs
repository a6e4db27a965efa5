use akt::prelude::*;

#[derive(akt::Behavior)]
enum Phase {
    Closed,
    Open,
}

struct Door {
    phase: Phase,
}

#[akt::actor(behavior = phase)]
impl Door {
    #[handler]
    fn open(&mut self) {
        self.phase = Phase::Open;
    }

    #[handler(when = Phase::Open, stash_when = Phase::Closed)]
    fn enter(&mut self) {}
}

fn main() {}
