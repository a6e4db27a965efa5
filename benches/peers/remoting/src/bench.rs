//! The benches: what is sent, how often, and when the clock stops.

use std::time::Instant;

use bytes::Bytes;

use crate::cpu;
use crate::remoting::Remoting;

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bench {
    /// So many askers, each with one ask of 64 bytes at a time.
    Ask(u64),
    /// One sender of messages of so many bytes.
    Tell(usize),
}

/// All rows, in the order of the table.
pub const ALL: [Bench; 5] =
    [Bench::Ask(1), Bench::Ask(64), Bench::Ask(1_024), Bench::Tell(64), Bench::Tell(1_024)];

/// One run: nanoseconds for each operation.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// By the clock.
    pub elapsed: f64,
    /// Of the sender's processors.
    pub sender: f64,
    /// Of the receiver's processors.
    pub receiver: f64,
}

impl Bench {
    /// The name on the command line and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ask(1) => "ask_1",
            Self::Ask(64) => "ask_64",
            Self::Ask(_) => "ask_1024",
            Self::Tell(64) => "tell_64b",
            Self::Tell(_) => "tell_1k",
        }
    }

    /// The bench of that name.
    pub fn of(name: &str) -> Option<Self> {
        ALL.into_iter().find(|bench| bench.name() == name)
    }

    /// True if the program must send without waiting for an answer.
    pub fn tells(self) -> bool {
        matches!(self, Self::Tell(_))
    }

    /// Runs `n` operations after a twentieth of them; checks that the sink has added up every one.
    pub async fn run<R: Remoting>(self, remote: R, n: u64, server: u32) -> Sample {
        let mut sum = self.send(&remote, (n / 20).max(100)).await;
        let before = (cpu::used(std::process::id()), cpu::used(server));

        let began = Instant::now();
        sum += self.send(&remote, n).await;
        let elapsed = began.elapsed();

        let after = (cpu::used(std::process::id()), cpu::used(server));
        assert_eq!(remote.ask(0, &Bytes::new()).await, sum, "{} lost a message", R::NAME);
        let each = |nanoseconds: u64| nanoseconds as f64 / n as f64;
        Sample {
            elapsed: each(elapsed.as_nanos() as u64),
            sender: each(after.0 - before.0),
            receiver: each(after.1 - before.1),
        }
    }

    /// The sum of what was sent and has arrived.
    async fn send<R: Remoting>(self, remote: &R, n: u64) -> u64 {
        match self {
            Self::Ask(askers) => ask(remote, askers, n).await,
            Self::Tell(bytes) => tell(remote, bytes, n).await,
        }
    }
}

/// What a message of so many bytes has besides its number.
fn padding(bytes: usize) -> Bytes {
    vec![7; bytes - 10].into()
}

async fn ask<R: Remoting>(remote: &R, askers: u64, n: u64) -> u64 {
    let padding = padding(64);
    let tasks: Vec<_> = (0..askers)
        .map(|asker| {
            let (remote, padding) = (remote.clone(), padding.clone());
            tokio::spawn(async move {
                let (mut sum, mut last) = (0, 0);
                for number in (asker + 1..=n).step_by(askers as usize) {
                    let total = remote.ask(number, &padding).await;
                    assert!(total > last, "{} answered out of order", R::NAME);
                    (sum, last) = (sum + number, total);
                }
                sum
            })
        })
        .collect();
    let mut sum = 0;
    for task in tasks {
        sum += task.await.expect("an asker does not panic");
    }
    sum
}

/// The last message is an ask: its answer comes when all tells were added up.
async fn tell<R: Remoting>(remote: &R, bytes: usize, n: u64) -> u64 {
    let (remote, padding) = (remote.clone(), padding(bytes));
    let task = tokio::spawn(async move {
        for number in 1..n {
            remote.tell(number, &padding).await;
        }
        remote.ask(n, &padding).await;
        n * (n + 1) / 2
    });
    task.await.expect("the sender does not panic")
}
