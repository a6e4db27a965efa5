//! Who sends a message: the actor whose code runs, or else the task or thread.

use std::cell::Cell;
use std::thread::ThreadId;

use super::mailbox::Lane;

thread_local! {
    /// Where the lane of the actor is whose code runs on this thread; 0 if none does.
    static ACTOR: Cell<usize> = const { Cell::new(0) };
}

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
        match (ACTOR.get(), tokio::task::try_id()) {
            (0, None) => Self::Thread(std::thread::current().id()),
            (0, Some(task)) => Self::Task(task),
            (actor, _) => Self::Actor(actor),
        }
    }

    /// The code of the actor with this lane runs from now on, in its own task or in an asker's turn.
    #[inline]
    pub(super) fn act(lane: &Lane) -> Acting {
        Acting(ACTOR.replace(std::ptr::from_ref(lane).addr()))
    }
}

/// An actor's code runs until this is dropped; then that of whoever it was before.
pub(super) struct Acting(usize);

impl Drop for Acting {
    #[inline]
    fn drop(&mut self) {
        ACTOR.set(self.0);
    }
}
