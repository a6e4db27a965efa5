//! What an actor knows of its journal without knowing what a journal is: where it is kept, and that it failed.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;

use super::context::Ctx;
use super::error::{AskError, Delivery, Fault};
use super::reply::Reply;
use super::traits::Actor;

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
