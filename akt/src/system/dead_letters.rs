//! Dead letters: messages that nobody handled and nobody got back, each with its reason.

use std::array;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::actor::{AskError, StopReason};
use crate::path::ActorPath;

/// A message that was accepted, not handled, and not returned to its sender.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadLetter {
    /// The actor it was for.
    pub target: ActorPath,
    /// The handler or rpc it was for.
    pub message: &'static str,
    /// Why it was not handled.
    pub reason: DeadLetterReason,
}

/// Why a message became a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DeadLetterReason {
    /// Its actor stopped before its turn.
    Stopped,
    /// Its actor was killed, before its turn or in the midst of it.
    Killed,
    /// The mailbox had no room: for a message from another node, or it drops what is too much.
    MailboxFull,
    /// The stash had no room.
    StashFull,
    /// Its deadline passed before its turn.
    Expired,
    /// The actor's behaviour did not handle it.
    Unhandled,
    /// A guard or behaviour refused it.
    Rejected,
    /// There is no actor at its address.
    NoRoute,
    /// It did not fit on the wire.
    TooLarge,
    /// Its bytes were no message of the actor's contract.
    Undecodable,
    /// Its system was shut down.
    Shutdown,
    /// Its asker gave up before its turn.
    Cancelled,
    /// Its handler died.
    Panicked,
}

impl DeadLetterReason {
    const ALL: [Self; 13] = [
        Self::Stopped,
        Self::Killed,
        Self::MailboxFull,
        Self::StashFull,
        Self::Expired,
        Self::Unhandled,
        Self::Rejected,
        Self::NoRoute,
        Self::TooLarge,
        Self::Undecodable,
        Self::Shutdown,
        Self::Cancelled,
        Self::Panicked,
    ];

    /// The reason of what was queued when an actor stopped.
    pub(crate) fn of_stop(reason: StopReason) -> Self {
        match reason {
            StopReason::Killed => Self::Killed,
            StopReason::Shutdown => Self::Shutdown,
            StopReason::Unknown => Self::NoRoute,
            _ => Self::Stopped,
        }
    }
}

impl fmt::Display for DeadLetterReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl DeadLetterReason {
    /// The reason of a message that was returned with `error` to nobody.
    pub(crate) fn of_error(error: &AskError) -> Self {
        match error {
            AskError::Fault(_) => Self::Panicked,
            AskError::Unhandled { .. } => Self::Unhandled,
            AskError::Full => Self::MailboxFull,
            AskError::Stopped { reason, .. } => Self::of_stop(*reason),
            AskError::Timeout(_) => Self::Expired,
            AskError::Unreachable { .. } => Self::NoRoute,
            AskError::Unimplemented { .. } | AskError::Codec(_) => Self::Undecodable,
            AskError::TooLarge { .. } => Self::TooLarge,
            AskError::Cancelled => Self::Cancelled,
            AskError::Handler(never) => match *never {},
            AskError::Unanswered
            | AskError::Rejected(_)
            | AskError::Partly(_)
            | AskError::Paused
            | AskError::Moved
            | AskError::Journal(_)
            | AskError::Cycle { .. }
            | AskError::Remote { .. } => Self::Rejected,
        }
    }
}

/// Counts dead letters by reason.
#[derive(Debug)]
pub(crate) struct DeadLetters([AtomicU64; DeadLetterReason::ALL.len()]);

impl Default for DeadLetters {
    fn default() -> Self {
        Self::new()
    }
}

impl DeadLetters {
    pub(crate) fn new() -> Self {
        Self(array::from_fn(|_| AtomicU64::new(0)))
    }

    pub(crate) fn count(&self, reason: DeadLetterReason) {
        self.0[reason as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn of(&self, reason: DeadLetterReason) -> u64 {
        self.0[reason as usize].load(Ordering::Relaxed)
    }

    /// Those reasons that there were.
    pub(crate) fn by_reason(&self) -> BTreeMap<DeadLetterReason, u64> {
        let counted = DeadLetterReason::ALL.into_iter().map(|reason| (reason, self.of(reason)));
        counted.filter(|(_, count)| *count > 0).collect()
    }

    pub(crate) fn total(&self) -> u64 {
        DeadLetterReason::ALL.into_iter().map(|reason| self.of(reason)).sum()
    }
}
