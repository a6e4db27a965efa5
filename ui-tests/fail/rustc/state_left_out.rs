use akt::prelude::*;

#[derive(akt::Behavior)]
enum Phase {
    Connecting { attempt: u32 },
    Ready,
    Draining,
}

struct Session {
    phase: Phase,
}

#[akt::actor(behavior = phase, unhandled = deny, stash = 100)]
impl Session {
    #[handler(when = Phase::Connecting { .. }, reject_when = Phase::Ready | Phase::Draining)]
    fn connected(&mut self) {
        self.phase = Phase::Ready;
    }

    #[handler(when = Phase::Ready, stash_when = Phase::Connecting { .. })]
    async fn query(&mut self, sql: String) -> usize {
        sql.len()
    }

    #[handler]
    fn drain(&mut self) {
        self.phase = Phase::Draining;
    }

    #[handler]
    fn lose(&mut self) {
        self.phase = Phase::Connecting { attempt: 1 };
    }
}

fn main() {}
