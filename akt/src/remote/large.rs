//! Messages, answers and items larger than 64 KiB: each by a stream of its own, so that others need not wait behind it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::carrier::{Carrier, EndOfCarrier, Watch};
use super::inbound::{self, LONGEST_PATH};
use super::order::{For, Order, Weighed};
use super::pace::Pace;
use super::window::Window;
use crate::transport::Reader;
use crate::wire::{
    Apart, Course, Decoder, Envelope, Flow, Frame, HEADROOM, Notice, Parcel, Side, decode, put_apart,
};

/// A larger body goes by a stream of its own.
pub(super) const LARGE: usize = 64 << 10;

/// What a message that is held costs besides its body.
const OVERHEAD: usize = 256;

/// The large messages of one connection.
pub(super) struct Large {
    /// Of this node, under way.
    window: Mutex<Window>,
    pace: Mutex<Pace>,
    /// A small ask went by a lane, and a small answer, since both were looked at.
    asked: AtomicBool,
    answered: AtomicBool,
    /// Streams that this node has opened.
    opened: AtomicU64,
    /// Of the peer, and what is held behind them.
    order: Mutex<Order<Parcel>>,
    /// Something is held: only then is every message looked at.
    holds: AtomicBool,
    held: AtomicUsize,
    /// Streams of the peer that were read to their ends.
    read: AtomicU64,
    one_more_read: Notify,
}

impl Large {
    /// Of a connection that carries so many bytes in a second beside small asks.
    pub(super) fn new(rate: u64) -> Self {
        Self {
            window: Mutex::default(),
            pace: Mutex::new(Pace::new(rate)),
            asked: AtomicBool::new(false),
            answered: AtomicBool::new(false),
            opened: AtomicU64::new(0),
            order: Mutex::default(),
            holds: AtomicBool::new(false),
            held: AtomicUsize::new(0),
            read: AtomicU64::new(0),
            one_more_read: Notify::new(),
        }
    }

    /// A small ask went by a lane.
    pub(super) fn asks_beside(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }

    /// A small answer went by a lane.
    pub(super) fn answers_beside(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }

    /// Whether both did: large messages may be asks, too, with small answers, or answers to small asks.
    fn was_beside(&self) -> bool {
        let both = self.asked.load(Ordering::Relaxed) && self.answered.load(Ordering::Relaxed);
        if both {
            self.asked.store(false, Ordering::Relaxed);
            self.answered.store(false, Ordering::Relaxed);
        }
        both
    }

    /// Whether a large message of so many bytes may start.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        self.window.lock().has_room(bytes)
    }

    /// Whether the peer has all that started.
    pub(super) fn has_sent_all(&self) -> bool {
        self.window.lock().is_empty()
    }

    /// Bytes that are held.
    pub(super) fn held(&self) -> usize {
        self.held.load(Ordering::Acquire)
    }

    /// Streams that this node has opened.
    pub(super) fn opened(&self) -> u64 {
        self.opened.load(Ordering::Acquire)
    }

    /// This node opens a stream.
    pub(super) fn opens(&self) {
        self.opened.fetch_add(1, Ordering::AcqRel);
    }

    /// Waits until so many streams of the peer were read to their ends.
    pub(super) async fn has_read(&self, streams: u64) {
        while self.read.load(Ordering::Acquire) < streams {
            self.one_more_read.notified().await;
        }
    }

    fn reads_one_more(&self) {
        self.read.fetch_add(1, Ordering::AcqRel);
        self.one_more_read.notify_one();
    }
}

impl Carrier {
    /// Whether a body of so many bytes goes by a stream of its own.
    pub(super) fn goes_apart(&self, bytes: usize) -> bool {
        bytes > LARGE && self.lanes > 0
    }

    // ---- of this node ----------------------------------------------------------------------

    /// Sends what `put` writes, about so many `bytes`, by a stream of its own; gives the number for its barrier.
    pub(super) fn send_apart(
        self: &Arc<Self>,
        bytes: usize,
        put: impl FnOnce(&mut BytesMut) -> Bytes,
    ) -> u64 {
        let number = self.large.window.lock().start(bytes);
        self.start_stream((number, number), bytes, put);
        number
    }

