//! What a framework has to show to be measured.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// Two actors in the idiom of one framework, and the runtime they live on.
///
/// The *sink* adds up the numbers it is sent and answers with its total. The *node* passes a token on to its
/// neighbour until the token has no hops left. Everything else is written once, in `bench.rs`.
pub trait Framework: Clone + Send + Sync + 'static {
    /// The name in tables.
    const NAME: &'static str;

    /// A reference to a sink.
    type Sink: Clone + Send + Sync + 'static;
    /// A reference to a node.
    type Node: Clone + Send + Sync + 'static;

    /// Starts the framework, runs `body`, stops everything that `body` spawned.
    fn run<T, F>(body: impl FnOnce(Self) -> F + Send + 'static) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static;

    /// Runs `task` where clients of actors run in this framework.
    fn client(&self, seat: Seat, task: impl Future<Output = ()> + Send + 'static);

    /// Spawns a sink, which calls [`Started::one`] when it starts.
    fn sink(&self, seat: Seat) -> impl Future<Output = Self::Sink> + Send;
    /// Sends `n` without waiting for the answer, only for room.
    fn tell(sink: &Self::Sink, n: u64) -> impl Future<Output = ()> + Send;
    /// Sends `n` and waits for the total.
    fn ask(sink: &Self::Sink, n: u64) -> impl Future<Output = u64> + Send;

    /// Spawns a node that reports to `finish`.
    fn node(&self, seat: Seat, finish: Arc<Finish>) -> impl Future<Output = Self::Node> + Send;
    /// Makes `next` the neighbour of `node`.
    fn link(node: &Self::Node, next: Self::Node) -> impl Future<Output = ()> + Send;
    /// Hands a token with `hops` hops left to `node`.
    fn token(node: &Self::Node, hops: u64) -> impl Future<Output = ()> + Send;
}

/// Where something is spawned, for frameworks that bind an actor to a thread; the others need no advice.
#[derive(Clone, Copy, Debug)]
pub struct Seat {
    /// Members of one group talk to each other.
    pub group: u64,
    /// Which of its group it is.
    pub member: u64,
}

/// Runs `body` on tokio's multi-thread runtime with two workers: the home of all peers but actix.
pub fn on_tokio<T, F>(body: impl FnOnce() -> F + Send + 'static) -> T
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be built");
    runtime.block_on(async { tokio::spawn(async { body().await }).await.expect("a bench does not panic") })
}

/// How many sinks have started, in the whole process: one bench runs at a time.
pub static STARTED: Started = Started::new();

/// Counts starts and wakes who waits for the last of them.
pub struct Started {
    count: AtomicU64,
    goal: AtomicU64,
    reached: Notify,
}

impl Started {
    const fn new() -> Self {
        Self { count: AtomicU64::new(0), goal: AtomicU64::new(u64::MAX), reached: Notify::const_new() }
    }

    /// Expects `goal` starts from here on.
    pub fn expect(&self, goal: u64) {
        self.goal.store(goal, SeqCst);
        self.count.store(0, SeqCst);
    }

    /// Called by a sink when it starts.
    pub fn one(&self) {
        if self.count.fetch_add(1, SeqCst) + 1 == self.goal.load(SeqCst) {
            self.reached.notify_one();
        }
    }

    /// Waits until as many sinks as expected have started.
    pub async fn all(&self) {
        self.reached.notified().await;
    }
}

/// Counts tokens that have come to their end.
pub struct Finish {
    left: AtomicU64,
    reached: Notify,
    /// How many nanoseconds of work each token makes at its end.
    work: AtomicU64,
}

impl Finish {
    /// Waits for `tokens` tokens.
    pub fn of(tokens: u64) -> Arc<Self> {
        Self::busy(tokens, Duration::ZERO)
    }

    /// As [`of`](Self::of); the node that receives the last of a token works for so long.
    pub fn busy(tokens: u64, work: Duration) -> Arc<Self> {
        let work = AtomicU64::new(work.as_nanos() as u64);
        Arc::new(Self { left: AtomicU64::new(tokens), reached: Notify::new(), work })
    }

    /// There is no more work from here on.
    pub fn relax(&self) {
        self.work.store(0, SeqCst);
    }

    /// How many tokens have not come to their end.
    pub fn left(&self) -> u64 {
        self.left.load(SeqCst)
    }

    /// Called by the node that receives a token without hops left.
    pub fn one(&self) {
        let work = Duration::from_nanos(self.work.load(SeqCst));
        if !work.is_zero() {
            let began = Instant::now();
            while began.elapsed() < work {}
        }
        if self.left.fetch_sub(1, SeqCst) == 1 {
            self.reached.notify_one();
        }
    }

    /// Waits until every token has come to its end.
    pub async fn all(&self) {
        self.reached.notified().await;
    }
}
