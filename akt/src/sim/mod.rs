//! Simulation: a whole program on one thread, one virtual clock and one seed.

use crate::runtime::{Executor, Runtime, run_seeded};

/// Runs `program` under the seeded executor: which ready task runs next is drawn from `seed`, and time
/// moves only when every task waits.
///
/// The same seed gives the same run, as long as the program itself asks only its [`Runtime`] for time,
/// tasks and chance.
///
/// # Panics
///
/// If it is called inside an async runtime: it brings its own. If a task of `tokio::spawn` is left: it is of no node, and not
/// of the seed.
pub fn run<T, F>(seed: u64, program: impl FnOnce(Runtime) -> F) -> T
where
    F: Future<Output = T>,
{
    let Ran { done, strays, .. } = run_traced(seed, program);
    if let Some(strays) = strays {
        panic!("{strays}");
    }
    done
}

/// What a program came to.
pub(crate) struct Ran<T> {
    pub(crate) done: T,
    /// Of which task ran when.
    #[allow(dead_code, reason = "what only simulations of nodes compare")]
    pub(crate) trace: u64,
    /// Says that tasks are left that no node has started.
    pub(crate) strays: Option<String>,
}

/// As [`run`], and what is known of the run.
pub(crate) fn run_traced<T, F>(seed: u64, program: impl FnOnce(Runtime) -> F) -> Ran<T>
where
    F: Future<Output = T>,
{
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a current-thread runtime needs nothing that can be missing");
    tokio.block_on(tokio::task::unconstrained(async move {
        let executor = Executor::new(seed);
        let runtime = Runtime::seeded(executor.clone(), seed);
        let done = run_seeded(executor.clone(), program(runtime)).await;
        Ran { done, trace: executor.trace(), strays: strays().await }
    }))
}

/// Tasks beside the executor, once those have ended that only waited for it.
async fn strays() -> Option<String> {
    let left = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    for _ in 0..64 {
        if left() == 0 {
            return None;
        }
        tokio::task::yield_now().await;
    }
    let left = left();
    let tasks = if left == 1 { "task" } else { "tasks" };
    Some(format!(
        "{left} {tasks} of `tokio::spawn` left: no kill, no pause and no seed reaches what is not spawned by an actor or its node"
    ))
}

/// Runs `run` for each of these seeds, on two threads.
#[cfg(test)]
pub(crate) fn each_seed(seeds: std::ops::Range<u64>, run: impl Fn(u64) + Sync) {
    let seeds = parking_lot::Mutex::new(seeds);
    let next = || seeds.lock().next();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(seed) = next() {
                    run(seed);
                }
            });
        }
    });
}
