//! One connection that carries messages: its reader, its one writer, and the asks in flight on it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use parking_lot::Mutex;
use thiserror::Error;
use tokio::sync::Notify;

use super::arrival::Arrivals;
use super::association::{Input, LinkId};
use super::credit::Amount;
use super::greeting::Greeted;
use super::large::Large;
use super::node::Node;
use super::order::Disorder;
use super::peer::{Out, Peer};
use super::refusals::Refusal;
use super::requests::Requests;
use super::streams::Streams;
use super::watched::Watched;
use crate::actor::{AskError, Delivery, Outcome, PendingReply, WireAsk};
use crate::holder::Class;
use crate::path::ActorPath;
use crate::runtime::TimerKey;
use crate::time::Instant;
use crate::transport::{Close, Connection, Control, Lost, Reader};
use crate::wire::{Answered, CodecError, Course, Decoder, FrameError, Identity, Side, decode};

/// A peer that is owed more than this in answers is not read from: it has to take them first.
const OWED: usize = 8 << 20;

/// So often is read before other tasks have their turn.
const READS: u32 = 8;

/// So many frames are taken in before others have it, too: one read may bring a window of small ones.
const FRAMES: u32 = 512;

/// What an answer costs besides its body.
const ANSWER: usize = 128;

/// A connection at work.
pub(super) struct Carrier {
    pub(super) link: LinkId,
    pub(super) peer: Arc<Peer>,
    /// The largest body that both sides take.
    pub(super) limit: usize,
    from: Box<str>,
    pub(super) control: Arc<dyn Control>,
    /// How many lanes each direction has; 0 if the peer knows neither lanes nor streams of their own.
    pub(super) lanes: u32,
    pub(super) large: Large,
    /// Asks of this node.
    pub(super) requests: Mutex<InFlight>,
    /// Asks of the peer.
    asks: Mutex<BTreeMap<u64, Asked>>,
    /// What this node takes for one actor before it has found its place, or the peer does.
    pub(super) window: Amount,
    pub(super) arrivals: Arrivals,
    /// Streams of both.
    pub(super) streams: Streams,
    /// What the peer watches here.
    pub(super) watched: Watched,
    /// What the peer is.
    class: Class,
    /// Of this run of the peer.
    pub(super) incarnation: u64,
    /// The peer has said goodbye.
    pub(super) left: AtomicBool,
    /// Bytes of answers, and of words, that wait to be written.
    owed: AtomicUsize,
    relieved: Notify,
    /// The writer has something to look at besides its queue.
    pub(super) roused: AtomicBool,
    /// This node has said goodbye.
    pub(super) leaving: AtomicBool,
    /// The peer has read that goodbye, and all before it.
    pub(super) has_given_all: AtomicBool,
    ended: AtomicBool,
    gone: Notify,
}

#[derive(Default)]
pub(super) struct InFlight {
    pub(super) requests: Requests<Box<dyn PendingReply>>,
    pub(super) closed: bool,
}

/// An ask of the peer that is not answered yet.
struct Asked {
    ask: WireAsk,
    timer: Option<TimerKey>,
}

