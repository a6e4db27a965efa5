//! *Pure.* The messages of a connection that stands, between their frames and our own types.

use std::time::Duration;

use akt_proto::v1;
use bytes::{Bytes, BytesMut};
use prost::Message as _;
use thiserror::Error;

use super::frame::{Frame, Kind};
use super::handshake::printable;

/// One message from a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Parcel {
    Tell {
        target: Bytes,
        rpc: u32,
        body: Bytes,
    },
    Ask {
        target: Bytes,
        rpc: u32,
        body: Bytes,
        correlation: u64,
        remaining: Duration,
    },
    Answer {
        correlation: u64,
        answered: Answered,
    },
    Cancel {
        correlation: u64,
    },
    Goodbye {
        text: Box<str>,
    },
    /// Of a newer peer, which says that it can be skipped.
    Unknown,
}

/// How an ask ended on the other node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answered {
    Reply(Bytes),
    Domain(Bytes),
    Failure(Failure),
}

/// An error as it travels: a code, and the texts and numbers that belong to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: u32,
    /// Whether the handler may have run.
    pub(crate) maybe: bool,
    pub(crate) texts: Vec<Box<str>>,
    pub(crate) numbers: Vec<u64>,
}

/// The most texts and numbers that one failure has.
const MAX_PARTS: usize = 64;

/// Why a frame is not a message.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum CodecError {
    /// Its kind is not known and may not be skipped.
    #[error("unknown frame of kind {0:#04x}")]
    UnknownKind(u8),
    /// Its payload cannot be decoded.
    #[error("undecodable frame of kind {kind:#04x}: {source}")]
    Payload { kind: u8, source: prost::DecodeError },
    /// An answer without an outcome.
    #[error("answer without an outcome")]
    NoOutcome,
}

/// Reads the message in `frame`; bodies are slices of it, not copies.
///
/// # Errors
///
/// [`CodecError`]; the connection is of no use after it.
pub(crate) fn decode(frame: Frame) -> Result<Parcel, CodecError> {
    let Frame { kind, payload } = frame;
    let parcel = match kind {
        Kind::TELL => {
            let v1::Tell { target, rpc, body } = parse(kind, payload)?;
            Parcel::Tell { target, rpc, body }
        }
        Kind::ASK => {
            let v1::Ask { target, rpc, body, correlation, remaining_us } = parse(kind, payload)?;
            Parcel::Ask { target, rpc, body, correlation, remaining: Duration::from_micros(remaining_us) }
        }
        Kind::ANSWER => {
            let v1::Answer { correlation, outcome } = parse(kind, payload)?;
            let answered = match outcome.ok_or(CodecError::NoOutcome)? {
                v1::answer::Outcome::Reply(body) => Answered::Reply(body),
                v1::answer::Outcome::Domain(body) => Answered::Domain(body),
                v1::answer::Outcome::Failure(failure) => Answered::Failure(failure.into()),
            };
            Parcel::Answer { correlation, answered }
        }
        Kind::CANCEL => {
            let v1::Cancel { correlation } = parse(kind, payload)?;
            Parcel::Cancel { correlation }
        }
        Kind::GOODBYE => {
            let v1::Goodbye { text } = parse(kind, payload)?;
            Parcel::Goodbye { text: printable(&text) }
        }
        kind if kind.ignorable() => Parcel::Unknown,
        kind => return Err(CodecError::UnknownKind(kind.0)),
    };
    Ok(parcel)
}

fn parse<M: prost::Message + Default>(kind: Kind, payload: Bytes) -> Result<M, CodecError> {
    M::decode(payload).map_err(|source| CodecError::Payload { kind: kind.0, source })
}

/// Appends a tell.
pub(crate) fn put_tell(buffer: &mut BytesMut, target: Bytes, rpc: u32, body: Bytes) {
    let message = v1::Tell { target, rpc, body };
    Kind::TELL.put(buffer, |buffer| message.encode_raw(buffer));
}

/// Appends an ask.
pub(crate) fn put_ask(buffer: &mut BytesMut, target: Bytes, rpc: u32, body: Bytes, ask: (u64, Duration)) {
    let (correlation, remaining) = ask;
    let remaining_us = u64::try_from(remaining.as_micros()).unwrap_or(u64::MAX);
    let message = v1::Ask { target, rpc, body, correlation, remaining_us };
    Kind::ASK.put(buffer, |buffer| message.encode_raw(buffer));
}

/// Appends an answer.
pub(crate) fn put_answer(buffer: &mut BytesMut, correlation: u64, answered: Answered) {
    let outcome = match answered {
        Answered::Reply(body) => v1::answer::Outcome::Reply(body),
        Answered::Domain(body) => v1::answer::Outcome::Domain(body),
        Answered::Failure(failure) => v1::answer::Outcome::Failure(failure.into()),
    };
    let message = v1::Answer { correlation, outcome: Some(outcome) };
    Kind::ANSWER.put(buffer, |buffer| message.encode_raw(buffer));
}

