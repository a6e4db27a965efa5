//! The one writer of a connection: what is queued goes into one write for each lane.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use bytes::{Bytes, BytesMut};

use super::carrier::{Carrier, EndOfCarrier, Watch, cost};
use super::credit::{Amount, Kind, Sent};
use super::peer::{Batch, Out};
use super::requests::{lane_of, with_lane};
use super::route::{Leave, Letter, More, Route};
use crate::actor::{AskError, Delivery, Outcome, Outgoing, PendingReply, Progress};
use crate::time::Instant;
use crate::transport::{Lost, Writer};
use crate::wire::{
    Apart, Course, Envelope, Flow, Notice, Side, Signal, put_answer, put_apart, put_ask, put_cancel,
    put_flow, put_goodbye, put_notice, put_room, put_tell,
};

/// The most lanes of a connection.
pub(super) const MOST: u32 = 16;

/// So much is joined into one write.
const WRITE: usize = 16 << 10;

/// What the writer has in hand.
struct Desk {
    batch: Batch,
    lanes: Lanes,
    /// Large ones of these routes wait for others to arrive.
    waiting: Vec<Arc<Route>>,
    /// As large answers and items do, and what follows of their streams.
    behind: VecDeque<Out>,
    /// A goodbye follows what is here.
    leaving: bool,
}

/// The outgoing halves of all lanes, and what is to be written to each.
struct Lanes {
    lanes: Vec<(Box<dyn Writer>, BytesMut)>,
    /// In all buffers.
    bytes: usize,
    /// Of the route in hand, what was put and its route does not know yet.
    sent: Sent,
}

impl Lanes {
    /// The lane of all that goes to `target`.
    fn of(&self, target: &[u8]) -> u32 {
        if self.lanes.len() == 1 {
            return 0;
        }
        // FNV-1a: all that is asked of it is the same lane for the same target.
        let mix = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        let count = u32::try_from(self.lanes.len()).expect("there are few lanes");
        target.iter().fold(0x811c_9dc5, mix) % count
    }

    /// Lets `put` append to a lane, and what it gives follow.
    fn put_whole(&mut self, lane: u32, put: impl FnOnce(&mut BytesMut) -> Bytes) {
        self.put(lane, |buffer| {
            let body = put(buffer);
            buffer.extend_from_slice(&body);
        });
    }

    /// Lets `put` append to a lane.
    fn put(&mut self, lane: u32, put: impl FnOnce(&mut BytesMut)) {
        let buffer = &mut self.lanes[lane as usize].1;
        if buffer.capacity() == 0 {
            buffer.reserve(WRITE);
        }
        let before = buffer.len();
        put(buffer);
        self.bytes += buffer.len() - before;
    }
}

impl Carrier {
    pub(super) async fn write(self: Arc<Self>, writer: Box<dyn Writer>) {
        let _watch = Watch(&self);
        let peer = self.peer.clone();
        let _turn = peer.writing.lock().await;
        peer.watch_up(self.link, self.incarnation);
        if self.has_ended() {
            peer.watch_down(self.link, self.left.load(Ordering::SeqCst));
        }
        let lanes = match self.open_lanes(writer).await {
            Ok(lanes) => lanes,
            Err(error) => return self.fail(&error),
        };
        let (batch, waiting, behind) = (Batch::default(), Vec::new(), VecDeque::new());
        let mut desk = Desk { batch, lanes, waiting, behind, leaving: false };
        while !self.has_ended() {
            poll_fn(|cx| peer.poll_batch(&mut desk.batch.outs, &self.roused, cx)).await;
            self.roused.store(false, Ordering::SeqCst);
            if let Err(error) = self.write_batch(&mut desk).await {
                self.fail(&error);
            }
        }
        let Desk { mut batch, waiting, .. } = desk;
        batch.outs.extend(waiting.into_iter().map(Out::Route));
        peer.put_back(batch, "connection ended before the message was sent");
        if !self.has_given_all.load(Ordering::SeqCst) {
            peer.say_unconfirmed(self.link);
        }
    }

