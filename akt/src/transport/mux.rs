//! *Pure.* Many streams over one ordered connection: their chunks in turn, never more than the other side takes.

use std::collections::{BTreeMap, VecDeque};
use std::task::{Poll, Waker};

use bytes::{Buf, Bytes, BytesMut};

use super::chunk::{Chunk, LANE, LONGEST, Settings, put_data_head};
use super::error::{Close, Lost};
use super::half::{Incoming, IncomingEnd, Outgoing, OutgoingEnd};

/// So much of one stream may wait to be sent; whoever has more waits.
const QUEUED: usize = 128 << 10;

/// So much is put together for one write.
const FILL: usize = 64 << 10;

/// Chunks of the lane for each one of another stream, while both have some.
const RUN: u32 = 4;

/// So much of a stream is read at once: what was read is granted anew, while its reader still has it.
const READ: usize = 128 << 10;

/// Words that may wait for a peer that does not read.
const WORDS: usize = 1_024;

/// Until the peer has said what it takes.
const UNKNOWN: Settings = Settings { lane: 64 << 10, own: 0, streams: 0 };

/// Both directions of one connection.
#[derive(Debug)]
pub(super) struct Mux {
    ours: Settings,
    theirs: Settings,
    outgoing: BTreeMap<u32, Outgoing>,
    incoming: BTreeMap<u32, Incoming>,
    /// The last stream of each side.
    last: (u32, u32),
    /// Streams beside the lane that could send a chunk.
    turns: VecDeque<u32>,
    /// Chunks of the lane since one of another stream.
    run: u32,
    words: VecDeque<Chunk>,
    unaccepted: VecDeque<u32>,
    /// The last ping that the peer has answered.
    pub(super) pong: u64,
    end: Option<Lost>,
    accepting: Option<Waker>,
    opening: Vec<Waker>,
    woken: Vec<Waker>,
}

impl Mux {
    /// The state of a connection before anything was sent; `ours` is what this side takes.
    pub(super) fn new(ours: Settings) -> Self {
        Self {
            ours,
            theirs: UNKNOWN,
            outgoing: BTreeMap::from([(LANE, Outgoing::with(UNKNOWN.lane as usize))]),
            incoming: BTreeMap::from([(LANE, Incoming::with(ours.lane as usize))]),
            last: (LANE, LANE),
            turns: VecDeque::new(),
            run: 0,
            words: VecDeque::from([Chunk::Settings(ours)]),
            unaccepted: VecDeque::new(),
            pong: 0,
            end: None,
            accepting: None,
            opening: Vec::new(),
            woken: Vec::new(),
        }
    }

    // ---- the users of its streams ----------------------------------------------------------

    /// Opens a stream, once the peer takes one more.
    pub(super) fn open(&mut self, waker: &Waker) -> Poll<Result<u32, Lost>> {
        if let Some(lost) = &self.end {
            return Poll::Ready(Err(lost.clone()));
        }
        if self.outgoing.len() > self.theirs.streams as usize {
            self.opening.push(waker.clone());
            return Poll::Pending;
        }
        self.last.0 += 1;
        self.outgoing.insert(self.last.0, Outgoing::with(self.theirs.own as usize));
        Poll::Ready(Ok(self.last.0))
    }

    /// The next stream that the peer has opened.
    pub(super) fn accept(&mut self, waker: &Waker) -> Poll<Result<u32, Lost>> {
        match (self.unaccepted.pop_front(), &self.end) {
            (Some(stream), _) => Poll::Ready(Ok(stream)),
            (None, Some(lost)) => Poll::Ready(Err(lost.clone())),
            (None, None) => {
                self.accepting = Some(waker.clone());
                Poll::Pending
            }
        }
    }

    /// Queues `bytes` once there is room.
    pub(super) fn write(&mut self, stream: u32, bytes: &mut Bytes, waker: &Waker) -> Poll<Result<(), Lost>> {
        let ended = self.end.clone();
        let Some(outgoing) = self.outgoing.get_mut(&stream).filter(|it| it.end == OutgoingEnd::Open) else {
            return Poll::Ready(Err(ended.unwrap_or_else(stopped)));
        };
        if let Some(lost) = ended {
            return Poll::Ready(Err(lost));
        }
        if outgoing.queued >= QUEUED {
            outgoing.waiting = Some(waker.clone());
            return Poll::Pending;
        }
        if !bytes.is_empty() {
            outgoing.queued += bytes.len();
            outgoing.queue.push_back(std::mem::take(bytes));
            self.take_turn(stream);
        }
        Poll::Ready(Ok(()))
    }

