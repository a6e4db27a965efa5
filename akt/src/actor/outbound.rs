//! The seam to the network: messages that leave as bytes, bytes that come in as messages.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Waker};

use bytes::Bytes;

use super::error::{AskError, CodecError, Delivery, StopReason};
use super::flight::Mode;
use super::held::{Held, Waiting, refuse};
use super::meta::{Meta, Way};
use super::narrow::Wraps;
use super::reference::{Ref, Refusal, Refused};
use super::reply::{Awaited, Progress, Reply};
use super::slot::{self, Ender, Share};
use super::stream::Ends;
use super::traits::{Actor, Message, Protocol};
use crate::message::{self, Travels};
use crate::runtime::Fire;
use crate::system::DeadLetterReason;
use crate::time::Instant;

/// A message on its way out.
#[doc(hidden)]
pub struct Outgoing {
    pub(crate) rpc: u32,
    pub(crate) body: Bytes,
    /// Absent for a tell.
    pub(crate) reply: Option<Box<dyn PendingReply>>,
    /// What it carries besides.
    pub(crate) meta: Option<Arc<Meta>>,
    /// Its streams.
    pub(crate) ends: Ends,
}

/// An ask that waits for an answer from another node.
pub(crate) trait PendingReply: Send + Sync {
    /// When the asker gives up.
    fn deadline(&self) -> Instant;
    /// Notes how far the message has come, for the stage of a timeout.
    fn travel(&self, progress: Progress);
    /// Calls `hook` once if the asker gives up before the answer.
    fn on_cancel(&self, hook: Box<dyn FnOnce() + Send>);
    fn complete(self: Box<Self>, outcome: Outcome);
}

/// What became of an ask on the other node.
pub(crate) enum Outcome {
    Reply(Bytes),
    Domain(Bytes),
    Failed(AskError),
    /// Its time ran out on the receiver, which says how far it had come.
    Due(Progress),
}

/// A message that came over the wire.
#[doc(hidden)]
pub struct Incoming {
    pub(crate) rpc: u32,
    pub(crate) body: Bytes,
    pub(crate) reply: WireReply,
    pub(crate) origin: Arc<dyn Origin>,
}

/// Where messages for one actor come in from another node.
pub(crate) trait Origin: Send + Sync {
    /// Takes a tell that cannot be delivered.
    fn undeliverable(&self, message: &'static str, reason: DeadLetterReason);

    /// Whether messages wait for room here; those that come then wait behind them.
    fn is_crowded(&self) -> bool;

    /// Keeps a message that waits for room.
    fn hold(self: Arc<Self>, held: Box<dyn Held>);
}

impl Incoming {
    /// Refuses: the actor's messages are no contract.
    pub(crate) fn refuse_local(self) {
        let Self { rpc, reply, origin, .. } = self;
        let rpc = format!("id {rpc:#010x}, and the actor serves no contract").into();
        if !reply.fail(AskError::Unimplemented { rpc }) {
            origin.undeliverable("?", DeadLetterReason::Undecodable);
        }
    }
}

/// Where the answer to a message from another node goes, nowhere for a tell; and what it came with.
#[doc(hidden)]
pub struct WireReply {
    pub(crate) answer: Option<Arc<dyn Answer>>,
    pub(crate) meta: Option<Arc<Meta>>,
}

impl WireReply {
    /// Nobody is there to take the message.
    pub(crate) fn lost(self, origin: &dyn Origin) {
        let (reason, delivered) = (StopReason::Unknown, Delivery::No);
        if !self.fail(AskError::Stopped { reason, delivered }) {
            origin.undeliverable("?", DeadLetterReason::NoRoute);
        }
    }

    /// False for a tell.
    fn fail(self, error: AskError) -> bool {
        match self.answer {
            Some(answer) => {
                answer.answer(Outcome::Failed(error));
                true
            }
            None => false,
        }
    }

