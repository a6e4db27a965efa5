//! What travels between nodes: frames, the handshake, envelopes and errors, as bytes and as values.

mod apart;
mod codec;
mod control;
mod error;
mod frame;
#[cfg(test)]
mod fuzz;
mod handshake;
mod metadata;
mod parts;

pub(crate) use apart::{Apart, put_apart};
pub(crate) use codec::{
    Answered, CodecError, Course, Envelope, Flow, Parcel, Side, decode, put_answer, put_ask, put_cancel,
    put_flow, put_goodbye, put_room, put_tell,
};
pub(crate) use control::{Notice, Signal, put_notice};
pub(crate) use error::{answered, end, ended, number_of_reason, outcome, reason_of};
pub(crate) use frame::{Decoder, Frame, FrameError, HANDSHAKE_LIMIT, HEADROOM, Kind};
pub(crate) use handshake::{
    HandshakeError, Hello, Identity, Protocols, Seen, check_hello, check_welcome, decode_hello, decode_reply,
    put_hello, put_refused, put_welcome,
};
pub(crate) use metadata::{HEADERS_LIMIT, Here, decode_meta, encode_meta};