    /// Nothing follows what was written.
    pub(super) fn finish(&mut self, stream: u32) {
        if let Some(outgoing) = self.outgoing.get_mut(&stream).filter(|it| it.end == OutgoingEnd::Open) {
            outgoing.end = OutgoingEnd::Asked;
            self.take_turn(stream);
        }
    }

    /// Ready when the peer has read a finished stream to its end, or reads no more of it.
    pub(super) fn taken(&mut self, stream: u32, waker: &Waker) -> Poll<Result<(), Lost>> {
        let end = self.outgoing.get(&stream).map(|outgoing| outgoing.end);
        match (end, &self.end) {
            (Some(OutgoingEnd::Taken | OutgoingEnd::Stopped), _) => Poll::Ready(Ok(())),
            (_, Some(lost)) => Poll::Ready(Err(lost.clone())),
            (None, None) => Poll::Ready(Err(stopped())),
            (Some(_), None) => {
                if let Some(outgoing) = self.outgoing.get_mut(&stream) {
                    outgoing.waiting = Some(waker.clone());
                }
                Poll::Pending
            }
        }
    }

    /// The writer of `stream` is gone: what it did not finish is torn off.
    pub(super) fn drop_writer(&mut self, stream: u32) {
        let Some(outgoing) = self.outgoing.get_mut(&stream) else { return };
        outgoing.unwatched = true;
        match outgoing.end {
            OutgoingEnd::Open => {
                outgoing.end = OutgoingEnd::Sent;
                outgoing.drop_queue();
                self.words.push_back(Chunk::Reset(stream));
            }
            OutgoingEnd::Taken | OutgoingEnd::Stopped => self.forget(stream),
            OutgoingEnd::Asked | OutgoingEnd::Sent => {}
        }
    }

    /// Appends what has come to `buffer`; its last answer is `false`, or an error.
    pub(super) fn read(
        &mut self,
        stream: u32,
        buffer: &mut BytesMut,
        waker: &Waker,
    ) -> Poll<Result<bool, Lost>> {
        let here = self.end.as_ref().filter(|lost| **lost == Lost::Here);
        if let Some(lost) = here {
            return Poll::Ready(Err(lost.clone()));
        }
        let Some(incoming) = self.incoming.get_mut(&stream) else { return Poll::Ready(Err(Lost::Here)) };
        if !incoming.bytes.is_empty() {
            let part = incoming.bytes.len().min(READ);
            // Not copied where it continues what is in the buffer.
            buffer.unsplit(incoming.bytes.split_to(part));
            self.grant(stream);
            return Poll::Ready(Ok(true));
        }
        match (incoming.end, &self.end) {
            (IncomingEnd::Open, Some(lost)) => Poll::Ready(Err(lost.clone())),
            (IncomingEnd::Open, None) => {
                incoming.waiting = Some(waker.clone());
                Poll::Pending
            }
            (end, _) => {
                self.incoming.remove(&stream);
                self.words.push_back(Chunk::Taken(stream));
                Poll::Ready(if end == IncomingEnd::Finished { Ok(false) } else { Err(stopped()) })
            }
        }
    }

    /// The reader of `stream` is gone.
    pub(super) fn drop_reader(&mut self, stream: u32) {
        if self.incoming.remove(&stream).is_some() {
            self.words.push_back(Chunk::Stop(stream));
        }
    }

    /// Says the end of the connection; nothing else is said or heard from now on.
    pub(super) fn close(&mut self, reason: Close, text: &str) {
        if self.end.is_none() {
            self.words.push_back(Chunk::Close(reason, text.into()));
            self.lose(Lost::Here);
        }
    }

    // ---- the connection --------------------------------------------------------------------

    /// Appends what is to be sent next.
    pub(super) fn fill(&mut self, out: &mut BytesMut) {
        for word in self.words.drain(..) {
            word.put(out);
        }
        while self.end.is_none() && out.len() < FILL && self.put_next(out) {}
    }

