//! A reference that speaks a contract wrongly: the rpc is that of a depot, its body is not.

use akt::__private::{AnyReply, Outgoing, Slot, Undecoded, WireReply, outgoing_result};
use akt::bytes::Bytes;
use akt::prost::Message as _;
use akt::{ActorRef, Call, Message, Protocol, Ref, Reply, Request, RpcInfo};

use crate::contracts::depot::v1::{Blob, DepotMsg, Refused, Stock};

type Out = Result<Stock, Refused>;

#[derive(Clone)]
pub(crate) struct GarbledRef(Ref<GarbledMsg>);

impl GarbledRef {
    /// `Depot/Add` with a blob in place of an item.
    pub(crate) fn add(&self, blob: Blob) -> Call<'_, Add> {
        Call::new(&self.0, blob)
    }
}

impl ActorRef for GarbledRef {
    type Message = GarbledMsg;

    fn from_ref(reference: Ref<GarbledMsg>) -> Self {
        Self(reference)
    }

    fn as_ref(&self) -> &Ref<GarbledMsg> {
        &self.0
    }
}

pub(crate) struct GarbledMsg(Blob, Reply<Out>);

impl Message for GarbledMsg {
    fn name(&self) -> &'static str {
        "Add"
    }

    fn carried(&self) -> &dyn std::any::Any {
        &self.0
    }

    fn reply(&self) -> Option<&dyn Slot> {
        self.1.slot()
    }

    fn into_reply(self) -> AnyReply {
        self.1.erase()
    }
}

impl Protocol for GarbledMsg {
    const NAME: &'static str = "depot.v1.Depot";
    const DIGEST: u64 = 1;
    const RPCS: &'static [RpcInfo] = DepotMsg::RPCS;

    fn encoded_len(&self) -> usize {
        self.0.encoded_len()
    }

    fn encode(self) -> Outgoing {
        let add = Self::RPCS.iter().find(|rpc| rpc.name == "Add").unwrap();
        outgoing_result(add.id, &self.0, self.1)
    }

    fn decode(_rpc: u32, _body: Bytes, _reply: WireReply) -> Result<Self, Undecoded> {
        unreachable!("nobody speaks like this to us")
    }
}

pub(crate) struct Add;

impl Request for Add {
    type Message = GarbledMsg;
    type Payload = Blob;
    type Out = Out;
    type Ok = Stock;
    type Err = Refused;
    const NAME: &'static str = "Add";

    fn wrap(payload: Blob, reply: Reply<Out>) -> GarbledMsg {
        GarbledMsg(payload, reply)
    }

    fn unwrap(message: GarbledMsg) -> Option<(Blob, Reply<Out>)> {
        Some((message.0, message.1))
    }

    fn split(out: Out) -> Out {
        out
    }
}
