//! What a handler knows and may do besides its own state.

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;

use super::cell::LocalCell;
use super::current;
use super::error::{Fault, StopReason};
use super::meta::Headers;
use super::presence::Presence;
use super::reference::{AnyRef, Ref, Target};
use super::reply::{AnyReply, Reply};
use super::scope::Scope;
use super::spawn::Spawn;
use super::stash::Shelf;
use super::trace;
use super::traits::{Actor, ActorRef};
use crate::id::ActorId;
use crate::path::ActorPath;
use crate::system::{ActorSystem, Dependency, Inject};
use crate::time::Instant;

/// The context of an actor: itself, its children, its clock, its end. Called `cx`.
pub struct Ctx<A: Actor> {
    pub(super) cell: Arc<LocalCell<A>>,
    /// Something below is set; looked at after each message.
    pub(super) interrupted: bool,
    pub(super) exit: Option<StopReason>,
    /// The place of the state that was entered last.
    pub(super) state: u16,
    /// One pointer: an idle actor has none.
    pub(super) fault: Option<Box<Fault>>,
    /// The message being handled.
    pub(super) message: &'static str,
    /// How many messages of this name were handled and not counted yet: of one turn at most.
    pub(super) uncounted: u16,
    /// The message being handled is measured.
    pub(super) measured: bool,
    /// The ask that an async handler works on.
    pub(super) current: AnyReply,
    /// Timers and work; absent in an actor that never had any.
    scope: Option<Arc<Scope>>,
    /// What was put aside; takes no space in an actor without a stash.
    pub(super) shelf: A::Stash,
}

impl<A: Actor> Ctx<A> {
    pub(super) fn new(cell: Arc<LocalCell<A>>) -> Self {
        Self {
            cell,
            interrupted: false,
            exit: None,
            state: 0,
            fault: None,
            message: "",
            uncounted: 0,
            measured: false,
            current: AnyReply::default(),
            scope: None,
            shelf: A::Stash::default(),
        }
    }

    /// The context of a handler that runs beside others, with the ask that it works on. What it puts aside is taken
    /// over at its end.
    pub(super) fn beside(&mut self, message: &'static str, current: AnyReply) -> Self {
        let (scope, shelf) = (Some(self.scope().clone()), A::Stash::of(usize::MAX));
        Self { message, current, scope, shelf, ..Self::new(self.cell.clone()) }
    }

    /// Another context of the same actor.
    pub(super) fn twin(&self) -> Self {
        Self { message: self.message, scope: self.scope.clone(), ..Self::new(self.cell.clone()) }
    }

    pub(crate) fn cell(&self) -> Arc<LocalCell<A>> {
        self.cell.clone()
    }

    /// The timers and the work of this actor.
    pub(super) fn scope(&mut self) -> &Arc<Scope> {
        self.scope.get_or_insert_default()
    }

    pub(super) fn known_scope(&self) -> Option<&Arc<Scope>> {
        self.scope.as_ref()
    }

    /// Ends the timers and the work of the present value.
    pub(super) fn end_value(&self) {
        if let Some(scope) = &self.scope {
            scope.end_value();
        }
    }

    /// Ends all timers and all work, for good.
    pub(super) fn end_scope(&self) {
        if let Some(scope) = &self.scope {
            scope.close();
        }
    }

    pub(super) fn presence(&self) -> Option<&Arc<Presence>> {
        self.scope.as_ref()?.presence()
    }

    /// How many messages are put aside, and when its timers come next.
    #[allow(dead_code, reason = "only tests look at it")]
    pub(crate) fn kept(&self) -> (usize, Vec<Instant>) {
        (self.shelf.len(), self.scope.as_ref().map(|scope| scope.due()).unwrap_or_default())
    }

    /// Whether messages are put aside, or work that was piped is under way.
    pub(super) fn is_kept(&self) -> bool {
        !self.shelf.is_empty() || self.scope.as_ref().is_some_and(|scope| scope.is_kept())
    }

    /// A reference to this actor; to the grain, whose activation this is.
    #[must_use]
    pub fn me(&self) -> A::Ref {
        let reference = self.face().map(|face| face.reference());
        A::Ref::from_ref(reference.unwrap_or_else(|| Ref::new(self.cell.clone())))
    }

    /// This actor, without its messages.
    #[must_use]
    pub fn actor(&self) -> AnyRef {
        AnyRef::new(self.cell.clone())
    }

    /// Where this actor is in the tree.
    #[must_use]
    pub fn path(&self) -> ActorPath {
        self.cell.core.path()
    }

    /// This incarnation.
    #[must_use]
    pub fn id(&self) -> ActorId {
        self.cell.core.id
    }

    /// The system.
    #[must_use]
    pub fn system(&self) -> &ActorSystem {
        self.cell.core.system()
    }

