//! *Pure.* What is said of messages that come apart from the first lane, between its frames and our own types.

use akt_proto::v1;
use bytes::{Bytes, BytesMut};
use prost::Message as _;

use super::codec::{CodecError, Course, Side, parse};
use super::frame::Kind;

/// Where messages are that come by other streams than the first lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Apart {
    /// In a lane: here belongs a large message that comes by a stream of its own.
    Barrier {
        number: u64,
        target: Bytes,
        /// Of an ask.
        correlation: Option<u64>,
    },
    /// In a lane: here belongs a large item of a stream of that ask, which comes by a stream of its own.
    Item { number: u64, course: Course },
    /// First in a stream of its own: the message of this number follows; 0 is an answer, which has no barrier.
    Message { number: u64 },
    /// First in a stream that is one more lane.
    Lane,
}

pub(super) fn decode(kind: Kind, payload: Bytes) -> Result<Apart, CodecError> {
    let apart = match kind {
        Kind::BARRIER => {
            let v1::Barrier { number, target, correlation } = parse(kind, payload)?;
            Apart::Barrier { number, target, correlation }
        }
        Kind::ITEM_BARRIER => {
            let v1::ItemBarrier { number, correlation, back } = parse(kind, payload)?;
            Apart::Item { number, course: Course { correlation, asker: Side::said(back) } }
        }
        Kind::APART => {
            let v1::Apart { number } = parse(kind, payload)?;
            Apart::Message { number }
        }
        Kind::LANE => Apart::Lane,
        kind => return Err(CodecError::UnknownKind(kind.0)),
    };
    Ok(apart)
}

/// Appends where a message is.
pub(crate) fn put_apart(buffer: &mut BytesMut, apart: Apart) {
    match apart {
        Apart::Barrier { number, target, correlation } => {
            let message = v1::Barrier { number, target, correlation };
            Kind::BARRIER.put(buffer, |buffer| message.encode_raw(buffer));
        }
        Apart::Item { number, course: Course { correlation, asker } } => {
            let message = v1::ItemBarrier { number, correlation, back: asker.back() };
            Kind::ITEM_BARRIER.put(buffer, |buffer| message.encode_raw(buffer));
        }
        Apart::Message { number } => {
            Kind::APART.put(buffer, |buffer| v1::Apart { number }.encode_raw(buffer));
        }
        Apart::Lane => Kind::LANE.put(buffer, |_| {}),
    }
}
