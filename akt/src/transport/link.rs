//! One connection of the network inside the process: two queues of bytes and the state of the way between.

use std::collections::VecDeque;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use super::error::{Close, Lost};
use super::memory::{HOST, Network};
use super::{Connection, Control, Reader, Writer};
use crate::runtime::Runtime;
use crate::time::Instant;

/// Writes that may be under way in one direction.
const IN_FLIGHT: usize = 64;

/// Both directions of a connection.
pub(super) struct Link {
    /// The ports of both nodes, the lower one first.
    pub(super) ends: (u16, u16),
    network: Network,
    /// The dialer's clock times both directions.
    clock: Runtime,
    phase: watch::Sender<Phase>,
    /// What goes to the lower port, and to the higher one.
    pipes: [Pipe; 2],
}

/// The state of the way between two nodes.
#[derive(Clone)]
pub(super) enum Phase {
    Open,
    Cut,
    Lost(Lost),
}

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
            phase: watch::Sender::new(Phase::Open),
            pipes: Default::default(),
        })
    }

    /// Changes the state of the way; a lost connection stays lost.
    pub(super) fn enter(&self, phase: &Phase) {
        self.phase.send_if_modified(|now| {
            let open = !matches!(now, Phase::Lost(_));
            if open {
                *now = phase.clone();
            }
            open
        });
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
        let end = || MemoryEnd { phase: side.link.phase.subscribe(), side: side.clone() };
        let (writer, reader) = (Box::new(end()), Box::new(end()));
        Connection { peer, writer, reader, control: side }
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

struct MemoryEnd {
    side: Arc<Side>,
    phase: watch::Receiver<Phase>,
}

impl MemoryEnd {
    fn check(&mut self) -> Result<Phase, Lost> {
        match self.phase.borrow_and_update().clone() {
            Phase::Lost(lost) => Err(lost),
            phase => Ok(phase),
        }
    }
}

#[async_trait]
impl Writer for MemoryEnd {
    async fn write(&mut self, bytes: Bytes) -> Result<(), Lost> {
        loop {
            self.check()?;
            if self.side.offer(&bytes) {
                return Ok(());
            }
            let pipe = self.side.outgoing();
            tokio::select! { biased;
                _ = self.phase.changed() => {}
                () = pipe.writable.notified() => {}
            }
        }
    }

    async fn finish(&mut self) -> Result<(), Lost> {
        self.side.outgoing().queue.lock().finished = true;
        self.side.outgoing().readable.notify_one();
        loop {
            self.check()?;
            let pipe = self.side.outgoing();
            if pipe.queue.lock().writes.is_empty() {
                return Ok(());
            }
            tokio::select! { biased;
                _ = self.phase.changed() => {}
                () = pipe.writable.notified() => {}
            }
        }
    }
}

#[async_trait]
impl Reader for MemoryEnd {
    async fn read(&mut self, buffer: &mut BytesMut) -> Result<bool, Lost> {
        loop {
            let phase = self.check()?;
            let (link, pipe) = (&self.side.link, self.side.incoming());
            if let Phase::Cut = phase {
                tokio::select! { biased;
                    _ = self.phase.changed() => {}
                    () = link.clock.sleep(link.network.idle_timeout()) => link.enter(&Phase::Lost(Lost::Silent)),
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
                _ = self.phase.changed() => {}
                () = pipe.readable.notified() => {}
                () = link.clock.sleep_until(due) => {}
            }
        }
    }
}
