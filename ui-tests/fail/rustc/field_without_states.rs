use akt::prelude::*;

enum Phase {
    Closed,
    Open,
}

struct Door {
    phase: Phase,
}

#[akt::actor(behavior = phase)]
impl Door {
    #[handler(when = Phase::Closed)]
    fn open(&mut self) {
        self.phase = Phase::Open;
    }
}

fn main() {}
