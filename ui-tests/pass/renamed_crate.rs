//! akt under another path.

mod framework {
    pub use akt::*;
}

struct Counter;

#[framework::actor(crate = crate::framework, mailbox = bounded(8))]
impl Counter {
    #[framework::handler]
    fn add(&mut self, by: i64) -> i64 {
        by
    }
}

type Context = framework::Ctx<Aliased>;

struct Aliased;

#[akt::actor]
impl Aliased {
    #[akt::handler]
    fn stop(&mut self, cx: &mut Context) {
        cx.stop();
    }
}

fn main() {
    let _ = (Counter, Aliased);
}
