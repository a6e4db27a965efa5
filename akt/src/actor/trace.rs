//! The span of a handler, for whoever listens.

use tracing::{Level, Span};

use super::core::Core;
use super::traits::Message;

/// The target of the spans, for filters: `akt::handler=trace`.
const TARGET: &str = "akt::handler";

/// A span for one message of an actor; none, at the price of one comparison, if nobody listens.
///
/// It has no parent, in whosever turn the message is handled.
#[inline]
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
