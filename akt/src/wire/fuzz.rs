//! Frames, handshakes, envelopes and metadata as a hostile peer sends them: a value or a typed error, at a bounded cost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use fastrand::Rng;
use prost::encoding::{WireType, encode_key, encode_varint};

use super::apart::Apart;
use super::codec::tests::put;
use super::codec::{Answered, Course, Ended, Envelope, Failure, Flow, Parcel, Side, decode};
use super::control::{Notice, Signal};
use super::error::{answered, end, ended, outcome, reason_of};
use super::frame::{Decoder, Frame, FrameError, HANDSHAKE_LIMIT, HEADROOM, Kind};
use super::handshake::{
    HandshakeError, Hello, Identity, Protocols, Reply, Seen, check_hello, check_welcome, decode_hello,
    decode_reply, put_hello, put_refused, put_welcome,
};
use super::metadata::{Here, METADATA_LIMIT, decode_meta, encode_meta};
use crate::actor::{Elsewhere, Headers, Meta, Outcome, Receiver, Who};
use crate::fuzz::{self, Allowed, counted, garbage};
use crate::holder::Class;
use crate::id::NodeId;
use crate::path::{ActorPath, NodeAddress};
use crate::time::Instant;

/// The largest frame of a node that takes messages of 192 KiB.
const LIMIT: usize = (192 << 10) + HEADROOM;

/// What is left of a frame may be copied, and its texts are made safe to print.
const FRAME: Allowed = Allowed { largest: LIMIT, peak: 2 * LIMIT + (512 << 10) };

/// In a handshake, an error repeats the texts of the peer.
const HANDSHAKE: Allowed = Allowed { largest: 4 * HANDSHAKE_LIMIT, peak: 16 * HANDSHAKE_LIMIT };

#[test]
fn any_bytes_are_frames_or_refused() {
    let frames = |rng: &mut Rng| {
        let mut bytes = BytesMut::new();
        for _ in 0..rng.usize(1..8) {
            let payload = garbage(rng, 300);
            Kind(rng.u8(..)).put(&mut bytes, |buffer| buffer.extend_from_slice(&payload));
        }
        bytes.to_vec()
    };
    fuzz::feed("frames", Allowed { largest: 512, peak: 4_096 }, frames, |bytes, cuts| {
        let mut length = 0;
        let read = read(bytes, 512, cuts, |frame| length += 5 + frame.payload.len());
        assert!(read.is_err() || length <= bytes.len());
    });
}

#[test]
fn any_handshake_is_understood_or_refused() {
    fuzz::feed("handshake", HANDSHAKE, handshake, |bytes, cuts| {
        let ours = identity(&mut Rng::with_seed(1));
        let _ = read(bytes, HANDSHAKE_LIMIT, cuts, |frame| {
            let said = counted(|| decode_hello(&frame));
            let checked = said.and_then(|hello| counted(|| check_hello(&ours, &hello, &[])));
            refuse(checked);
            let said = counted(|| decode_reply(&frame));
            refuse(said.and_then(|reply| counted(|| check_welcome(&ours, reply, &[]))));
        });
    });
}

/// What is told to the peer fits into its handshake.
fn refuse<T>(checked: Result<T, HandshakeError>) {
    let Err(error) = checked else { return };
    let mut told = BytesMut::new();
    counted(|| put_refused(&mut told, &error));
    assert!(told.len() <= HANDSHAKE_LIMIT + 4, "a refusal of {} bytes: {error}", told.len());
}

#[test]
fn any_frame_is_a_message_or_refused() {
    let messages = |rng: &mut Rng| {
        let mut bytes = BytesMut::new();
        for _ in 0..rng.usize(1..4) {
            match rng.u8(..8) {
                0 => crowd_of(Kind(rng.u8(0x10..0x20)), LIMIT, rng, &mut bytes),
                1 => crowd_of(Kind(rng.u8(0x94..0x98)), LIMIT, rng, &mut bytes),
                _ => put(&mut bytes, parcel(rng)),
            }
        }
        bytes.to_vec()
    };
    fuzz::feed("envelopes", FRAME, messages, |bytes, cuts| {
        let _ = read(bytes, LIMIT, cuts, |frame| counted(|| take(frame)));
    });
}

