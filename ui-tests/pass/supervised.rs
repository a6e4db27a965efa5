//! Supervision in the attribute: every strategy, directive and limit.

use akt::prelude::*;

struct Ingest;

#[akt::actor(mailbox = bounded(8), supervise(
    strategy = rest_for_one,
    on(std::io::Error) = restart { max = 5, within = "1m", backoff = "100ms..10s" },
    on(std::fmt::Error) = restart { backoff = "1s..1s" },
    on(std::num::ParseIntError) = resume,
    on(panic) = restart,
    else = escalate,
))]
impl Ingest {
    #[on(restart)]
    fn again(&mut self, cx: &mut Ctx<Self>) {
        let _ = cx.path();
    }

    #[handler]
    fn work(&mut self) {}
}

struct Cache<K>(K);

#[akt::actor(supervise(strategy = one_for_all, else = restart {}))]
impl<K: Send + 'static> Cache<K> {
    #[on(restart)]
    async fn again(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    #[handler]
    fn work(&mut self) {
        let _ = &self.0;
    }
}

fn main() {
    let _ = (Ingest, Cache(1));
}
