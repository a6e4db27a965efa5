use akt::prelude::*;

struct Door {
    phase: u8,
}

#[akt::actor(behaviour = phase, unhandled = denied, stash = 0)]
impl Door {
    #[handler(wen = Phase::Open, stash_when = "open", reject_when)]
    fn enter(&mut self) {}

    #[on(entr = Phase::Open)]
    fn opened(&mut self) {}

    #[on(start = Phase::Open)]
    fn started(&mut self) {}

    #[on(enter = Phase::Open, Phase::Closed)]
    fn closed(&mut self, phase: Phase) {}
}

fn main() {}
