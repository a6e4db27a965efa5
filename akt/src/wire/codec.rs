//! *Pure.* The messages of a connection that stands, between their frames and our own types.

use std::time::Duration;

use akt_proto::v1;
use bytes::{Bytes, BytesMut};
use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint};
use thiserror::Error;

use super::apart::{self, Apart};
use super::control::{self, Notice};
use super::frame::{Frame, Kind};
use super::handshake::printable;
use super::parts::values;

/// One message from a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Parcel {
    Tell(Envelope),
    Ask {
        envelope: Envelope,
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
    /// Of a stream.
    Flow {
        course: Course,
        flow: Flow,
    },
    /// So much for one actor has found its place.
    Room {
        target: Bytes,
        messages: u32,
        bytes: u64,
    },
    /// Of an actor, besides messages.
    Notice(Notice),
    /// Of messages that come apart from the lane.
    Apart(Apart),
    Goodbye {
        text: Box<str>,
        /// Streams beside the first lane that the peer has opened.
        streams: u64,
    },
    /// Of a newer peer, which says that it can be skipped.
    Unknown,
}

/// What a tell and an ask have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Envelope {
    pub(crate) target: Bytes,
    pub(crate) rpc: u32,
    pub(crate) body: Bytes,
    /// What it carries besides, encoded; empty in most.
    pub(crate) meta: Bytes,
}

/// Which streams of a connection something is said of: those of one ask, on their way to one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Course {
    pub(crate) correlation: u64,
    pub(crate) asker: Side,
}

/// Whose ask it is, as the one sees it that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    /// Of this node.
    Us,
    /// Of the peer.
    Them,
}

impl Side {
    /// The same, as the peer says it.
    pub(super) fn back(self) -> bool {
        self == Self::Them
    }

    /// As a peer said it.
    pub(super) fn said(back: bool) -> Self {
        if back { Self::Us } else { Self::Them }
    }
}

/// What is said of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    Item(Bytes),
    Credit(u32),
    End(Ended),
    /// Nobody reads any more.
    Halt,
}

/// How a stream ended on the other node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Done,
    Domain(Bytes),
    Failure(Failure),
}

/// How an ask ended on the other node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answered {
    Reply(Bytes),
    Domain(Bytes),
    Failure(Failure),
}

impl Answered {
    /// How large its body is.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Reply(body) | Self::Domain(body) => body.len(),
            Self::Failure(_) => 0,
        }
    }
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

/// The most texts, and the most numbers, that one failure has.
const MAX_PARTS: usize = 64;

/// The most of both, where each byte of a number counts.
const MAX_FAILURE: usize = 11 * MAX_PARTS;

/// Where a failure is in an answer and at the end of a stream, and its numbers in it.
const FAILURE: u32 = 4;
const NUMBERS: u32 = 4;

/// Why a frame is not a message.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum CodecError {
    /// Its kind is not known and may not be skipped.
    #[error("unknown frame of kind {0:#04x}")]
    UnknownKind(u8),
    /// Its payload cannot be decoded.
    #[error("undecodable frame of kind {kind:#04x}: {source}")]
    Payload { kind: u8, source: prost::DecodeError },
    /// What a message carries besides its payload is more than is allowed.
    #[error("metadata of {bytes} bytes, the limit is {limit}")]
    Metadata { bytes: usize, limit: usize },
    /// What a message carries besides its payload cannot be decoded.
    #[error("undecodable metadata: {source}")]
    Meta { source: prost::DecodeError },
    /// Its values, once decoded, would take far more room than the frame.
    #[error("frame of kind {kind:#04x} with a failure of {parts} parts, the limit is {MAX_FAILURE}")]
    Failure { kind: u8, parts: usize },
    /// The same of what a message carries besides its payload.
    #[error("metadata of {parts} parts, the limit is {limit}")]
    Parts { parts: usize, limit: usize },
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
            let v1::Tell { target, rpc, body, meta } = parse(kind, payload)?;
            Parcel::Tell(Envelope { target, rpc, body, meta })
        }
        Kind::ASK => {
            let v1::Ask { target, rpc, body, correlation, remaining_us, meta } = parse(kind, payload)?;
            let envelope = Envelope { target, rpc, body, meta };
            Parcel::Ask { envelope, correlation, remaining: Duration::from_micros(remaining_us) }
        }
        Kind::ANSWER => {
            check_failure(kind, &payload)?;
            let v1::Answer { correlation, outcome } = parse(kind, payload)?;
            let answered = match outcome.ok_or(CodecError::NoOutcome)? {
                v1::answer::Outcome::Reply(body) => Answered::Reply(body),
                v1::answer::Outcome::Domain(body) => Answered::Domain(body),
                v1::answer::Outcome::Failure(failure) => Answered::Failure(failure.into()),
            };
            Parcel::Answer { correlation, answered }
        }
        Kind::CANCEL => Parcel::Cancel { correlation: parse::<v1::Cancel>(kind, payload)?.correlation },
        Kind::ITEM => {
            let v1::Item { correlation, back, body } = parse(kind, payload)?;
            flow(correlation, back, Flow::Item(body))
        }
        Kind::CREDIT => {
            let v1::Credit { correlation, back, items } = parse(kind, payload)?;
            flow(correlation, back, Flow::Credit(items))
        }
        Kind::END => {
            check_failure(kind, &payload)?;
            let v1::End { correlation, back, outcome } = parse(kind, payload)?;
            let ended = match outcome {
                None => Ended::Done,
                Some(v1::end::Outcome::Domain(body)) => Ended::Domain(body),
                Some(v1::end::Outcome::Failure(failure)) => Ended::Failure(failure.into()),
            };
            flow(correlation, back, Flow::End(ended))
        }
        Kind::HALT => {
            let v1::Halt { correlation, back } = parse(kind, payload)?;
            flow(correlation, back, Flow::Halt)
        }
        Kind::ROOM => {
            let v1::Room { target, messages, bytes } = parse(kind, payload)?;
            Parcel::Room { target, messages, bytes }
        }
        Kind::SIGNAL | Kind::WATCH | Kind::UNWATCH | Kind::WATCHED | Kind::TERMINATED => {
            control::decode(kind, payload)?.map_or(Parcel::Unknown, Parcel::Notice)
        }
        kind if kind.is_apart() => Parcel::Apart(apart::decode(kind, payload)?),
        Kind::GOODBYE => {
            let v1::Goodbye { text, streams } = parse(kind, payload)?;
            Parcel::Goodbye { text: printable(&text), streams }
        }
        kind if kind.ignorable() => Parcel::Unknown,
        kind => return Err(CodecError::UnknownKind(kind.0)),
    };
    Ok(parcel)
}

