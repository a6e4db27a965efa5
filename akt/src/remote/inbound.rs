//! What a peer sends: to its actor here, or to the ask that waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;

use super::carrier::{Carrier, EndOfCarrier};
use super::credit::Amount;
use super::{control, operator};
use crate::actor::{Answer, AskError, Delivery, Ends, Outcome, StopReason, WireAsk, WireReply};
use crate::path::{ActorPath, MAX_NAME};
use crate::system::DeadLetterReason;
use crate::time::Instant;
use crate::wire::{Course, Envelope, Parcel, Side, answered, outcome};

/// The longest time that a peer may ask for: longer is nonsense, and must not overflow.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// Takes in one message of the peer.
///
/// # Errors
///
/// The goodbye, after which nothing comes.
pub(super) fn take(carrier: &Arc<Carrier>, parcel: Parcel) -> Result<(), EndOfCarrier> {
    carrier.peer.tally.comes(&parcel);
    match parcel {
        Parcel::Tell(Envelope { target, rpc, body, meta }) => {
            let reply = WireReply { answer: None, meta: carrier.node().decode_meta(meta)? };
            tell(carrier, &target, (rpc, body), reply);
        }
        Parcel::Ask { envelope: Envelope { target, rpc, body, meta }, correlation, remaining } => {
            let meta = carrier.node().decode_meta(meta)?;
            let deadline = carrier.node().runtime().now() + remaining.min(LONGEST);
            let answer = Arc::new(Answering {
                carrier: carrier.clone(),
                correlation,
                deadline,
                answered: AtomicBool::new(false),
            });
            ask(carrier, &target, (rpc, body), WireReply { answer: Some(answer), meta });
        }
        Parcel::Answer { correlation, answered } => carrier.answered(correlation, outcome(answered)),
        Parcel::Cancel { correlation } => carrier.cancelled(correlation),
        Parcel::Flow { course, flow } => carrier.flows(course, flow),
        Parcel::Room { target, messages, bytes } => {
            carrier.peer.credited(carrier.link, &target, Amount { messages, bytes });
        }
        Parcel::Notice(notice) => return control::take(carrier, notice),
        Parcel::Goodbye { text, streams } => return Err(EndOfCarrier::Goodbye { text, streams }),
        Parcel::Apart(_) => return Err(EndOfCarrier::Misplaced),
        Parcel::Unknown => {}
    }
    Ok(())
}

fn tell(carrier: &Arc<Carrier>, target: &[u8], message: (u32, Bytes), reply: WireReply) {
    match carrier.arrival(target) {
        Some(arrival) => arrival.take(message, reply),
        None => {
            let nowhere = || ActorPath::parse("/undecodable").expect("a valid path");
            carrier.node().system.dead_letter_at(nowhere, "?", DeadLetterReason::Undecodable);
        }
    }
}

fn ask(carrier: &Arc<Carrier>, target: &[u8], message: (u32, Bytes), reply: WireReply) {
    if target.is_empty() {
        return operator::take(carrier, message.1, reply);
    }
    match carrier.arrival(target) {
        Some(arrival) => arrival.take(message, reply),
        None => {
            let (reason, delivered) = (StopReason::Unknown, Delivery::No);
            if let Some(answer) = reply.answer {
                answer.answer(Outcome::Failed(AskError::Stopped { reason, delivered }));
            }
        }
    }
}

/// The longest path that a peer may name: 32 names of the longest.
pub(super) const LONGEST_PATH: usize = 32 * (MAX_NAME + 1);

/// The path that a peer names.
pub(super) fn path(target: &[u8]) -> Option<ActorPath> {
    if target.len() > LONGEST_PATH {
        return None;
    }
    ActorPath::parse(str::from_utf8(target).ok()?).ok()
}

/// The way back of one ask of the peer.
struct Answering {
    carrier: Arc<Carrier>,
    correlation: u64,
    deadline: Instant,
    answered: AtomicBool,
}

impl Answer for Answering {
    fn deadline(&self) -> Instant {
        self.deadline
    }

    fn accepted(&self, ask: WireAsk) {
        self.carrier.accepted(self.correlation, ask, self.deadline);
    }

    fn open(&self, ends: Ends) {
        self.carrier.open_streams(Course { correlation: self.correlation, asker: Side::Them }, ends);
    }

    fn answer(&self, outcome: Outcome) {
        if self.answered.swap(true, Ordering::AcqRel) {
            return;
        }
        let limit = self.carrier.limit;
        let outcome = match outcome {
            Outcome::Reply(body) | Outcome::Domain(body) if body.len() > limit => {
                Outcome::Failed(AskError::TooLarge { bytes: body.len() as u64, limit: limit as u64 })
            }
            outcome => outcome,
        };
        self.carrier.answer(self.correlation, answered(outcome));
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        let (reason, delivered) = (StopReason::Unknown, Delivery::Maybe);
        self.answer(Outcome::Failed(AskError::Stopped { reason, delivered }));
    }
}
