//! An operation as a message to a node: it travels, waits and ends as any ask does.

use std::any::Any;

use bytes::Bytes;

use super::codec;
use super::operation::{Done, Operation, OperationError};
use crate::actor::{
    AnyReply, Ends, Message, Outgoing, Protocol, Reply, Request, RpcInfo, Slot, Undecoded, WireReply,
    pending, undecoded,
};

/// What a node is asked.
pub(super) struct NodeMsg {
    operation: Operation,
    reply: Reply<Out>,
}

type Out = Result<Done, OperationError>;

/// The one request that there is.
pub(super) struct Operate;

const NAME: &str = "operation";

impl Message for NodeMsg {
    fn name(&self) -> &'static str {
        NAME
    }

    fn carried(&self) -> &dyn Any {
        &self.operation
    }

    fn reply(&self) -> Option<&dyn Slot> {
        self.reply.slot()
    }

    fn into_reply(self) -> AnyReply {
        self.reply.erase()
    }
}

impl Request for Operate {
    type Message = NodeMsg;
    type Payload = Operation;
    type Out = Out;
    type Ok = Done;
    type Err = OperationError;
    const NAME: &'static str = NAME;

    fn wrap(operation: Operation, reply: Reply<Out>) -> NodeMsg {
        NodeMsg { operation, reply }
    }

    fn unwrap(message: NodeMsg) -> Option<(Operation, Reply<Out>)> {
        Some((message.operation, message.reply))
    }

    fn split(out: Out) -> Out {
        out
    }
}

impl Protocol for NodeMsg {
    const NAME: &'static str = "akt.v1.Node";
    const RPCS: &'static [RpcInfo] = &[];

    fn encoded_len(&self) -> usize {
        codec::encode(&self.operation).len()
    }

    fn encode(self) -> Outgoing {
        let (body, meta) = (codec::encode(&self.operation), self.reply.meta());
        Outgoing { rpc: 0, body, meta, reply: pending(self.reply, codec::outcome), ends: Ends::default() }
    }

    /// Operations come without a target, and are taken in before there is an actor to decode them.
    fn decode(_rpc: u32, _body: Bytes, reply: WireReply) -> Result<Self, Undecoded> {
        Err(undecoded(NAME, reply))
    }
}