    /// The lane of the connection, and the others that both sides want.
    async fn open_lanes(&self, writer: Box<dyn Writer>) -> Result<Lanes, EndOfCarrier> {
        let mut lanes = vec![(writer, BytesMut::new())];
        for _ in 1..self.lanes {
            let mut head = BytesMut::new();
            put_apart(&mut head, Apart::Lane);
            let mut writer = self.control.open().await?;
            self.large.opens();
            self.within_patience(writer.write(head.freeze())).await?;
            lanes.push((writer, BytesMut::new()));
        }
        Ok(Lanes { lanes, bytes: 0, sent: Sent::default() })
    }

    /// Writes everything in the batch, joined; on an error, what was not written is left in it.
    async fn write_batch(self: &Arc<Self>, desk: &mut Desk) -> Result<(), EndOfCarrier> {
        self.put_behind(desk);
        desk.batch.outs.extend(desk.waiting.drain(..).map(Out::Route));
        while let Some(out) = desk.batch.outs.pop_front() {
            if self.has_ended() {
                desk.batch.outs.push_front(out);
                return Ok(());
            }
            match out {
                Out::Route(route) => self.write_route(route, desk).await?,
                Out::Notice { link, notice } if link.is_none_or(|link| link == self.link) => {
                    if matches!(notice, Notice::Watched { .. } | Notice::Terminated { .. }) {
                        self.settle_word();
                    }
                    let lane = match &notice {
                        Notice::Signal { target, .. } => desk.lanes.of(target),
                        _ => 0,
                    };
                    desk.lanes.put(lane, |buffer| put_notice(buffer, notice));
                }
                Out::Notice { .. } => {}
                out if out.link() == Some(self.link) => self.put(out, desk),
                // Of a connection that is gone.
                _ => {}
            }
            if desk.lanes.bytes >= WRITE {
                self.flush(&mut desk.lanes).await?;
            }
        }
        self.flush(&mut desk.lanes).await?;
        let has_said_all = desk.waiting.is_empty() && desk.behind.is_empty() && self.large.has_sent_all();
        if desk.leaving && has_said_all {
            self.say_goodbye(&mut desk.lanes).await?;
        }
        Ok(())
    }

    /// Puts what belongs to this connection.
    fn put(self: &Arc<Self>, out: Out, desk: &mut Desk) {
        if !self.may_go(&out, &desk.behind) {
            return desk.behind.push_back(out);
        }
        let lanes = &mut desk.lanes;
        match out {
            Out::Answer { correlation, answered, .. } if self.goes_apart(answered.bytes()) => {
                self.answer_apart(cost(&answered), |buffer| put_answer(buffer, correlation, answered));
            }
            Out::Answer { correlation, answered, .. } => {
                self.settle(cost(&answered));
                self.large.answers_beside();
                lanes.put_whole(0, |buffer| put_answer(buffer, correlation, answered));
            }
            Out::Credit { target, amount, .. } => {
                self.settle_word();
                lanes.put(0, |buffer| put_room(buffer, target, amount.messages, amount.bytes));
            }
            // Behind the ask that it is said of.
            Out::Cancel { correlation, .. } => {
                let course = Course { correlation, asker: Side::Us };
                desk.behind.retain(|out| !matches!(out, Out::Flow { course: of, .. } if *of == course));
                lanes.put(lane_of(correlation), |buffer| put_cancel(buffer, correlation));
            }
            Out::Flow { course, flow, .. } => {
                let lane = if course.asker == Side::Us { lane_of(course.correlation) } else { 0 };
                match &flow {
                    Flow::Item(body) if self.goes_apart(body.len()) => {
                        let number = self.send_apart(body.len(), |buffer| put_flow(buffer, course, flow));
                        lanes.put(lane, |buffer| put_apart(buffer, Apart::Item { number, course }));
                    }
                    _ => lanes.put_whole(lane, |buffer| put_flow(buffer, course, flow)),
                }
            }
            Out::Goodbye { .. } => desk.leaving = true,
            Out::Route(_) | Out::Notice { .. } => {}
        }
    }

