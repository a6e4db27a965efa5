//! *Pure.* The first start of an actor: how often it is tried, for how long, and how it failed.

use std::time::Duration;

use super::error::FaultInfo;
use super::spawn::SpawnError;
use crate::backoff::Backoff;

/// How the first start is tried.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Start {
    /// Tries after the first one.
    pub(crate) retries: u32,
    pub(crate) backoff: Backoff,
    /// For all tries and the waits between them.
    pub(crate) timeout: Option<Duration>,
}

impl Start {
    /// One try, for as long as it takes.
    pub(crate) const ONCE: Self = Self { retries: 0, backoff: Backoff::NONE, timeout: None };
}

impl Default for Start {
    fn default() -> Self {
        Self::ONCE
    }
}

/// How the first start failed.
#[derive(Clone, Debug)]
pub(crate) struct StartFailure {
    /// Tries that were begun.
    pub(crate) attempts: u32,
    /// The last failure.
    pub(crate) last: Box<FaultInfo>,
    /// Set when the time was up.
    pub(crate) timeout: Option<Duration>,
}

impl From<StartFailure> for SpawnError {
    fn from(failure: StartFailure) -> Self {
        let StartFailure { attempts, last, timeout } = failure;
        match timeout {
            Some(timeout) => Self::StartTimeout { timeout, attempts, last },
            None if attempts == 1 => Self::Start(last),
            None => Self::StartRetries { attempts, last },
        }
    }
}