fn flow(correlation: u64, back: bool, flow: Flow) -> Parcel {
    Parcel::Flow { course: Course { correlation, asker: Side::said(back) }, flow }
}

/// Decoding takes eight bytes for a number of one, and more for a text.
fn check_failure(kind: Kind, payload: &[u8]) -> Result<(), CodecError> {
    let parts = values(payload, FAILURE, |tag, bytes| if tag == NUMBERS { bytes.len().max(1) } else { 1 });
    if parts > MAX_FAILURE {
        return Err(CodecError::Failure { kind: kind.0, parts });
    }
    Ok(())
}

pub(super) fn parse<M: prost::Message + Default>(kind: Kind, payload: Bytes) -> Result<M, CodecError> {
    M::decode(payload).map_err(|source| CodecError::Payload { kind: kind.0, source })
}

/// Appends a tell but for its body, which is to follow.
pub(crate) fn put_tell(buffer: &mut BytesMut, Envelope { target, rpc, body, meta }: Envelope) -> Bytes {
    let message = v1::Tell { target, rpc, body: Bytes::new(), meta };
    put_head(buffer, Kind::TELL, &message, ((!body.is_empty()).then_some(BODY), body))
}

/// Appends an ask but for its body, which is to follow.
pub(crate) fn put_ask(
    buffer: &mut BytesMut,
    envelope: Envelope,
    correlation: u64,
    remaining: Duration,
) -> Bytes {
    let Envelope { target, rpc, body, meta } = envelope;
    let remaining_us = u64::try_from(remaining.as_micros()).unwrap_or(u64::MAX);
    let message = v1::Ask { target, rpc, body: Bytes::new(), correlation, remaining_us, meta };
    put_head(buffer, Kind::ASK, &message, ((!body.is_empty()).then_some(BODY), body))
}

/// Appends an answer but for its body, which is to follow.
pub(crate) fn put_answer(buffer: &mut BytesMut, correlation: u64, answered: Answered) -> Bytes {
    let (outcome, (tag, body)) = match answered {
        Answered::Reply(body) => (None, (Some(REPLY), body)),
        Answered::Domain(body) => (None, (Some(DOMAIN), body)),
        Answered::Failure(failure) => {
            (Some(v1::answer::Outcome::Failure(failure.into())), (None, Bytes::new()))
        }
    };
    put_head(buffer, Kind::ANSWER, &v1::Answer { correlation, outcome }, (tag, body))
}

/// The fields of the bodies; the order of fields is free, so that they can come last.
const BODY: u32 = 3;
const REPLY: u32 = 2;
const DOMAIN: u32 = 3;