    /// Puts what waited for large messages to arrive.
    fn put_behind(self: &Arc<Self>, desk: &mut Desk) {
        for out in std::mem::take(&mut desk.behind) {
            self.put(out, desk);
        }
    }

    /// Whether it need not wait behind those: if it is large, there must be room for it.
    fn may_go(&self, out: &Out, behind: &VecDeque<Out>) -> bool {
        let bytes = match out {
            Out::Answer { answered, .. } => answered.bytes(),
            Out::Flow { flow: Flow::Item(body), .. } => body.len(),
            _ => 0,
        };
        match self.goes_apart(bytes) {
            true => behind.is_empty() && self.large.has_room(bytes),
            false => !behind.iter().any(|before| is_of_one_stream(before, out)),
        }
    }

    /// Writes what may go to one actor now; the rest has its turn behind the other actors.
    async fn write_route(self: &Arc<Self>, route: Arc<Route>, desk: &mut Desk) -> Result<(), EndOfCarrier> {
        let may_go = |bytes| !self.goes_apart(bytes) || self.large.has_room(bytes);
        let leave = Leave { link: self.link, limit: self.window, may_go: &may_go };
        let (more, _after) = route.take(leave, &mut desk.batch.letters, &self.peer.load);
        desk.batch.route = Some(route.clone());
        // Read anew after each write, which may have waited.
        let mut now = self.node().runtime().now();
        while let Some(letter) = desk.batch.letters.pop_front() {
            if self.has_ended() {
                desk.batch.letters.push_front(letter);
                break;
            }
            self.put_letter(&route, letter, now, &mut desk.lanes);
            if desk.lanes.bytes >= WRITE {
                // First: an answer may come at once.
                route.sent(self.link, std::mem::take(&mut desk.lanes.sent));
                self.flush(&mut desk.lanes).await?;
                now = self.node().runtime().now();
            }
        }
        route.sent(self.link, std::mem::take(&mut desk.lanes.sent));
        if self.has_ended() {
            return Ok(());
        }
        match more {
            More::Nothing => {}
            More::Drain => {
                let notice = Notice::Signal { target: route.target.clone(), signal: Signal::Drain };
                let lane = desk.lanes.of(&route.target);
                desk.lanes.put(lane, |buffer| put_notice(buffer, notice));
                desk.batch.outs.push_back(Out::Route(route));
            }
            More::Now => desk.batch.outs.push_back(Out::Route(route)),
            More::Later => desk.waiting.push(route),
        }
        Ok(())
    }

    async fn flush(&self, lanes: &mut Lanes) -> Result<(), EndOfCarrier> {
        lanes.bytes = 0;
        for (writer, buffer) in lanes.lanes.iter_mut().filter(|(_, buffer)| !buffer.is_empty()) {
            let bytes: Bytes = buffer.split().freeze();
            let length = bytes.len();
            self.within_patience(writer.write(bytes)).await?;
            self.peer.tally.wrote(length);
        }
        self.relieve();
        Ok(())
    }

    /// Says the last word, and waits until the peer has taken it and leaves.
    async fn say_goodbye(self: &Arc<Self>, lanes: &mut Lanes) -> Result<(), EndOfCarrier> {
        self.leaving.store(true, Ordering::SeqCst);
        for (writer, _) in &mut lanes.lanes[1..] {
            self.within_patience(writer.finish()).await?;
        }
        let (writer, buffer) = &mut lanes.lanes[0];
        put_goodbye(buffer, "node is shutting down", self.large.opened());
        self.within_patience(writer.write(buffer.split().freeze())).await?;
        self.within_patience(writer.finish()).await?;
        tokio::select! { biased;
            () = self.over() => {}
            () = self.node().runtime().sleep(self.node().limits.stall) => {}
        }
        self.end("this node is shutting down");
        Ok(())
    }

