//! One stream in memory: bytes under way, and who waits for them, or for room.

use std::collections::VecDeque;

use bytes::Bytes;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;

use super::faults::Transit;
use crate::time::Instant;

/// One stream.
pub(super) struct Pipe {
    /// The end that it goes to.
    pub(super) to: usize,
    queue: Mutex<Queue>,
    pub(super) readable: Notify,
    pub(super) writable: Notify,
}

#[derive(Default)]
pub(super) struct Queue {
    pub(super) writes: VecDeque<Write>,
    /// When the last write, or the end, arrives.
    last: Instant,
    /// The end of the stream, under way.
    pub(super) finished: Option<Flight>,
    /// Word that one end of the stream is gone before it was finished, or read; under way to that end of the link.
    torn: Option<(usize, Flight)>,
    /// One of its halves is gone.
    is_half: bool,
}

/// What is under way.
pub(super) struct Write {
    pub(super) number: u64,
    pub(super) bytes: Bytes,
    flight: Flight,
}

/// When something is on its way for good, and when it arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flight {
    leaves: Instant,
    due: Instant,
}

/// What may keep things from arriving.
#[derive(Clone, Copy)]
pub(super) enum Hold {
    /// Nothing passes: what has not arrived is lost.
    Way,
    /// The sender does nothing: what is lost is not sent again.
    Sender,
}

pub(super) enum Next {
    Write(Write),
    /// Nothing before then.
    At(Instant),
    End,
    Torn,
}

impl Flight {
    /// Waits until the way is open.
    pub(super) const HELD: Self = Self { leaves: Instant::FAR, due: Instant::FAR };

    pub(super) fn new(now: Instant, transit: Transit) -> Self {
        Self { leaves: now + transit.leaves, due: now + transit.arrives }
    }

    pub(super) fn due(self) -> Instant {
        self.due
    }

    pub(super) fn has_come(self, now: Instant) -> bool {
        self.due <= now
    }

    pub(super) fn hold(&mut self, now: Instant, hold: Hold) {
        let is_lost = match hold {
            Hold::Way => self.due > now,
            Hold::Sender => self.leaves > now,
        };
        if is_lost {
            *self = Self::HELD;
        }
    }

    pub(super) fn release(&mut self, send: &mut impl FnMut(usize) -> Self) {
        if *self == Self::HELD {
            *self = send(1);
        }
    }

    /// Does not arrive before `last`, and nothing after it does before this.
    fn behind(&mut self, last: &mut Instant) {
        if *self != Self::HELD {
            self.due = self.due.max(*last);
            *last = self.due;
        }
    }
}

impl Pipe {
    pub(super) fn new(to: usize) -> Self {
        Self { to, queue: Mutex::default(), readable: Notify::new(), writable: Notify::new() }
    }

    pub(super) fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock()
    }

    pub(super) fn push(&self, number: u64, bytes: Bytes, mut flight: Flight) {
        let queue = &mut *self.queue.lock();
        flight.behind(&mut queue.last);
        queue.writes.push_back(Write { number, bytes, flight });
        self.readable.notify_one();
    }

    pub(super) fn finish(&self, mut flight: Flight) {
        let queue = &mut *self.queue.lock();
        flight.behind(&mut queue.last);
        queue.finished.get_or_insert(flight);
        self.readable.notify_one();
    }

    /// What the reader finds.
    pub(super) fn next(&self, now: Instant) -> Next {
        let mut queue = self.queue.lock();
        if queue.is_torn(self.to, now) {
            return Next::Torn;
        }
        let torn = queue.torn_at(self.to);
        let next = queue.writes.front().map(|write| write.flight).or(queue.finished);
        match next {
            Some(flight) if !flight.has_come(now) => Next::At(flight.due.min(torn)),
            None => Next::At(torn),
            Some(_) => match queue.writes.pop_front() {
                None => Next::End,
                Some(write) => {
                    drop(queue);
                    self.writable.notify_one();
                    Next::Write(write)
                }
            },
        }
    }

    /// One of its ends is gone, unless that was all; word of it comes to the other.
    pub(super) fn tear(&self, to: usize, flight: Flight) {
        self.queue.lock().torn.get_or_insert((to, flight));
        self.readable.notify_one();
        self.writable.notify_one();
    }

    /// One of its halves is gone; true if the other is, too.
    pub(super) fn leave(&self) -> bool {
        std::mem::replace(&mut self.queue.lock().is_half, true)
    }

    pub(super) fn notify(&self) {
        self.readable.notify_one();
        self.writable.notify_one();
    }

    /// Keeps from arriving what goes to `end`.
    pub(super) fn hold(&self, end: usize, now: Instant, hold: Hold) {
        self.queue.lock().flights(self.to == end, end).for_each(|flight| flight.hold(now, hold));
    }

    /// Sends again what was kept from arriving at `end`.
    pub(super) fn release(&self, end: usize, now: Instant, send: &mut impl FnMut(usize) -> Flight) {
        let queue = &mut *self.queue.lock();
        if self.to == end {
            queue.last = now;
            for write in &mut queue.writes {
                if write.flight == Flight::HELD {
                    write.flight = send(write.bytes.len());
                }
                write.flight.behind(&mut queue.last);
            }
        }
        queue.flights(false, end).for_each(|flight| flight.release(send));
        if let Some(finished) = queue.finished.as_mut().filter(|_| self.to == end) {
            finished.release(send);
            finished.behind(&mut queue.last);
        }
    }
}

impl Queue {
    /// Whether word has come to `end` that the other half is gone.
    pub(super) fn is_torn(&self, end: usize, now: Instant) -> bool {
        self.torn.is_some_and(|(to, flight)| to == end && flight.has_come(now))
    }

    /// When word comes to `end` that the other half is gone.
    pub(super) fn torn_at(&self, end: usize) -> Instant {
        self.torn.filter(|(to, _)| *to == end).map_or(Instant::FAR, |(_, flight)| flight.due)
    }

    /// What goes to `end`: its bytes and its end only if it is the stream's.
    fn flights(&mut self, all: bool, end: usize) -> impl Iterator<Item = &mut Flight> {
        let Self { writes, finished, torn, .. } = self;
        let bytes = writes.iter_mut().map(|write| &mut write.flight).chain(finished).filter(move |_| all);
        bytes.chain(torn.iter_mut().filter(move |(to, _)| *to == end).map(|(_, flight)| flight))
    }
}
