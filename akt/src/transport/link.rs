//! One connection of the network inside the process: its streams, and the state of the way between.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::error::{Close, Lost};
use super::memory::{HOST, Network, Sight};
use super::{Connection, Control, MAX_STREAMS, Reader, Writer};
use crate::runtime::Runtime;
use crate::time::Instant;

/// Writes that may be under way on one stream.
const IN_FLIGHT: usize = 64;

/// A connection on a way that was cut for so long is lost.
const IDLE_TIMEOUT: Duration = Duration::from_secs(3);

/// Both directions of a connection.
pub(super) struct Link {
    /// The ports of both nodes, the lower one first.
    pub(super) ends: (u16, u16),
    network: Network,
    /// The dialer's clock times both directions.
    clock: Runtime,
    phase: Mutex<Phase>,
    /// Every stream that is not forgotten, to be told of changes.
    pipes: Mutex<Vec<Arc<Pipe>>>,
    /// The lane to the lower port, and to the higher one.
    lane: [Arc<Pipe>; 2],
    /// What else goes to each.
    doors: [Door; 2],
}

/// The state of the way between two nodes.
#[derive(Clone)]
pub(super) enum Phase {
    Open,
    /// Nothing passes any more; both sides notice when it has been so for long.
    Cut {
        since: Instant,
    },
    Lost(Lost),
    /// The node at this port has closed the connection.
    Closed {
        by: u16,
        lost: Lost,
    },
}

/// Streams beside the lane, in one direction.
struct Door {
    places: Arc<Semaphore>,
    opened: Mutex<VecDeque<(Arc<Pipe>, OwnedSemaphorePermit)>>,
    arrived: Notify,
}

/// One stream: bytes under way, and who waits for them, or for room, or for the way to change.
struct Pipe {
    /// The port that it goes to.
    to: u16,
    queue: Mutex<Queue>,
    readable: Notify,
    writable: Notify,
}

#[derive(Default)]
struct Queue {
    writes: VecDeque<Write>,
    last: Instant,
    finished: bool,
    /// One of its ends is gone before it was finished, or read.
    torn: bool,
}

/// What is under way.
struct Write {
    number: u64,
    due: Instant,
    bytes: Bytes,
}

enum Next {
    Write(Write),
    At(Option<Instant>),
    End,
    Torn,
}

impl Link {
    pub(super) fn new(ends: (u16, u16), network: &Network, clock: &Runtime) -> Arc<Self> {
        let lane = [ends.0, ends.1].map(|to| Arc::new(Pipe::new(to)));
        let door = || Door {
            places: Arc::new(Semaphore::new(MAX_STREAMS as usize)),
            opened: Mutex::default(),
            arrived: Notify::new(),
        };
        Arc::new(Self {
            ends,
            network: network.clone(),
            clock: clock.clone(),
            phase: Mutex::new(Phase::Open),
            pipes: Mutex::new(lane.to_vec()),
            lane,
            doors: [door(), door()],
        })
    }

    /// Cuts the way.
    pub(super) fn cut(&self) {
        self.enter(&Phase::Cut { since: self.clock.now() });
    }

    /// Changes the state of the way; a lost connection stays lost.
    pub(super) fn enter(&self, phase: &Phase) {
        let mut now = self.phase.lock();
        if matches!(*now, Phase::Lost(_) | Phase::Closed { .. }) {
            return;
        }
        *now = phase.clone();
        let is_over = matches!(*now, Phase::Lost(_) | Phase::Closed { .. });
        drop(now);
        // Always in this order: a simulation is replayed.
        for pipe in self.pipes.lock().iter() {
            if is_over {
                self.show_lost(pipe);
            }
            pipe.readable.notify_one();
            pipe.writable.notify_one();
        }
        for door in self.doors.iter().filter(|_| is_over) {
            door.places.close();
            door.arrived.notify_one();
        }
    }

