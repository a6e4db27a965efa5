//! A client's reference to an actor that several nodes have: it stays with one node while that is up.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use parking_lot::Mutex;

use super::outbound::RemoteSink;
use super::pool::Pool;
use crate::actor::{
    Control, Core, Incoming, Protocol, Ref, Refusal, Refused, Sink, StopReason, Target, Ticket,
};
use crate::path::{ActorPath, NodeAddress};
use crate::system::ActorSystem;

/// The actors of one path, one on each node of a client.
pub(super) struct Balanced<P> {
    pool: Arc<Pool>,
    /// In the order of the pool.
    sinks: Vec<Arc<RemoteSink<P>>>,
    current: AtomicUsize,
    line: Mutex<Line>,
}

/// Whoever waits for room, does so at one node, though the reference may move on meanwhile.
#[derive(Default)]
struct Line {
    waiting: Vec<(Ticket, usize)>,
    /// Nodes that gave room for a message that has not come yet.
    granted: Vec<usize>,
}

impl Line {
    fn leave(&mut self, ticket: &Ticket) -> Option<usize> {
        let place = self.waiting.iter().position(|(waiting, _)| waiting.is(ticket))?;
        Some(self.waiting.swap_remove(place).1)
    }
}

impl<P: Protocol> Balanced<P> {
    pub(super) fn new(pool: &Arc<Pool>, path: &ActorPath) -> Self {
        let sink =
            |node: &Arc<super::peer::Peer>| Arc::new(RemoteSink::new(node.clone(), node.route(path.clone())));
        Self {
            pool: pool.clone(),
            sinks: pool.nodes.iter().map(sink).collect(),
            current: AtomicUsize::new(pool.begin()),
            line: Mutex::default(),
        }
    }

    /// The node that the next message goes to.
    fn place(&self) -> usize {
        let current = self.current.load(Ordering::Relaxed);
        let place = self.pool.stay_or_move(current);
        if place != current {
            self.current.store(place, Ordering::Relaxed);
        }
        place
    }

    fn now(&self) -> &Arc<RemoteSink<P>> {
        &self.sinks[self.place()]
    }
}

impl<P: Protocol> Sink<P> for Balanced<P> {
    fn push(&self, message: P, reserved: bool) -> Result<(), Refused<P>> {
        let granted = if reserved { self.line.lock().granted.pop() } else { None };
        let place = granted.unwrap_or_else(|| self.place());
        self.sinks[place].push(message, granted.is_some())
    }
}

impl<P: Protocol> Target for Balanced<P> {
    fn path(&self) -> ActorPath {
        self.now().path()
    }

    fn system(&self) -> &ActorSystem {
        self.sinks[0].system()
    }

    fn node(&self) -> Option<NodeAddress> {
        self.now().node()
    }

    fn core(&self) -> Option<&Core> {
        None
    }

    fn watch_elsewhere(self: Arc<Self>, watcher: Arc<dyn Target>) -> bool {
        self.now().clone().watch_elsewhere(watcher)
    }

    fn unwatch_elsewhere(&self, watcher: &Arc<dyn Target>) {
        self.sinks.iter().for_each(|sink| sink.unwatch_elsewhere(watcher));
    }

    fn poll_room(&self, ticket: &mut Option<Ticket>, cx: &Context<'_>) -> Poll<Result<(), Refusal>> {
        let mut line = self.line.lock();
        let place = ticket.as_ref().and_then(|ticket| line.leave(ticket));
        let place = place.unwrap_or_else(|| self.place());
        let room = self.sinks[place].poll_room(ticket, cx);
        match &room {
            Poll::Ready(Ok(())) => line.granted.push(place),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => line.waiting.extend(ticket.clone().map(|ticket| (ticket, place))),
        }
        room
    }

    fn abandon(&self, ticket: &Ticket) {
        let place = self.line.lock().leave(ticket);
        if let Some(place) = place {
            self.sinks[place].abandon(ticket);
        }
    }

    fn unreserve(&self) {
        let place = self.line.lock().granted.pop();
        if let Some(place) = place {
            self.sinks[place].unreserve();
        }
    }

    fn depth(&self) -> usize {
        self.now().depth()
    }

    fn refusal(&self) -> StopReason {
        StopReason::Shutdown
    }

    fn grace(&self) -> Duration {
        self.now().grace()
    }

    fn control(&self, control: Control) {
        self.now().control(control);
    }

    fn drain(&self) {
        self.now().drain();
    }

    fn kill(&self) {
        self.now().kill();
    }

    fn typed(self: Arc<Self>) -> Box<dyn Any + Send> {
        Box::new(Ref::<P>::new(self))
    }

    fn accepts(&self) -> &'static str {
        P::NAME
    }

    fn receive(self: Arc<Self>, incoming: Incoming) {
        // Only looked-up actors receive, and those are here.
        incoming.refuse_local();
    }
}
