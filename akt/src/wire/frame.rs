//! *Pure.* One frame on a connection: length, kind, payload, with a limit that holds before any allocation.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use thiserror::Error;

use super::metadata::METADATA_LIMIT;

/// The longest frame of a handshake: nothing larger is read from a peer that has not introduced itself.
pub(crate) const HANDSHAKE_LIMIT: usize = 4 * 1024;

/// What a data frame may add to the body it carries: target, numbers, text of an error, metadata.
pub(crate) const HEADROOM: usize = 8 * 1024 + METADATA_LIMIT;

const LENGTH: usize = 4;

/// A frame that was read whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: Kind,
    pub(crate) payload: Bytes,
}

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind(pub(crate) u8);

impl Kind {
    pub(crate) const HELLO: Self = Self(0x01);
    pub(crate) const WELCOME: Self = Self(0x02);
    pub(crate) const REFUSED: Self = Self(0x03);
    pub(crate) const TELL: Self = Self(0x10);
    pub(crate) const ASK: Self = Self(0x11);
    pub(crate) const ANSWER: Self = Self(0x12);
    pub(crate) const CANCEL: Self = Self(0x13);
    pub(crate) const SIGNAL: Self = Self(0x14);
    pub(crate) const WATCH: Self = Self(0x15);
    pub(crate) const UNWATCH: Self = Self(0x16);
    pub(crate) const WATCHED: Self = Self(0x17);
    pub(crate) const TERMINATED: Self = Self(0x18);
    /// Of messages that come by streams of their own.
    pub(crate) const BARRIER: Self = Self(0x1a);
    pub(crate) const APART: Self = Self(0x1b);
    /// The first frame of a stream that is one more lane.
    pub(crate) const LANE: Self = Self(0x1c);
    pub(crate) const ITEM_BARRIER: Self = Self(0x1e);
    pub(crate) const GOODBYE: Self = Self(0x1f);
    /// Of streams, which a peer whose contracts have none may skip.
    pub(crate) const ITEM: Self = Self(0x94);
    pub(crate) const CREDIT: Self = Self(0x95);
    pub(crate) const END: Self = Self(0x96);
    pub(crate) const HALT: Self = Self(0x97);
    pub(crate) const ROOM: Self = Self(0x1d);

    /// Of messages that come by other streams than the first lane.
    pub(crate) const fn is_apart(self) -> bool {
        matches!(self, Self::BARRIER | Self::ITEM_BARRIER | Self::APART | Self::LANE)
    }

    /// A newer peer says so of kinds that an older one may skip.
    pub(crate) const fn ignorable(self) -> bool {
        self.0 & 0x80 != 0
    }

    /// Appends a frame of this kind to `buffer`; `payload` writes what it carries.
    pub(crate) fn put(self, buffer: &mut BytesMut, payload: impl FnOnce(&mut BytesMut)) {
        self.put_before(buffer, 0, payload);
    }

    /// As [`put`](Self::put); so many bytes of what it carries follow, and are not written here.
    pub(crate) fn put_before(self, buffer: &mut BytesMut, rest: usize, payload: impl FnOnce(&mut BytesMut)) {
        let start = buffer.len();
        buffer.put_u32(0);
        buffer.put_u8(self.0);
        payload(buffer);
        let length = u32::try_from(buffer.len() - start - LENGTH + rest)
            .expect("a message is checked against its limit before");
        buffer[start..start + LENGTH].copy_from_slice(&length.to_be_bytes());
    }
}

/// Cuts a stream of bytes into frames.
#[derive(Debug)]
pub(crate) struct Decoder {
    buffer: BytesMut,
    limit: usize,
}

impl Decoder {
    /// A decoder for frames of at most `limit` bytes after the length.
    pub(crate) fn new(limit: usize) -> Self {
        Self { buffer: BytesMut::new(), limit }
    }