    /// The state of the way as the node at port `end` sees it.
    fn check(&self, end: u16) -> Result<Phase, Lost> {
        match &*self.phase.lock() {
            Phase::Closed { by, .. } if *by == end => Err(Lost::Here),
            Phase::Lost(lost) | Phase::Closed { lost, .. } => Err(lost.clone()),
            phase => Ok(phase.clone()),
        }
    }

    fn show_lost(&self, pipe: &Pipe) {
        for Write { number, .. } in &pipe.queue.lock().writes {
            self.network.show(Sight::Lost { write: *number, from: self.other(pipe.to), to: pipe.to });
        }
    }

    /// The port at the other end.
    fn other(&self, end: u16) -> u16 {
        let (low, high) = self.ends;
        if end == low { high } else { low }
    }

    fn forget(&self, pipe: &Arc<Pipe>) {
        self.pipes.lock().retain(|known| !Arc::ptr_eq(known, pipe));
    }
}

impl Pipe {
    fn new(to: u16) -> Self {
        Self { to, queue: Mutex::default(), readable: Notify::new(), writable: Notify::new() }
    }

    fn next(&self, now: Instant) -> Next {
        let mut queue = self.queue.lock();
        match queue.writes.front() {
            _ if queue.torn => Next::Torn,
            Some(Write { due, .. }) if *due > now => Next::At(Some(*due)),
            None if queue.finished => Next::End,
            _ => {
                let write = queue.writes.pop_front();
                drop(queue);
                let Some(write) = write else { return Next::At(None) };
                self.writable.notify_one();
                Next::Write(write)
            }
        }
    }

    /// One of its ends is gone.
    fn tear(&self, is_early: impl FnOnce(&Queue) -> bool) {
        let mut queue = self.queue.lock();
        queue.torn |= is_early(&queue);
        drop(queue);
        self.readable.notify_one();
        self.writable.notify_one();
    }
}

/// One end of a link.
pub(super) struct Side {
    pub(super) link: Arc<Link>,
    pub(super) end: u16,
}

impl Side {
    pub(super) fn peer(&self) -> String {
        format!("{HOST}:{}", self.link.other(self.end))
    }

    pub(super) fn connection(self) -> Connection {
        let peer = self.peer().into();
        let (away, home) = (self.away(), 1 - self.away());
        let side = Arc::new(self);
        let [outgoing, incoming] = [away, home].map(|direction| side.link.lane[direction].clone());
        let writer = Box::new(MemoryWriter { side: side.clone(), pipe: outgoing });
        let reader = Box::new(MemoryReader { side: side.clone(), pipe: incoming, place: None });
        Connection { peer, holders: Vec::new(), writer, reader, control: Arc::new(Whole(side)) }
    }

    /// Which direction goes away from this end.
    fn away(&self) -> usize {
        usize::from(self.end == self.link.ends.0)
    }

    fn check(&self) -> Result<Phase, Lost> {
        self.link.check(self.end)
    }

    fn close(&self, reason: Close, text: &str) {
        let lost = Lost::Closed { code: reason, text: text.into() };
        self.link.enter(&Phase::Closed { by: self.end, lost });
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        self.close(Close::Done, "dropped");
    }
}

struct Whole(Arc<Side>);

#[async_trait]
impl Control for Whole {
    async fn open(&self) -> Result<Box<dyn Writer>, Lost> {
        let (side, door) = (&self.0, &self.0.link.doors[self.0.away()]);
        let Ok(place) = door.places.clone().acquire_owned().await else {
            return Err(side.check().err().unwrap_or(Lost::Here));
        };
        side.check()?;
        let pipe = Arc::new(Pipe::new(side.link.other(side.end)));
        side.link.pipes.lock().push(pipe.clone());
        door.opened.lock().push_back((pipe.clone(), place));
        door.arrived.notify_one();
        Ok(Box::new(MemoryWriter { side: side.clone(), pipe }))
    }

