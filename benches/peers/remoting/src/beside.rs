//! How long asks of one sink take while something else goes to another by the same connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::remoting::Remoting;

/// So many asks at least.
const ASKS: usize = 2_000;

/// What else goes by the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// Nothing.
    Idle,
    /// Tells of 64 bytes, as fast as they go.
    Firehose,
    /// 1 GiB in messages of 1 MiB.
    Transfer,
}

/// How long the asks took, in microseconds, and how fast the other messages went meanwhile.
#[derive(Clone, Copy, Debug)]
pub struct Delays {
    /// The middle one.
    pub p50: f64,
    /// The one in a hundred.
    pub p99: f64,
    /// The slowest.
    pub max: f64,
    /// MiB in a second.
    pub throughput: f64,
}

impl Beside {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Idle, Self::Firehose, Self::Transfer];

    /// The name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Idle => "nothing",
            Self::Firehose => "tells",
            Self::Transfer => "transfer",
        }
    }

    /// The one of that name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|beside| beside.name() == name)
    }

    /// Asks as long as the other messages go, or so often at least.
    pub async fn run<R: Remoting>(self, remote: R) -> Delays {
        let (other, over) = (remote.beside().await, Arc::new(AtomicBool::new(false)));
        let asks = {
            let over = over.clone();
            tokio::spawn(async move { ask(&remote, self == Self::Idle, &over).await })
        };
        let (sent, began) = (AtomicU64::new(0), Instant::now());
        match self {
            Self::Idle => {}
            Self::Firehose => send(&other, 54, Duration::from_secs(3), u64::MAX, &sent).await,
            Self::Transfer => send(&other, (1 << 20) - 64, Duration::MAX, 1 << 10, &sent).await,
        }
        let throughput = sent.load(Relaxed) as f64 / (1 << 20) as f64 / began.elapsed().as_secs_f64();
        over.store(true, Relaxed);
        let mut asks = asks.await.expect("the asker does not panic");
        asks.sort_unstable();
        let at = |percent: usize| {
            asks[(asks.len() * percent / 100).min(asks.len() - 1)].as_nanos() as f64 / 1_000.0
        };
        Delays { p50: at(50), p99: at(99), max: at(100), throughput }
    }
}

/// Sends `count` messages or for so long, and waits until the last has arrived.
async fn send<R: Remoting>(remote: &R, bytes: usize, time: Duration, count: u64, sent: &AtomicU64) {
    let (padding, began): (Bytes, _) = (vec![7; bytes].into(), Instant::now());
    let mut number = 0;
    while number < count && (!number.is_multiple_of(64) || began.elapsed() < time) {
        remote.tell(0, &padding).await;
        number += 1;
    }
    remote.ask(0, &Bytes::new()).await;
    sent.store(number * bytes as u64, Relaxed);
}

async fn ask<R: Remoting>(remote: &R, is_idle: bool, over: &AtomicBool) -> Vec<Duration> {
    let padding: Bytes = vec![7; 54].into();
    for _ in 0..100 {
        remote.ask(1, &padding).await;
    }
    let mut asks = Vec::with_capacity(1 << 16);
    while if is_idle { asks.len() < 5 * ASKS } else { !over.load(Relaxed) } {
        let began = Instant::now();
        remote.ask(1, &padding).await;
        asks.push(began.elapsed());
    }
    asks
}