/// Appends a frame up to its body, if it has one.
fn put_head(
    buffer: &mut BytesMut,
    kind: Kind,
    message: &impl prost::Message,
    (tag, body): (Option<u32>, Bytes),
) -> Bytes {
    kind.put_before(buffer, body.len(), |buffer| {
        message.encode_raw(buffer);
        if let Some(tag) = tag {
            encode_key(tag, WireType::LengthDelimited, buffer);
            encode_varint(body.len() as u64, buffer);
        }
    });
    body
}

/// Appends the word that an asker gave up.
pub(crate) fn put_cancel(buffer: &mut BytesMut, correlation: u64) {
    Kind::CANCEL.put(buffer, |buffer| v1::Cancel { correlation }.encode_raw(buffer));
}

/// Appends what is said of a stream but for the body of an item, which is to follow.
pub(crate) fn put_flow(buffer: &mut BytesMut, course: Course, flow: Flow) -> Bytes {
    let (correlation, back) = (course.correlation, course.asker.back());
    match flow {
        Flow::Item(body) => {
            let message = v1::Item { correlation, back, body: Bytes::new() };
            return put_head(buffer, Kind::ITEM, &message, ((!body.is_empty()).then_some(BODY), body));
        }
        Flow::Credit(items) => {
            let message = v1::Credit { correlation, back, items };
            Kind::CREDIT.put(buffer, |buffer| message.encode_raw(buffer));
        }
        Flow::End(ended) => {
            let outcome = match ended {
                Ended::Done => None,
                Ended::Domain(body) => Some(v1::end::Outcome::Domain(body)),
                Ended::Failure(failure) => Some(v1::end::Outcome::Failure(failure.into())),
            };
            let message = v1::End { correlation, back, outcome };
            Kind::END.put(buffer, |buffer| message.encode_raw(buffer));
        }
        Flow::Halt => {
            Kind::HALT.put(buffer, |buffer| v1::Halt { correlation, back }.encode_raw(buffer));
        }
    }
    Bytes::new()
}

/// Appends how much for one actor has found its place.
pub(crate) fn put_room(buffer: &mut BytesMut, target: Bytes, messages: u32, bytes: u64) {
    Kind::ROOM.put(buffer, |buffer| v1::Room { target, messages, bytes }.encode_raw(buffer));
}