    async fn accept(&self) -> Result<Box<dyn Reader>, Lost> {
        let (side, door) = (&self.0, &self.0.link.doors[1 - self.0.away()]);
        loop {
            if let Some((pipe, place)) = door.opened.lock().pop_front() {
                return Ok(Box::new(MemoryReader { side: side.clone(), pipe, place: Some(place) }));
            }
            side.check()?;
            door.arrived.notified().await;
        }
    }

    fn close(&self, reason: Close, text: &str) {
        self.0.close(reason, text);
    }
}

struct MemoryWriter {
    side: Arc<Side>,
    pipe: Arc<Pipe>,
}

impl MemoryWriter {
    /// Whether there was room for `bytes`.
    fn offer(&self, bytes: &Bytes) -> Result<bool, Lost> {
        let link = &self.side.link;
        let mut queue = self.pipe.queue.lock();
        if queue.torn {
            return Err(stopped());
        }
        let room = queue.writes.len() < IN_FLIGHT;
        if room {
            queue.last = queue.last.max(link.clock.now() + link.network.draw_latency());
            let (due, number) = (queue.last, link.network.number_write());
            let (from, to) = (self.side.end, self.pipe.to);
            link.network.show(Sight::Written { write: number, from, to, bytes });
            queue.writes.push_back(Write { number, due, bytes: bytes.clone() });
            drop(queue);
            self.pipe.readable.notify_one();
        }
        Ok(room)
    }
}

#[async_trait]
impl Writer for MemoryWriter {
    async fn write(&mut self, bytes: Bytes) -> Result<(), Lost> {
        loop {
            self.side.check()?;
            if self.offer(&bytes)? {
                return Ok(());
            }
            self.pipe.writable.notified().await;
        }
    }

    async fn finish(&mut self) -> Result<(), Lost> {
        self.pipe.queue.lock().finished = true;
        self.pipe.readable.notify_one();
        loop {
            let over = {
                let queue = self.pipe.queue.lock();
                queue.torn || queue.writes.is_empty()
            };
            if over {
                return Ok(());
            }
            self.side.check()?;
            self.pipe.writable.notified().await;
        }
    }
}

impl Drop for MemoryWriter {
    fn drop(&mut self) {
        self.pipe.tear(|queue| !queue.finished);
    }
}

struct MemoryReader {
    side: Arc<Side>,
    pipe: Arc<Pipe>,
    /// Given back at the end.
    place: Option<OwnedSemaphorePermit>,
}

#[async_trait]
impl Reader for MemoryReader {
    async fn read(&mut self, buffer: &mut BytesMut) -> Result<bool, Lost> {
        let (link, pipe) = (&self.side.link, &self.pipe);
        loop {
            if let Phase::Cut { since } = self.side.check()? {
                tokio::select! { biased;
                    () = pipe.readable.notified() => {}
                    () = link.clock.sleep_until(Some(since + IDLE_TIMEOUT)) => link.enter(&Phase::Lost(Lost::Silent)),
                }
                continue;
            }
            let due = match pipe.next(link.clock.now()) {
                Next::Write(Write { number, bytes, .. }) => {
                    let (from, to) = (link.other(pipe.to), pipe.to);
                    link.network.show(Sight::Read { write: number, from, to });
                    buffer.extend_from_slice(&bytes);
                    return Ok(true);
                }
                Next::End => {
                    self.place = None;
                    return Ok(false);
                }
                Next::Torn => return Err(stopped()),
                Next::At(due) => due,
            };
            tokio::select! { biased;
                () = pipe.readable.notified() => {}
                () = link.clock.sleep_until(due) => {}
            }
        }
    }
}

impl Drop for MemoryReader {
    fn drop(&mut self) {
        self.pipe.tear(|queue| !(queue.finished && queue.writes.is_empty()));
        self.side.link.forget(&self.pipe);
    }
}

fn stopped() -> Lost {
    Lost::Closed { code: Close::Done, text: "stream stopped".into() }
}