/// Why a connection that carried came to its end.
#[derive(Debug, Error)]
pub(super) enum EndOfCarrier {
    #[error(transparent)]
    Lost(#[from] Lost),
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Codec(#[from] CodecError),
    #[error("stream ended without a goodbye")]
    Ended,
    #[error(transparent)]
    Disorder(#[from] Disorder),
    #[error("a frame that belongs on another stream, or on none")]
    Misplaced,
    #[error("peer watches more than {most} actors")]
    Watches { most: usize },
    #[error("peer left: {text}")]
    Goodbye {
        text: Box<str>,
        /// Streams that it has opened.
        streams: u64,
    },
    #[error("peer did not read for {seconds} s")]
    Stalled { seconds: u64 },
}

impl Carrier {
    pub(super) fn new(
        link: LinkId,
        peer: &Arc<Peer>,
        theirs: &Identity,
        connection: &Connection,
    ) -> Arc<Self> {
        Arc::new(Self {
            link,
            peer: peer.clone(),
            limit: theirs.max_message.min(peer.node.limits.max_message),
            from: connection.peer.clone(),
            control: connection.control.clone(),
            lanes: theirs.lanes.min(peer.node.limits.lanes),
            large: Large::new(peer.node.limits.beside_asks),
            requests: Mutex::default(),
            asks: Mutex::default(),
            window: peer.node.limits.window,
            arrivals: Arrivals::default(),
            streams: Streams::default(),
            watched: Watched::default(),
            class: theirs.class,
            incarnation: theirs.incarnation,
            left: AtomicBool::new(false),
            owed: AtomicUsize::new(0),
            relieved: Notify::new(),
            roused: AtomicBool::new(false),
            leaving: AtomicBool::new(false),
            has_given_all: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            gone: Notify::new(),
        })
    }

    pub(super) fn node(&self) -> &Arc<Node> {
        &self.peer.node
    }

    /// Whether the peer may send messages to the actor at `path`, and watch it.
    pub(super) fn may_reach(&self, path: &ActorPath) -> bool {
        self.class == Class::Node || self.node().exposure.holds(path)
    }

    /// Whether the peer may end actors, and ask this node itself.
    pub(super) fn may_operate(&self) -> bool {
        self.class == Class::Node
    }

    /// Counts what a client wanted and may not have.
    pub(super) fn forbid(&self, what: &dyn fmt::Display) {
        self.node().refuse(Refusal::Forbidden, &format!("{} ({})", self.peer.address, self.from), what);
    }

    /// Starts to read and to write.
    pub(super) fn run(self: &Arc<Self>, greeted: Greeted) {
        let Greeted { connection, decoder, theirs } = greeted;
        self.node().live.send_modify(|live| *live += 1);
        self.peer.tally.begins();
        self.peer.tally.read(decoder.kept());
        self.peer.announce_up();
        self.peer.announce_skew(&theirs.contracts);
        let runtime = self.node().runtime();
        runtime.spawn("remote reader", self.clone().read(connection.reader, decoder));
        runtime.spawn("remote streams", self.clone().accept_streams());
        runtime.spawn("remote writer", self.clone().write(connection.writer));
    }

    /// Ends the connection: asks in flight may or may not have been handled.
    pub(super) fn end(self: &Arc<Self>, problem: &str) {
        self.end_with(Close::Done, problem);
    }

    pub(super) fn fail(self: &Arc<Self>, error: &EndOfCarrier) {
        if self.leaving.load(Ordering::SeqCst) {
            let took_all = matches!(error, EndOfCarrier::Lost(Lost::Closed { code: Close::Goodbye, .. }));
            self.has_given_all.fetch_or(took_all, Ordering::SeqCst);
            return self.end("this node is shutting down");
        }
        let refusal = match error {
            EndOfCarrier::Frame(_) => Some(Refusal::FrameTooLong),
            EndOfCarrier::Codec(_) | EndOfCarrier::Disorder(_) | EndOfCarrier::Misplaced => {
                Some(Refusal::Undecodable)
            }
            EndOfCarrier::Watches { .. } => Some(Refusal::Watches),
            EndOfCarrier::Stalled { .. } => Some(Refusal::Stalled),
            EndOfCarrier::Lost(_) | EndOfCarrier::Ended | EndOfCarrier::Goodbye { .. } => None,
        };
        if let Some(refusal) = refusal {
            self.node().refuse(refusal, &format!("{} ({})", self.peer.address, self.from), error);
        }
        let close = match error {
            EndOfCarrier::Frame(_)
            | EndOfCarrier::Codec(_)
            | EndOfCarrier::Disorder(_)
            | EndOfCarrier::Misplaced
            | EndOfCarrier::Watches { .. } => Close::Protocol,
            EndOfCarrier::Stalled { .. } => Close::Stalled,
            EndOfCarrier::Goodbye { .. } => Close::Goodbye,
            EndOfCarrier::Lost(_) | EndOfCarrier::Ended => Close::Done,
        };
        self.left.fetch_or(matches!(error, EndOfCarrier::Goodbye { .. }), Ordering::SeqCst);
        self.end_with(close, &error.to_string());
    }

    fn end_with(self: &Arc<Self>, close: Close, problem: &str) {
        if self.ended.swap(true, Ordering::SeqCst) {
            return;
        }
        self.peer.tally.ends(self.control.way());
        self.control.close(close, problem);
        self.rouse();
        self.relieve();
        self.gone.notify_one();
        let waiting = {
            let mut in_flight = self.requests.lock();
            in_flight.closed = true;
            in_flight.requests.drain()
        };
        for reply in waiting {
            let (delivered, source) = (Delivery::Maybe, self.peer.error(problem));
            reply.complete(Outcome::Failed(AskError::Unreachable { delivered, source }));
        }
        self.cut_streams(problem);
        let asks = std::mem::take(&mut *self.asks.lock());
        for asked in asks.into_values() {
            self.disarm(asked.timer);
            asked.ask.cancel();
        }
        self.peer.feed(Input::Lost { link: self.link, problem: problem.into() });
        self.forget_watches();
        self.peer.watch_down(self.link, self.left.load(Ordering::SeqCst));
        self.peer.announce_down(problem);
        self.node().live.send_modify(|live| *live -= 1);
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    // ---- reading ---------------------------------------------------------------------------

    async fn read(self: Arc<Self>, mut reader: Box<dyn Reader>, mut decoder: Decoder) {
        let _watch = Watch(&self);
        let error = self.read_lane(&mut *reader, &mut decoder).await;
        if let EndOfCarrier::Goodbye { streams, .. } = &error {
            let has_all = tokio::select! { biased;
                () = self.large.has_read(*streams) => true,
                () = self.node().runtime().sleep(self.node().limits.stall) => false,
            };
            if !has_all {
                self.left.store(true, Ordering::SeqCst);
                return self.end(&error.to_string());
            }
        }
        self.fail(&error);
    }

    /// Takes in what comes by one lane, until it ends.
    pub(super) async fn read_lane(
        self: &Arc<Self>,
        reader: &mut dyn Reader,
        decoder: &mut Decoder,
    ) -> EndOfCarrier {
        let mut reads = 0_u32;
        loop {
            let has_more = match self.take_frames(decoder) {
                Ok(has_more) => has_more,
                Err(error) => return error,
            };
            // A firehose leaves the worker to others now and then.
            reads += 1;
            if has_more || reads.is_multiple_of(READS) {
                tokio::task::yield_now().await;
            }
            if self.is_owed_too_much() {
                self.wait_for_relief().await;
            }
            if has_more {
                continue;
            }
            match self.read_some(reader, decoder).await {
                Ok(true) => {}
                Ok(false) => return EndOfCarrier::Ended,
                Err(lost) => return lost.into(),
            }
        }
    }

    /// Reads what has come; false at the end of the stream.
    pub(super) async fn read_some(
        &self,
        reader: &mut dyn Reader,
        decoder: &mut Decoder,
    ) -> Result<bool, Lost> {
        let before = decoder.buffer().len();
        let more = reader.read(decoder.buffer()).await?;
        self.peer.tally.read(decoder.buffer().len() - before);
        Ok(more)
    }

    async fn wait_for_relief(&self) {
        while self.is_owed_too_much() && !self.has_ended() {
            self.relieved.notified().await;
        }
        // Another lane may wait for the same.
        self.relieve();
    }

    /// Bytes of the peer's messages that wait for room, or for others.
    pub(super) fn held(&self) -> usize {
        self.arrivals.held() + self.large.held()
    }

    fn is_owed_too_much(&self) -> bool {
        self.owed.load(Ordering::Acquire) > OWED || self.held() > self.node().limits.inbound
    }

    /// The writer looks at what changed.
    pub(super) fn rouse(&self) {
        self.roused.store(true, Ordering::SeqCst);
        self.peer.queue.wake();
    }

    /// Waits until the connection has ended.
    pub(super) async fn over(&self) {
        while !self.has_ended() {
            self.gone.notified().await;
        }
    }

    /// So many bytes of answers were written.
    pub(super) fn settle(&self, bytes: usize) {
        self.owed.fetch_sub(bytes, Ordering::AcqRel);
    }

    /// Less is held than before: the reader may go on.
    pub(super) fn relieve(&self) {
        self.relieved.notify_one();
    }

    /// Takes in what is there, but not much at once; true if there is more.
    fn take_frames(self: &Arc<Self>, decoder: &mut Decoder) -> Result<bool, EndOfCarrier> {
        self.in_turn(|| {
            for _ in 0..FRAMES {
                let Some(frame) = decoder.next()? else { return Ok(false) };
                self.take(decode(frame)?)?;
            }
            Ok(true)
        })
    }

    /// Lets `take` take in what has come, unless a newer connection of the peer is there: nothing overtakes.
    pub(super) fn in_turn<T>(
        &self,
        take: impl FnOnce() -> Result<T, EndOfCarrier>,
    ) -> Result<T, EndOfCarrier> {
        let newest = self.peer.reading.read();
        if *newest > self.link { Err(EndOfCarrier::Ended) } else { take() }
    }

    /// The peer answered an ask of this node; nothing happens if it is late.
    pub(super) fn answered(&self, correlation: u64, outcome: Outcome) {
        let reply = self.requests.lock().requests.take(correlation);
        let well = matches!(outcome, Outcome::Reply(_));
        if matches!(outcome, Outcome::Failed(AskError::Full)) {
            self.peer.tally.answered_full();
        }
        if let Some(reply) = reply {
            reply.complete(outcome);
        }
        if !well {
            self.forget_streams(Course { correlation, asker: Side::Us });
        }
    }

    // ---- asks of the peer ------------------------------------------------------------------

    /// An ask of the peer is in a mailbox here.
    pub(super) fn accepted(&self, correlation: u64, ask: WireAsk, deadline: Instant) {
        let timer = ask.alarm().map(|alarm| self.node().system.timers().arm(deadline, alarm));
        let old = self.asks.lock().insert(correlation, Asked { ask, timer });
        if let Some(old) = old {
            self.disarm(old.timer);
        }
    }

    /// The asker has given up.
    pub(super) fn cancelled(&self, correlation: u64) {
        if let Some(asked) = self.forget(correlation) {
            asked.ask.cancel();
        }
        self.forget_streams(Course { correlation, asker: Side::Them });
    }

    /// Sends the answer to an ask of the peer.
    pub(super) fn answer(&self, correlation: u64, answered: Answered) {
        self.forget(correlation);
        if !matches!(answered, Answered::Reply(_)) {
            self.forget_streams(Course { correlation, asker: Side::Them });
        }
        if self.has_ended() {
            return;
        }
        self.owed.fetch_add(cost(&answered), Ordering::AcqRel);
        let answer = Out::Answer { link: self.link, correlation, answered };
        // Refused only if the queue is closed, at the end of the system; it takes no room, because the ask
        // took it.
        let _ = self.peer.queue.push(answer, true);
    }

    /// Sends a word that the peer has caused; it counts as an answer without a body until it is written.
    pub(super) fn say_word(&self, word: Out) {
        self.owed.fetch_add(ANSWER, Ordering::AcqRel);
        // As for answers.
        let _ = self.peer.queue.push(word, true);
    }

    /// A word is written.
    pub(super) fn settle_word(&self) {
        self.settle(ANSWER);
    }

    fn forget(&self, correlation: u64) -> Option<Asked> {
        let asked = self.asks.lock().remove(&correlation)?;
        self.disarm(asked.timer);
        Some(asked)
    }

    fn disarm(&self, timer: Option<TimerKey>) {
        if let Some(timer) = timer {
            self.node().system.timers().cancel(timer);
        }
    }

    // ---- asks of this node -----------------------------------------------------------------

    /// An asker of this node has given up.
    pub(super) fn cancel(&self, correlation: u64) {
        let reply = self.requests.lock().requests.take(correlation);
        if reply.is_some() {
            self.say_cancelled(correlation);
        }
        self.forget_streams(Course { correlation, asker: Side::Us });
    }

    /// Tells the peer that nobody waits for the answer to an ask, nor reads its stream.
    pub(super) fn say_cancelled(&self, correlation: u64) {
        if !self.has_ended() {
            // As for answers: refused only at the end of the system.
            let _ = self.peer.queue.push(Out::Cancel { link: self.link, correlation }, true);
        }
    }
}

/// Ends the connection with the first of its tasks, whatever ended that: a decoder of a contract may panic.
pub(super) struct Watch<'a>(pub(super) &'a Arc<Carrier>);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.0.end("a task of the connection ended");
    }
}

/// What an answer counts for as long as it waits.
pub(super) fn cost(answered: &Answered) -> usize {
    ANSWER + answered.bytes()
}

impl fmt::Debug for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Carrier").field("link", &self.link).field("from", &self.from).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use akt::prelude::*;
    use akt::{Network, Remote};