    /// Sends an answer by a stream of its own.
    pub(super) fn answer_apart(self: &Arc<Self>, bytes: usize, put: impl FnOnce(&mut BytesMut) -> Bytes) {
        let place = self.large.window.lock().start(bytes);
        self.start_stream((place, 0), bytes, put);
    }

    fn start_stream(
        self: &Arc<Self>,
        (place, number): (u64, u64),
        bytes: usize,
        put: impl FnOnce(&mut BytesMut) -> Bytes,
    ) {
        let mut head = BytesMut::with_capacity(OVERHEAD);
        put_apart(&mut head, Apart::Message { number });
        let body = put(&mut head);
        self.large.opens();
        let (carrier, owed) = (self.clone(), if number == 0 { bytes } else { 0 });
        self.node().runtime().spawn("remote large message", async move {
            let sent = carrier.write_stream(head.freeze(), body).await;
            carrier.large.window.lock().arrived(place);
            carrier.settle(owed);
            carrier.rouse();
            if let Err(error) = sent {
                carrier.fail(&error);
            }
        });
    }

    async fn write_stream(&self, head: Bytes, mut body: Bytes) -> Result<(), EndOfCarrier> {
        let mut writer = self.control.open().await?;
        let length = head.len();
        self.within_patience(writer.write(head)).await?;
        self.peer.tally.wrote(length);
        while !body.is_empty() {
            let part = body.split_to(body.len().min(LARGE));
            let length = part.len();
            self.keep_pace(length).await;
            self.within_patience(writer.write(part)).await?;
            self.peer.tally.wrote(length);
        }
        // The peer has a window of it at most, and reads it unless it is gone, or stalls with its lane.
        Ok(writer.finish().await?)
    }

    /// Waits until a part of so many bytes may go.
    async fn keep_pace(&self, bytes: usize) {
        let (runtime, beside) = (self.node().runtime(), self.large.was_beside());
        let now = runtime.now();
        let at = self.large.pace.lock().part(now, bytes, beside);
        if at > now {
            runtime.sleep_until(Some(at)).await;
        }
    }

    // ---- of the peer -----------------------------------------------------------------------

    /// Reads the streams that the peer opens.
    pub(super) async fn accept_streams(self: Arc<Self>) {
        // Why the connection ends, the reader of its lane says.
        while let Ok(reader) = self.control.accept().await {
            let carrier = self.clone();
            self.node().runtime().spawn("remote stream", async move {
                let watch = Watch(&carrier);
                match carrier.read_stream(reader).await {
                    Ok(()) => carrier.large.reads_one_more(),
                    Err(error) => carrier.fail(&error),
                }
                std::mem::forget(watch);
            });
        }
    }

    async fn read_stream(self: &Arc<Self>, mut reader: Box<dyn Reader>) -> Result<(), EndOfCarrier> {
        let mut decoder = Decoder::new(self.node().limits.max_message + HEADROOM);
        let head = self.read_frame(&mut *reader, &mut decoder).await?;
        match decode(head)? {
            Parcel::Apart(Apart::Lane) => match self.read_lane(&mut *reader, &mut decoder).await {
                EndOfCarrier::Ended => Ok(()),
                error => Err(error),
            },
            Parcel::Apart(Apart::Message { number }) => {
                let frame = self.read_frame(&mut *reader, &mut decoder).await?;
                self.in_turn(|| self.take_apart(number, decode(frame)?))?;
                match self.read_some(&mut *reader, &mut decoder).await? {
                    true => Err(EndOfCarrier::Misplaced),
                    false => Ok(()),
                }
            }
            _ => Err(EndOfCarrier::Misplaced),
        }
    }

    async fn read_frame(
        &self,
        reader: &mut dyn Reader,
        decoder: &mut Decoder,
    ) -> Result<Frame, EndOfCarrier> {
        loop {
            if let Some(frame) = decoder.next()? {
                return Ok(frame);
            }
            if !self.read_some(reader, decoder).await? {
                return Err(EndOfCarrier::Ended);
            }
        }
    }

