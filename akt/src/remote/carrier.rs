//! One connection that carries messages: its reader, its one writer, and the asks in flight on it.

use std::collections::BTreeMap;
use std::fmt;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;
use thiserror::Error;
use tokio::sync::Notify;

use super::arrival::Arrivals;
use super::association::{Input, LinkId};
use super::credit::Amount;
use super::greeting::Greeted;
use super::inbound;
use super::node::Node;
use super::peer::{Batch, Out, Peer};
use super::refusals::Refusal;
use super::requests::Requests;
use super::route::{Letter, Route};
use super::streams::Streams;
use super::watched::Watched;
use crate::actor::{AskError, Delivery, Outcome, Outgoing, PendingReply, Progress, WireAsk};
use crate::id::Class;
use crate::runtime::TimerKey;
use crate::time::Instant;
use crate::transport::{Close, Connection, Control, Lost, Reader, Writer};
use crate::wire::{
    Answered, CodecError, Course, Decoder, Envelope, FrameError, Identity, Side, decode, put_answer, put_ask,
    put_cancel, put_flow, put_goodbye, put_notice, put_room, put_tell,
};

/// So much is joined into one write.
const WRITE: usize = 16 << 10;

/// A peer that is owed more than this in answers is not read from: it has to take them first.
const OWED: usize = 8 << 20;

/// So often is read before other tasks have their turn.
const READS: u32 = 8;

/// What an answer costs besides its body.
const ANSWER: usize = 128;

/// A connection at work.
pub(super) struct Carrier {
    pub(super) link: LinkId,
    pub(super) peer: Arc<Peer>,
    /// The largest body that both sides take.
    pub(super) limit: usize,
    pub(super) from: Box<str>,
    control: Arc<dyn Control>,
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
    pub(super) class: Class,
    /// Of this run of the peer.
    pub(super) incarnation: u64,
    /// The peer has said goodbye.
    left: AtomicBool,
    /// Bytes of answers that wait to be written.
    owed: AtomicUsize,
    relieved: Notify,
    ended: AtomicBool,
}

