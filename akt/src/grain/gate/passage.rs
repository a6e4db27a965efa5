//! One try to deliver a message to a grain: an ask whose answer only says that it was handled.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::codec::Parcel;
use crate::actor::{
    Answer, AskError, Delivery, Ends, Held, Incoming, Meta, Origin, Outcome, PARCEL, StopReason, Target,
    WireAsk, WireReply,
};
use crate::runtime::TimerKey;
use crate::system::{ActorSystem, DeadLetterReason};
use crate::time::Instant;

/// How long a handler may take before the message is sent again.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a gated grain says of a message that it has handled before.
pub(super) const REPEATED: &str = "it was delivered before";

/// Delivers message `number` of `sender` to `target`.
///
/// # Cancellation
///
/// If it is dropped, the message may be handled.
pub(super) async fn deliver(
    target: Arc<dyn Target>,
    sender: &str,
    number: u64,
    parcel: &Parcel,
) -> Result<(), AskError> {
    let system = target.system().clone();
    let (word, answer) = oneshot::channel();
    let deadline = system.runtime().now() + PATIENCE;
    let state = Mutex::new(State { word: Some(word), alarm: None });
    let passage = Arc::new(Passage { system, target: target.clone(), deadline, state });
    let mut meta = Meta::default();
    for header in &parcel.headers {
        meta.headers.insert(&*header.name, &*header.value);
    }
    meta.headers.insert(PARCEL, format!("{number} {sender}"));
    let reply = WireReply { answer: Some(passage.clone()), meta: Some(Arc::new(meta)) };
    let (rpc, body) = (parcel.rpc, parcel.body.clone());
    target.receive(Incoming { rpc, body, reply, origin: passage });
    match answer.await {
        Ok(Outcome::Reply(_) | Outcome::Domain(_)) => Ok(()),
        Ok(Outcome::Failed(AskError::Unanswered)) => Ok(()),
        Ok(Outcome::Failed(AskError::Rejected(why))) if why == REPEATED => Ok(()),
        Ok(Outcome::Failed(error)) => Err(error),
        // Its time is up, or whoever had to answer is gone.
        Ok(Outcome::Due(_)) | Err(_) => {
            Err(AskError::Stopped { reason: StopReason::Unknown, delivered: Delivery::Maybe })
        }
    }
}

/// Where its answer comes in.
struct Passage {
    system: ActorSystem,
    target: Arc<dyn Target>,
    deadline: Instant,
    state: Mutex<State>,
}

struct State {
    word: Option<oneshot::Sender<Outcome>>,
    alarm: Option<TimerKey>,
}

impl Answer for Passage {
    fn deadline(&self) -> Instant {
        self.deadline
    }

    fn accepted(&self, ask: WireAsk) {
        let alarm = ask.alarm().map(|alarm| self.system.timers().arm(self.deadline, alarm));
        self.state.lock().alarm = alarm;
    }

    fn open(&self, _ends: Ends) {}

    fn answer(&self, outcome: Outcome) {
        let mut state = self.state.lock();
        let (word, alarm) = (state.word.take(), state.alarm.take());
        drop(state);
        alarm.into_iter().for_each(|alarm| self.system.timers().cancel(alarm));
        if let Some(word) = word {
            // Nobody waits if the relay has ended.
            let _ = word.send(outcome);
        }
    }
}

impl Origin for Passage {
    fn undeliverable(&self, message: &'static str, reason: DeadLetterReason) {
        self.system.dead_letter_for(&*self.target, message, reason);
    }

    fn is_crowded(&self) -> bool {
        false
    }

    fn hold(self: Arc<Self>, mut held: Box<dyn Held>) {
        let runtime = self.system.runtime().clone();
        runtime.spawn("a delivery waits for room", async move { poll_fn(|cx| held.poll_admitted(cx)).await });
    }
}
