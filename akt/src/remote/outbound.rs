//! A reference to an actor on another node: messages in, bytes out.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::association::Standing;
use super::peer::Peer;
use super::route::{Letter, Route};
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
    route: Arc<Route>,
    protocol: PhantomData<fn(P)>,
}

/// A message on its way into the queue; encoded once it has room, and handed back if it has none.
struct Draft<'a, P> {
    sink: &'a RemoteSink<P>,
    message: P,
}

impl<P: Protocol> From<Draft<'_, P>> for Letter {
    fn from(draft: Draft<'_, P>) -> Self {
        let name = draft.message.name();
        let outgoing = draft.message.encode();
        if let Some(reply) = outgoing.reply.as_ref().filter(|_| !draft.sink.peer.is_up()) {
            reply.travel(Progress::Connecting);
        }
        Self { name, outgoing }
    }
}

impl<P> RemoteSink<P> {
    pub(super) fn new(peer: Arc<Peer>, route: Arc<Route>) -> Self {
        Self { peer, route, protocol: PhantomData }
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

    fn refuse(&self, refusal: Refusal, message: P, reserved: bool) -> Result<(), Refused<P>> {
        if reserved {
            drop(self.route.pass(&self.peer.load));
        }
        Err(Refused { refusal, message })
    }
}

impl<P: Protocol> Sink<P> for RemoteSink<P> {
    fn push(&self, message: P, reserved: bool) -> Result<(), Refused<P>> {
        let (bytes, limit) = (message.encoded_len(), self.peer.node.limits.max_message);
        if bytes > limit {
            let refusal = Refusal::TooLarge(TooLarge { bytes: bytes as u64, limit: limit as u64 });
            return self.refuse(refusal, message, reserved);
        }
        let headers = message.reply().and_then(Slot::meta).map_or(0, |came| came.0.headers.size());
        if headers > HEADERS_LIMIT {
            let refusal = Refusal::TooLarge(TooLarge { bytes: headers as u64, limit: HEADERS_LIMIT as u64 });
            return self.refuse(refusal, message, reserved);
        }
        if let Err(refusal) = self.check() {
            return self.refuse(refusal, message, reserved);
        }
        let draft = Draft { sink: self, message };
        let full = |draft: Draft<'_, P>| Refused { refusal: Refusal::Full, message: draft.message };
        if self.route.push(draft, reserved, &self.peer.load).map_err(full)?.list {
            self.peer.list(self.route.clone());
        }
        // The connection may have ended since the check: then this dials again.
        if !self.peer.is_up() {
            self.peer.want();
        }
        Ok(())
    }
}

impl<P: Protocol> Target for RemoteSink<P> {
    fn path(&self) -> ActorPath {
        self.route.path.clone()
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
        let (peer, route) = (self.peer.clone(), self.route.clone());
        peer.watch(&route, self, &watcher);
        true
    }

    fn unwatch_elsewhere(&self, watcher: &Arc<dyn Target>) {
        self.peer.unwatch(&self.route.path, watcher);
    }

    fn poll_room(&self, ticket: &mut Option<Ticket>, cx: &Context<'_>) -> Poll<Result<(), Refusal>> {
        if let Err(refusal) = self.check() {
            return Poll::Ready(Err(refusal));
        }
        self.route.poll_turn(ticket, cx, &self.peer.load)
    }

    fn abandon(&self, ticket: &Ticket) {
        drop(self.route.abandon(ticket, &self.peer.load));
    }

    fn unreserve(&self) {
        drop(self.route.pass(&self.peer.load));
    }

    fn depth(&self) -> usize {
        self.route.depth()
    }

    fn refusal(&self) -> StopReason {
        StopReason::Shutdown
    }

    fn grace(&self) -> Duration {
        if self.peer.is_up() { GRACE } else { Duration::ZERO }
    }

    fn control(&self, control: Control) {
        match control {
            Control::Stop(_) => self.peer.signal(&self.route.target, Signal::Stop),
            Control::Restart => self.peer.signal(&self.route.target, Signal::Restart),
            Control::Drain(_) => self.drain(),
            // These go to local actors only.
            Control::Terminated(_) | Control::Escalated(_) | Control::Regroup(_) | Control::Errand(_) => {}
        }
    }

    fn drain(&self) {
        if self.route.drain() {
            self.peer.signal(&self.route.target, Signal::Drain);
        }
    }

    fn kill(&self) {
        self.peer.signal(&self.route.target, Signal::Kill);
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
