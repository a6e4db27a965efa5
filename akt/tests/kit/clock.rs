//! The clock of a test moves when everyone waits, or is told to.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use akt::prelude::*;
use akt::testkit::TestKit;
use parking_lot::Mutex;

type Log = Arc<Mutex<Vec<String>>>;

struct Clock {
    log: Log,
}

#[akt::actor]
impl Clock {
    #[handler]
    fn set(&mut self, millis: u64, cx: &mut Ctx<Self>) {
        cx.after(Duration::from_millis(millis), cx.me().ring(millis)).detach();
    }

    #[handler]
    fn ring(&mut self, millis: u64, cx: &mut Ctx<Self>) {
        self.log.lock().push(format!("{millis} at {:?}", cx.now()));
        if millis == 10 {
            self.set(5, cx);
        }
    }
}

async fn clock(kit: &TestKit) -> (ClockRef, Log) {
    let log = Log::default();
    let inner = log.clone();
    (kit.spawn(move || Clock { log: inner.clone() }).await, log)
}

#[akt::test]
async fn what_becomes_due_runs_in_order_at_its_own_time(kit: TestKit) {
    let (clock, log) = clock(&kit).await;
    for millis in [20, 10, 30, 31] {
        clock.set(millis).await.unwrap();
    }

    kit.advance(Duration::from_millis(30)).await;

    assert_eq!(*log.lock(), ["10 at +10ms", "5 at +15ms", "20 at +20ms", "30 at +30ms"]);
    assert_eq!(format!("{:?}", kit.now()), "+30ms");
}

#[akt::test]
async fn the_clock_stops_where_it_is_told_to(kit: TestKit) {
    for nanos in [1, 999_999, 1, 1_500_000, 86_400_000_000_001, 0] {
        let before = kit.now();
        kit.advance(Duration::from_nanos(nanos)).await;
        assert_eq!(kit.now().since(before), Duration::from_nanos(nanos));
    }
}

#[akt::test]
async fn to_settle_takes_no_time(kit: TestKit) {
    let (clock, log) = clock(&kit).await;
    clock.set(1).await.unwrap();
    for millis in 100..1_100 {
        clock.ring(millis).send().await.unwrap();
    }

    kit.settle().await;

    assert_eq!(log.lock().len(), 1_000);
    assert_eq!(format!("{:?}", kit.now()), "+0ns");
}

#[akt::test]
async fn time_passes_by_itself_while_the_test_waits(kit: TestKit) {
    let (clock, log) = clock(&kit).await;
    clock.set(3_600_000).await.unwrap();

    tokio::time::timeout(Duration::from_secs(3_601), pending::<()>()).await.unwrap_err();

    assert_eq!(*log.lock(), ["3600000 at +3600s"]);
}
