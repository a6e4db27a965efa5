//! Sends that race passivation and eviction: what was accepted is handled, and nothing is a dead letter.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::pace::{give_way, work};
use super::seeds;
use crate::actor::{AskError, Call, Ctx, Delivery, Passivate, Request, StopReason};
use crate::runtime::Runtime;
use crate::system::{ActorSystem, Event, Evict};
use akt::{handler, on};

/// Counts what it and its children have handled.
#[derive(Clone)]
struct Sleeper {
    handled: Arc<AtomicU64>,
    runtime: Runtime,
}

#[akt::actor]
impl Sleeper {
    #[on(stop)]
    async fn stop(&mut self) {
        give_way().await;
    }

    #[handler]
    fn quick(&mut self) {
        self.count();
    }

    #[handler]
    async fn slow(&mut self, for_us: u64) {
        self.runtime.sleep(Duration::from_micros(for_us)).await;
        self.count();
    }

    /// Counts when its work has ended, and so has its result.
    #[handler]
    fn begin(&mut self, for_ms: u64, cx: &mut Ctx<Self>) {
        cx.then(work(self.runtime.clone(), for_ms), |this, _, _| this.count());
    }

    /// Counts at a child, which is passivated, too.
    #[handler]
    async fn hand_down(&mut self, cx: &mut Ctx<Self>) {
        let value = self.clone();
        let child = cx.spawn("child", move || value.clone()).passivate(Passivate::after_messages(1));
        let accepted = match child.await {
            Ok(child) => child.slow(700).tell().is_ok(),
            Err(_) => false,
        };
        if !accepted {
            self.count();
        }
    }

    fn count(&self) {
        self.handled.fetch_add(1, Ordering::Relaxed);
    }
}

#[derive(Debug, Default)]
struct Raced {
    accepted: u64,
    refused: u64,
    passivated: u64,
    evicted: u64,
}

impl Raced {
    fn add(&mut self, other: &Self) {
        self.accepted += other.accepted;
        self.refused += other.refused;
        self.passivated += other.passivated;
        self.evicted += other.evicted;
    }
}

struct Client {
    system: ActorSystem,
    sleeper: Sleeper,
    rng: fastrand::Rng,
    raced: Raced,
}

impl Client {
    async fn run(mut self) -> Raced {
        for _ in 0..self.rng.usize(4..20) {
            let name = format!("sleeper{}", self.rng.u8(..2));
            let Some(actor) = self.sleeper(&name).await else { continue };
            self.let_pass().await;
            let for_us = self.rng.u64(1..3_000);
            match self.rng.u8(..8) {
                0 => actor.actor().pause_passivation(),
                1 | 2 => actor.actor().resume_passivation(),
                3 => self.send(actor.slow(for_us)).await,
                4 => self.send(actor.begin(for_us % 4 + 1)).await,
                5 => self.send(actor.hand_down()).await,
                _ => self.send(actor.quick()).await,
            }
        }
        self.raced
    }

    async fn sleeper(&mut self, name: &str) -> Option<SleeperRef> {
        if let Ok(sleeper) = self.system.actor_of::<SleeperRef>(name).await {
            return Some(sleeper);
        }
        let value = self.sleeper.clone();
        let spawn = self.system.spawn(name, move || value.clone());
        let idle = Duration::from_micros(self.rng.u64(..4_000));
        match self.rng.u8(..4) {
            0 => spawn.await.ok(),
            1 => spawn.passivate(Passivate::after_messages(self.rng.u64(1..4))).await.ok(),
            _ => spawn.passivate(Passivate::after(idle)).await.ok(),
        }
    }

    /// Some time, or some turns of others, or none.
    async fn let_pass(&mut self) {
        if self.rng.bool() {
            let after = Duration::from_micros(self.rng.u64(..5_000));
            self.system.runtime().sleep(after).await;
        }
        for _ in 0..self.rng.usize(..4) {
            give_way().await;
        }
    }

    async fn send<Q: Request>(&mut self, call: Call<'_, Q>) {
        let accepted = match self.rng.u8(..3) {
            0 => call.tell().is_ok(),
            1 => call.send().await.is_ok(),
            _ => match call.timeout(Duration::from_secs(10)).await {
                Ok(_) => true,
                Err(AskError::Stopped { delivered: Delivery::No, reason: StopReason::Passivated }) => false,
                Err(error) => panic!("{error}"),
            },
        };
        self.raced.accepted += u64::from(accepted);
        self.raced.refused += u64::from(!accepted);
    }
}

/// Sends at random, and gives what was accepted so long to be handled.
async fn race(runtime: Runtime, seed: u64, rest: Duration) -> Raced {
    let mut rng = fastrand::Rng::with_seed(seed);
    let limit = rng.usize(..3);
    let evict = match rng.u8(..4) {
        0 => Evict::least_recently_used(limit),
        1 => Evict::least_frequently_used(limit),
        2 => Evict::most_recently_used(limit),
        _ => Evict::least_recently_used(limit).percent(100),
    };
    let system = ActorSystem::builder("race").runtime(runtime.clone()).evict(evict).start().await.unwrap();
    let mut events = system.events_with_capacity(1 << 14);
    let sleeper = Sleeper { handled: Arc::default(), runtime: runtime.clone() };
    let (tx, done) = flume::bounded(8);
    for _ in 0..3 {
        let raced = Raced::default();
        let client = Client { system: system.clone(), sleeper: sleeper.clone(), rng: rng.fork(), raced };
        let tx = tx.clone();
        runtime.spawn("client", async move { tx.send(client.run().await).expect("it is waited for") });
    }
    drop(tx);
    let mut sum = Raced::default();
    while let Ok(raced) = done.recv_async().await {
        sum.add(&raced);
    }
    runtime.sleep(rest).await;

    let handled = sleeper.handled.load(Ordering::Relaxed);
    assert_eq!(
        (handled, system.dead_letters()),
        (sum.accepted, 0),
        "AKT_SEED={seed}: handled, dead: {sum:?}"
    );
    sum.evicted = system.evictions();
    while let Some(event) = events.try_next() {
        sum.passivated += u64::from(matches!(event, Event::Stopped { reason: StopReason::Passivated, .. }));
    }
    system.shutdown().await;
    sum
}

#[test]
fn passivation_and_eviction_lose_nothing_that_was_accepted() {
    let mut sum = Raced::default();
    for seed in seeds().take(4_000) {
        sum.add(&crate::sim::run(seed, |runtime| race(runtime, seed, Duration::from_secs(5))));
    }

    println!("{sum:?}");
    if std::env::var("AKT_SEED").is_err() {
        let least = sum.accepted.min(sum.refused * 50).min(sum.passivated).min(sum.evicted);
        assert!(least > 1_000, "each is met often enough to mean something: {sum:?}");
    }
}

#[test]
#[ignore = "takes half a minute: cargo test -p akt --release --lib fate -- --ignored"]
fn passivation_and_eviction_lose_nothing_on_four_threads() {
    super::silence_panics();
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_time().build().unwrap();
    let mut sum = Raced::default();
    tokio.block_on(async {
        for round in 0..16 {
            let mut races = tokio::task::JoinSet::new();
            for seed in 0..128 {
                let runtime = Runtime::current().expect("inside tokio");
                races.spawn(race(runtime, round * 128 + seed, Duration::from_secs(1)));
            }
            races.join_all().await.iter().for_each(|raced| sum.add(raced));
        }
    });
    println!("{sum:?}");
}