    /// Begins the streams of the rpc.
    pub(super) fn open(self, rpc: &'static str, ends: Ends) -> Result<Self, Undecoded> {
        match &self.answer {
            Some(answer) => {
                answer.open(ends);
                Ok(self)
            }
            // Without an ask there is no name for its streams.
            None => Err(Undecoded { error: AskError::Unanswered, name: rpc, reply: self }),
        }
    }
}

/// The connection's half of an ask that it brought.
pub(crate) trait Answer: Send + Sync {
    /// When the asker gives up, on this node's clock.
    fn deadline(&self) -> Instant;
    /// The ask has a slot from now on; it can be cancelled.
    fn accepted(&self, ask: WireAsk);
    /// Its streams begin.
    fn open(&self, ends: Ends);
    /// Called exactly once.
    fn answer(&self, outcome: Outcome);
}

/// An ask that came over the wire and is not answered yet.
pub(crate) struct WireAsk(Share);

impl WireAsk {
    /// The asker has given up.
    pub(crate) fn cancel(&self) {
        self.0.pending().cancel();
    }

    /// What answers [`Outcome::Due`] when its time has come; arm it at the deadline.
    pub(crate) fn alarm(&self) -> Option<Arc<dyn Fire>> {
        Some(Arc::new(self.0.clone()))
    }
}

/// A message that could not be decoded; its asker waits for a word.
#[doc(hidden)]
pub struct Undecoded {
    error: AskError,
    name: &'static str,
    reply: WireReply,
}

/// For a protocol that is akt's own and decoded elsewhere.
pub(crate) fn undecoded(name: &'static str, reply: WireReply) -> Undecoded {
    Undecoded { error: AskError::Unimplemented { rpc: name.into() }, name, reply }
}

// ---- what generated code calls ---------------------------------------------------------------

#[doc(hidden)]
pub fn outgoing<T: Travels, U: Travels + Send>(rpc: u32, payload: &T, reply: Reply<U>) -> Outgoing {
    let (body, meta) = (message::encode(payload), reply.meta());
    Outgoing { rpc, body, meta, reply: pending(reply, decode_plain::<U>), ends: Ends::default() }
}

#[doc(hidden)]
pub fn outgoing_result<T: Travels, U: Travels + Send, E: Travels + Send>(
    rpc: u32,
    payload: &T,
    reply: Reply<Result<U, E>>,
) -> Outgoing {
    let (body, meta) = (message::encode(payload), reply.meta());
    Outgoing { rpc, body, meta, reply: pending(reply, decode_result::<U, E>), ends: Ends::default() }
}

#[doc(hidden)]
pub fn incoming<T: Travels, U: Travels + Send>(
    rpc: &'static str,
    body: Bytes,
    reply: WireReply,
) -> Result<(T, Reply<U>), Undecoded> {
    let (payload, reply) = decode_request(rpc, body, reply)?;
    Ok((payload, wire_reply(reply, encode_plain::<U>)))
}

#[doc(hidden)]
pub fn incoming_result<T: Travels, U: Travels + Send, E: Travels + Send>(
    rpc: &'static str,
    body: Bytes,
    reply: WireReply,
) -> Result<(T, Reply<Result<U, E>>), Undecoded> {
    let (payload, reply) = decode_request(rpc, body, reply)?;
    Ok((payload, wire_reply(reply, encode_result::<U, E>)))
}

/// Decodes a message for `me` and puts it into its mailbox, as soon as there is room; answers or dead-letters what
/// cannot be.
#[doc(hidden)]
pub fn receive<P: Protocol, A: Actor>(me: &Ref<A::Msg>, incoming: Incoming)
where
    A::Msg: Wraps<P>,
{
    let Incoming { rpc, body, reply, origin } = incoming;
    let bytes = body.len();
    let came = reply.meta.clone();
    let message = match P::decode(rpc, body, reply) {
        Ok(message) => <A::Msg as Wraps<P>>::wrap(message),
        Err(Undecoded { error, name, reply }) => {
            if !reply.fail(error) {
                origin.undeliverable(name, DeadLetterReason::Undecodable);
            }
            return;
        }
    };
    let way = came.as_ref().and_then(|meta| meta.asker.as_ref()).map_or(Way::Free, |asker| {
        let shared = matches!(A::mode(&message), Mode::Shared | Mode::Peek);
        asker.way(&*me.0, shared)
    });
    let pushed = match way {
        Way::Free if origin.is_crowded() => {
            let held = Waiting::new(me, message, &origin, bytes);
            return origin.hold(Box::new(held));
        }
        Way::Free => me.0.push(message, false),
        Way::Back => me.0.come_back(message),
        Way::Cycle(path) => {
            message.into_reply().fail(AskError::Cycle { path: Box::new(path) });
            return;
        }
    };
    let Err(Refused { refusal, message }) = pushed else { return };
    if !matches!(refusal, Refusal::Full) {
        return refuse(me, message, refusal, &*origin);
    }
    let mut held = Waiting::new(me, message, &origin, bytes);
    if held.poll_admitted(&Context::from_waker(Waker::noop())).is_pending() {
        origin.hold(Box::new(held));
    }
}

// ---- both directions -------------------------------------------------------------------------

struct Asked<R> {
    slot: Ender<R>,
    decode: fn(Outcome) -> Result<R, AskError>,
}

pub(crate) fn pending<R: Send + 'static>(
    reply: Reply<R>,
    decode: fn(Outcome) -> Result<R, AskError>,
) -> Option<Box<dyn PendingReply>> {
    reply.take().map(|slot| Box::new(Asked { slot, decode }) as Box<dyn PendingReply>)
}

