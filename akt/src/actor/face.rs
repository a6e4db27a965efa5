//! The face of an actor that comes and goes: what others reach it by, and who takes over what it leaves.

use std::any::Any;
use std::sync::Arc;

use super::cell::LocalCell;
use super::context::Ctx;
use super::error::{Directive, FaultInfo, StopReason};
use super::mailbox::Queue;
use super::panic::{Panic, guard};
use super::passivation::Passivate;
use super::reference::{Ref, Target};
use super::spawn::{SpawnError, inhabit};
use super::traits::Actor;
use crate::id::ActorId;
use crate::path::ActorPath;
use crate::system::Evictor;

/// The hook that makes the value of a grain.
pub(crate) const ACTIVATE: &str = "on(activate)";

/// What outlives the actors that stand behind it, one after the other.
pub(crate) trait Face<A: Actor>: Send + Sync + 'static {
    /// What others send to.
    fn reference(&self) -> Ref<A::Msg>;

    /// What it is known by among others of its type.
    fn key(&self) -> &(dyn Any + Send + Sync);

    /// Under what name others keep something for it: its type, and all of its key.
    fn id(&self) -> String;

    /// When the actor ends by itself, where its type says `said`.
    fn passivate(&self, said: Option<Passivate>) -> Option<Passivate>;

    /// Who evicts it beside its system, if anybody does.
    fn evictors(&self) -> Option<Arc<[Evictor]>>;

    /// The actor is there.
    fn began(&self);

    /// The actor `id` closes its mailbox, with `close`: what it had accepted and not begun belongs to the next, before
    /// anything that comes later. Gives back what nobody will handle.
    fn inherit(&self, id: ActorId, close: &mut dyn FnMut() -> Vec<A::Msg>) -> Vec<A::Msg>;

    /// The actor `id` is gone; it never was there if there is a `failure`.
    fn over(&self, id: ActorId, failure: Option<Box<FaultInfo>>);

    /// The runtime has dropped the actor: there is no next.
    fn abandon(&self);
}

/// An actor that accepts messages and has not begun.
pub(crate) fn conceive<A: Actor>(
    parent: &Arc<dyn Target>,
    name: &str,
) -> Result<Arc<LocalCell<A>>, Box<FaultInfo>> {
    let order = A::mailbox_order().map(|order| guard(|| order.make())).transpose();
    let order = order.map_err(|Panic { text, place }| {
        let actor = ActorPath::of(parent.path().names().chain([name]));
        Box::new(FaultInfo { actor, message: "order".into(), text, place, directive: Directive::Stop })
    })?;
    Ok(Arc::new(LocalCell::new(parent, name.into(), Queue::of(A::options().mailbox, order))))
}

/// Begins an actor that was conceived.
pub(crate) fn begin<A: Actor>(cell: &Arc<LocalCell<A>>, face: Arc<dyn Face<A>>) -> Result<(), SpawnError> {
    let child: Arc<dyn Target> = cell.clone();
    cell.core.parent().and_then(|parent| parent.core()).expect("it has a local parent").adopt(&child)?;
    let (none, mut options) = (Box::new(|| None), A::options());
    options.passivate = face.passivate(options.passivate);
    inhabit(cell, none, options, |runner| runner.cx.put_on(face));
    Ok(())
}

impl<A: Actor> LocalCell<A> {
    /// Accepts what another left behind, whatever room there is.
    pub(crate) fn take_over(&self, left: Vec<A::Msg>) {
        self.home.queue.take_over(left);
    }

    /// Closes the mailbox of an actor that never begins.
    pub(crate) fn call_off(&self) -> Vec<A::Msg> {
        self.home.queue.close().into()
    }
}

impl<A: Actor> Ctx<A> {
    pub(super) fn put_on(&mut self, face: Arc<dyn Face<A>>) {
        self.scope().set_face(Box::new(face));
    }

    pub(crate) fn face(&self) -> Option<&Arc<dyn Face<A>>> {
        self.known_scope()?.face()?.downcast_ref()
    }
}

impl StopReason {
    /// Whether another actor follows behind the same face.
    pub(super) fn has_next(self) -> bool {
        matches!(self, Self::Requested | Self::Passivated | Self::Fault | Self::Killed | Self::Moved)
    }
}