    /// Changes the limit for the frames that follow.
    pub(crate) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Where the reader appends what came; it grows by what came, never by what a frame claims.
    pub(crate) fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// Bytes that have come and are not a frame yet.
    pub(crate) fn kept(&self) -> usize {
        self.buffer.len()
    }

    /// The next whole frame, if it has come.
    ///
    /// # Errors
    ///
    /// [`FrameError`] as soon as the length is there and is not allowed; the connection is of no use after it.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, FrameError> {
        let Some(head) = self.buffer.first_chunk::<LENGTH>() else { return Ok(None) };
        let claimed = u32::from_be_bytes(*head);
        if claimed == 0 {
            return Err(FrameError::Empty);
        }
        let length = claimed as usize;
        if length > self.limit {
            return Err(FrameError::TooLong { claimed, limit: self.limit });
        }
        if self.buffer.len() < LENGTH + length {
            return Ok(None);
        }
        self.buffer.advance(LENGTH);
        let mut payload = self.buffer.split_to(length).freeze();
        let kind = Kind(payload.get_u8());
        Ok(Some(Frame { kind, payload }))
    }
}

/// Why bytes are not a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum FrameError {
    /// It claims more than is allowed in this phase.
    #[error("frame claims {claimed} bytes, the limit is {limit}")]
    TooLong { claimed: u32, limit: usize },
    /// It claims nothing, not even a kind.
    #[error("frame without a kind")]
    Empty,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frames(decoder: &mut Decoder) -> Result<Vec<Frame>, FrameError> {
        std::iter::from_fn(|| decoder.next().transpose()).collect()
    }

    #[test]
    fn a_frame_that_claims_four_gigabytes_is_refused_before_any_allocation() {
        let mut decoder = Decoder::new(HANDSHAKE_LIMIT);

        decoder.buffer().put_u32(u32::MAX);

        assert_eq!(decoder.next(), Err(FrameError::TooLong { claimed: u32::MAX, limit: HANDSHAKE_LIMIT }));
        assert!(decoder.buffer().capacity() < 1024);
    }

    #[test]
    fn a_frame_of_exactly_the_limit_passes_and_one_byte_more_does_not() {
        let mut decoder = Decoder::new(10);

        Kind::TELL.put(decoder.buffer(), |b| b.put_bytes(7, 9));
        Kind::TELL.put(decoder.buffer(), |b| b.put_bytes(7, 10));

        assert_eq!(decoder.next().unwrap().unwrap().payload.len(), 9);
        assert_eq!(decoder.next(), Err(FrameError::TooLong { claimed: 11, limit: 10 }));
    }

    proptest! {
        #[test]
        fn frames_survive_any_cut_of_the_stream(
            payloads in prop::collection::vec((1_u8.., prop::collection::vec(any::<u8>(), 0..300)), 0..20),
            cuts in prop::collection::vec(1_usize..97, 1..20),
        ) {
            let mut stream = BytesMut::new();
            for (kind, payload) in &payloads {
                Kind(*kind).put(&mut stream, |b| b.put_slice(payload));
            }

            let mut decoder = Decoder::new(1024);
            let mut got = Vec::new();
            let mut cuts = cuts.iter().cycle();
            while !stream.is_empty() {
                let cut = (*cuts.next().unwrap()).min(stream.len());
                decoder.buffer().put_slice(&stream.split_to(cut));
                got.extend(frames(&mut decoder).unwrap());
            }

            let got: Vec<_> = got.into_iter().map(|f| (f.kind.0, f.payload.to_vec())).collect();
            prop_assert_eq!(got, payloads);
        }

        #[test]
        fn garbage_is_cut_into_frames_or_refused_but_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
            let mut decoder = Decoder::new(512);
            decoder.buffer().put_slice(&bytes);

            if let Ok(frames) = frames(&mut decoder) {
                prop_assert!(frames.iter().all(|f| f.payload.len() < 512));
            }
        }
    }
}