    /// Says a sign of life.
    pub(super) fn ping(&mut self, number: u64) {
        self.words.push_back(Chunk::Ping(number));
    }

    /// Whether [`fill`](Self::fill) has something.
    pub(super) fn has_more(&self) -> bool {
        let lane = || self.outgoing.get(&LANE).is_some_and(Outgoing::can_send);
        !self.words.is_empty() || (self.end.is_none() && (!self.turns.is_empty() || lane()))
    }

    /// Takes in what has come; what is wrong with it ends the connection.
    pub(super) fn receive(&mut self, buffer: &mut BytesMut) {
        while self.end.is_none() {
            match Chunk::take(buffer) {
                Ok(Some(chunk)) => self.take(chunk),
                Ok(None) => return,
                Err(error) => self.fail(&error.to_string()),
            }
            if self.words.len() > WORDS {
                self.lose(Lost::Transport { text: "peer says much and reads nothing".into() });
            }
        }
    }

    /// The connection has ended.
    pub(super) fn lose(&mut self, lost: Lost) {
        if self.end.is_some() {
            return;
        }
        self.end = Some(lost);
        self.woken.extend(self.outgoing.values_mut().filter_map(|outgoing| outgoing.waiting.take()));
        self.woken.extend(self.incoming.values_mut().filter_map(|incoming| incoming.waiting.take()));
        self.woken.extend(self.accepting.take());
        self.woken.append(&mut self.opening);
        self.outgoing.values_mut().for_each(Outgoing::drop_queue);
    }

    /// Why it ended.
    pub(super) fn end(&self) -> Option<&Lost> {
        self.end.as_ref()
    }

