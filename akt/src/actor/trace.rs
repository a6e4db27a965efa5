//! The span of a handler, for whoever listens.

use tracing::{Level, Span};

use super::core::Core;
use super::runner::Runner;
use super::step::Step;
use super::traits::{Actor, Message};
use crate::time::Instant;

/// The target of the spans, for filters: `akt::handler=trace`.
const TARGET: &str = "akt::handler";

impl<A: Actor> Runner<A> {
    /// Handles one message, inside its span if somebody listens.
    #[inline(always)]
    pub(super) fn dispatch(&mut self, actor: &mut A, message: A::Msg, now: Option<Instant>) -> Step {
        match handler_span(&self.cell.core, &message) {
            None => self.dispatch_plainly(actor, message, now),
            Some(span) => self.dispatch_within(span, actor, message, now),
        }
    }

    #[cold]
    fn dispatch_within(
        &mut self,
        span: Box<Span>,
        actor: &mut A,
        message: A::Msg,
        now: Option<Instant>,
    ) -> Step {
        match span.in_scope(|| self.dispatch_plainly(actor, message, now)) {
            Step::Await(_) => Step::Await(Some(span)),
            step => step,
        }
    }
}

/// A span for one message of an actor; none, at the price of one comparison, if nobody listens.
///
/// It has no parent, in whosever turn the message is handled.
#[inline(always)]
pub(super) fn handler_span(core: &Core, message: &impl Message) -> Option<Box<Span>> {
    if !tracing::enabled!(target: TARGET, Level::TRACE) {
        return None;
    }
    Some(open(core, message.name()))
}

#[cold]
fn open(core: &Core, message: &'static str) -> Box<Span> {
    let (actor, kind) = (core.path(), core.kind().name());
    Box::new(tracing::trace_span!(target: TARGET, parent: None, "handle", %actor, kind, message))
}