/// Decodes a frame to its end, as a node does, and says again what it said.
fn take(frame: Frame) {
    match decode(frame) {
        Ok(Parcel::Answer { answered: said, .. }) => {
            if let Outcome::Failed(error) = outcome(said) {
                assert!(error.to_string().len() < 64 << 10);
                drop(outcome(answered(Outcome::Failed(error))));
            }
        }
        Ok(Parcel::Flow { flow: Flow::End(said), .. }) => drop(ended(end(said))),
        Ok(Parcel::Tell(envelope) | Parcel::Ask { envelope, .. }) => {
            let _ = with_here(|here| decode_meta(envelope.meta, here, Instant::ZERO));
        }
        Ok(_) => {}
        Err(error) => assert!(error.to_string().len() < 1_000, "{error}"),
    }
}

#[test]
fn any_metadata_is_understood_or_refused() {
    let encoded = |rng: &mut Rng| match rng.u8(..4) {
        0 => crowd(METADATA_LIMIT, rng),
        _ => with_here(|here| encode_meta(&meta(rng), here, Instant::ZERO)).to_vec(),
    };
    let allowed = Allowed { largest: 5 * METADATA_LIMIT, peak: 16 * METADATA_LIMIT };
    fuzz::feed("metadata", allowed, encoded, |bytes, _| {
        let bytes = Bytes::copy_from_slice(bytes);
        let read = counted(|| with_here(|here| decode_meta(bytes, here, Instant::ZERO)));
        let Ok(Some(meta)) = read else { return };
        assert!(meta.asker.iter().flat_map(|frame| frame.chain()).count() <= 64);
        assert!(meta.headers.size() <= 2 * METADATA_LIMIT);
    });
}

#[test]
fn what_is_sent_is_what_comes_however_it_is_cut() {
    let seed = |rng: &mut Rng| rng.u64(..).to_be_bytes().to_vec();
    let free = Allowed { largest: usize::MAX, peak: isize::MAX.cast_unsigned() };
    fuzz::feed("round trips", free, seed, |bytes, cuts| {
        let mut rng = Rng::with_seed(bytes.iter().fold(7, |sum, byte| sum << 8 ^ u64::from(*byte)));
        let (sent, hello) = (vec![parcel(&mut rng), parcel(&mut rng)], hello(&mut rng));
        let mut bytes = BytesMut::new();
        sent.iter().for_each(|parcel| put(&mut bytes, parcel.clone()));
        let mut got = Vec::new();
        read(&bytes, LIMIT, cuts.clone(), |frame| got.push(decode(frame).expect("it is valid")))
            .expect("frames");
        assert_eq!(got, sent);

        let mut bytes = BytesMut::new();
        put_hello(&mut bytes, &hello);
        put_welcome(&mut bytes, &hello.from, 1);
        let mut frames = Vec::new();
        read(&bytes, HANDSHAKE_LIMIT, cuts, |frame| frames.push(frame)).expect("frames");
        assert_eq!(decode_hello(&frames[0]).as_ref(), Ok(&hello));
        assert_eq!(decode_reply(&frames[1]), Ok(Reply::Welcome { from: hello.from, protocol: 1 }));
    });
}

// ---- arbitrary values ----------------------------------------------------------------------

/// Hands the bytes over in pieces, and `take`s every frame that is whole.
fn read(bytes: &[u8], limit: usize, mut cuts: Rng, mut take: impl FnMut(Frame)) -> Result<(), FrameError> {
    let (mut decoder, mut rest) = (Decoder::new(limit), bytes);
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(cuts.usize(1..=rest.len()));
        decoder.buffer().extend_from_slice(piece);
        rest = after;
        while let Some(frame) = counted(|| decoder.next())? {
            assert!(frame.payload.len() < limit);
            take(frame);
        }
        assert!(decoder.buffer().len() < limit + 4, "more is kept than one frame");
    }
    Ok(())
}

