//! When grains that nobody uses end: by time, by number, and what keeps them.
#![expect(clippy::disallowed_methods, reason = "what the tests spawn is the sender, beside akt")]

use std::sync::Arc;
use std::time::Duration;

use akt::prelude::*;
use akt::{Evict, GrainOptions, Passivate, StopReason, StreamSink, Turn};
use tokio::sync::Notify;
use tokio::time::{advance, timeout};

use crate::stall::stall::v1 as stall;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// Lets all tasks come to rest, and what is due ring.
async fn pass(time: Duration) {
    for step in [time, Duration::from_millis(5)] {
        advance(step).await;
        for _ in 0..32 {
            tokio::task::yield_now().await;
        }
    }
}

fn is_active(grain: &akt::AnyRef) -> bool {
    grain.id().is_some()
}

/// Says nothing of when it ends.
#[derive(Default)]
struct Plain;

#[akt::grain(kind = "plain", key = u64)]
impl Plain {
    #[handler]
    fn touch(&mut self) {}
}

/// Ends after a second, and does what keeps it.
#[derive(Default)]
struct Brief;

#[akt::grain(kind = "brief", key = u64, passivate = "1s")]
impl Brief {
    #[handler]
    fn touch(&mut self) {}

    #[handler]
    fn stay(&mut self, time: Duration, cx: &mut Ctx<Self>) {
        cx.keep_alive(time);
    }

    #[handler]
    fn work(&mut self, gate: Arc<Notify>, cx: &mut Ctx<Self>) {
        let work = async move {
            gate.notified().await;
            Ok::<_, Fault>(())
        };
        cx.pipe(work, |me, _| me.touch().post());
    }

    #[handler(reentrant)]
    async fn wait(_this: Turn<Self>, gate: Arc<Notify>) {
        gate.notified().await;
    }

    #[handler(timeout = "10m")]
    async fn consult(&mut self, other: u64, gate: Arc<Notify>, cx: &mut Ctx<Self>) {
        Self::grain(cx.system(), other).wait(gate).timeout(MINUTE * 5).await.unwrap();
    }
}

/// What idles for a second ends, unless it does so now for `reason`; then it idles for a second again.
async fn is_kept_by(grain: &BriefRef, release: impl FnOnce()) {
    pass(SECOND * 30).await;
    assert!(is_active(&grain.actor()), "it was kept");
    release();
    pass(Duration::from_millis(10)).await;
    assert!(timeout(SECOND * 3, grain.actor().stopped()).await.is_ok(), "it is kept no longer");
}

#[akt::test]
async fn requests_in_flight_keep_a_grain() {
    let system = ActorSystem::builder("test").start().await.unwrap();
    let gate = Arc::new(Notify::new());
    let grain = Brief::grain(&system, 1_u64);

    grain.work(gate.clone()).await.unwrap();
    is_kept_by(&grain, || gate.notify_waiters()).await;
    let waits = grain.wait(gate.clone()).timeout(MINUTE * 5).start();
    is_kept_by(&grain, || gate.notify_waiters()).await;
    waits.await.unwrap();
    let asks = grain.consult(2, gate.clone()).start();
    pass(SECOND * 30).await;
    assert!(is_active(&Brief::grain(&system, 2_u64).actor()), "its handler waits");
    is_kept_by(&grain, || gate.notify_waiters()).await;
    asks.await.unwrap();
    system.shutdown().await;
}

/// Feeds a stream beyond its handler.
#[derive(Default)]
struct Hawker(Option<StreamSink<stall::Ware>>);

#[akt::grain(kind = "hawker", key = String, passivate = "1s")]
impl stall::Ticker for Hawker {
    fn follow(&mut self, _: stall::Ware, out: StreamSink<stall::Ware>) {
        self.0 = Some(out);
    }

    fn stop(&mut self, ware: stall::Ware) -> stall::Ware {
        self.0 = None;
        ware
    }
}

#[akt::test]
async fn a_stream_that_it_feeds_keeps_a_grain_until_it_ends() {
    let system = ActorSystem::builder("test").start().await.unwrap();
    let hawker = Hawker::grain(&system, "a");

    let mut read = hawker.follow(stall::Ware::default()).open().await.unwrap();
    pass(MINUTE).await;
    assert!(is_active(&hawker.actor()), "the stream is open");
    hawker.stop(stall::Ware::default()).await.unwrap();
    assert!(read.next().await.is_none());
    assert_eq!(timeout(SECOND * 3, hawker.actor().stopped()).await, Ok(StopReason::Passivated));

    let read = hawker.follow(stall::Ware::default()).open().await.unwrap();
    pass(MINUTE).await;
    assert!(is_active(&hawker.actor()));
    drop(read);
    assert_eq!(
        timeout(SECOND * 3, hawker.actor().stopped()).await,
        Ok(StopReason::Passivated),
        "nobody reads"
    );
    system.shutdown().await;
}

