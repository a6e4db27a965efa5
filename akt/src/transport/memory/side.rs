//! One end of a connection in memory: what writes to it, reads from it, and closes it.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use tokio::sync::OwnedSemaphorePermit;

use super::HOST;
use super::link::Link;
use super::pipe::{Next, Pipe, Write};
use crate::time::Instant;
use crate::transport::error::{Close, Lost};
use crate::transport::{Connection, Control, Reader, Writer};

/// Writes that may be under way on one stream.
const IN_FLIGHT: usize = 64;

/// One end of a link.
pub(super) struct Side {
    pub(super) link: Arc<Link>,
    pub(super) end: usize,
}

impl Side {
    pub(super) fn peer(&self) -> String {
        format!("{HOST}:{}", self.link.ports[self.other()])
    }

    fn other(&self) -> usize {
        1 - self.end
    }

    pub(super) fn connection(self) -> Connection {
        let peer = self.peer().into();
        let side = Arc::new(self);
        let [outgoing, incoming] = [side.other(), side.end].map(|to| side.link.lanes[to].clone());
        let writer = Box::new(MemoryWriter { side: side.clone(), pipe: outgoing });
        let reader = Box::new(MemoryReader { side: side.clone(), pipe: incoming, place: None });
        Connection { peer, holders: Vec::new(), writer, reader, control: Arc::new(Whole(side)) }
    }

    fn check(&self) -> Result<(), Lost> {
        self.link.check(self.end)
    }

    pub(super) fn close(&self, reason: Close, text: &str) {
        self.link.close(self.end, reason, text);
    }

    /// Tells the other end that this half of a stream is gone.
    fn tear(&self, pipe: &Pipe) {
        pipe.tear(self.other(), self.link.send(self.other(), 1));
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
        let side = &self.0;
        let door = &side.link.doors[side.other()];
        let Ok(place) = door.places.clone().acquire_owned().await else {
            return Err(side.check().err().unwrap_or(Lost::Here));
        };
        side.check()?;
        let pipe = Arc::new(Pipe::new(side.other()));
        side.link.add(&pipe);
        door.opened.lock().push_back((pipe.clone(), place));
        door.arrived.notify_one();
        Ok(Box::new(MemoryWriter { side: side.clone(), pipe }))
    }

    async fn accept(&self) -> Result<Box<dyn Reader>, Lost> {
        let side = &self.0;
        let door = &side.link.doors[side.end];
        loop {
            side.check()?;
            if let Some((pipe, place)) = door.opened.lock().pop_front() {
                return Ok(Box::new(MemoryReader { side: side.clone(), pipe, place: Some(place) }));
            }
            side.link.wait(side.end, &door.arrived, Instant::FAR).await;
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
        let queue = self.pipe.queue();
        if queue.is_torn(self.side.end, link.clock.now()) {
            return Err(stopped());
        }
        if queue.writes.len() >= IN_FLIGHT {
            return Ok(false);
        }
        drop(queue);
        let number = link.show_written(self.pipe.to, bytes);
        self.pipe.push(number, bytes.clone(), link.send(self.pipe.to, bytes.len()));
        Ok(true)
    }

    /// Waits until something is other than it was.
    async fn wait(&self, due: Instant) {
        let torn = self.pipe.queue().torn_at(self.side.end);
        self.side.link.wait(self.side.end, &self.pipe.writable, due.min(torn)).await;
    }

    /// Whether the peer has everything, or reads no more; otherwise when that may be.
    fn is_done(&self) -> Result<(), Instant> {
        let link = &self.side.link;
        let (now, is_deaf) = (link.clock.now(), link.is_deaf(self.side.end));
        let queue = self.pipe.queue();
        let Some(finished) = queue.finished else { return Err(Instant::FAR) };
        let is_done = queue.writes.is_empty() && finished.has_come(now);
        if queue.is_torn(self.side.end, now) || is_done && !is_deaf {
            return Ok(());
        }
        Err(if finished.has_come(now) { Instant::FAR } else { finished.due() })
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
            self.wait(Instant::FAR).await;
        }
    }

    async fn finish(&mut self) -> Result<(), Lost> {
        if self.side.check().is_ok() {
            self.pipe.finish(self.side.link.send(self.pipe.to, 1));
        }
        loop {
            let Err(due) = self.is_done() else { return Ok(()) };
            self.side.check()?;
            self.wait(due).await;
        }
    }
}

impl Drop for MemoryWriter {
    fn drop(&mut self) {
        let link = &self.side.link;
        if link.is_dead(self.side.end) {
            return;
        }
        let is_finished = self.pipe.queue().finished.is_some();
        if !is_finished {
            self.side.tear(&self.pipe);
        }
        link.leave(&self.pipe);
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
            self.side.check()?;
            match pipe.next(link.clock.now()) {
                Next::Write(Write { number, bytes, .. }) => {
                    link.show_read(pipe.to, number);
                    buffer.extend_from_slice(&bytes);
                    return Ok(true);
                }
                Next::End => {
                    self.place = None;
                    return Ok(false);
                }
                Next::Torn => return Err(stopped()),
                Next::At(due) => link.wait(self.side.end, &pipe.readable, due).await,
            }
        }
    }
}

impl Drop for MemoryReader {
    fn drop(&mut self) {
        let link = &self.side.link;
        if link.is_dead(self.side.end) {
            return;
        }
        let has_all = {
            let queue = self.pipe.queue();
            queue.writes.is_empty() && queue.finished.is_some_and(|end| end.has_come(link.clock.now()))
        };
        if !has_all {
            self.side.tear(&self.pipe);
        }
        link.bury(&self.pipe);
        link.leave(&self.pipe);
    }
}

fn stopped() -> Lost {
    Lost::Closed { code: Close::Done, text: "stream stopped".into() }
}
