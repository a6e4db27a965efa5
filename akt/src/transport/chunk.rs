//! *Pure.* One chunk on a connection of TCP: a part of a stream, or a word about one.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use thiserror::Error;

use super::error::Close;

/// The ordered pair of streams that every connection has.
pub(super) const LANE: u32 = 0;

/// The longest payload of a chunk: so long does a small message wait behind a large one.
pub(super) const LONGEST: usize = 16 << 10;

/// Kind, length and stream.
const HEAD: usize = 1 + 2 + 4;

/// The longest text of a close.
const TEXT: usize = 256;

const SETTINGS: u8 = 0;
const DATA: u8 = 1;
const FIN: u8 = 2;
const RESET: u8 = 3;
const CREDIT: u8 = 4;
const TAKEN: u8 = 5;
const STOP: u8 = 6;
const PING: u8 = 7;
const CLOSE: u8 = 8;
const PONG: u8 = 9;

/// What one side says to the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Chunk {
    /// The first one: what this side takes before it is read.
    Settings(Settings),
    /// Bytes of a stream of the one that says it.
    Data(u32, Bytes),
    /// All of it was sent.
    Fin(u32),
    /// Its writer is gone, and what is missing will not come.
    Reset(u32),
    /// Of a stream of the other side: so many bytes more may come.
    Credit(u32, u32),
    /// It was read to its end.
    Taken(u32),
    /// Nobody reads it.
    Stop(u32),
    /// A sign of life, with a number.
    Ping(u64),
    /// That one has come.
    Pong(u64),
    /// The last one.
    Close(Close, Box<str>),
}

/// How much one side takes before it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    /// Bytes of the lane.
    pub(super) lane: u32,
    /// Bytes of each other stream.
    pub(super) own: u32,
    /// Other streams at once.
    pub(super) streams: u32,
}

/// Why bytes are not a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum ChunkError {
    #[error("unknown chunk of kind {0:#04x}")]
    Kind(u8),
    #[error("chunk claims {length} bytes, the limit is {LONGEST}")]
    TooLong { length: usize },
    #[error("chunk of kind {kind:#04x} has {length} bytes")]
    Length { kind: u8, length: usize },
}