#[akt::test]
async fn keep_alive_holds_a_grain_for_its_time_and_the_longest_counts() {
    let evict = GrainOptions::new().evict(Evict::least_recently_used(1));
    let system = ActorSystem::builder("test").grain_with::<Brief>(evict).start().await.unwrap();
    let held = Brief::grain(&system, 1_u64);
    held.stay(MINUTE).await.unwrap();
    held.stay(SECOND * 5).await.unwrap();

    pass(SECOND * 50).await;
    assert!(is_active(&held.actor()));
    Brief::grain(&system, 2_u64).touch().await.unwrap();
    pass(SECOND / 2).await;
    assert!(is_active(&held.actor()), "nor is it evicted");

    pass(SECOND * 10).await;
    assert!(!is_active(&held.actor()));
    system.shutdown().await;
}

#[akt::test]
async fn the_builder_says_when_grains_end_of_whom_nothing_is_said_and_wins_over_the_attribute() {
    let minute = GrainOptions::new().passivate(Passivate::after(MINUTE));
    let builder = ActorSystem::builder("test").grains(minute);
    let system = builder.start().await.unwrap();
    let (plain, brief) = (Plain::grain(&system, 1_u64), Brief::grain(&system, 1_u64));
    plain.touch().await.unwrap();
    brief.touch().await.unwrap();
    pass(SECOND * 59).await;
    assert!(
        is_active(&plain.actor()) && !is_active(&brief.actor()),
        "the attribute goes before what is for all"
    );
    pass(SECOND * 2).await;
    assert!(!is_active(&plain.actor()));
    system.shutdown().await;

    let never = GrainOptions::new().passivate(Passivate::never());
    let system = ActorSystem::builder("test").grain_with::<Brief>(never).start().await.unwrap();
    let brief = Brief::grain(&system, 1_u64);
    brief.touch().await.unwrap();
    pass(MINUTE * 60).await;
    assert!(is_active(&brief.actor()));
    system.shutdown().await;
}

/// Those of the first `keys` that are active.
fn active(of: impl Fn(u64) -> akt::AnyRef, keys: u64) -> Vec<u64> {
    (0..keys).filter(|key| is_active(&of(*key))).collect()
}

#[akt::test]
async fn above_the_limit_of_its_kind_the_least_recently_used_ends() {
    let three = GrainOptions::new().evict(Evict::least_recently_used(3));
    let system = ActorSystem::builder("test").grain_with::<Plain>(three).start().await.unwrap();
    for key in [0, 1, 2, 0, 3, 4] {
        Plain::grain(&system, key as u64).touch().await.unwrap();
        pass(SECOND).await;
    }

    assert_eq!(active(|key| Plain::grain(&system, key).actor(), 6), [0, 3, 4]);
    assert_eq!(system.evictions(), 2);
    Plain::grain(&system, 1_u64).touch().await.unwrap();
    pass(SECOND).await;
    assert_eq!(active(|key| Plain::grain(&system, key).actor(), 6), [1, 3, 4], "and comes back");
    system.shutdown().await;
}

#[akt::test]
async fn above_the_limit_of_all_grains_those_of_any_kind_end_and_actors_stay() {
    let two = GrainOptions::new().evict(Evict::least_recently_used(2));
    let never = GrainOptions::new().passivate(Passivate::after(MINUTE * 60));
    let builder = ActorSystem::builder("test").grains(two).grain_with::<Brief>(never);
    let system = builder.start().await.unwrap();
    let actor = system.spawn("actor", Plain::default).await.unwrap();
    Plain::grain(&system, 0_u64).touch().await.unwrap();
    pass(SECOND).await;
    for key in 0..2_u64 {
        Brief::grain(&system, key).touch().await.unwrap();
        pass(SECOND).await;
    }

    assert!(active(|key| Plain::grain(&system, key).actor(), 1).is_empty());
    assert_eq!(active(|key| Brief::grain(&system, key).actor(), 2), [0, 1]);
    assert!(actor.actor().is_alive());
    system.shutdown().await;
}

#[akt::test]
async fn an_idle_end_of_many_grains_at_once_loses_nothing() {
    let limit = GrainOptions::new().evict(Evict::least_recently_used(10).percent(50));
    let system = ActorSystem::builder("test").grain_with::<Plain>(limit).start().await.unwrap();

    let callers: Vec<_> = (0..8_u64)
        .map(|caller| {
            let system = system.clone();
            tokio::spawn(async move {
                for round in 0..100 {
                    Plain::grain(&system, (caller * 31 + round * 7) % 100).touch().await.unwrap();
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }

    pass(SECOND).await;
    assert!(active(|key| Plain::grain(&system, key).actor(), 100).len() <= 10);
    assert_eq!(system.dead_letters(), 0);
    system.shutdown().await;
}
