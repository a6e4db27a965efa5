//! The benches: what is sent, how often, and when the clock stops.

use std::future::Future;
use std::time::Instant;

use tokio::sync::oneshot;

use crate::alloc;
use crate::framework::{Finish, Framework, STARTED, Seat};

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bench {
    /// One producer tells one sink.
    Tell1,
    /// Four producers tell one sink.
    Tell4,
    /// One asker, one sink, one ask at a time.
    Ask1,
    /// 64 askers, one sink.
    Ask64To1,
    /// 64 askers with a sink each.
    Ask64To64,
    /// 32 pairs of nodes, a token in each.
    PingPong,
    /// 1,000 nodes, one token.
    Ring,
    /// As `Tell1`, of an actor and of a grain.
    GrainTell,
    /// As `Ask1`, of an actor and of a grain.
    GrainAsk,
    /// Spawning sinks one after the other until all have started.
    Spawn,
    /// Live memory of a sink that has started and waits.
    IdleBytes,
    /// Allocations of a tell that is handled.
    AllocsTell,
    /// Allocations of an ask that is answered.
    AllocsAsk,
    /// Allocations of a spawn until the sink waits.
    AllocsSpawn,
}

/// All rows, in the order of the table.
pub const ALL: [Bench; 14] = [
    Bench::Tell1,
    Bench::Tell4,
    Bench::Ask1,
    Bench::Ask64To1,
    Bench::Ask64To64,
    Bench::PingPong,
    Bench::Ring,
    Bench::GrainTell,
    Bench::GrainAsk,
    Bench::Spawn,
    Bench::IdleBytes,
    Bench::AllocsTell,
    Bench::AllocsAsk,
    Bench::AllocsSpawn,
];

impl Bench {
    /// The name on the command line and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tell1 => "tell_1_1",
            Self::Tell4 => "tell_4_1",
            Self::Ask1 => "ask_1",
            Self::Ask64To1 => "ask_64_1",
            Self::Ask64To64 => "ask_64_64",
            Self::PingPong => "ping_pong_32",
            Self::Ring => "ring_1000",
            Self::GrainTell => "grain_tell",
            Self::GrainAsk => "grain_ask",
            Self::Spawn => "spawn",
            Self::IdleBytes => "idle_bytes",
            Self::AllocsTell => "allocs_tell",
            Self::AllocsAsk => "allocs_ask",
            Self::AllocsSpawn => "allocs_spawn",
        }
    }

    /// The unit in JSON.
    pub fn unit(self) -> &'static str {
        match self {
            Self::IdleBytes => "bytes",
            Self::AllocsTell | Self::AllocsAsk | Self::AllocsSpawn => "allocs",
            _ => "ns",
        }
    }

    /// What a number of this row is a number of.
    pub fn per(self) -> &'static str {
        match self {
            Self::Tell1 | Self::Tell4 | Self::PingPong | Self::Ring | Self::GrainTell => "ns per message",
            Self::Ask1 | Self::Ask64To1 | Self::Ask64To64 | Self::GrainAsk => "ns per ask",
            Self::Spawn => "ns per spawn",
            Self::IdleBytes => "live bytes per idle actor",
            Self::AllocsTell | Self::AllocsAsk | Self::AllocsSpawn => "allocations each",
        }
    }

    /// True if it compares akt's grains with its actors, and nobody else has it.
    pub fn is_of_grains(self) -> bool {
        matches!(self, Self::GrainTell | Self::GrainAsk)
    }

    /// True if the clock decides, and not a counter that gives the same result every time.
    pub fn is_timed(self) -> bool {
        self.unit() == "ns"
    }

    /// Operations in one run of the full programme.
    pub fn operations(self) -> u64 {
        match self {
            Self::Tell1 | Self::Tell4 | Self::PingPong | Self::GrainTell => 1_000_000,
            Self::Ask1 | Self::Ask64To1 | Self::Ask64To64 | Self::Ring | Self::GrainAsk => 500_000,
            Self::Spawn | Self::IdleBytes | Self::AllocsTell | Self::AllocsAsk => 100_000,
            Self::AllocsSpawn => 20_000,
        }
    }

    /// Runs `n` operations on a fresh runtime of `F`; the result is per operation.
    pub fn run<F: Framework>(self, n: u64) -> f64 {
        F::run(move |f| async move {
            match self {
                Self::Tell1 | Self::GrainTell => tell(f, 1, n).await,
                Self::Tell4 => tell(f, 4, n).await,
                Self::Ask1 | Self::GrainAsk => ask(f, 1, 1, n).await,
                Self::Ask64To1 => ask(f, 64, 1, n).await,
                Self::Ask64To64 => ask(f, 64, 64, n).await,
                Self::PingPong => ring(f, 32, 2, n).await,
                Self::Ring => ring(f, 1, 1_000, n).await,
                Self::Spawn => spawn(f, n).await,
                Self::IdleBytes => idle_bytes(f, n).await,
                Self::AllocsTell => allocs_tell(f, n).await,
                Self::AllocsAsk => allocs_ask(f, n).await,
                Self::AllocsSpawn => allocs_spawn(f, n).await,
            }
        })
    }
}

