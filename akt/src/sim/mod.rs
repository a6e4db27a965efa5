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
/// If it is called inside an async runtime: it brings its own.
pub fn run<T, F>(seed: u64, program: impl FnOnce(Runtime) -> F) -> T
where
    F: Future<Output = T>,
{
    run_traced(seed, program).0
}

/// As [`run`], and what the order of the tasks that ran comes to.
pub(crate) fn run_traced<T, F>(seed: u64, program: impl FnOnce(Runtime) -> F) -> (T, u64)
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
        (done, executor.trace())
    }))
}