fn with_here<T>(work: impl FnOnce(Here<'_>) -> T) -> T {
    let address = NodeAddress { system: "shop".into(), host: "host".into(), port: 1 };
    work(Here { address: &address, incarnation: 7 })
}

fn some(rng: &mut Rng) -> Bytes {
    garbage(rng, 60).into()
}

fn word(rng: &mut Rng) -> Box<str> {
    let length = rng.usize(1..12);
    std::iter::repeat_with(|| rng.lowercase()).take(length).collect::<String>().into()
}

fn words(rng: &mut Rng) -> Vec<Box<str>> {
    (0..rng.usize(..6)).map(|_| word(rng)).collect()
}

/// Of 64 bits, or few.
fn number(rng: &mut Rng) -> u64 {
    let shift = rng.u32(..64);
    rng.u64(..) >> shift
}

pub(super) fn parcel(rng: &mut Rng) -> Parcel {
    let correlation = number(rng);
    let asker = if rng.bool() { Side::Us } else { Side::Them };
    match rng.u8(..10) {
        0 => Parcel::Tell(envelope(rng)),
        1 => {
            let remaining = Duration::from_micros(rng.u32(..).into());
            Parcel::Ask { envelope: envelope(rng), correlation, remaining }
        }
        2 => Parcel::Answer { correlation, answered: answer(rng) },
        3 => Parcel::Cancel { correlation },
        4 => Parcel::Flow { course: Course { correlation, asker }, flow: flow(rng) },
        5 => Parcel::Room { target: some(rng), messages: rng.u32(..), bytes: number(rng) },
        6 => Parcel::Notice(notice(rng)),
        7 => Parcel::Apart(match rng.u8(..4) {
            0 => {
                let correlation = rng.bool().then_some(correlation);
                Apart::Barrier { number: number(rng), target: some(rng), correlation }
            }
            1 => Apart::Item { number: number(rng), course: Course { correlation, asker } },
            2 => Apart::Message { number: number(rng) },
            _ => Apart::Lane,
        }),
        8 => Parcel::Goodbye { text: word(rng), streams: number(rng) },
        _ => Parcel::Unknown,
    }
}

fn envelope(rng: &mut Rng) -> Envelope {
    let meta = if rng.bool() {
        Bytes::new()
    } else {
        with_here(|here| encode_meta(&meta(rng), here, Instant::ZERO))
    };
    Envelope { target: some(rng), rpc: rng.u32(..), body: some(rng), meta }
}

fn failure(rng: &mut Rng) -> Failure {
    let code = if rng.bool() { rng.u32(..70) } else { rng.u32(..) };
    let numbers = (0..rng.usize(..7)).map(|_| number(rng)).collect();
    Failure { code, maybe: rng.bool(), texts: words(rng), numbers }
}

fn answer(rng: &mut Rng) -> Answered {
    match rng.u8(..3) {
        0 => Answered::Reply(some(rng)),
        1 => Answered::Domain(some(rng)),
        _ => Answered::Failure(failure(rng)),
    }
}

fn flow(rng: &mut Rng) -> Flow {
    match rng.u8(..6) {
        0 => Flow::Item(some(rng)),
        1 => Flow::Credit(rng.u32(..)),
        2 => Flow::End(Ended::Done),
        3 => Flow::End(Ended::Domain(some(rng))),
        4 => Flow::End(Ended::Failure(failure(rng))),
        _ => Flow::Halt,
    }
}

fn notice(rng: &mut Rng) -> Notice {
    let (watch, target, actor) = (number(rng), some(rng), number(rng));
    let signal = [Signal::Stop, Signal::Drain, Signal::Kill, Signal::Restart];
    match rng.u8(..5) {
        0 => Notice::Signal { target, signal: signal[rng.usize(..4)] },
        1 => Notice::Watch { watch, target, actor },
        2 => Notice::Unwatch { watch },
        3 => Notice::Watched { watch, actor },
        _ => Notice::Terminated { watch, reason: reason_of(rng.u64(..9)) },
    }
}

fn meta(rng: &mut Rng) -> Meta {
    let mut headers = Headers::default();
    (0..rng.usize(..5)).for_each(|_| headers.insert(word(rng), word(rng)));
    let asker = (0..rng.u64(..5)).fold(None, |outer: Option<crate::actor::Frame>, actor| {
        let node = NodeAddress { system: "shop".into(), host: "host".into(), port: rng.u16(..) };
        let path = ActorPath::parse(&format!("/user/{}", word(rng))).expect("a path");
        let there = Elsewhere { node, incarnation: number(rng), path, actor, is_ours: false };
        let meta = outer.map(|outer| Arc::new(Meta { asker: Some(outer), ..Meta::default() }));
        let receiver = [Receiver::Exclusive, Receiver::Shared, Receiver::Turn][rng.usize(..3)];
        Some(crate::actor::Frame { who: Who::Elsewhere(there), receiver, meta })
    });
    let expires = rng.bool().then(|| Instant::ZERO + Duration::from_micros(rng.u32(1..).into()));
    Meta { headers, asker, expires, reminder: None }
}

/// A frame with as many values as it can hold.
fn crowd_of(kind: Kind, limit: usize, rng: &mut Rng, bytes: &mut BytesMut) {
    let crowd = crowd(limit - 1, rng);
    kind.put(bytes, |buffer| buffer.extend_from_slice(&crowd));
}

/// One field again and again, with next to nothing in it, as a message or in one.
fn crowd(limit: usize, rng: &mut Rng) -> Vec<u8> {
    let (tag, most) = (rng.u32(1..16), limit - 12);
    let mut inner = Vec::new();
    if rng.bool() {
        let length = rng.usize(..most);
        encode_key(tag, WireType::LengthDelimited, &mut inner);
        encode_varint(length as u64, &mut inner);
        inner.resize(inner.len() + length, rng.u8(..3));
    } else {
        let mut one = Vec::new();
        encode_key(tag, WireType::LengthDelimited, &mut one);
        let value = garbage(rng, 4);
        one.push(u8::try_from(value.len()).expect("it is short"));
        one.extend(value);
        inner = one.repeat(rng.usize(..most / one.len()));
    }
    if rng.bool() {
        return inner;
    }
    let mut outer = Vec::new();
    encode_key(rng.u32(1..7), WireType::LengthDelimited, &mut outer);
    encode_varint(inner.len() as u64, &mut outer);
    [outer, inner].concat()
}

fn identity(rng: &mut Rng) -> Identity {
    let contracts: BTreeMap<_, _> = words(rng).into_iter().map(|name| (name, number(rng))).collect();
    Identity {
        node: NodeId::from_u64(rng.u64(..)),
        incarnation: rng.u64(..),
        address: NodeAddress { system: "shop".into(), host: (&*word(rng)).into(), port: rng.u16(..) },
        protocols: Protocols::OURS,
        max_message: rng.usize(..),
        lanes: rng.u32(..),
        class: if rng.bool() { Class::Node } else { Class::Client },
        features: number(rng),
        contracts,
    }
}

fn hello(rng: &mut Rng) -> Hello {
    let (from, dialed) = (identity(rng), identity(rng).address);
    let seen = rng.bool().then(|| Seen { incarnation: rng.u64(..), dial: rng.u64(1..) });
    Hello { from, dialed, dial: number(rng), seen }
}

fn handshake(rng: &mut Rng) -> Vec<u8> {
    let mut bytes = BytesMut::new();
    match rng.u8(..4) {
        0 => crowd_of(Kind(rng.u8(1..4)), HANDSHAKE_LIMIT, rng, &mut bytes),
        1 => put_hello(&mut bytes, &hello(rng)),
        2 => put_welcome(&mut bytes, &identity(rng), rng.u32(..3)),
        _ => put_refused(&mut bytes, &HandshakeError::System { ours: word(rng), theirs: word(rng) }),
    }
    bytes.to_vec()
}