/// `producers` tasks send the numbers below `n` to one sink. The clock stops when the sink, asked after the
/// last tell was sent, answers with the sum of all of them: it has then handled every one.
async fn tell<F: Framework>(f: F, producers: u64, n: u64) -> f64 {
    let sink = f.sink(Seat { group: 0, member: 0 }).await;
    let mut sum = tell_all(&f, &sink, producers, n / 50).await;
    assert_eq!(F::ask(&sink, 0).await, sum);

    let began = Instant::now();
    sum += tell_all(&f, &sink, producers, n).await;
    assert_eq!(F::ask(&sink, 0).await, sum, "{} lost a tell", F::NAME);
    per_operation(began, n)
}

/// Returns the sum of what was sent.
async fn tell_all<F: Framework>(f: &F, sink: &F::Sink, producers: u64, n: u64) -> u64 {
    let tasks = (0..producers).map(|producer| {
        let sink = sink.clone();
        async move {
            let mut sum = 0;
            for number in (producer..n).step_by(producers as usize) {
                F::tell(&sink, number).await;
                sum += number;
            }
            sum
        }
    });
    clients(f, tasks).await
}

/// `askers` tasks ask `sinks` sinks, each one ask at a time, `n` asks together. The clock stops when the last
/// asker has its last answer; each sink's total is checked.
async fn ask<F: Framework>(f: F, askers: u64, sinks: u64, n: u64) -> f64 {
    let mut targets = Vec::new();
    for group in 0..sinks {
        targets.push(f.sink(Seat { group, member: 0 }).await);
    }
    let mut sum = ask_all(&f, &targets, askers, n / 50).await;

    let began = Instant::now();
    sum += ask_all(&f, &targets, askers, n).await;
    let result = per_operation(began, n / askers * askers);

    let mut totals = 0;
    for sink in &targets {
        totals += F::ask(sink, 0).await;
    }
    assert_eq!(totals, sum, "{} lost an ask", F::NAME);
    result
}

async fn ask_all<F: Framework>(f: &F, sinks: &[F::Sink], askers: u64, n: u64) -> u64 {
    let tasks = (0..askers).map(|asker| {
        let sink = sinks[asker as usize % sinks.len()].clone();
        async move {
            let (mut sum, mut last) = (0, 0);
            for number in 1..=n / askers {
                let total = F::ask(&sink, number).await;
                assert!(total > last, "{} answered out of order", F::NAME);
                (sum, last) = (sum + number, total);
            }
            sum
        }
    });
    clients(f, tasks).await
}

/// A token goes round in each of `rings` rings of `size` nodes, `n` hops together. The clock stops when the
/// last token has come to its end; a token that is lost never does.
async fn ring<F: Framework>(f: F, rings: u64, size: u64, n: u64) -> f64 {
    let finish = Finish::of(rings);
    let mut firsts = Vec::new();
    for ring in 0..rings {
        let mut nodes = Vec::new();
        for member in 0..size {
            // A big ring is two groups: most neighbours are in the same one.
            let group = if rings == 1 { member * 2 / size } else { ring };
            nodes.push(f.node(Seat { group, member }, finish.clone()).await);
        }
        for (node, next) in nodes.iter().zip(nodes.iter().cycle().skip(1)) {
            F::link(node, next.clone()).await;
        }
        firsts.push(nodes[0].clone());
    }

    let hops = n / rings;
    let began = Instant::now();
    for first in &firsts {
        F::token(first, hops).await;
    }
    finish.all().await;
    per_operation(began, hops * rings)
}