impl Chunk {
    pub(super) fn put(&self, out: &mut BytesMut) {
        match self {
            Self::Settings(Settings { lane, own, streams }) => {
                put_head(out, SETTINGS, 12, LANE);
                out.put_u32(*lane);
                out.put_u32(*own);
                out.put_u32(*streams);
            }
            Self::Data(stream, bytes) => {
                put_data_head(out, *stream, bytes.len());
                out.put_slice(bytes);
            }
            Self::Fin(stream) => put_head(out, FIN, 0, *stream),
            Self::Reset(stream) => put_head(out, RESET, 0, *stream),
            Self::Credit(stream, bytes) => {
                put_head(out, CREDIT, 4, *stream);
                out.put_u32(*bytes);
            }
            Self::Taken(stream) => put_head(out, TAKEN, 0, *stream),
            Self::Stop(stream) => put_head(out, STOP, 0, *stream),
            Self::Ping(number) => {
                put_head(out, PING, 8, LANE);
                out.put_u64(*number);
            }
            Self::Pong(number) => {
                put_head(out, PONG, 8, LANE);
                out.put_u64(*number);
            }
            Self::Close(code, text) => {
                let end = (0..=TEXT.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
                let text = &text.as_bytes()[..end];
                put_head(out, CLOSE, 4 + text.len(), LANE);
                out.put_u32(code.code());
                out.put_slice(text);
            }
        }
    }

    /// The next whole chunk in `buffer`, if it has come.
    ///
    /// # Errors
    ///
    /// [`ChunkError`]; the connection is of no use after it.
    pub(super) fn take(buffer: &mut BytesMut) -> Result<Option<Self>, ChunkError> {
        let Some(head) = buffer.first_chunk::<HEAD>() else { return Ok(None) };
        let (kind, length) = (head[0], usize::from(u16::from_be_bytes([head[1], head[2]])));
        let stream = u32::from_be_bytes([head[3], head[4], head[5], head[6]]);
        if length > LONGEST {
            return Err(ChunkError::TooLong { length });
        }
        if buffer.len() < HEAD + length {
            return Ok(None);
        }
        buffer.advance(HEAD);
        let payload = buffer.split_to(length).freeze();
        Self::read(kind, stream, payload).map(Some)
    }

    fn read(kind: u8, stream: u32, mut payload: Bytes) -> Result<Self, ChunkError> {
        let length = payload.len();
        let chunk = match (kind, length) {
            (SETTINGS, 12..) => {
                let [lane, own, streams] = [(); 3].map(|()| payload.get_u32());
                Self::Settings(Settings { lane, own, streams })
            }
            (DATA, 1..) => Self::Data(stream, payload),
            (FIN, 0) => Self::Fin(stream),
            (RESET, 0) => Self::Reset(stream),
            (CREDIT, 4) => Self::Credit(stream, payload.get_u32()),
            (TAKEN, 0) => Self::Taken(stream),
            (STOP, 0) => Self::Stop(stream),
            (PING, 8..) => Self::Ping(payload.get_u64()),
            (PONG, 8..) => Self::Pong(payload.get_u64()),
            (CLOSE, 4..) => {
                let code = Close::of(payload.get_u32());
                // Of what is no text, each byte would take three.
                payload.truncate(TEXT);
                Self::Close(code, super::error::printable(&String::from_utf8_lossy(&payload)))
            }
            (SETTINGS..=PONG, _) => return Err(ChunkError::Length { kind, length }),
            _ => return Err(ChunkError::Kind(kind)),
        };
        Ok(chunk)
    }
}

/// Begins a chunk of `length` bytes of a stream, which the caller appends.
pub(super) fn put_data_head(out: &mut BytesMut, stream: u32, length: usize) {
    put_head(out, DATA, length, stream);
}

fn put_head(out: &mut BytesMut, kind: u8, length: usize, stream: u32) {
    out.put_u8(kind);
    out.put_u16(u16::try_from(length).expect("a chunk is cut to its limit"));
    out.put_u32(stream);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chunks() -> impl Strategy<Value = Chunk> {
        let bytes = prop::collection::vec(any::<u8>(), 1..300).prop_map(Bytes::from);
        prop_oneof![
            any::<[u32; 3]>().prop_map(|[lane, own, streams]| Chunk::Settings(Settings {
                lane,
                own,
                streams
            })),
            (any::<u32>(), bytes).prop_map(|(stream, bytes)| Chunk::Data(stream, bytes)),
            any::<u32>().prop_map(Chunk::Fin),
            any::<u32>().prop_map(Chunk::Reset),
            any::<(u32, u32)>().prop_map(|(stream, bytes)| Chunk::Credit(stream, bytes)),
            any::<u32>().prop_map(Chunk::Taken),
            any::<u32>().prop_map(Chunk::Stop),
            any::<u64>().prop_map(Chunk::Ping),
            any::<u64>().prop_map(Chunk::Pong),
            (any::<u32>(), "[a-zü ]{0,80}")
                .prop_map(|(code, text)| Chunk::Close(Close::of(code), text.into())),
        ]
    }

    #[test]
    fn a_chunk_that_claims_more_than_the_limit_is_refused_before_it_has_come() {
        let mut buffer = BytesMut::new();
        buffer.put_slice(&[DATA, 0xff, 0xff, 0, 0, 0, 0]);

        assert_eq!(Chunk::take(&mut buffer), Err(ChunkError::TooLong { length: 0xffff }));
    }

    #[test]
    fn the_text_of_a_close_is_cut_between_characters() {
        let mut buffer = BytesMut::new();

        Chunk::Close(Close::Done, "ü".repeat(200).into()).put(&mut buffer);

        let said = Chunk::take(&mut buffer).unwrap().unwrap();
        assert_eq!(said, Chunk::Close(Close::Done, "ü".repeat(128).into()));
    }

    proptest! {
        #[test]
        fn chunks_survive_any_cut(sent in prop::collection::vec(chunks(), 0..20), cut in 1_usize..50) {
            let mut stream = BytesMut::new();
            sent.iter().for_each(|chunk| chunk.put(&mut stream));

            let (mut buffer, mut got) = (BytesMut::new(), Vec::new());
            while !stream.is_empty() {
                buffer.put_slice(&stream.split_to(cut.min(stream.len())));
                while let Some(chunk) = Chunk::take(&mut buffer).unwrap() {
                    got.push(chunk);
                }
            }

            prop_assert_eq!(got, sent);
        }

        #[test]
        fn garbage_is_refused_and_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
            let mut buffer = BytesMut::from(&bytes[..]);
            while let Ok(Some(_)) = Chunk::take(&mut buffer) {}
        }
    }
}
