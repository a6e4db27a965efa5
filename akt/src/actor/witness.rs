//! Whoever is told that an actor is gone, and is no actor: a task that waits, another node.

use std::any::Any;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::oneshot;

use super::core::Core;
use super::error::StopReason;
use super::mailbox::{Control, Ticket};
use super::outbound::Incoming;
use super::reference::{Refusal, Target};
use super::watch::Terminated;
use crate::path::ActorPath;
use crate::system::ActorSystem;

/// Takes in ends, and nothing else.
pub(crate) struct Witness<F> {
    system: ActorSystem,
    told: F,
}

impl<F: Fn(Terminated) + Send + Sync + 'static> Witness<F> {
    /// Calls `told` for each end.
    pub(crate) fn hear(system: &ActorSystem, told: F) -> Arc<dyn Target> {
        Arc::new(Self { system: system.clone(), told })
    }
}

impl<F: Fn(Terminated) + Send + Sync + 'static> Target for Witness<F> {
    fn path(&self) -> ActorPath {
        ActorPath::of(["witness"].into_iter())
    }

    fn system(&self) -> &ActorSystem {
        &self.system
    }

    fn core(&self) -> Option<&Core> {
        None
    }

    fn poll_room(&self, _: &mut Option<Ticket>, _: &Context<'_>) -> Poll<Result<(), Refusal>> {
        Poll::Ready(Err(Refusal::Stopped))
    }

    fn abandon(&self, _: &Ticket) {}

    fn depth(&self) -> usize {
        0
    }

    fn refusal(&self) -> StopReason {
        StopReason::Unknown
    }

    fn grace(&self) -> Duration {
        Duration::ZERO
    }

    fn control(&self, control: Control) {
        if let Control::Terminated(terminated) = control {
            (self.told)(terminated);
        }
    }

    fn drain(&self) {}

    fn kill(&self) {}

    fn typed(self: Arc<Self>) -> Box<dyn Any + Send> {
        Box::new(())
    }

    fn accepts(&self) -> &'static str {
        "nothing"
    }

    fn receive(self: Arc<Self>, incoming: Incoming) {
        incoming.refuse_local();
    }
}

/// Waits until an actor on another node is gone; `Unknown` at once if `actor` is none.
pub(super) async fn stopped_elsewhere(actor: Arc<dyn Target>) -> StopReason {
    let (send, receive) = oneshot::channel();
    let send = parking_lot::Mutex::new(Some(send));
    let waiter = Witness::hear(actor.system(), move |terminated: Terminated| {
        // Whoever waited may be gone.
        let _ = send.lock().take().map(|send| send.send(terminated.reason));
    });
    let _watch = Watch { actor: &actor, waiter: waiter.clone() };
    if !actor.clone().watch_elsewhere(waiter) {
        return StopReason::Unknown;
    }
    receive.await.unwrap_or(StopReason::Unknown)
}

/// Is taken back when nobody waits any more.
struct Watch<'a> {
    actor: &'a Arc<dyn Target>,
    waiter: Arc<dyn Target>,
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.actor.unwatch_elsewhere(&self.waiter);
    }
}