    /// The time on this node's clock.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.system().runtime().now()
    }

    /// The parent; the system's guardian for an actor that the system spawned.
    #[must_use]
    pub fn parent(&self) -> AnyRef {
        AnyRef::new(self.cell.core.parent().expect("only the guardian has no parent").clone())
    }

    /// The children that are there, in the order in which they were spawned.
    #[must_use]
    pub fn children(&self) -> Vec<AnyRef> {
        self.cell.core.children().into_iter().map(AnyRef::new).collect()
    }

    /// Spawns a child; it stops when this actor stops or restarts. See [`ActorSystem::spawn`].
    pub fn spawn<C: Actor>(
        &self,
        name: impl Into<String>,
        mut factory: impl FnMut() -> C + Send + 'static,
    ) -> Spawn<C> {
        Spawn::new(self.cell.clone(), name.into(), Box::new(move || Some(factory())))
    }

    /// Spawns a child that is made from what the system provides. See [`ActorSystem::spawn_injected`].
    pub fn spawn_injected<C: Actor + Inject>(&self, name: impl Into<String>, args: C::Args) -> Spawn<C> {
        Spawn::injected(self.cell.clone(), name.into(), args)
    }

    /// A clone of the `T` that the system provides. See [`SystemBuilder::provide`](crate::SystemBuilder::provide).
    ///
    /// # Panics
    ///
    /// If there is none, which is a fault of this actor. A field with `#[dep]` is checked before the actor
    /// starts; [`ActorSystem::dependency`] returns an error.
    #[must_use]
    #[track_caller]
    pub fn dep<T: Dependency>(&self) -> T {
        match self.system().dependency() {
            Ok(dependency) => dependency,
            Err(missing) => panic!("{missing}"),
        }
    }

    /// A clone of the `T` that the system provides under `name`.
    ///
    /// # Panics
    ///
    /// As [`dep`](Self::dep).
    #[must_use]
    #[track_caller]
    pub fn dep_named<T: Dependency>(&self, name: &str) -> T {
        match self.system().dependency_named(name) {
            Ok(dependency) => dependency,
            Err(missing) => panic!("{missing}"),
        }
    }

    /// Asks to be told once, in `#[on(terminated)]`, when `actor` is gone; at once if it is.
    ///
    /// Of a grain, its present activation is watched; a grain without one cannot be: this is logged. An actor on another
    /// node is gone too when its node is lost: [`StopReason::NodeLost`], after
    /// [`Remote::lost_after`](crate::Remote::lost_after) without a connection.
    pub fn watch(&self, actor: &AnyRef) {
        let target = actor.target().tenant().unwrap_or_else(|| actor.target().clone());
        if let Some(core) = target.core() {
            return core.watch(&target, self.cell.clone());
        }
        if !target.watch_elsewhere(self.cell.clone()) {
            tracing::error!(watcher = %self.path(), actor = %actor.path(), "nobody is there to be watched");
        }
    }

    /// Takes [`watch`](Self::watch) back; a `Terminated` that is under way still arrives.
    pub fn unwatch(&self, actor: &AnyRef) {
        let me: Arc<dyn Target> = self.cell.clone();
        actor.target().unwatch_elsewhere(&me);
        actor.target().on_core(|core| core.unwatch(&me));
    }

    /// Stops this actor after the current handler or hook.
    pub fn stop(&mut self) {
        self.interrupted = true;
        self.exit.get_or_insert(StopReason::Requested);
    }

    /// Stops this actor after everything that is queued now.
    pub fn stop_after_drain(&self) {
        self.cell.drain();
    }

    /// Fails: after the current handler or hook, supervision decides. The asker gets `Fault`.
    pub fn fail(&mut self, error: impl Into<Fault>) {
        self.interrupted = true;
        trace::note_fault(self.fault.get_or_insert_with(|| Box::new(error.into())));
    }

    /// What came with the current message under names: see [`Call::header`](crate::Call::header).
    #[must_use]
    pub fn headers(&self) -> Headers {
        current::headers()
    }

    /// Ready when the asker of the current message has given up; never for a tell.
    ///
    /// To be awaited beside the work that should end with it.
    pub async fn cancelled(&self) {
        poll_fn(|cx| self.current.poll_cancelled(cx)).await;
    }
}

impl<A: Actor> fmt::Debug for Ctx<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ctx({})", self.path())
    }
}

/// Answers with what a handler returned.
#[doc(hidden)]
pub fn answer<A: Actor, R: Send + 'static>(cx: &mut Ctx<A>, reply: Reply<R>, out: R) {
    if cx.fault.is_none() {
        reply.send(out);
    } else {
        cx.current = reply.erase();
    }
}

/// Answers with what a handler returned; a fault fails the actor, and the asker gets it from there.
#[doc(hidden)]
pub fn answer_or_fail<A: Actor, R: Send + 'static>(cx: &mut Ctx<A>, reply: Reply<R>, out: Result<R, Fault>) {
    match out {
        Ok(out) => answer(cx, reply, out),
        Err(fault) => {
            cx.fail(fault);
            cx.current = reply.erase();
        }
    }
}

/// Answers with what a handler returned; an error that nobody asked for is an event.
#[doc(hidden)]
pub fn answer_result<A: Actor, T: Send + 'static, E: Send + 'static>(
    cx: &mut Ctx<A>,
    reply: Reply<Result<T, E>>,
    out: Result<T, E>,
) {
    if out.is_err() && !reply.is_ask() && cx.fault.is_none() {
        let core = &cx.cell.core;
        core.system().handler_failed(core, cx.message);
    }
    answer(cx, reply, out);
}
