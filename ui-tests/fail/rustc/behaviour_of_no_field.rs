use akt::prelude::*;

#[derive(akt::Behavior)]
enum Phase {
    Closed,
    Open,
}

struct Door {
    phase: Phase,
}

#[akt::actor(behavior = fase)]
impl Door {
    #[handler(when = Phase::Closed)]
    fn open(&mut self) {
        self.phase = Phase::Open;
    }

    #[on(enter = Phase::Open)]
    fn opened(&mut self) {}
}

fn main() {}
