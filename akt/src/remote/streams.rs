//! The streams on one connection: of asks of this node, and of asks of the peer.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use parking_lot::Mutex;

use super::carrier::Carrier;
use super::peer::Out;
use crate::actor::{AskError, Delivery, End, Ends, Line};
use crate::wire::{Course, Flow, Side, end, ended};

/// What is under way, by the ask that it belongs to.
#[derive(Default)]
pub(super) struct Streams(Mutex<Table>);

#[derive(Default)]
struct Table {
    ends: BTreeMap<Course, Ends>,
    closed: bool,
}

impl Streams {
    /// Takes part of what is under way of `course`.
    fn take<T>(&self, course: Course, part: impl FnOnce(&mut Ends) -> Option<T>) -> Option<T> {
        let mut table = self.0.lock();
        let ends = table.ends.get_mut(&course)?;
        let part = part(ends);
        if ends.is_empty() {
            table.ends.remove(&course);
        }
        part
    }
}

impl Carrier {
    /// Begins the streams of an ask of this node, which is about to be sent.
    pub(super) fn begin_streams(self: &Arc<Self>, correlation: u64, ends: Ends) {
        let course = Course { correlation, asker: Side::Us };
        self.open_streams(course, ends);
        // Its asker may have given up before there was anything to be forgotten.
        if !self.requests.lock().requests.is_in_flight(correlation) {
            self.forget_streams(course);
        }
    }

    /// Begins the streams of an ask.
    pub(super) fn open_streams(self: &Arc<Self>, course: Course, ends: Ends) {
        if ends.is_empty() {
            return;
        }
        let (inlet, outlet) = (ends.inlet.clone(), ends.outlet.clone());
        let mut table = self.streams.0.lock();
        if table.closed {
            drop(table);
            return self.cut(&ends, "connection ended before the stream began");
        }
        table.ends.insert(course, ends);
        drop(table);
        let line: Arc<dyn Line> = Arc::new(Wire { carrier: Arc::downgrade(self), course });
        if let Some(inlet) = inlet {
            inlet.connect(line.clone());
        }
        if let Some(outlet) = outlet {
            outlet.connect(line, self.limit);
        }
    }

    /// Takes in what the peer says of a stream; nothing happens if it is late.
    pub(super) fn flows(&self, course: Course, flow: Flow) {
        match flow {
            Flow::Item(body) => self.take_item(course, body),
            Flow::Credit(items) => {
                if let Some(outlet) = self.streams.take(course, |ends| ends.outlet.clone()) {
                    outlet.credit(items);
                }
            }
            Flow::End(ended) => {
                if let Some(inlet) = self.streams.take(course, |ends| ends.inlet.take()) {
                    inlet.end(end(ended));
                }
            }
            Flow::Halt => {
                if let Some(outlet) = self.streams.take(course, |ends| ends.outlet.take()) {
                    outlet.halt();
                }
            }
        }
    }

    fn take_item(&self, course: Course, body: Bytes) {
        let Some(inlet) = self.streams.take(course, |ends| ends.inlet.clone()) else { return };
        let Err(problem) = inlet.item(body) else { return };
        tracing::warn!(peer = %self.peer.address, problem, "a stream of the peer was ended");
        self.hang_up(course);
    }

    /// Nobody here reads the stream of `course` any more; of an ask of this node, nor waits for its answer.
    fn hang_up(&self, course: Course) {
        if self.streams.take(course, |ends| ends.inlet.take()).is_none() {
            return;
        }
        match course.asker {
            Side::Us => {
                drop(self.requests.lock().requests.take(course.correlation));
                self.say_cancelled(course.correlation);
                self.forget_streams(course);
            }
            Side::Them => self.say(course, Flow::Halt),
        }
    }

    /// Ends the streams of an ask whose asker has given up, or which was answered with an error.
    pub(super) fn forget_streams(&self, course: Course) {
        let ends = self.streams.0.lock().ends.remove(&course);
        let Some(Ends { inlet, outlet }) = ends else { return };
        if let Some(inlet) = inlet {
            inlet.end(End::Failed(AskError::Cancelled));
        }
        if let Some(outlet) = outlet {
            outlet.halt();
        }
    }

    /// The connection has ended, and all its streams with it.
    pub(super) fn cut_streams(&self, problem: &str) {
        let mut table = self.streams.0.lock();
        table.closed = true;
        let ends = std::mem::take(&mut table.ends);
        drop(table);
        ends.values().for_each(|ends| self.cut(ends, problem));
    }

    fn cut(&self, ends: &Ends, problem: &str) {
        if let Some(inlet) = &ends.inlet {
            let (delivered, source) = (Delivery::Maybe, self.peer.error(problem));
            inlet.end(End::Failed(AskError::Unreachable { delivered, source }));
        }
        if let Some(outlet) = &ends.outlet {
            outlet.halt();
        }
    }

    fn say(&self, course: Course, flow: Flow) {
        if !self.has_ended() {
            // It takes no room: items are within the peer's credit, and what else is said of a stream is not more.
            let _ = self.peer.queue.push(Out::Flow { link: self.link, course, flow }, true);
        }
    }
}

/// The way of one ask's streams to the peer.
struct Wire {
    carrier: Weak<Carrier>,
    course: Course,
}

impl Wire {
    fn say(&self, flow: Flow) {
        if let Some(carrier) = self.carrier.upgrade() {
            carrier.say(self.course, flow);
        }
    }
}

impl Line for Wire {
    fn item(&self, body: Bytes) {
        self.say(Flow::Item(body));
    }

    fn grant(&self, items: NonZeroU32) {
        self.say(Flow::Credit(items.get()));
    }

    fn end(&self, end: End<Bytes>) {
        let Some(carrier) = self.carrier.upgrade() else { return };
        if carrier.streams.take(self.course, |ends| ends.outlet.take()).is_some() {
            carrier.say(self.course, Flow::End(ended(end)));
        }
    }

    fn halt(&self) {
        if let Some(carrier) = self.carrier.upgrade() {
            carrier.hang_up(self.course);
        }
    }
}

impl fmt::Debug for Streams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streams").field("asks", &self.0.lock().ends.len()).finish_non_exhaustive()
    }
}
