//! The guardian: the root of all actors that the system spawns.

use std::any::Any;
use std::sync::Arc;

use super::cell::LocalCell;
use super::context::Ctx;
use super::core::Core;
use super::error::{Directive, StopReason};
use super::flight::NoFlight;
use super::mailbox::Queue;
use super::reference::{Ref, Target};
use super::reply::{AnyReply, Slot};
use super::resident::Resident;
use super::runner::Runner;
use super::start::Start;
use super::stash::NoStash;
use super::supervisor::Supervise;
use super::traits::{Actor, ActorRef, Message};
use crate::system::ActorSystem;

/// An actor without messages: it only has children, and outlives every fault of theirs.
pub(crate) struct Guardian;

impl Guardian {
    /// Starts the guardian `name` of a system.
    pub(crate) fn spawn(system: &ActorSystem, name: &str) -> Arc<dyn Target> {
        let core = Core::new(system.hidden_kind(Self::NAME), None, name.into());
        let cell = Arc::new(LocalCell::<Self>::with_core(core, Queue::new(1)));
        Self::live(cell.clone(), system);
        cell
    }

    /// A guardian below another; of a parent that is stopping, one that has stopped.
    pub(crate) fn child(parent: &Arc<dyn Target>, name: &str) -> Arc<dyn Target> {
        let core = Core::new(parent.system().hidden_kind(Self::NAME), Some(parent.clone()), name.into());
        let cell = Arc::new(LocalCell::<Self>::with_core(core, Queue::new(1)));
        let child: Arc<dyn Target> = cell.clone();
        let adopted = parent.core().expect("a guardian is local").adopt(&child);
        if adopted.is_err() {
            cell.core.finish(&child, StopReason::Shutdown, None);
            return child;
        }
        Self::live(cell, parent.system());
        child
    }

    fn live(cell: Arc<LocalCell<Self>>, system: &ActorSystem) {
        let policy = Supervise::one_for_one().otherwise(Directive::Resume);
        let runner = Runner::new(cell, Box::new(|| Some(Self)), Some(policy), Start::ONCE);
        Resident::settle(runner, system.runtime());
    }

    /// The guardian `name` of a system that has ended.
    pub(crate) fn gone(system: &ActorSystem, name: &str) -> Arc<dyn Target> {
        let core = Core::new(system.hidden_kind(Self::NAME), None, name.into());
        let cell: Arc<dyn Target> = Arc::new(LocalCell::<Self>::with_core(core, Queue::new(1)));
        if let Some(core) = cell.core() {
            core.finish(&cell, StopReason::Shutdown, None);
        }
        cell
    }
}

/// There is no message for a guardian.
pub(crate) enum Nothing {}

impl Message for Nothing {
    fn name(&self) -> &'static str {
        match *self {}
    }

    fn carried(&self) -> &dyn Any {
        match *self {}
    }

    fn reply(&self) -> Option<&dyn Slot> {
        match *self {}
    }

    fn into_reply(self) -> AnyReply {
        match self {}
    }
}

#[derive(Clone)]
pub(crate) struct GuardianRef(Ref<Nothing>);

impl ActorRef for GuardianRef {
    type Message = Nothing;

    fn from_ref(reference: Ref<Nothing>) -> Self {
        Self(reference)
    }

    fn as_ref(&self) -> &Ref<Nothing> {
        &self.0
    }
}

impl Actor for Guardian {
    type Msg = Nothing;
    type Ref = GuardianRef;
    type Stash = NoStash;
    type Flight = NoFlight;
    const NAME: &'static str = "Guardian";

    fn dispatch_sync(&mut self, message: Nothing, _cx: &mut Ctx<Self>) -> Result<(), Nothing> {
        match message {}
    }

    async fn dispatch(&mut self, message: Nothing, _cx: &mut Ctx<Self>) {
        match message {}
    }
}