    /// Who is to be woken now, without a lock.
    pub(super) fn take_woken(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.woken)
    }

    /// Puts one chunk of the stream whose turn it is; false if there is nothing to send.
    fn put_next(&mut self, out: &mut BytesMut) -> bool {
        let lane = self.outgoing.get(&LANE).is_some_and(Outgoing::can_send);
        if lane && (self.run < RUN || self.turns.is_empty()) {
            self.run += 1;
            self.put_chunk(LANE, out);
            return true;
        }
        self.run = 0;
        let Some(stream) = self.turns.pop_front() else { return lane };
        if let Some(outgoing) = self.outgoing.get_mut(&stream) {
            outgoing.in_turn = false;
            if outgoing.can_send() {
                self.put_chunk(stream, out);
                self.take_turn(stream);
            }
        }
        true
    }

    fn put_chunk(&mut self, stream: u32, out: &mut BytesMut) {
        let Some(outgoing) = self.outgoing.get_mut(&stream) else { return };
        let mut length = outgoing.queued.min(outgoing.credit).min(LONGEST);
        if length > 0 {
            put_data_head(out, stream, length);
            outgoing.queued -= length;
            outgoing.credit -= length;
        }
        while let Some(bytes) = outgoing.queue.front_mut().filter(|_| length > 0) {
            let part = bytes.len().min(length);
            out.extend_from_slice(&bytes[..part]);
            bytes.advance(part);
            length -= part;
            if bytes.is_empty() {
                outgoing.queue.pop_front();
            }
        }
        if outgoing.queue.is_empty() && outgoing.end == OutgoingEnd::Asked {
            outgoing.end = OutgoingEnd::Sent;
            Chunk::Fin(stream).put(out);
        }
        if outgoing.queued < QUEUED && outgoing.end == OutgoingEnd::Open {
            self.woken.extend(outgoing.waiting.take());
        }
    }

    /// Puts a stream that can send among the turns.
    fn take_turn(&mut self, stream: u32) {
        let Some(outgoing) = self.outgoing.get_mut(&stream).filter(|_| stream != LANE) else { return };
        if outgoing.can_send() && !outgoing.in_turn {
            outgoing.in_turn = true;
            self.turns.push_back(stream);
        }
    }

    /// Grants the room of what was read, a quarter of the window at a time.
    fn grant(&mut self, stream: u32) {
        let Some(incoming) = self.incoming.get_mut(&stream) else { return };
        let free = incoming.used - incoming.bytes.len();
        if free >= incoming.window / 4 && incoming.end == IncomingEnd::Open {
            incoming.used -= free;
            let free = u32::try_from(free).expect("a window has 32 bits");
            self.words.push_back(Chunk::Credit(stream, free));
        }
    }

    fn take(&mut self, chunk: Chunk) {
        match chunk {
            Chunk::Settings(theirs) => self.settle(theirs),
            Chunk::Data(stream, bytes) => self.take_data(stream, &bytes),
            Chunk::Fin(stream) => self.take_end(stream, IncomingEnd::Finished),
            Chunk::Reset(stream) => self.take_end(stream, IncomingEnd::Reset),
            Chunk::Credit(stream, bytes) => {
                if let Some(outgoing) = self.outgoing.get_mut(&stream) {
                    outgoing.credit = outgoing.credit.saturating_add(bytes as usize);
                    self.take_turn(stream);
                }
            }
            Chunk::Taken(stream) => self.take_outcome(stream, OutgoingEnd::Taken),
            Chunk::Stop(stream) => self.take_outcome(stream, OutgoingEnd::Stopped),
            Chunk::Ping(number) => self.words.push_back(Chunk::Pong(number)),
            Chunk::Pong(number) => self.pong = number,
            Chunk::Close(code, text) => self.lose(Lost::Closed { code, text }),
        }
    }

    /// The peer has said what it takes, once.
    fn settle(&mut self, theirs: Settings) {
        if self.theirs != UNKNOWN || theirs == UNKNOWN {
            return self.fail("settings said twice");
        }
        if let Some(lane) = self.outgoing.get_mut(&LANE) {
            lane.credit += (theirs.lane.saturating_sub(UNKNOWN.lane)) as usize;
        }
        self.theirs = theirs;
        self.woken.append(&mut self.opening);
    }

    /// The stream of the peer that something came of; a new one opens those before it, too, which are in use later.
    /// `None` if nobody reads it any more.
    fn incoming(&mut self, stream: u32) -> Option<&mut Incoming> {
        let new = stream.saturating_sub(self.last.1) as usize;
        if self.incoming.len() + new > self.ours.streams as usize + 1 {
            self.fail("more streams were opened than are allowed");
            return None;
        }
        for opened in (self.last.1..stream).map(|last| last + 1) {
            self.incoming.insert(opened, Incoming::with(self.ours.own as usize));
            self.unaccepted.push_back(opened);
        }
        if new > 0 {
            self.last.1 = stream;
            self.woken.extend(self.accepting.take());
        }
        self.incoming.get_mut(&stream)
    }

    fn take_data(&mut self, stream: u32, bytes: &[u8]) {
        let Some(incoming) = self.incoming(stream) else { return };
        incoming.used += bytes.len();
        if incoming.used > incoming.window || incoming.end != IncomingEnd::Open {
            return self.fail("more was sent than there is room for");
        }
        incoming.bytes.extend_from_slice(bytes);
        let waiting = incoming.waiting.take();
        self.woken.extend(waiting);
    }

    fn take_end(&mut self, stream: u32, end: IncomingEnd) {
        let Some(incoming) = self.incoming(stream) else { return };
        if incoming.end == IncomingEnd::Open {
            incoming.end = end;
        }
        let waiting = incoming.waiting.take();
        self.woken.extend(waiting);
    }

    /// The peer is done with a stream of this side.
    fn take_outcome(&mut self, stream: u32, end: OutgoingEnd) {
        let Some(outgoing) = self.outgoing.get_mut(&stream) else { return };
        outgoing.end = end;
        outgoing.drop_queue();
        let (waiting, unwatched) = (outgoing.waiting.take(), outgoing.unwatched);
        self.woken.extend(waiting);
        if unwatched {
            self.forget(stream);
        }
    }

    fn forget(&mut self, stream: u32) {
        self.outgoing.remove(&stream);
        self.woken.append(&mut self.opening);
    }

    fn fail(&mut self, text: &str) {
        if self.end.is_none() {
            self.words.push_back(Chunk::Close(Close::Protocol, text.into()));
            self.lose(Lost::Transport { text: text.into() });
        }
    }
}

