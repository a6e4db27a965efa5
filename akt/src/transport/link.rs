//! One connection of the network inside the process: two queues of bytes and the state of the way between.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::error::{Close, Lost};
use super::memory::{HOST, Network};
use super::{Connection, Control, Reader, Writer};
use crate::runtime::Runtime;
use crate::time::Instant;

/// Writes that may be under way in one direction.
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
    /// What goes to the lower port, and to the higher one.
    pipes: [Pipe; 2],
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
}

/// One direction: bytes under way, and who waits for them, or for room, or for the way to change.
#[derive(Default)]
struct Pipe {
    queue: Mutex<Queue>,
    readable: Notify,
    writable: Notify,
}

#[derive(Default)]
struct Queue {
    writes: VecDeque<(Instant, Bytes)>,
    last: Instant,
    finished: bool,
}

enum Next {
    Bytes(Bytes),
    At(Option<Instant>),
    End,
}

impl Link {
    pub(super) fn new(ends: (u16, u16), network: &Network, clock: &Runtime) -> Arc<Self> {
        Arc::new(Self {
            ends,
            network: network.clone(),
            clock: clock.clone(),
            phase: Mutex::new(Phase::Open),
            pipes: Default::default(),
        })
    }

    /// Cuts the way.
    pub(super) fn cut(&self) {
        self.enter(&Phase::Cut { since: self.clock.now() });
    }

    /// Changes the state of the way; a lost connection stays lost.
    pub(super) fn enter(&self, phase: &Phase) {
        let mut now = self.phase.lock();
        if matches!(*now, Phase::Lost(_)) {
            return;
        }
        *now = phase.clone();
        drop(now);
        // Always in this order: a simulation is replayed.
        for pipe in &self.pipes {
            pipe.readable.notify_one();
            pipe.writable.notify_one();
        }
    }

    fn check(&self) -> Result<Phase, Lost> {
        match &*self.phase.lock() {
            Phase::Lost(lost) => Err(lost.clone()),
            phase => Ok(phase.clone()),
        }
    }
}

impl Pipe {
    fn next(&self, now: Instant) -> Next {
        let mut queue = self.queue.lock();
        match queue.writes.front() {
            Some((due, _)) if *due > now => Next::At(Some(*due)),
            Some(_) => {
                let bytes = queue.writes.pop_front().map(|(_, bytes)| bytes).unwrap_or_default();
                drop(queue);
                self.writable.notify_one();
                Next::Bytes(bytes)
            }
            None if queue.finished => Next::End,
            None => Next::At(None),
        }
    }
}

/// One end of a link.
pub(super) struct Side {
    pub(super) link: Arc<Link>,
    pub(super) end: u16,
}

impl Side {
    pub(super) fn peer(&self) -> String {
        let (low, high) = self.link.ends;
        format!("{HOST}:{}", if self.end == low { high } else { low })
    }

    pub(super) fn connection(self) -> Connection {
        let peer = self.peer().into();
        let side = Arc::new(self);
        let (writer, reader) = (Box::new(MemoryEnd(side.clone())), Box::new(MemoryEnd(side.clone())));
        Connection { peer, holders: Vec::new(), writer, reader, control: side }
    }

    /// What goes away from this end.
    fn outgoing(&self) -> &Pipe {
        &self.link.pipes[usize::from(self.end == self.link.ends.0)]
    }

    /// Whether there was room for `bytes`.
    fn offer(&self, bytes: &Bytes) -> bool {
        let (link, pipe) = (&self.link, self.outgoing());
        let mut queue = pipe.queue.lock();
        let room = queue.writes.len() < IN_FLIGHT;
        if room {
            queue.last = queue.last.max(link.clock.now() + link.network.draw_latency());
            let due = queue.last;
            queue.writes.push_back((due, bytes.clone()));
            drop(queue);
            pipe.readable.notify_one();
        }
        room
    }

    fn incoming(&self) -> &Pipe {
        &self.link.pipes[usize::from(self.end != self.link.ends.0)]
    }
}

impl Control for Side {
    fn close(&self, reason: Close, text: &str) {
        self.link.enter(&Phase::Lost(Lost::Closed { code: reason, text: text.into() }));
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        self.close(Close::Done, "dropped");
    }
}

struct MemoryEnd(Arc<Side>);

#[async_trait]
impl Writer for MemoryEnd {
    async fn write(&mut self, bytes: Bytes) -> Result<(), Lost> {
        loop {
            self.0.link.check()?;
            if self.0.offer(&bytes) {
                return Ok(());
            }
            self.0.outgoing().writable.notified().await;
        }
    }

    async fn finish(&mut self) -> Result<(), Lost> {
        let pipe = self.0.outgoing();
        pipe.queue.lock().finished = true;
        pipe.readable.notify_one();
        loop {
            self.0.link.check()?;
            if pipe.queue.lock().writes.is_empty() {
                return Ok(());
            }
            pipe.writable.notified().await;
        }
    }
}

#[async_trait]
impl Reader for MemoryEnd {
    async fn read(&mut self, buffer: &mut BytesMut) -> Result<bool, Lost> {
        let (link, pipe) = (&self.0.link, self.0.incoming());
        loop {
            if let Phase::Cut { since } = link.check()? {
                tokio::select! { biased;
                    () = pipe.readable.notified() => {}
                    () = link.clock.sleep_until(Some(since + IDLE_TIMEOUT)) => link.enter(&Phase::Lost(Lost::Silent)),
                }
                continue;
            }
            let due = match pipe.next(link.clock.now()) {
                Next::Bytes(bytes) => {
                    buffer.extend_from_slice(&bytes);
                    return Ok(true);
                }
                Next::End => return Ok(false),
                Next::At(due) => due,
            };
            tokio::select! { biased;
                () = pipe.readable.notified() => {}
                () = link.clock.sleep_until(due) => {}
            }
        }
    }
}