    /// Takes in a message that came by a stream of its own.
    fn take_apart(self: &Arc<Self>, number: u64, parcel: Parcel) -> Result<(), EndOfCarrier> {
        match (number, &parcel) {
            (0, Parcel::Answer { .. }) => inbound::take(self, parcel),
            (1.., Parcel::Tell(_) | Parcel::Ask { .. } | Parcel::Flow { flow: Flow::Item(_), .. }) => {
                let message = weighed(parcel);
                self.in_order(|order, out| Ok(order.arrive(number, message, out)?))
            }
            _ => Err(EndOfCarrier::Misplaced),
        }
    }

    /// Takes in a message of a lane.
    pub(super) fn take(self: &Arc<Self>, parcel: Parcel) -> Result<(), EndOfCarrier> {
        match parcel {
            Parcel::Ask { .. } => self.large.asks_beside(),
            Parcel::Answer { .. } => self.large.answers_beside(),
            _ => {}
        }
        match parcel {
            Parcel::Apart(Apart::Barrier { target, .. }) if target.len() > LONGEST_PATH => {
                Err(EndOfCarrier::Misplaced)
            }
            Parcel::Apart(Apart::Barrier { number, target, correlation }) => {
                let ask = correlation.map(ask_of_the_peer);
                self.in_order(|order, out| Ok(order.announce(number, For::Target(target, ask), out)?))
            }
            Parcel::Apart(Apart::Item { number, course }) => {
                self.in_order(|order, out| Ok(order.announce(number, For::Course(course), out)?))
            }
            Parcel::Apart(Apart::Message { .. } | Apart::Lane) => Err(EndOfCarrier::Misplaced),
            parcel if self.large.holds.load(Ordering::Acquire) => self.in_order(|order, out| {
                order.pass(destination(&parcel), weighed(parcel), out);
                Ok(())
            }),
            parcel => inbound::take(self, parcel),
        }
    }

    /// Takes in what `change` lets pass; under the lock, so that nothing overtakes it.
    fn in_order(
        self: &Arc<Self>,
        change: impl FnOnce(&mut Order<Parcel>, &mut Vec<Parcel>) -> Result<(), EndOfCarrier>,
    ) -> Result<(), EndOfCarrier> {
        let mut order = self.large.order.lock();
        let mut out = Vec::new();
        change(&mut order, &mut out)?;
        for parcel in out {
            inbound::take(self, parcel)?;
        }
        self.large.held.store(order.bytes(), Ordering::Release);
        self.large.holds.store(!order.holds_nothing(), Ordering::Release);
        drop(order);
        self.relieve();
        Ok(())
    }
}

fn weighed(parcel: Parcel) -> Weighed<Parcel> {
    let body = match &parcel {
        Parcel::Tell(Envelope { target, body, meta, .. })
        | Parcel::Ask { envelope: Envelope { target, body, meta, .. }, .. } => {
            target.len() + body.len() + meta.len()
        }
        Parcel::Flow { flow: Flow::Item(body), .. } => body.len(),
        _ => 0,
    };
    Weighed { message: parcel, bytes: OVERHEAD + body }
}

fn destination(parcel: &Parcel) -> For {
    match parcel {
        Parcel::Tell(Envelope { target, .. }) | Parcel::Notice(Notice::Signal { target, .. }) => {
            For::Target(target.clone(), None)
        }
        Parcel::Ask { envelope, correlation, .. } => {
            For::Target(envelope.target.clone(), Some(ask_of_the_peer(*correlation)))
        }
        Parcel::Cancel { correlation } => For::Course(ask_of_the_peer(*correlation)),
        Parcel::Answer { correlation, .. } => {
            For::Course(Course { correlation: *correlation, asker: Side::Us })
        }
        Parcel::Flow { course, .. } => For::Course(*course),
        _ => For::Nothing,
    }
}

fn ask_of_the_peer(correlation: u64) -> Course {
    Course { correlation, asker: Side::Them }
}