/// The other end of the stream is gone, the connection is not.
fn stopped() -> Lost {
    Lost::Closed { code: Close::Done, text: "stream stopped".into() }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What one side keeps of the other's.
    pub(in crate::transport) struct Kept {
        pub(in crate::transport) incoming: usize,
        pub(in crate::transport) bytes: usize,
        pub(in crate::transport) unaccepted: usize,
        pub(in crate::transport) words: usize,
    }

    pub(in crate::transport) fn kept(mux: &Mux) -> Kept {
        Kept {
            incoming: mux.incoming.len(),
            bytes: mux.incoming.values().map(|incoming| incoming.bytes.len()).sum(),
            unaccepted: mux.unaccepted.len(),
            words: mux.words.len(),
        }
    }

    const SMALL: Settings = Settings { lane: 64 << 10, own: 3_000, streams: 2 };

    fn waker() -> &'static Waker {
        Waker::noop()
    }

    fn write(mux: &mut Mux, stream: u32, bytes: &[u8]) -> bool {
        matches!(mux.write(stream, &mut Bytes::copy_from_slice(bytes), waker()), Poll::Ready(Ok(())))
    }

    /// Sends what `from` has to `to`, in pieces that are cut anywhere.
    fn pass(from: &mut Mux, to: &mut Mux, cut: usize) {
        let (mut out, mut buffer) = (BytesMut::new(), BytesMut::new());
        from.fill(&mut out);
        while !out.is_empty() {
            buffer.extend_from_slice(&out.split_to(cut.min(out.len())));
            to.receive(&mut buffer);
        }
    }

    /// What has come of `stream`, and whether it is at its end.
    fn read(mux: &mut Mux, stream: u32, all: &mut BytesMut) -> bool {
        while mux.incoming.contains_key(&stream) {
            match mux.read(stream, all, waker()) {
                Poll::Ready(Ok(true)) => {}
                Poll::Ready(Ok(false)) => return true,
                other => {
                    assert!(other.is_pending(), "{other:?}");
                    return false;
                }
            }
        }
        false
    }

    #[test]
    fn a_read_takes_a_part_and_the_next_one_goes_on_with_it() {
        let window = u32::try_from(3 * READ).unwrap();
        let [mut near, mut far] = [Settings { lane: window, ..SMALL }; 2].map(Mux::new);
        pass(&mut near, &mut far, usize::MAX);
        pass(&mut far, &mut near, usize::MAX);
        let said: Vec<u8> = (0..=255).cycle().take(2 * READ + 7).collect();
        for part in said.chunks(LONGEST) {
            assert!(write(&mut near, LANE, part));
            pass(&mut near, &mut far, usize::MAX);
        }

        let mut read = BytesMut::new();
        for length in [READ, 2 * READ, said.len()] {
            assert!(far.read(LANE, &mut read, waker()).is_ready());
            assert_eq!(read.len(), length);
        }
        assert!(far.read(LANE, &mut read, waker()).is_pending());
        assert_eq!(read, said);
    }

    fn pair() -> [Mux; 2] {
        let [mut near, mut far] = [SMALL; 2].map(Mux::new);
        pass(&mut near, &mut far, usize::MAX);
        pass(&mut far, &mut near, usize::MAX);
        [near, far]
    }

    fn open(mux: &mut Mux) -> Option<u32> {
        match mux.open(waker()) {
            Poll::Ready(stream) => Some(stream.unwrap()),
            Poll::Pending => None,
        }
    }

    #[test]
    fn a_small_message_waits_for_one_chunk_of_a_large_one() {
        let ours = Settings { own: 1 << 20, ..SMALL };
        let [mut near, mut far] = [ours; 2].map(Mux::new);
        pass(&mut far, &mut near, usize::MAX);
        let large = open(&mut near).unwrap();
        write(&mut near, large, &[1; 200_000]);
        near.fill(&mut BytesMut::new());

        write(&mut near, LANE, b"small");

        let mut out = BytesMut::new();
        near.fill(&mut out);
        assert_eq!(Chunk::take(&mut out), Ok(Some(Chunk::Data(LANE, Bytes::from_static(b"small")))));
        assert!(matches!(Chunk::take(&mut out), Ok(Some(Chunk::Data(stream, _))) if stream == large));
    }

    #[test]
    fn a_busy_lane_leaves_every_fifth_chunk_to_others() {
        let ours = Settings { lane: 8 << 20, own: 1 << 20, streams: 2 };
        let [mut near, mut far] = [ours; 2].map(Mux::new);
        pass(&mut far, &mut near, usize::MAX);
        let large = open(&mut near).unwrap();
        write(&mut near, LANE, &[0; 400_000]);
        write(&mut near, large, &[1; 400_000]);
        let mut chunks = [0, 0];

        for _ in 0..5 {
            let mut out = BytesMut::new();
            near.fill(&mut out);
            while let Ok(Some(chunk)) = Chunk::take(&mut out) {
                if let Chunk::Data(stream, _) = chunk {
                    chunks[stream as usize] += 1;
                }
            }
        }

        assert_eq!(chunks, [16, 4]);
    }

    #[test]
    fn a_peer_that_sends_more_than_there_is_room_for_is_closed() {
        for sent in [
            [
                Chunk::Data(1, Bytes::from_static(&[0; 2_000])),
                Chunk::Data(1, Bytes::from_static(&[0; 2_000])),
            ],
            [Chunk::Data(1, Bytes::from_static(b"x")), Chunk::Data(3, Bytes::from_static(b"x"))],
            [Chunk::Settings(SMALL), Chunk::Settings(SMALL)],
            [Chunk::Fin(1), Chunk::Data(1, Bytes::from_static(b"x"))],
        ] {
            let (mut mux, mut buffer) = (Mux::new(SMALL), BytesMut::new());
            sent.iter().for_each(|chunk| chunk.put(&mut buffer));

            mux.receive(&mut buffer);

            assert!(matches!(mux.end(), Some(Lost::Transport { .. })), "{sent:?}");
        }
    }

    #[test]
    fn more_streams_than_are_allowed_are_refused() {
        let (mut mux, mut buffer) = (Mux::new(SMALL), BytesMut::new());
        (1..=3).for_each(|stream| Chunk::Fin(stream).put(&mut buffer));

        mux.receive(&mut buffer);

        assert!(matches!(mux.end(), Some(Lost::Transport { .. })));
    }

    proptest! {
        #[test]
        fn every_stream_arrives_whole_and_in_order(
            steps in prop::collection::vec((0_usize..6, 1_usize..2_000), 1..200),
        ) {
            let [mut near, mut far] = pair();
            // Of the lane and two others: what was sent, what has come, and whether it has ended.
            let mut sent: [Vec<u8>; 3] = Default::default();
            let mut got: [BytesMut; 3] = Default::default();
            let streams = [LANE, open(&mut near).unwrap(), open(&mut near).unwrap()];
            prop_assert_eq!(open(&mut near), None, "there are two places");

            for (step, size) in steps {
                match step {
                    which @ 0..3 => {
                        let bytes: Vec<u8> = (0..size).map(|n| (sent[which].len() + n) as u8).collect();
                        if write(&mut near, streams[which], &bytes) {
                            sent[which].extend(bytes);
                        }
                    }
                    3 => pass(&mut near, &mut far, size),
                    4 => pass(&mut far, &mut near, size),
                    _ => {
                        read(&mut far, streams[size % 3], &mut got[size % 3]);
                    }
                }
                prop_assert!(near.end().is_none() && far.end().is_none(), "{:?} {:?}", near.end(), far.end());
                let held: usize = far.incoming.values().map(|incoming| incoming.bytes.len()).sum();
                prop_assert!(held <= (SMALL.lane + SMALL.own * SMALL.streams) as usize);
            }

            streams.iter().for_each(|stream| near.finish(*stream));
            let mut ended = [false; 3];
            for _ in 0..2_000 {
                pass(&mut near, &mut far, 999);
                for which in 0..3 {
                    ended[which] |= !ended[which] && read(&mut far, streams[which], &mut got[which]);
                }
                pass(&mut far, &mut near, 999);
            }
            prop_assert_eq!(ended, [true; 3]);
            for which in 0..3 {
                prop_assert_eq!(&got[which][..], &sent[which][..]);
                prop_assert_eq!(near.taken(streams[which], waker()), Poll::Ready(Ok(())));
                near.drop_writer(streams[which]);
            }
            prop_assert!(open(&mut near).is_some(), "its place is free again");
        }

        #[test]
        fn garbage_ends_the_connection_or_waits_and_never_panics(
            bytes in prop::collection::vec(any::<u8>(), 0..4_000),
        ) {
            let mut mux = Mux::new(SMALL);
            mux.receive(&mut BytesMut::from(&bytes[..]));
        }
    }
}