    pub(super) async fn within_patience(
        &self,
        done: impl Future<Output = Result<(), Lost>>,
    ) -> Result<(), EndOfCarrier> {
        let stall = self.node().limits.stall;
        tokio::select! { biased;
            done = done => Ok(done?),
            () = self.node().runtime().sleep(stall) => Err(EndOfCarrier::Stalled { seconds: stall.as_secs() }),
        }
    }

    // ---- messages --------------------------------------------------------------------------

    fn put_letter(self: &Arc<Self>, route: &Arc<Route>, letter: Letter, now: Instant, lanes: &mut Lanes) {
        let bytes = letter.outgoing.body.len();
        if bytes > self.limit {
            self.peer.return_oversized(route, letter, self.limit);
            return self.peer.give_back(route, self.link, Amount::of(bytes));
        }
        if is_expired(&letter.outgoing, now) {
            self.peer.bury_expired(route, &letter);
            return self.peer.give_back(route, self.link, Amount::of(bytes));
        }
        let Outgoing { rpc, body, meta, reply, ends } = letter.outgoing;
        let meta = meta.map(|meta| self.node().encode_meta(&meta, now)).unwrap_or_default();
        let envelope = Envelope { target: route.target.clone(), rpc, body, meta };
        let lane = lanes.of(&route.target);
        let Some(reply) = reply else {
            lanes.sent.add(Kind::Tell, 1);
            let put = |buffer: &mut BytesMut| put_tell(buffer, envelope);
            return self.put_message((lanes, lane), (route, None), bytes, put);
        };
        let remaining = reply.deadline().since(now);
        if remaining.is_zero() {
            reply.complete(Outcome::Due(Progress::Queued));
            return self.peer.give_back(route, self.link, Amount::of(bytes));
        }
        match self.put_in_flight(reply, lane) {
            Some(correlation) => {
                lanes.sent.add(Kind::Ask, 1);
                if !self.goes_apart(bytes) {
                    self.large.asks_beside();
                }
                let put = |buffer: &mut BytesMut| put_ask(buffer, envelope, correlation, remaining);
                self.put_message((lanes, lane), (route, Some(correlation)), bytes, put);
                self.begin_streams(correlation, ends);
            }
            None => self.peer.give_back(route, self.link, Amount::of(bytes)),
        }
    }

    /// Puts a message into its lane, or, if it is large, into a stream of its own, and its barrier into the lane.
    fn put_message(
        self: &Arc<Self>,
        (lanes, lane): (&mut Lanes, u32),
        (route, correlation): (&Route, Option<u64>),
        bytes: usize,
        put: impl FnOnce(&mut BytesMut) -> Bytes,
    ) {
        self.peer.tally.sends_message();
        if !self.goes_apart(bytes) {
            return lanes.put_whole(lane, put);
        }
        let number = self.send_apart(bytes, put);
        let barrier = Apart::Barrier { number, target: route.target.clone(), correlation };
        lanes.put(lane, |buffer| put_apart(buffer, barrier));
    }

    /// Names an ask and keeps it until it is answered; `None` if its asker has given up.
    fn put_in_flight(self: &Arc<Self>, reply: Box<dyn PendingReply>, lane: u32) -> Option<u64> {
        let correlation = with_lane(self.requests.lock().requests.reserve(), lane);
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
}

/// Whether `after`, an item or the end of a stream, must not overtake `before`. What its reader says of it may.
fn is_of_one_stream(before: &Out, after: &Out) -> bool {
    match (before, after) {
        (Out::Flow { course: before, .. }, Out::Flow { course, flow: Flow::Item(_) | Flow::End(_), .. }) => {
            before == course
        }
        (Out::Flow { course, .. }, Out::Answer { correlation, .. }) => {
            course.asker == Side::Them && course.correlation == *correlation
        }
        _ => false,
    }
}

/// A tell that came too late for its connection.
fn is_expired(outgoing: &Outgoing, now: Instant) -> bool {
    outgoing.meta.as_ref().and_then(|meta| meta.expires).is_some_and(|expires| expires <= now)
}
