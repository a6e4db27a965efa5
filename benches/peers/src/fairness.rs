//! Fairness: how long an ask of a quiet actor takes beside actors with a million queued messages.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::framework::{Finish, Framework, Seat};
use crate::frameworks::Flooded;

/// How many messages are queued at a flooded actor before the quiet one is asked.
const MESSAGES: u64 = 1_000_000;
/// How long the flooded actor works on each.
const WORK: Duration = Duration::from_micros(10);
/// How often the quiet actor is asked.
const ASKS: usize = 2_000;
/// How many actors are flooded: none, one of the two workers is busy, both are.
const FLOODS: [u64; 3] = [0, 1, 2];

/// How long asks took, and before each the turn of all others.
#[derive(Clone, Copy, Debug)]
pub struct Delays {
    p50: Duration,
    p99: Duration,
    max: Duration,
}

impl Delays {
    fn of(mut asks: Vec<Duration>) -> Self {
        asks.sort_unstable();
        let at = |percent: usize| asks[(asks.len() * percent / 100).min(asks.len() - 1)];
        Self { p50: at(50), p99: at(99), max: at(100) }
    }
}

/// Measures each framework in turn, and prints as it goes.
pub fn perform(programs: &[Flooded]) {
    println!("ask of a quiet actor, beside actors with {MESSAGES} messages of {WORK:?} each (us)");
    println!("  {:<14}{:>8}{:>10}{:>10}{:>10}", "", "flooded", "p50", "p99", "max");
    for program in programs {
        for floods in FLOODS {
            let Delays { p50, p99, max } = (program.run)(floods);
            let us = |time: Duration| format!("{:.1}", time.as_nanos() as f64 / 1_000.0);
            println!("  {:<14}{floods:>8}{:>10}{:>10}{:>10}", program.name, us(p50), us(p99), us(max));
        }
    }
}

/// Asks the quiet actor on a fresh runtime of `F`, beside so many flooded ones.
pub fn run<F: Framework>(floods: u64) -> Delays {
    F::run(move |f| async move {
        let quiet = f.sink(Seat { group: 0, member: 0 }).await;
        let finish = Finish::busy(floods * MESSAGES, WORK);
        for member in 0..floods {
            let flooded = f.node(Seat { group: 1, member }, finish.clone()).await;
            client(&f, async move {
                for _ in 0..MESSAGES {
                    F::token(&flooded, 0).await;
                }
            })
            .await;
        }
        let delays = client(&f, ask::<F>(quiet)).await;
        assert!(floods == 0 || finish.left() > 0, "{}: the flood was over before the asks were", F::NAME);
        finish.relax();
        delays
    })
}

async fn ask<F: Framework>(quiet: F::Sink) -> Delays {
    let mut asks = Vec::with_capacity(ASKS);
    for n in 0..ASKS as u64 {
        let began = Instant::now();
        tokio::task::yield_now().await;
        F::ask(&quiet, n).await;
        asks.push(began.elapsed());
    }
    Delays::of(asks)
}

/// Runs `task` as a client, to its end.
async fn client<F: Framework, T: Send + 'static>(f: &F, task: impl Future<Output = T> + Send + 'static) -> T {
    let (done, result) = oneshot::channel();
    f.client(Seat { group: 0, member: 1 }, async move {
        let _ = done.send(task.await);
    });
    result.await.expect("a client does not panic")
}
