//! One reminder under way: its message as an ask, what has become of it, and its end before it is begun.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use flume::Sender;
use parking_lot::Mutex;

use super::agenda::Key;
use super::codec::Content;
use crate::actor::{
    Answer, AskError, Delivery, Ends, Held, Incoming, Meta, Origin, Outcome, Reminder, StopReason, Target,
    WireAsk, WireReply,
};
use crate::path::ActorPath;
use crate::runtime::{TimerKey, from_wall};
use crate::system::{ActorSystem, DeadLetterReason};
use crate::time::{Instant, Wall};

/// How long a handler may take before the reminder is sent again.
const PATIENCE: Duration = Duration::from_secs(300);

/// What has become of one: of which, of which version of it, and why it was not handled, if it was not.
pub(super) struct Landing {
    pub(super) key: Key,
    pub(super) version: u64,
    pub(super) problem: Option<String>,
}

/// The asker of one message.
pub(super) struct Flight {
    system: ActorSystem,
    target: ActorPath,
    key: Key,
    version: u64,
    deadline: Instant,
    /// As many are in it as there are flights at most.
    landings: Sender<Landing>,
    landed: AtomicBool,
    ask: Mutex<Ask>,
}

#[derive(Default)]
struct Ask {
    /// It has reached its mailbox, or its way there.
    accepted: Option<(WireAsk, Option<TimerKey>)>,
    revoked: bool,
}

impl Flight {
    /// Sends `content`, of the reminder `key`, to `target`.
    pub(super) fn begin(
        (key, version, due): (Key, u64, Wall),
        content: &Content,
        target: Arc<dyn Target>,
        landings: Sender<Landing>,
    ) -> Arc<Self> {
        let system = target.system().clone();
        let deadline = system.runtime().now() + PATIENCE;
        let reminder = Some(Reminder { name: key.name.clone(), due: from_wall(due) });
        let meta = Some(Arc::new(Meta { reminder, ..Meta::default() }));
        let flight = Arc::new(Self {
            target: target.path(),
            system,
            key,
            version,
            deadline,
            landings,
            landed: AtomicBool::new(false),
            ask: Mutex::default(),
        });
        let reply = WireReply { answer: Some(flight.clone()), meta };
        let (rpc, body) = (content.rpc, content.body.clone());
        target.receive(Incoming { rpc, body, reply, origin: flight.clone() });
        flight
    }

    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// If no handler has begun, none will. One that runs is told that its asker has gone.
    pub(super) fn revoke(&self) {
        let mut ask = self.ask.lock();
        ask.revoked = true;
        let accepted = ask.accepted.take();
        drop(ask);
        if let Some((accepted, _)) = accepted {
            accepted.cancel();
        }
    }

    fn land(&self, problem: Option<String>) {
        if self.landed.swap(true, Ordering::AcqRel) {
            return;
        }
        let accepted = self.ask.lock().accepted.take();
        if let Some(alarm) = accepted.and_then(|(_, alarm)| alarm) {
            self.system.timers().cancel(alarm);
        }
        let (key, version) = (self.key.clone(), self.version);
        let _ = self.landings.send(Landing { key, version, problem });
    }
}

impl Answer for Flight {
    fn deadline(&self) -> Instant {
        self.deadline
    }

    fn accepted(&self, ask: WireAsk) {
        let alarm = ask.alarm().map(|alarm| self.system.timers().arm(self.deadline, alarm));
        let mut state = self.ask.lock();
        if state.revoked {
            drop(state);
            return ask.cancel();
        }
        state.accepted = Some((ask, alarm));
    }

    fn open(&self, _ends: Ends) {}

    fn answer(&self, outcome: Outcome) {
        self.land(match outcome {
            // An error of the domain is an answer, and a handler that leaves it unanswered has run.
            Outcome::Reply(_) | Outcome::Domain(_) | Outcome::Failed(AskError::Unanswered) => None,
            Outcome::Failed(error) => Some(error.to_string()),
            Outcome::Due(_) => Some(format!("it was not handled within {PATIENCE:?}")),
        });
    }
}

impl Origin for Flight {
    fn undeliverable(&self, message: &'static str, reason: DeadLetterReason) {
        self.system.dead_letter_at(|| self.target.clone(), message, reason);
    }

    fn is_crowded(&self) -> bool {
        false
    }

    fn hold(self: Arc<Self>, mut held: Box<dyn Held>) {
        let runtime = self.system.runtime().clone();
        runtime.spawn("reminder waits for room", async move { poll_fn(|cx| held.poll_admitted(cx)).await });
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let (reason, delivered) = (StopReason::Unknown, Delivery::Maybe);
        self.land(Some(AskError::<std::convert::Infallible>::Stopped { reason, delivered }.to_string()));
    }
}