/// One task spawns `n` sinks. The clock stops when the last of them has started.
async fn spawn<F: Framework>(f: F, n: u64) -> f64 {
    let began = Instant::now();
    let sinks = spawn_all(&f, n).await;
    let result = per_operation(began, n);
    drop(sinks);
    result
}

/// Live bytes after minus before; the list of references is allocated before.
async fn idle_bytes<F: Framework>(f: F, n: u64) -> f64 {
    drop(spawn_all(&f, 100).await);
    settle().await;
    let counted = count_spawns(&f, n).await;
    counted.live_bytes as f64 / n as f64
}

async fn allocs_spawn<F: Framework>(f: F, n: u64) -> f64 {
    drop(spawn_all(&f, 100).await);
    settle().await;
    let counted = count_spawns(&f, n).await;
    counted.allocations as f64 / n as f64
}

async fn count_spawns<F: Framework>(f: &F, n: u64) -> alloc::Counted {
    let (done, sinks) = oneshot::channel();
    let list = Vec::with_capacity(n as usize);
    STARTED.expect(n);
    alloc::start();
    f.client(Seat { group: 0, member: 1 }, spawn_task(f.clone(), n, list, done));
    let sinks = sinks.await.expect("the spawner does not panic");
    STARTED.all().await;
    settle().await;
    let counted = alloc::stop();
    drop(sinks);
    counted
}

async fn spawn_all<F: Framework>(f: &F, n: u64) -> Vec<F::Sink> {
    let (done, sinks) = oneshot::channel();
    STARTED.expect(n);
    f.client(Seat { group: 0, member: 1 }, spawn_task(f.clone(), n, Vec::with_capacity(n as usize), done));
    let sinks = sinks.await.expect("the spawner does not panic");
    STARTED.all().await;
    sinks
}

async fn spawn_task<F: Framework>(f: F, n: u64, mut list: Vec<F::Sink>, done: oneshot::Sender<Vec<F::Sink>>) {
    for group in 0..n {
        list.push(f.sink(Seat { group, member: 0 }).await);
    }
    let _ = done.send(list);
}

/// Counted over `n` tells after as many that warm the queues.
async fn allocs_tell<F: Framework>(f: F, n: u64) -> f64 {
    let sink = f.sink(Seat { group: 0, member: 0 }).await;
    tell_all(&f, &sink, 1, n).await;
    F::ask(&sink, 0).await;

    alloc::start();
    tell_all(&f, &sink, 1, n).await;
    F::ask(&sink, 0).await;
    alloc::stop().allocations as f64 / n as f64
}

async fn allocs_ask<F: Framework>(f: F, n: u64) -> f64 {
    let sinks = [f.sink(Seat { group: 0, member: 0 }).await];
    ask_all(&f, &sinks, 1, n).await;

    alloc::start();
    ask_all(&f, &sinks, 1, n).await;
    alloc::stop().allocations as f64 / n as f64
}

/// Runs `tasks` as clients and adds up their results.
async fn clients<F, T>(f: &F, tasks: impl Iterator<Item = T>) -> u64
where
    F: Framework,
    T: Future<Output = u64> + Send + 'static,
{
    let results: Vec<_> = (0..)
        .zip(tasks)
        .map(|(group, task)| {
            let (done, result) = oneshot::channel();
            f.client(Seat { group, member: 1 }, async move {
                let _ = done.send(task.await);
            });
            result
        })
        .collect();
    let mut sum = 0;
    for result in results {
        sum += result.await.expect("a client does not panic");
    }
    sum
}

/// Lets actors that have just started or stopped come to rest.
async fn settle() {
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
}

fn per_operation(began: Instant, n: u64) -> f64 {
    began.elapsed().as_nanos() as f64 / n as f64
}
