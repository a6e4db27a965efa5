//! What the micro benches share: a small actor, a contract, and one thread for it to live on.

pub mod hundred;

use std::fmt;
use std::future::Future;

use akt::prelude::*;
use tokio::runtime::{Builder, Runtime};

akt::include_contracts!();

/// Adds up what it is sent.
#[derive(Debug, Default)]
pub struct Sink {
    total: u64,
}

#[akt::actor(mailbox = bounded(1_024))]
impl Sink {
    /// Adds `n`, answers with the total.
    #[handler]
    pub fn add(&mut self, n: u64) -> u64 {
        self.total += n;
        self.total
    }
}

/// A system on a runtime with a single thread, so that a bench measures work and not wake-ups.
pub struct Home {
    runtime: Runtime,
    system: ActorSystem,
}

impl Home {
    /// Starts the system.
    ///
    /// # Panics
    ///
    /// If the operating system refuses.
    #[must_use]
    pub fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime can be built");
        let system = runtime.block_on(ActorSystem::builder("bench").start()).expect("the system starts");
        Self { runtime, system }
    }

    /// The system.
    #[must_use]
    pub fn system(&self) -> &ActorSystem {
        &self.system
    }

    /// Runs `future` to its end.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// Spawns a sink.
    ///
    /// # Panics
    ///
    /// If there is one with this name.
    #[must_use]
    pub fn sink(&self, name: &str) -> SinkRef {
        self.block_on(async { self.system.spawn(name, Sink::default).await.expect("the name is free") })
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Home")
    }
}
