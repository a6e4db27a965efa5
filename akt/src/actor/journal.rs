//! What an actor knows of its journal, or of what keeps its state, without knowing what that is: where it is, and that it
//! failed.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::sync::atomic::Ordering;

use super::context::Ctx;
use super::error::{AskError, Delivery, Fault, StopReason};
use super::lifecycle::Stage;
use super::mailbox::Control;
use super::reference::Target;
use super::reply::Reply;
use super::traits::Actor;
use super::turn::TurnCtx;

/// An event store did not take the events of a handler's decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalError {
    /// What the store said.
    pub problem: Box<str>,
    /// `No` if the events are certainly not stored, `Maybe` if nobody knows.
    pub delivered: Delivery,
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.delivered {
            Delivery::No => write!(f, "the events were not stored: {}", self.problem),
            Delivery::Maybe => write!(f, "the events may have been stored: {}", self.problem),
        }
    }
}

impl StdError for JournalError {}

impl<A: Actor> Ctx<A> {
    /// Keeps the journal of the present value.
    pub(crate) fn keep_journal(&mut self, journal: Box<dyn Any + Send>) {
        *self.scope().journal.lock() = Some(journal);
    }

    /// Takes the journal out. Until it is back, the value is not what its events say.
    pub(crate) fn take_journal(&mut self) -> Option<Box<dyn Any + Send>> {
        self.scope().journal.lock().take()
    }

    pub(super) fn has_journal(&self) -> bool {
        self.known_scope().is_some_and(|scope| scope.journal.lock().is_some())
    }

    /// Looks at the journal of the present value, if it is a `J`.
    pub(crate) fn with_journal<J: 'static, T>(&self, look: impl FnOnce(&J) -> T) -> Option<T> {
        self.known_scope()?.journal.lock().as_ref()?.downcast_ref().map(look)
    }

    pub(crate) fn note_fence(&mut self, fence: u64) {
        self.scope().fence.store(fence, Ordering::Relaxed);
    }

    /// The number that was noted, or else one that is made now, once.
    pub(crate) fn fence_or(&self, make: impl FnOnce() -> u64) -> u64 {
        let fence = &self.known_scope().expect("a grain has a face in its scope").fence;
        match fence.load(Ordering::Relaxed) {
            0 => {
                let made = make();
                let raced = fence.compare_exchange(0, made, Ordering::Relaxed, Ordering::Relaxed);
                raced.err().unwrap_or(made)
            }
            known => known,
        }
    }

    /// Why this actor ends; nothing before `#[on(stop)]` or `#[on(deactivate)]`, nor if it restarts.
    #[must_use]
    pub fn stop_reason(&self) -> Option<StopReason> {
        match self.cell.core.stage() {
            Stage::Stopping(reason) => Some(reason),
            _ => None,
        }
    }

    /// Another one has taken over what this one keeps: its asker is told, and it ends.
    pub(crate) fn give_way(&mut self) {
        self.current.clone().fail(AskError::Moved);
        self.interrupted = true;
        self.exit.get_or_insert(StopReason::Moved);
    }

    /// The handler that runs.
    pub(crate) const fn message_name(&self) -> &'static str {
        self.message
    }

    /// Whether `cx.fail(..)` was called in this turn.
    pub(crate) fn has_failed(&self) -> bool {
        self.fault.is_some()
    }

    /// Answers with `error` and fails with `fault`; without an error, the asker gets the fault of this turn.
    pub(crate) fn fail_answering<R: Send + 'static>(
        &mut self,
        reply: Reply<R>,
        failure: Option<(AskError, Fault)>,
    ) {
        let reply = reply.erase();
        if let Some((error, fault)) = failure {
            reply.clone().fail(error);
            self.fail(fault);
        }
        self.current = reply;
    }
}

impl<A: Actor> TurnCtx<A> {
    /// As [`Ctx::give_way`], once the handlers that are under way have ended.
    pub(crate) fn give_way(&self) {
        self.current.clone().fail(AskError::Moved);
        self.cell().control(Control::Stop(StopReason::Moved));
    }
}
