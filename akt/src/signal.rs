//! The signals of the operating system that end a program.

use std::future::pending;

use crate::system::{ActorSystem, Run};

impl ActorSystem {
    /// Describes a run until the process is told to end: by SIGTERM or SIGINT, elsewhere by Ctrl-C.
    ///
    /// See [`run_until`](Self::run_until) for what happens then. Needs a tokio runtime with IO, which
    /// `#[tokio::main]` makes.
    ///
    /// ```no_run
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), akt::StartError> {
    /// let system = akt::ActorSystem::builder("shop").start().await?;
    /// let report = system.run_until_signal().await;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn run_until_signal(&self) -> Run {
        self.run_until(told_to_end())
    }
}

#[cfg(unix)]
async fn told_to_end() {
    use tokio::signal::unix::{SignalKind, signal};

    match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(mut terminate), Ok(mut interrupt)) => tokio::select! { biased;
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        },
        (Err(error), _) | (_, Err(error)) => deaf(&error).await,
    }
}

#[cfg(not(unix))]
async fn told_to_end() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        deaf(&error).await;
    }
}

/// Nobody can tell this process to end; it runs on.
async fn deaf(error: &std::io::Error) {
    tracing::error!(%error, "signals cannot be listened to: only a shutdown or a kill ends this process");
    pending::<()>().await;
}