#[derive(Default)]
pub(super) struct InFlight {
    pub(super) requests: Requests<Box<dyn PendingReply>>,
    closed: bool,
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
    #[error("peer left: {0}")]
    Goodbye(Box<str>),
    #[error("peer watches more than {most} actors")]
    Watches { most: usize },
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
            ended: AtomicBool::new(false),
        })
    }

    pub(super) fn node(&self) -> &Arc<Node> {
        &self.peer.node
    }

    /// Starts to read and to write.
    pub(super) fn run(self: &Arc<Self>, greeted: Greeted) {
        let Greeted { connection, decoder, theirs } = greeted;
        self.node().live.send_modify(|live| *live += 1);
        self.peer.announce_up();
        self.peer.announce_skew(&theirs.contracts);
        let runtime = self.node().runtime();
        runtime.spawn("remote reader", self.clone().read(connection.reader, decoder));
        runtime.spawn("remote writer", self.clone().write(connection.writer));
    }

    /// Ends the connection: asks in flight may or may not have been handled.
    pub(super) fn end(self: &Arc<Self>, problem: &str) {
        self.end_with(Close::Done, problem);
    }

    fn fail(self: &Arc<Self>, error: &EndOfCarrier) {
        let refusal = match error {
            EndOfCarrier::Frame(_) => Some(Refusal::FrameTooLong),
            EndOfCarrier::Codec(_) => Some(Refusal::Undecodable),
            EndOfCarrier::Watches { .. } => Some(Refusal::Watches),
            EndOfCarrier::Stalled { .. } => Some(Refusal::Stalled),
            EndOfCarrier::Lost(_) | EndOfCarrier::Ended | EndOfCarrier::Goodbye(_) => None,
        };
        if let Some(refusal) = refusal {
            self.node().refuse(refusal, &format!("{} ({})", self.peer.address, self.from), error);
        }
        let close = match error {
            EndOfCarrier::Frame(_) | EndOfCarrier::Codec(_) | EndOfCarrier::Watches { .. } => Close::Protocol,
            EndOfCarrier::Stalled { .. } => Close::Stalled,
            EndOfCarrier::Lost(_) | EndOfCarrier::Ended | EndOfCarrier::Goodbye(_) => Close::Done,
        };
        self.left.fetch_or(matches!(error, EndOfCarrier::Goodbye(_)), Ordering::SeqCst);
        self.end_with(close, &error.to_string());
    }

    fn end_with(self: &Arc<Self>, close: Close, problem: &str) {
        if self.ended.swap(true, Ordering::SeqCst) {
            return;
        }
        self.control.close(close, problem);
        self.peer.queue.wake();
        self.relieved.notify_one();
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
        let mut reads = 0_u32;
        let error = loop {
            if let Err(error) = self.take_frames(&mut decoder) {
                break error;
            }
            // A firehose leaves the worker to others now and then.
            reads += 1;
            if reads.is_multiple_of(READS) {
                tokio::task::yield_now().await;
            }
            while self.is_owed_too_much() && !self.has_ended() {
                self.relieved.notified().await;
            }
            match reader.read(decoder.buffer()).await {
                Ok(true) => {}
                Ok(false) => break EndOfCarrier::Ended,
                Err(lost) => break lost.into(),
            }
        };
        self.fail(&error);
    }

    fn is_owed_too_much(&self) -> bool {
        self.owed.load(Ordering::Acquire) > OWED || self.arrivals.held() > self.node().limits.inbound
    }

    /// Less is held than before: the reader may go on.
    pub(super) fn relieve(&self) {
        self.relieved.notify_one();
    }

    fn take_frames(self: &Arc<Self>, decoder: &mut Decoder) -> Result<(), EndOfCarrier> {
        while let Some(frame) = decoder.next()? {
            inbound::take(self, decode(frame)?)?;
        }
        Ok(())
    }

    /// The peer answered an ask of this node; nothing happens if it is late.
    pub(super) fn answered(&self, correlation: u64, outcome: Outcome) {
        let reply = self.requests.lock().requests.take(correlation);
        let well = matches!(outcome, Outcome::Reply(_));
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

    // ---- writing ---------------------------------------------------------------------------

    async fn write(self: Arc<Self>, mut writer: Box<dyn Writer>) {
        let _watch = Watch(&self);
        let peer = self.peer.clone();
        let _turn = peer.writing.lock().await;
        peer.watch_up(self.link, self.incarnation);
        if self.has_ended() {
            peer.watch_down(self.link, self.left.load(Ordering::SeqCst));
        }
        let (mut batch, mut buffer) = (Batch::default(), BytesMut::new());
        loop {
            poll_fn(|cx| peer.poll_batch(&mut batch.outs, &self.ended, cx)).await;
            let written = self.write_batch(&mut *writer, &mut batch, &mut buffer).await;
            if let Err(error) = written {
                self.fail(&error);
            }
            if self.has_ended() {
                break;
            }
        }
        peer.put_back(batch, "connection ended before the message was sent");
    }

    /// Writes everything in `batch`, joined; on an error, what was not written is left in it.
    async fn write_batch(
        self: &Arc<Self>,
        writer: &mut dyn Writer,
        batch: &mut Batch,
        buffer: &mut BytesMut,
    ) -> Result<(), EndOfCarrier> {
        while let Some(out) = batch.outs.pop_front() {
            if self.has_ended() {
                batch.outs.push_front(out);
                return Ok(());
            }
            match out {
                Out::Route(route) => self.write_route(writer, route, batch, buffer).await?,
                Out::Credit { link, target, amount } if link == self.link => {
                    put_room(buffer, target, amount.messages, amount.bytes);
                }
                Out::Answer { link, correlation, answered } if link == self.link => {
                    self.owed.fetch_sub(cost(&answered), Ordering::AcqRel);
                    put_answer(buffer, correlation, answered);
                }
                Out::Cancel { link, correlation } if link == self.link => put_cancel(buffer, correlation),
                Out::Flow { link, course, flow } if link == self.link => put_flow(buffer, course, flow),
                Out::Goodbye { link } if link == self.link => {
                    put_goodbye(buffer, "node is shutting down");
                    self.flush(writer, buffer).await?;
                    self.within_patience(writer.finish()).await?;
                    self.end("this node is shutting down");
                    return Ok(());
                }
                Out::Notice { link, notice } if link.is_none_or(|link| link == self.link) => {
                    put_notice(buffer, notice);
                }
                // Of a connection that is gone.
                Out::Answer { .. }
                | Out::Cancel { .. }
                | Out::Credit { .. }
                | Out::Flow { .. }
                | Out::Notice { .. }
                | Out::Goodbye { .. } => {}
            }
            if buffer.len() >= WRITE {
                self.flush(writer, buffer).await?;
            }
        }
        self.flush(writer, buffer).await
    }

    /// Writes what may go to one actor now; the rest has its turn behind the other actors.
    async fn write_route(
        self: &Arc<Self>,
        writer: &mut dyn Writer,
        route: Arc<Route>,
        batch: &mut Batch,
        buffer: &mut BytesMut,
    ) -> Result<(), EndOfCarrier> {
        let (more, _after) = route.take(self.link, self.window, &mut batch.letters, &self.peer.load);
        batch.route = Some(route.clone());
        while let Some(letter) = batch.letters.pop_front() {
            if self.has_ended() {
                batch.letters.push_front(letter);
                return Ok(());
            }
            self.put_letter(&route, letter, buffer);
            if buffer.len() >= WRITE {
                self.flush(writer, buffer).await?;
            }
        }
        if more {
            batch.outs.push_back(Out::Route(route));
        }
        Ok(())
    }

    async fn flush(&self, writer: &mut dyn Writer, buffer: &mut BytesMut) -> Result<(), EndOfCarrier> {
        if !buffer.is_empty() {
            let bytes: Bytes = buffer.split().freeze();
            self.within_patience(writer.write(bytes)).await?;
        }
        self.relieved.notify_one();
        Ok(())
    }

    async fn within_patience(
        &self,
        done: impl Future<Output = Result<(), Lost>>,
    ) -> Result<(), EndOfCarrier> {
        let stall = self.node().limits.stall;
        tokio::select! { biased;
            done = done => Ok(done?),
            () = self.node().runtime().sleep(stall) => Err(EndOfCarrier::Stalled { seconds: stall.as_secs() }),
        }
    }

    fn put_letter(self: &Arc<Self>, route: &Arc<Route>, letter: Letter, buffer: &mut BytesMut) {
        let amount = Amount::of(letter.outgoing.body.len());
        if letter.outgoing.body.len() > self.limit {
            self.peer.return_oversized(route, letter, self.limit);
            return self.peer.give_back(route, self.link, amount);
        }
        if buffer.capacity() == 0 {
            buffer.reserve(WRITE);
        }
        let now = self.node().runtime().now();
        if is_expired(&letter.outgoing, now) {
            self.peer.bury_expired(route, &letter);
            return self.peer.give_back(route, self.link, amount);
        }
        let Outgoing { rpc, body, meta, reply, ends } = letter.outgoing;
        let meta = meta.map(|meta| self.node().encode_meta(&meta, now)).unwrap_or_default();
        let envelope = Envelope { target: route.target.clone(), rpc, body, meta };
        let Some(reply) = reply else { return put_tell(buffer, envelope) };
        let remaining = reply.deadline().since(now);
        if remaining.is_zero() {
            reply.complete(Outcome::Due(Progress::Queued));
            return self.peer.give_back(route, self.link, amount);
        }
        match self.put_in_flight(reply) {
            Some(correlation) => {
                put_ask(buffer, envelope, correlation, remaining);
                self.begin_streams(correlation, ends);
            }
            None => self.peer.give_back(route, self.link, amount),
        }
    }

    /// Names an ask and keeps it until it is answered; `None` if its asker has given up.
    fn put_in_flight(self: &Arc<Self>, reply: Box<dyn PendingReply>) -> Option<u64> {
        let correlation = self.requests.lock().requests.reserve();
        let carrier: Weak<Self> = Arc::downgrade(self);
        reply.on_cancel(Box::new(move || {
            if let Some(carrier) = carrier.upgrade() {
                carrier.cancel(correlation);
            }
        }));
        reply.travel(Progress::Sent);
        let mut in_flight = self.requests.lock();
        if in_flight.closed {
            drop(in_flight);
            let source = self.peer.error("connection ended before the message was sent");
            reply.complete(Outcome::Failed(AskError::Unreachable { delivered: Delivery::No, source }));
            return None;
        }
        in_flight.requests.fill(correlation, reply).is_ok().then_some(correlation)
    }

    /// An asker of this node has given up.
    fn cancel(&self, correlation: u64) {
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
struct Watch<'a>(&'a Arc<Carrier>);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.0.end("a task of the connection ended");
    }
}

/// A tell that came too late for its connection.
fn is_expired(outgoing: &Outgoing, now: Instant) -> bool {
    outgoing.meta.as_ref().and_then(|meta| meta.expires).is_some_and(|expires| expires <= now)
}

fn cost(answered: &Answered) -> usize {
    ANSWER
        + match answered {
            Answered::Reply(body) | Answered::Domain(body) => body.len(),
            Answered::Failure(_) => 0,
        }
}

impl fmt::Debug for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Carrier").field("link", &self.link).field("from", &self.from).finish_non_exhaustive()
    }
}
