//! Chunks and streams of TCP as a hostile peer sends them: a bounded cost, whatever comes in whatever order.

use std::task::{Poll, Waker};

use bytes::{Bytes, BytesMut};
use fastrand::Rng;

use super::chunk::{Chunk, LANE, LONGEST, Settings};
use super::error::Close;
use super::mux::Mux;
use super::mux::tests::{Kept, kept};
use crate::fuzz::{self, Allowed, Script, counted, garbage};

const OURS: Settings = Settings { lane: 64 << 10, own: 3_000, streams: 4 };

/// What one side may keep of the other's: its windows.
const WINDOWS: usize = (OURS.lane + OURS.own * OURS.streams) as usize;

#[test]
fn any_bytes_are_chunks_or_refused() {
    let chunks = |rng: &mut Rng| {
        let mut bytes = BytesMut::new();
        (0..rng.usize(1..9)).for_each(|_| chunk(rng).put(&mut bytes));
        bytes.to_vec()
    };
    let allowed = Allowed { largest: LONGEST, peak: 2 * LONGEST };
    fuzz::feed("chunks", allowed, chunks, |bytes, mut cuts| {
        let (mut buffer, mut rest) = (BytesMut::new(), bytes);
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(cuts.usize(1..=rest.len()));
            buffer.extend_from_slice(piece);
            rest = after;
            loop {
                match counted(|| Chunk::take(&mut buffer)) {
                    Ok(Some(chunk)) => says_the_same(&chunk),
                    Ok(None) => break,
                    Err(_) => return,
                }
            }
            assert!(buffer.len() < LONGEST + 7, "more is kept than one chunk");
        }
    });
}

/// A ping and settings may come with more, and a close with text that is made safe to print.
fn says_the_same(chunk: &Chunk) {
    if matches!(chunk, Chunk::Close(..)) {
        return;
    }
    let mut again = BytesMut::new();
    chunk.put(&mut again);
    assert_eq!(Chunk::take(&mut again).as_ref(), Ok(&Some(chunk.clone())));
}

#[test]
fn whatever_the_peer_does_its_streams_stay_within_their_windows() {
    // Both sides' windows, what waits to be sent, and the room that vectors keep.
    let allowed = Allowed { largest: 512 << 10, peak: 4 << 20 };
    fuzz::feed(
        "streams of TCP",
        allowed,
        |rng| garbage(rng, 900),
        |bytes, cuts| {
            counted(|| {
                Side {
                    mux: Mux::new(OURS),
                    input: BytesMut::new(),
                    opened: Vec::new(),
                    accepted: vec![LANE],
                }
                .live(Script::of(bytes), cuts);
            });
        },
    );
}

/// This side of a connection, and what its users do.
struct Side {
    mux: Mux,
    input: BytesMut,
    opened: Vec<u32>,
    accepted: Vec<u32>,
}

impl Side {
    fn live(mut self, mut script: Script<'_>, mut rng: Rng) {
        while let Some(step) = script.next() {
            match step % 16 {
                0..9 => self.hear(&mut script, &mut rng),
                9 => self.input.extend_from_slice(&garbage(&mut rng, 30)),
                _ => self.act(step, &mut script),
            }
            self.mux.receive(&mut self.input);
            if self.mux.end().is_some() {
                return;
            }
            drop(self.mux.take_woken());
            self.check();
        }
    }

    /// Something that is said well.
    fn hear(&mut self, script: &mut Script<'_>, rng: &mut Rng) {
        let stream = u32::try_from(script.number() % (1 << 32)).expect("it is cut");
        let most = LONGEST >> rng.u32(..12);
        let said = match script.next().unwrap_or_default() % 12 {
            0 => Chunk::Settings(Settings { lane: rng.u32(..), own: rng.u32(..), streams: stream }),
            1..6 => Chunk::Data(stream, vec![7; rng.usize(1..most)].into()),
            6 => Chunk::Fin(stream),
            7 => Chunk::Reset(stream),
            8 => Chunk::Credit(stream, rng.u32(..)),
            9 => Chunk::Taken(stream),
            10 => Chunk::Stop(stream),
            11 if script.flag() => Chunk::Pong(u64::from(stream)),
            _ => Chunk::Ping(u64::from(stream)),
        };
        said.put(&mut self.input);
    }

    /// What the users of this side do.
    fn act(&mut self, step: u8, script: &mut Script<'_>) {
        let waker = Waker::noop();
        let which = usize::from(script.next().unwrap_or_default());
        let theirs = self.accepted.get(which % 8).copied();
        let stream = u32::try_from(which % 6).expect("it is small");
        match step % 16 {
            10 => drop(theirs.map(|stream| self.mux.read(stream, &mut BytesMut::new(), waker))),
            11 => drop(self.mux.write(stream, &mut Bytes::from_static(&[7; 900]), waker)),
            12 if self.opened.len() < 8 => self.opened.extend(match self.mux.open(waker) {
                Poll::Ready(Ok(stream)) => Some(stream),
                _ => None,
            }),
            13 => {
                if let Poll::Ready(Ok(stream)) = self.mux.accept(waker) {
                    self.accepted.push(stream);
                }
            }
            14 if script.flag() => self.mux.finish(stream),
            14 => self.mux.drop_writer(stream),
            15 if which > 0 && self.accepted.len() > 1 => {
                let stream = self.accepted.remove(1 + which % (self.accepted.len() - 1));
                self.mux.drop_reader(stream);
            }
            _ => self.mux.fill(&mut BytesMut::new()),
        }
    }

    fn check(&self) {
        let Kept { incoming, bytes, unaccepted, words } = kept(&self.mux);
        assert!(bytes <= WINDOWS, "{bytes} bytes are kept of the peer");
        let most = OURS.streams as usize + 1;
        assert!(incoming <= most && unaccepted <= most, "{incoming} streams, {unaccepted} not accepted");
        assert!(words <= 1_100, "{words} words wait for a peer that does not read");
    }
}

fn chunk(rng: &mut Rng) -> Chunk {
    let stream = rng.u32(..) >> rng.u32(..32);
    match rng.u8(..10) {
        0 => Chunk::Settings(Settings { lane: rng.u32(..), own: rng.u32(..), streams: rng.u32(..) }),
        1 => Chunk::Data(stream, vec![7; rng.usize(1..300)].into()),
        2 => Chunk::Fin(stream),
        3 => Chunk::Reset(stream),
        4 => Chunk::Credit(stream, rng.u32(..)),
        5 => Chunk::Taken(stream),
        6 => Chunk::Stop(stream),
        7 => Chunk::Ping(rng.u64(..)),
        8 => Chunk::Pong(rng.u64(..)),
        _ => Chunk::Close(Close::of(rng.u32(..)), "go\naway".repeat(rng.usize(..60)).into()),
    }
}
