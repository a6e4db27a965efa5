use akt::prelude::*;

#[derive(akt::Behavior)]
enum Phase {
    Connecting,
    Ready,
    Draining,
}

struct Session {
    phase: Phase,
}

#[akt::actor(behavior = phase, stash = 100)]
impl Session {
    #[handler(when = Phase::Ready | Phase::Draining, stash_when = Phase::Connecting | Phase::Ready)]
    async fn query(&mut self, sql: String) -> usize {
        sql.len()
    }

    #[handler]
    fn drain(&mut self) {
        self.phase = Phase::Draining;
    }

    #[on(enter)]
    fn entered(&mut self) {}

    #[on(enter = Phase::Ready)]
    fn ready(&mut self) {}
}

fn main() {}
