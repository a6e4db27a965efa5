//! Who sends a message: the actor whose code runs, or else the task or thread.

use std::thread::ThreadId;

use super::current;

/// One sender, as long as it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Sender {
    Actor(usize),
    Task(tokio::task::Id),
    Thread(ThreadId),
}

impl Sender {
    /// Who sends now, on this thread.
    pub(super) fn current() -> Self {
        match (current::actor(), tokio::task::try_id()) {
            (0, None) => Self::Thread(std::thread::current().id()),
            (0, Some(task)) => Self::Task(task),
            (actor, _) => Self::Actor(actor),
        }
    }
}
