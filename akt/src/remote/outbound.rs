//! A reference to an actor on another node: messages in, bytes out.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::association::Standing;
use super::peer::{Letter, Out, Peer, Place};
use crate::actor::{
    Control, Core, Incoming, Progress, Protocol, Ref, Refusal, Refused, Sink, Slot, StopReason, Target,
    Ticket, TooLarge,
};
use crate::path::{ActorPath, NodeAddress};
use crate::system::ActorSystem;
use crate::wire::{HEADERS_LIMIT, Signal};

/// How long an asker waits beyond its time for the other node's word about where its message was.
const GRACE: Duration = Duration::from_millis(250);

/// An actor on another node that takes messages of `P`.
pub(super) struct RemoteSink<P> {
    peer: Arc<Peer>,
    place: Arc<Place>,
    protocol: PhantomData<fn(P)>,
}

/// A message on its way into the queue; encoded once it has room, and handed back if it has none.
struct Draft<'a, P> {
    sink: &'a RemoteSink<P>,
    message: P,
}

impl<P: Protocol> From<Draft<'_, P>> for Out {
    fn from(draft: Draft<'_, P>) -> Self {
        let name = draft.message.name();
        let outgoing = draft.message.encode();
        if let Some(reply) = outgoing.reply.as_ref().filter(|_| !draft.sink.peer.is_up()) {
            reply.travel(Progress::Connecting);
        }
        Self::Letter(Letter { place: draft.sink.place.clone(), name, outgoing })
    }
}

impl<P> RemoteSink<P> {
    pub(super) fn new(peer: Arc<Peer>, place: Arc<Place>) -> Self {
        Self { peer, place, protocol: PhantomData }
    }

    /// Whether messages can be taken: now, or as soon as there is a connection.
    fn check(&self) -> Result<(), Refusal> {
        if self.peer.is_up() {
            return Ok(());
        }
        match self.peer.standing() {
            Standing::Refused { problem } => Err(Refusal::Unreachable(self.peer.error(&problem))),
            Standing::Up(_) | Standing::Connecting | Standing::Idle => Ok(()),
        }
    }
}

impl<P: Protocol> Sink<P> for RemoteSink<P> {
    fn push(&self, message: P, reserved: bool) -> Result<(), Refused<P>> {
        let (bytes, limit) = (message.encoded_len(), self.peer.node.limits.max_message);
        if bytes > limit {
            let refusal = Refusal::TooLarge(TooLarge { bytes: bytes as u64, limit: limit as u64 });
            return Err(Refused { refusal, message });
        }
        let headers = message.reply().and_then(Slot::meta).map_or(0, |came| came.0.headers.size());
        if headers > HEADERS_LIMIT {
            let refusal = Refusal::TooLarge(TooLarge { bytes: headers as u64, limit: HEADERS_LIMIT as u64 });
            return Err(Refused { refusal, message });
        }
        if let Err(refusal) = self.check() {
            return Err(Refused { refusal, message });
        }
        let draft = Draft { sink: self, message };
        self.peer
            .queue
            .push(draft, reserved)
            .map_err(|(refusal, draft)| Refused { refusal, message: draft.message })?;
        // The connection may have ended since the check: then this dials again.
        if !self.peer.is_up() {
            self.peer.want();
        }
        Ok(())
    }
}

impl<P: Protocol> Target for RemoteSink<P> {
    fn path(&self) -> ActorPath {
        self.place.path.clone()
    }

    fn system(&self) -> &ActorSystem {
        &self.peer.node.system
    }

    fn node(&self) -> Option<NodeAddress> {
        Some(self.peer.address.clone())
    }

    fn core(&self) -> Option<&Core> {
        None
    }

    fn watch_elsewhere(self: Arc<Self>, watcher: Arc<dyn Target>) -> bool {
        let (peer, place) = (self.peer.clone(), self.place.clone());
        peer.watch(&place, self, &watcher);
        true
    }

    fn unwatch_elsewhere(&self, watcher: &Arc<dyn Target>) {
        self.peer.unwatch(&self.place.path, watcher);
    }

    fn poll_room(&self, ticket: &mut Option<Ticket>, cx: &Context<'_>) -> Poll<Result<(), Refusal>> {
        if let Err(refusal) = self.check() {
            return Poll::Ready(Err(refusal));
        }
        self.peer.queue.poll_room(ticket, cx)
    }

    fn abandon(&self, ticket: &Ticket) {
        self.peer.queue.abandon(ticket);
    }

    fn depth(&self) -> usize {
        self.peer.queue.depth()
    }

    fn refusal(&self) -> StopReason {
        StopReason::Shutdown
    }

    fn grace(&self) -> Duration {
        if self.peer.is_up() { GRACE } else { Duration::ZERO }
    }

    fn control(&self, control: Control) {
        match control {
            Control::Stop(_) => self.peer.signal(&self.place, Signal::Stop),
            Control::Restart => self.peer.signal(&self.place, Signal::Restart),
            Control::Drain(_) => self.peer.signal(&self.place, Signal::Drain),
            // These go to local actors only.
            Control::Terminated(_) | Control::Escalated(_) | Control::Regroup(_) | Control::Errand(_) => {}
        }
    }

    fn drain(&self) {
        self.peer.signal(&self.place, Signal::Drain);
    }

    fn kill(&self) {
        self.peer.signal(&self.place, Signal::Kill);
    }

    fn typed(self: Arc<Self>) -> Box<dyn Any + Send> {
        Box::new(Ref::<P>::new(self))
    }

    fn served(&self) -> Option<&'static str> {
        Some(P::NAME)
    }

    fn accepts(&self) -> &'static str {
        P::NAME
    }

    fn receive(self: Arc<Self>, incoming: Incoming) {
        // Only looked-up actors receive, and those are here.
        incoming.refuse_local();
    }
}
