//! The span of a handler, for whoever listens.

use std::cell::Cell;

use tracing::field::Empty;
use tracing::span::Entered;
use tracing::{Level, Span};

use super::core::Core;
use super::error::Fault;
use super::fault::Broken;
use super::reply::Slot;
use super::runner::Runner;
use super::step::{End, Matter, Step};
use super::traits::{Actor, Message};
use crate::time::Instant;

/// The target of the spans, for filters: `akt::handler=trace`.
const TARGET: &str = "akt::handler";

thread_local! {
    /// What `cx.fail` said in the turn or poll that runs, until that ends.
    static SAID: Cell<Option<String>> = const { Cell::new(None) };
}

impl<A: Actor> Runner<A> {
    /// Handles one message, inside its span if somebody listens.
    #[inline(always)]
    pub(super) fn dispatch(&mut self, actor: &mut A, message: A::Msg, now: Option<Instant>) -> Step {
        if listens() {
            return self.dispatch_within(actor, message, now);
        }
        self.dispatch_plainly(actor, message, now)
    }

    /// Handles one message in the turn of its asker; if somebody listens, it is handed back instead.
    ///
    /// So is an async handler, which nobody knows before it is tried: it would have a second span.
    #[inline]
    pub(super) fn dispatch_lent(&mut self, actor: &mut A, message: A::Msg, now: Instant) -> Step {
        if listens() {
            return self.hand_back(message);
        }
        self.dispatch_plainly(actor, message, Some(now))
    }

    #[cold]
    fn dispatch_within(&mut self, actor: &mut A, message: A::Msg, now: Option<Instant>) -> Step {
        let span = open(&self.cell.core, message.name(), message.reply());
        let lap = Lap::within(&span);
        let step = self.dispatch_plainly(actor, message, now);
        broken(&step).into_iter().for_each(|broken| lap.broke(broken));
        drop(lap);
        match step {
            Step::Await(_) => Step::Await(Some(span)),
            step => step,
        }
    }
}

/// Whether somebody listens, at the price of one comparison if nobody does.
#[inline(always)]
fn listens() -> bool {
    tracing::enabled!(target: TARGET, Level::TRACE)
}

/// A span for one message of an actor, if somebody listens.
pub(super) fn handler_span(core: &Core, message: &impl Message) -> Option<Box<Span>> {
    listens().then(|| open(core, message.name(), message.reply()))
}

/// A span for one message of an actor. It has no parent among spans, in whosever turn the message is handled: what
/// came with the message may give it one.
fn open(core: &Core, message: &'static str, reply: Option<&dyn Slot>) -> Box<Span> {
    let span = tracing::trace_span!(
        target: TARGET,
        parent: None,
        "handle",
        akt.actor = %core.path(),
        akt.kind = core.kind().name(),
        akt.message = message,
        akt.fault = Empty,
    );
    if let Some(came) = reply.and_then(Slot::meta) {
        core.system().propagators().adopt(&span, &came.0.headers);
    }
    Box::new(span)
}

/// `cx.fail` was called, which shows only when its handler has ended.
pub(super) fn note_fault(fault: &Fault) {
    if listens() {
        SAID.set(Some(fault.to_string()));
    }
}

/// One turn or poll of a handler, inside its span.
pub(super) struct Lap<'a> {
    span: &'a Span,
    _entered: Entered<'a>,
    /// What was said in the turn around it.
    outer: Option<String>,
}

impl<'a> Lap<'a> {
    #[cold]
    pub(super) fn within(span: &'a Span) -> Self {
        Self { span, _entered: span.enter(), outer: SAID.take() }
    }

    /// The handler broke; for what `cx.fail` said, there are words already.
    pub(super) fn broke(&self, broken: &Broken) {
        match broken {
            Broken::Panic(panic) => SAID.set(Some(panic.text.clone())),
            Broken::Killed => SAID.set(Some("killed".to_owned())),
            Broken::Fault(_) | Broken::Child(_) => {}
        }
    }
}

impl Drop for Lap<'_> {
    fn drop(&mut self) {
        if let Some(fault) = SAID.replace(self.outer.take()) {
            self.span.record("akt.fault", fault);
        }
    }
}

fn broken(step: &Step) -> Option<&Broken> {
    let Step::Matter(matter) = step else { return None };
    let Matter::End(End::Failed(failure)) = &**matter else { return None };
    Some(&failure.broken)
}