/// Appends the word that an asker gave up.
pub(crate) fn put_cancel(buffer: &mut BytesMut, correlation: u64) {
    Kind::CANCEL.put(buffer, |buffer| v1::Cancel { correlation }.encode_raw(buffer));
}

/// Appends the last frame of a connection.
pub(crate) fn put_goodbye(buffer: &mut BytesMut, text: &str) {
    Kind::GOODBYE.put(buffer, |buffer| v1::Goodbye { text: text.into() }.encode_raw(buffer));
}

impl From<v1::Failure> for Failure {
    fn from(message: v1::Failure) -> Self {
        let v1::Failure { code, maybe, texts, numbers } = message;
        let texts = texts.iter().take(MAX_PARTS).map(|text| printable(text)).collect();
        Self { code, maybe, texts, numbers }
    }
}

impl From<Failure> for v1::Failure {
    fn from(failure: Failure) -> Self {
        let Failure { code, maybe, texts, mut numbers } = failure;
        numbers.truncate(MAX_PARTS);
        let cut = |text: Box<str>| text.chars().take(512).collect();
        Self { code, maybe, texts: texts.into_iter().take(MAX_PARTS).map(cut).collect(), numbers }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::frame::Decoder;
    use super::*;

    fn read(buffer: &BytesMut) -> Result<Parcel, CodecError> {
        let mut decoder = Decoder::new(1 << 16);
        decoder.buffer().extend_from_slice(buffer);
        decode(decoder.next().unwrap().unwrap())
    }

    fn put(buffer: &mut BytesMut, parcel: Parcel) {
        match parcel {
            Parcel::Tell { target, rpc, body } => put_tell(buffer, target, rpc, body),
            Parcel::Ask { target, rpc, body, correlation, remaining } => {
                put_ask(buffer, target, rpc, body, (correlation, remaining));
            }
            Parcel::Answer { correlation, answered } => put_answer(buffer, correlation, answered),
            Parcel::Cancel { correlation } => put_cancel(buffer, correlation),
            Parcel::Goodbye { text } => put_goodbye(buffer, &text),
            Parcel::Unknown => Kind(0x99).put(buffer, |_| {}),
        }
    }

    fn bytes() -> impl Strategy<Value = Bytes> {
        prop::collection::vec(any::<u8>(), 0..200).prop_map(Bytes::from)
    }

    fn parcels() -> impl Strategy<Value = Parcel> {
        let texts = prop::collection::vec("[a-z ]{0,40}".prop_map(Box::from), 0..4);
        let failure = (any::<u32>(), any::<bool>(), texts, prop::collection::vec(any::<u64>(), 0..4))
            .prop_map(|(code, maybe, texts, numbers)| Failure { code, maybe, texts, numbers });
        let answered = prop_oneof![
            bytes().prop_map(Answered::Reply),
            bytes().prop_map(Answered::Domain),
            failure.prop_map(Answered::Failure),
        ];
        prop_oneof![
            (bytes(), any::<u32>(), bytes()).prop_map(|(target, rpc, body)| Parcel::Tell {
                target,
                rpc,
                body
            }),
            (bytes(), any::<u32>(), bytes(), any::<u64>(), any::<u32>()).prop_map(
                |(target, rpc, body, correlation, us)| {
                    let remaining = Duration::from_micros(us.into());
                    Parcel::Ask { target, rpc, body, correlation, remaining }
                }
            ),
            (any::<u64>(), answered)
                .prop_map(|(correlation, answered)| Parcel::Answer { correlation, answered }),
            any::<u64>().prop_map(|correlation| Parcel::Cancel { correlation }),
            "[a-z ]{0,40}".prop_map(|text| Parcel::Goodbye { text: text.into() }),
            Just(Parcel::Unknown),
        ]
    }

    #[test]
    fn a_kind_of_a_newer_peer_is_skipped_only_if_it_says_so() {
        let mut buffer = BytesMut::new();

        Kind(0x7e).put(&mut buffer, |_| {});

        assert_eq!(read(&buffer), Err(CodecError::UnknownKind(0x7e)));
    }

    proptest! {
        #[test]
        fn every_message_survives_the_wire(parcel in parcels()) {
            let mut buffer = BytesMut::new();

            put(&mut buffer, parcel.clone());

            prop_assert_eq!(read(&buffer), Ok(parcel));
        }

        #[test]
        fn garbage_is_refused_and_never_panics(kind in any::<u8>(), payload in bytes()) {
            let _ = decode(Frame { kind: Kind(kind), payload });
        }
    }
}