impl<R: Send + 'static> PendingReply for Asked<R> {
    fn deadline(&self) -> Instant {
        self.slot.deadline()
    }

    fn travel(&self, progress: Progress) {
        self.slot.travel(progress);
    }

    fn on_cancel(&self, hook: Box<dyn FnOnce() + Send>) {
        self.slot.on_cancel(hook);
    }

    fn complete(self: Box<Self>, outcome: Outcome) {
        match outcome {
            Outcome::Due(progress) => self.slot.due(progress),
            outcome => {
                self.slot.settle((self.decode)(outcome));
            }
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "an answer is given away")]
pub(super) fn encode_plain<U: Travels>(out: U) -> Outcome {
    Outcome::Reply(message::encode(&out))
}

pub(super) fn encode_result<U: Travels, E: Travels>(out: Result<U, E>) -> Outcome {
    match out {
        Ok(out) => encode_plain(out),
        Err(error) => Outcome::Domain(message::encode(&error)),
    }
}

pub(super) fn decode_plain<U: Travels>(outcome: Outcome) -> Result<U, AskError> {
    match outcome {
        Outcome::Reply(body) => message::decode(body).map_err(bad_answer),
        Outcome::Domain(_) => Err(bad_answer("a domain error from an rpc that has none here".into())),
        Outcome::Failed(error) => Err(error),
        Outcome::Due(_) => Err(AskError::Cancelled),
    }
}

pub(super) fn decode_result<U: Travels, E: Travels>(outcome: Outcome) -> Result<Result<U, E>, AskError> {
    match outcome {
        Outcome::Domain(body) => message::decode(body).map(Err).map_err(bad_answer),
        outcome => decode_plain(outcome).map(Ok),
    }
}

fn bad_answer(problem: Box<str>) -> AskError {
    let delivered = Delivery::Maybe;
    AskError::Codec(Box::new(CodecError { message: "answer".into(), problem, delivered }))
}

pub(super) fn decode_request<T: Travels>(
    rpc: &'static str,
    body: Bytes,
    reply: WireReply,
) -> Result<(T, WireReply), Undecoded> {
    match message::decode(body) {
        Ok(payload) => Ok((payload, reply)),
        Err(problem) => {
            let error = CodecError { message: rpc.into(), problem, delivered: Delivery::No };
            Err(Undecoded { error: AskError::Codec(Box::new(error)), name: rpc, reply })
        }
    }
}

pub(crate) fn wire_reply<R: Send + 'static>(reply: WireReply, encode: fn(R) -> Outcome) -> Reply<R> {
    let WireReply { answer, meta } = reply;
    let Some(answer) = answer else { return Reply::told(meta) };
    let deliver = answer.clone();
    let slot = slot::for_hook(answer.deadline(), meta, move |awaited| {
        deliver.answer(match awaited {
            Awaited::Outcome(Ok(out)) => encode(out),
            Awaited::Outcome(Err(error)) => Outcome::Failed(error),
            Awaited::Due(progress) => Outcome::Due(progress),
        });
    });
    answer.accepted(WireAsk(slot.share()));
    Reply::to(slot)
}

macro_rules! opaque_debug {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )*};
}
opaque_debug!(Outgoing, Incoming, WireReply, Undecoded);