    use super::*;

    async fn node(network: &Network) -> (ActorSystem, Arc<Node>) {
        let system = ActorSystem::builder("shop").remote(Remote::memory(network)).start().await.unwrap();
        let node = system.extension::<Node>().unwrap();
        (system, node)
    }

    /// The connection that carries once it is another than `before`.
    async fn carries(peer: &Arc<Peer>, before: LinkId) -> Arc<Carrier> {
        loop {
            if let Some(carrier) = peer.carrier().filter(|carrier| carrier.link != before) {
                return carrier;
            }
            peer.want();
            tokio::task::yield_now().await;
        }
    }

    #[akt::test]
    async fn what_is_left_of_a_connection_is_not_taken_in_behind_a_newer_one() {
        let network = Network::new();
        let ((near, _), (far, there)) = (node(&network).await, node(&network).await);
        let peer = there.peer((near.address().unwrap(), None));
        let old = carries(&peer, 0).await;
        old.in_turn(|| Ok(())).unwrap();

        network.sever(&near.address().unwrap(), &far.address().unwrap());
        old.over().await;
        old.in_turn(|| Ok(())).expect("there is no newer one");
        let new = carries(&peer, old.link).await;

        assert!(matches!(old.in_turn::<()>(|| panic!("too late")), Err(EndOfCarrier::Ended)));
        new.in_turn(|| Ok(())).unwrap();
        near.shutdown().await;
        far.shutdown().await;
    }
}
