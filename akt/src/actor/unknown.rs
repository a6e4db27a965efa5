//! Rpcs that a contract does not know: kept as they came, for a newer actor behind a router or on another node.

use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;

use super::error::AskError;
use super::outbound::{Outcome, Outgoing, WireReply, pending, wire_reply};
use super::reply::{AnyReply, Begin, Came, Reply, Slot};
use super::stream::Ends;
use super::traits::{Copying, Message, Opener, Request};
use crate::codegen::good;
use crate::time::Instant;

/// What people read in place of the name of such an rpc.
const NAME: &str = "unknown rpc";

/// A message of a newer node: its rpc is not in this node's contract.
///
/// It passes mailboxes and routers, and leaves for other nodes as it came. An actor that gets it does not handle it:
/// an asker is told [`AskError::Unimplemented`](crate::AskError::Unimplemented), a tell becomes a dead letter,
/// `Undecodable`.
pub struct UnknownRpc {
    request: UnknownRequest,
    reply: Reply<RawAnswer>,
}

/// The request of an rpc that is not known.
#[derive(Clone)]
pub(crate) struct UnknownRequest {
    contract: &'static str,
    id: u32,
    body: Bytes,
}

/// The answer to an rpc that is not known, as it came.
pub(crate) struct RawAnswer(Outcome);

/// Stands for the rpcs of `M` that are not known.
pub(crate) struct UnknownCall<M>(PhantomData<fn(M)>);

/// Messages of a contract, which have a place for what it does not know.
#[doc(hidden)]
pub trait HoldsUnknown: Message {
    fn hold(unknown: UnknownRpc) -> Self;
    fn release(self) -> Option<UnknownRpc>;
}

impl UnknownRpc {
    #[doc(hidden)]
    pub const NAME: &'static str = NAME;

    #[doc(hidden)]
    #[must_use]
    pub fn decode(contract: &'static str, id: u32, body: Bytes, reply: WireReply) -> Self {
        Self { request: UnknownRequest { contract, id, body }, reply: wire_reply(reply, |answer| answer.0) }
    }

    /// Its id on the wire.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.request.id
    }

    /// The contract that does not have it.
    #[must_use]
    pub fn contract(&self) -> &'static str {
        self.request.contract
    }

    /// The encoded request.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.request.body
    }

    #[doc(hidden)]
    #[must_use]
    pub fn encode(self) -> Outgoing {
        let UnknownRequest { id, body, .. } = self.request;
        let meta = self.reply.meta();
        Outgoing { rpc: id, body, meta, reply: pending(self.reply, raw_answer), ends: Ends::default() }
    }

    #[doc(hidden)]
    #[must_use]
    pub fn slot(&self) -> Option<&dyn Slot> {
        Some(self)
    }

    #[doc(hidden)]
    #[must_use]
    pub fn erase(self) -> AnyReply {
        self.reply.erase()
    }

    #[doc(hidden)]
    pub fn open<M: HoldsUnknown, O: Opener<M>>(self, opener: O) -> O::Out {
        let copying = Copying { clone: UnknownRequest::clone, join: good };
        opener.open::<UnknownCall<M>>(self.request, self.reply, copying)
    }
}

fn raw_answer(outcome: Outcome) -> Result<RawAnswer, AskError> {
    match outcome {
        Outcome::Failed(error) => Err(error),
        outcome => Ok(RawAnswer(outcome)),
    }
}

impl Slot for UnknownRpc {
    fn begin(&self, now: Instant) -> Begin {
        let begin = self.reply.slot().map_or(Begin::Go, |slot| slot.begin(now));
        let UnknownRequest { contract, id, .. } = self.request;
        if begin == Begin::Go { Begin::Unknown { contract, id } } else { begin }
    }

    fn share(&self) -> AnyReply {
        self.reply.slot().map(Slot::share).unwrap_or_default()
    }

    fn is_ask(&self) -> bool {
        self.reply.is_ask()
    }

    fn meta(&self) -> Option<Came> {
        self.reply.slot().and_then(Slot::meta)
    }

    fn put_aside(&self) {
        self.reply.slot().into_iter().for_each(Slot::put_aside);
    }

    fn is_over(&self) -> bool {
        self.reply.slot().is_some_and(Slot::is_over)
    }
}

impl<M: HoldsUnknown> Request for UnknownCall<M> {
    type Message = M;
    type Payload = UnknownRequest;
    type Out = RawAnswer;
    type Ok = RawAnswer;
    type Err = Infallible;
    const NAME: &'static str = NAME;

    fn wrap(request: UnknownRequest, reply: Reply<RawAnswer>) -> M {
        M::hold(UnknownRpc { request, reply })
    }

    fn unwrap(message: M) -> Option<(UnknownRequest, Reply<RawAnswer>)> {
        message.release().map(|unknown| (unknown.request, unknown.reply))
    }

    fn split(out: RawAnswer) -> Result<RawAnswer, Infallible> {
        Ok(out)
    }
}

impl fmt::Debug for UnknownRpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UnknownRequest { contract, id, body } = &self.request;
        write!(f, "UnknownRpc({id:#010x}, {} bytes, to an actor of {contract})", body.len())
    }
}

impl fmt::Debug for UnknownRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnknownRequest({:#010x})", self.id)
    }
}

impl fmt::Debug for RawAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RawAnswer")
    }
}

impl<M> fmt::Debug for UnknownCall<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAME)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::*;
    use crate::actor::outbound::{Answer, WireAsk};

    #[derive(Default)]
    struct Asker(Mutex<Option<Outcome>>);

    impl Answer for Asker {
        fn open(&self, _: Ends) {}

        fn deadline(&self) -> Instant {
            Instant::default() + std::time::Duration::from_secs(1)
        }

        fn accepted(&self, _ask: WireAsk) {}

        fn answer(&self, outcome: Outcome) {
            *self.0.lock() = Some(outcome);
        }
    }

    #[test]
    fn what_is_not_known_leaves_as_it_came_and_so_does_its_answer() {
        for answered in
            [Outcome::Reply(Bytes::from_static(b"good")), Outcome::Domain(Bytes::from_static(b"bad"))]
        {
            let asker = Arc::new(Asker::default());
            let reply = WireReply { answer: Some(asker.clone()), meta: None };
            let unknown = UnknownRpc::decode("shop.v1.Till", 7, Bytes::from_static(b"request"), reply);

            let outgoing = unknown.encode();
            let expected = matches!(answered, Outcome::Reply(_));
            outgoing.reply.expect("it was asked").complete(answered);

            assert_eq!((outgoing.rpc, &outgoing.body[..]), (7, &b"request"[..]));
            match asker.0.lock().take().expect("the answer came back") {
                Outcome::Reply(body) => assert!(expected && body == "good"),
                Outcome::Domain(body) => assert!(!expected && body == "bad"),
                Outcome::Failed(error) => panic!("{error}"),
                Outcome::Due(_) => panic!("there was time"),
            }
        }
    }
}
