//! References as they travel: `akt.Ref` of `akt/options.proto`.

use bytes::{Buf, BufMut};
use prost::encoding::{DecodeContext, WireType};
use prost::{DecodeError, Message};

use super::RefField;

/// What `akt.Ref` says.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub(super) struct Wire {
    #[prost(string, tag = "1")]
    pub(super) system: String,
    #[prost(string, tag = "2")]
    pub(super) host: String,
    #[prost(string, tag = "3")]
    pub(super) path: String,
    #[prost(string, tag = "4")]
    pub(super) contract: String,
}

impl<R> Message for RefField<R> {
    fn encode_raw(&self, buf: &mut impl BufMut) {
        self.wire.encode_raw(buf);
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buf: &mut impl Buf,
        ctx: DecodeContext,
    ) -> Result<(), DecodeError> {
        self.wire.merge_field(tag, wire_type, buf, ctx)
    }

    fn encoded_len(&self) -> usize {
        self.wire.encoded_len()
    }

    fn clear(&mut self) {
        self.wire.clear();
    }
}
