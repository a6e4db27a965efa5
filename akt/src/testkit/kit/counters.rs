//! What the kit's system has counted, by type of actor.

use super::TestKit;
use crate::actor::Actor;
use crate::system::{KindMetrics, Metrics};

impl TestKit {
    /// The metrics of the system now. What was handled is exact once everyone waits: see [`settle`](Self::settle).
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.system().metrics()
    }

    /// How often actors of type `A` have handled the message `name`, well or not.
    ///
    /// ```test_harness
    /// # use akt::testkit::TestKit;
    /// # #[derive(Default)] struct Counter(i64);
    /// # #[akt::actor] impl Counter { #[akt::handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
    /// #[akt::test]
    /// async fn every_message_counts(kit: TestKit) {
    ///     let counter = kit.spawn(Counter::default).await;
    ///     counter.add(1).tell().unwrap();
    ///     counter.add(2).tell().unwrap();
    ///
    ///     kit.settle().await;
    ///     assert_eq!(kit.handled::<Counter>("add"), 2);
    /// }
    /// # fn main() {}
    /// ```
    #[must_use]
    pub fn handled<A: Actor>(&self, name: &str) -> u64 {
        self.kind::<A>().message(name).map_or(0, |message| message.handled)
    }

    /// How often the message `name` made an actor of type `A` fail: it panicked, or said `cx.fail`.
    #[must_use]
    pub fn failed<A: Actor>(&self, name: &str) -> u64 {
        self.kind::<A>().message(name).map_or(0, |message| message.failed)
    }

    /// How often actors of type `A` have restarted.
    #[must_use]
    pub fn restarts<A: Actor>(&self) -> u64 {
        self.kind::<A>().restarts
    }

    /// How many actors of type `A` are there.
    #[must_use]
    pub fn actors<A: Actor>(&self) -> u64 {
        self.kind::<A>().actors
    }

    fn kind<A: Actor>(&self) -> KindMetrics {
        self.metrics().kind(A::NAME).cloned().unwrap_or_default()
    }
}
