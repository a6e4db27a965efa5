//! A reference to a grain that there cannot be: says why to whoever sends.

use std::any::{Any, type_name};
use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::actor::{
    Control, Core, Incoming, Message, Ref, Refusal, Refused, Sink, StopReason, Target, Ticket,
};
use crate::path::ActorPath;
use crate::system::ActorSystem;

/// Takes no message of `M`.
pub(super) struct Unserved<M> {
    system: ActorSystem,
    path: ActorPath,
    why: Box<str>,
    messages: PhantomData<fn(M)>,
}

impl<M: Message> Unserved<M> {
    /// Below the system's guardian, at `place`.
    pub(super) fn at(system: &ActorSystem, place: &[&str], why: String) -> Ref<M> {
        let path = ActorPath::of(system.user().path().names().chain(place.iter().copied()));
        let (system, why) = (system.clone(), why.into_boxed_str());
        Ref::new(Arc::new(Self { system, path, why, messages: PhantomData }))
    }

    fn why(&self) -> Refusal {
        match self.system.user().core().is_some_and(Core::is_alive) {
            true => Refusal::Rejected(self.why.to_string().into()),
            false => Refusal::Stopped,
        }
    }
}

impl<M: Message> Sink<M> for Unserved<M> {
    fn push(&self, message: M, _reserved: bool) -> Result<(), Refused<M>> {
        Err(Refused { refusal: self.why(), message })
    }
}

impl<M: Message> Target for Unserved<M> {
    fn path(&self) -> ActorPath {
        self.path.clone()
    }

    fn system(&self) -> &ActorSystem {
        &self.system
    }

    fn core(&self) -> Option<&Core> {
        None
    }

    fn poll_room(&self, _: &mut Option<Ticket>, _: &Context<'_>) -> Poll<Result<(), Refusal>> {
        Poll::Ready(Err(self.why()))
    }

    fn abandon(&self, _: &Ticket) {}

    fn depth(&self) -> usize {
        0
    }

    fn refusal(&self) -> StopReason {
        self.system.user().refusal()
    }

    fn grace(&self) -> Duration {
        Duration::ZERO
    }

    fn control(&self, _: Control) {}

    fn drain(&self) {}

    fn kill(&self) {}

    fn typed(self: Arc<Self>) -> Box<dyn Any + Send> {
        Box::new(Ref::<M>::new(self))
    }

    fn accepts(&self) -> &'static str {
        type_name::<M>()
    }

    fn receive(self: Arc<Self>, incoming: Incoming) {
        incoming.refuse_local();
    }
}