/// Appends the last frame of a connection.
pub(crate) fn put_goodbye(buffer: &mut BytesMut, text: &str, streams: u64) {
    Kind::GOODBYE.put(buffer, |buffer| v1::Goodbye { text: text.into(), streams }.encode_raw(buffer));
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
pub(super) mod tests {
    use proptest::prelude::*;

    use super::super::apart::put_apart;
    use super::super::control::{Signal, put_notice};
    use super::super::frame::Decoder;
    use super::*;
    use crate::actor::StopReason;

    fn read(buffer: &BytesMut) -> Result<Parcel, CodecError> {
        let mut decoder = Decoder::new(1 << 16);
        decoder.buffer().extend_from_slice(buffer);
        decode(decoder.next().unwrap().unwrap())
    }

    pub(in crate::wire) fn put(buffer: &mut BytesMut, parcel: Parcel) {
        let body = match parcel {
            Parcel::Tell(envelope) => put_tell(buffer, envelope),
            Parcel::Ask { envelope, correlation, remaining } => {
                put_ask(buffer, envelope, correlation, remaining)
            }
            Parcel::Answer { correlation, answered } => put_answer(buffer, correlation, answered),
            // What one side says of its own asks, the other hears of those of its peer.
            Parcel::Flow { course, flow } => put_flow(buffer, mirrored(course), flow),
            parcel => return put_bodiless(buffer, parcel),
        };
        buffer.extend_from_slice(&body);
    }

    fn put_bodiless(buffer: &mut BytesMut, parcel: Parcel) {
        match parcel {
            Parcel::Tell(_) | Parcel::Ask { .. } | Parcel::Answer { .. } | Parcel::Flow { .. } => {
                unreachable!("these have bodies")
            }
            Parcel::Cancel { correlation } => put_cancel(buffer, correlation),
            Parcel::Room { target, messages, bytes } => put_room(buffer, target, messages, bytes),
            Parcel::Notice(notice) => put_notice(buffer, notice),
            Parcel::Goodbye { text, streams } => put_goodbye(buffer, &text, streams),
            Parcel::Apart(Apart::Item { number, course }) => {
                put_apart(buffer, Apart::Item { number, course: mirrored(course) });
            }
            Parcel::Apart(apart) => put_apart(buffer, apart),
            Parcel::Unknown => Kind(0x99).put(buffer, |_| {}),
        }
    }

    fn mirrored(course: Course) -> Course {
        let asker = if course.asker == Side::Us { Side::Them } else { Side::Us };
        Course { asker, ..course }
    }

    fn bytes() -> impl Strategy<Value = Bytes> {
        prop::collection::vec(any::<u8>(), 0..200).prop_map(Bytes::from)
    }

    fn envelopes() -> impl Strategy<Value = Envelope> {
        (bytes(), any::<u32>(), bytes(), bytes()).prop_map(|(target, rpc, body, meta)| Envelope {
            target,
            rpc,
            body,
            meta,
        })
    }

    fn failures() -> impl Strategy<Value = Failure> {
        let texts = prop::collection::vec("[a-z ]{0,40}".prop_map(Box::from), 0..4);
        (any::<u32>(), any::<bool>(), texts, prop::collection::vec(any::<u64>(), 0..4))
            .prop_map(|(code, maybe, texts, numbers)| Failure { code, maybe, texts, numbers })
    }

    fn flows() -> impl Strategy<Value = Parcel> {
        let asker = prop_oneof![Just(Side::Us), Just(Side::Them)];
        let flow = prop_oneof![
            bytes().prop_map(Flow::Item),
            any::<u32>().prop_map(Flow::Credit),
            Just(Flow::End(Ended::Done)),
            bytes().prop_map(|body| Flow::End(Ended::Domain(body))),
            failures().prop_map(|failure| Flow::End(Ended::Failure(failure))),
            Just(Flow::Halt),
        ];
        (any::<u64>(), asker, flow).prop_map(|(correlation, asker, flow)| Parcel::Flow {
            course: Course { correlation, asker },
            flow,
        })
    }

    fn notices() -> impl Strategy<Value = Notice> {
        let signal = prop_oneof![Just(Signal::Stop), Just(Signal::Drain), Just(Signal::Kill)];
        let reason = prop_oneof![Just(StopReason::Killed), Just(StopReason::NodeLost)];
        prop_oneof![
            (bytes(), signal).prop_map(|(target, signal)| Notice::Signal { target, signal }),
            (any::<u64>(), bytes(), any::<u64>()).prop_map(|(watch, target, actor)| Notice::Watch {
                watch,
                target,
                actor
            }),
            any::<u64>().prop_map(|watch| Notice::Unwatch { watch }),
            any::<(u64, u64)>().prop_map(|(watch, actor)| Notice::Watched { watch, actor }),
            (any::<u64>(), reason).prop_map(|(watch, reason)| Notice::Terminated { watch, reason }),
        ]
    }

    fn aparts() -> impl Strategy<Value = Apart> {
        prop_oneof![
            (any::<u64>(), bytes(), any::<Option<u64>>())
                .prop_map(|(number, target, correlation)| Apart::Barrier { number, target, correlation }),
            any::<(u64, u64, bool)>().prop_map(|(number, correlation, back)| Apart::Item {
                number,
                course: Course { correlation, asker: Side::said(back) },
            }),
            any::<u64>().prop_map(|number| Apart::Message { number }),
            Just(Apart::Lane),
        ]
    }

    fn parcels() -> impl Strategy<Value = Parcel> {
        let answered = prop_oneof![
            bytes().prop_map(Answered::Reply),
            bytes().prop_map(Answered::Domain),
            failures().prop_map(Answered::Failure),
        ];
        prop_oneof![
            envelopes().prop_map(Parcel::Tell),
            (envelopes(), any::<u64>(), any::<u32>()).prop_map(|(envelope, correlation, us)| {
                let remaining = Duration::from_micros(us.into());
                Parcel::Ask { envelope, correlation, remaining }
            }),
            (any::<u64>(), answered)
                .prop_map(|(correlation, answered)| Parcel::Answer { correlation, answered }),
            any::<u64>().prop_map(|correlation| Parcel::Cancel { correlation }),
            flows(),
            notices().prop_map(Parcel::Notice),
            ("[a-z ]{0,40}", any::<u64>())
                .prop_map(|(text, streams)| Parcel::Goodbye { text: text.into(), streams }),
            aparts().prop_map(Parcel::Apart),
            Just(Parcel::Unknown),
        ]
    }

    #[test]
    fn a_kind_of_a_newer_peer_is_skipped_only_if_it_says_so() {
        let mut buffer = BytesMut::new();

        Kind(0x7e).put(&mut buffer, |_| {});

        assert_eq!(read(&buffer), Err(CodecError::UnknownKind(0x7e)));
    }

    #[test]
    fn a_message_that_carries_nothing_besides_has_no_byte_for_it() {
        let (mut with, mut without) = (BytesMut::new(), BytesMut::new());
        let plain = Envelope { target: "/user/a".into(), rpc: 7, body: "body".into(), meta: Bytes::new() };

        put(&mut without, Parcel::Tell(plain.clone()));
        put(&mut with, Parcel::Tell(Envelope { meta: "m".into(), ..plain }));

        assert_eq!((without.len(), with.len()), (5 + 9 + 5 + 6, without.len() + 3));
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
