//! One handler under way beside others, from its message to its end.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tracing::Span;

use super::deck::Mode;
use super::returns::Returning;
use crate::actor::attend::inside;
use crate::actor::cell::LocalCell;
use crate::actor::context::Ctx;
use crate::actor::current::{self, Handling};
use crate::actor::fault::{Broken, Damage};
use crate::actor::meta::{Meta, Receiver};
use crate::actor::orphan;
use crate::actor::panic::guard;
use crate::actor::reply::{AnyReply, Begin, Slot};
use crate::actor::runner::Runner;
use crate::actor::stash::Shelf;
use crate::actor::step::End;
use crate::actor::trace::{Lap, handler_span};
use crate::actor::traits::{Actor, Message};
use crate::time::Instant;

/// A message whose handler runs beside others, before its start.
#[derive(Debug)]
pub struct Next<M> {
    pub(super) message: M,
    /// Its number, if it came from the mailbox and is measured.
    number: Option<u64>,
    /// It came back from a handler of the same actor, which waits for it.
    pub(super) returns: bool,
    /// Its place in the stash, if it comes from there.
    place: Option<u64>,
}

impl<M> Next<M> {
    pub(in crate::actor) fn new(message: M, number: Option<u64>) -> Self {
        Self { message, number, returns: false, place: None }
    }

    pub(in crate::actor) fn returned(message: M) -> Self {
        Self { message, number: None, returns: true, place: None }
    }

    pub(super) fn at(self, place: Option<u64>) -> Self {
        Self { place, ..self }
    }
}

/// One handler under way.
pub(super) struct Member<'a, A: Actor> {
    pub(super) terms: Terms,
    handler: Pin<Box<dyn Future<Output = Ctx<A>> + Send + 'a>>,
}

/// What is known of a handler besides its future.
pub(super) struct Terms {
    pub(super) name: &'static str,
    /// At most so many of its name are under way.
    pub(super) max: usize,
    place: Option<u64>,
    receiver: Receiver,
    current: AnyReply,
    meta: Option<Arc<Meta>>,
    span: Option<Box<Span>>,
    /// When it began, if it is measured.
    began: Option<Instant>,
}

/// A handler that was dropped before its end: its message, and the replies that it held.
#[derive(Debug)]
pub struct Lost {
    pub(in crate::actor) message: &'static str,
    pub(in crate::actor) damage: Damage,
}

impl<'a, A: Actor> Member<'a, A> {
    pub(super) fn new(terms: Terms, handler: impl Future<Output = Ctx<A>> + Send + 'a) -> Self {
        Self { terms, handler: Box::pin(handler) }
    }

    /// One poll of the user's code, as part of its actor.
    pub(super) fn poll(&mut self, cell: &Arc<LocalCell<A>>, waker: &Waker) -> Poll<Result<Ctx<A>, Broken>> {
        let Self { terms: Terms { receiver, current, meta, span, .. }, handler } = self;
        let handling = Handling {
            actor: Some(cell.clone()),
            receiver: *receiver,
            deadline: current.deadline(),
            meta: meta.clone(),
            hold: None,
        };
        let mut cx = Context::from_waker(waker);
        let _acting = current::act(&cell.core.lane);
        let lap = span.as_deref().map(Lap::within);
        match inside(cell, handling, || handler.as_mut().poll(&mut cx)) {
            Ok(polled) => polled.map(Ok),
            Err(panic) => {
                let broken = Broken::Panic(panic);
                lap.iter().for_each(|lap| lap.broke(&broken));
                Poll::Ready(Err(broken))
            }
        }
    }

    /// Drops it before its end.
    pub(super) fn lose(self) -> Lost {
        if let Some(span) = &self.terms.span {
            span.record("akt.fault", "dropped before its end");
        }
        self.let_go()
    }

    fn let_go(self) -> Lost {
        let Terms { name, current, .. } = self.terms;
        if let Err(panic) = guard(|| orphan::collect(|| drop(self.handler))) {
            tracing::error!(
                text = panic.text,
                place = panic.place,
                "a destructor panicked in a handler under way"
            );
        }
        let damage = Damage::Message { orphans: orphan::take(), ask: current.is_ask() };
        Lost { message: name, damage }
    }
}

impl<A: Actor> Runner<A> {
    /// Begins to handle a message beside others, unless it must not be handled any more or the behaviour says
    /// something else: its handler's context, and what is known of it.
    pub(super) fn begin_beside(
        &mut self,
        actor: &A,
        next: Next<A::Msg>,
        receiver: Receiver,
    ) -> Option<(A::Msg, Ctx<A>, Terms)> {
        let Next { message, number, place, .. } = next;
        let (name, mode) = (message.name(), A::mode(&message));
        self.be_in(name);
        self.cx.shelf.begin_at(place);
        let now = self.cell.core.system().runtime().now();
        let mut meta = None;
        if let Some(slot) = message.reply() {
            let begin = slot.begin(now);
            if begin != Begin::Go {
                self.skip(message, begin);
                return None;
            }
            meta = slot.meta().map(|came| came.0);
        }
        let message = self.treat(actor, message)?;
        let core = &self.cell.core;
        if let Some(came) = number.and_then(|number| core.kind().stamped(core.id, number)) {
            core.kind().waited(name, now.since(came));
        }
        let span = handler_span(core, &message);
        let current = message.reply().map(Slot::share).unwrap_or_default();
        let cx = self.cx.beside(name, current.clone());
        let began = number.map(|_| now);
        let max = if let Mode::Turn { max } = mode { max } else { usize::MAX };
        Some((message, cx, Terms { name, max, place, receiver, current, meta, span, began }))
    }

    /// A handler beside others has ended, well or not.
    pub(super) fn ended(&mut self, member: Member<'_, A>, outcome: Result<Ctx<A>, Broken>) -> Option<End> {
        let Terms { name, place, began, ref current, .. } = member.terms;
        let ask = current.is_ask();
        self.be_in(name);
        let core = &self.cell.core;
        if let Some(began) = began {
            core.kind().took(&self.cell.doing, core.system().runtime().now().since(began));
        }
        self.cx.uncounted = 1;
        self.count();
        self.cell.returns.go_on();
        let broken = match outcome {
            Ok(mut cx) => {
                self.cx.shelf.begin_at(place);
                cx.shelf.take_all().into_iter().for_each(|message| self.cx.put_aside(message));
                let fault = cx.fault.take()?;
                self.cx.current = std::mem::take(&mut cx.current);
                Broken::Fault(*fault)
            }
            Err(broken) => return self.failed_with(broken, member.let_go().damage),
        };
        self.failed(broken, ask)
    }
}
