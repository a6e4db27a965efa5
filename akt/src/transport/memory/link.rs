//! One connection of the network in memory: what each end knows of the other, and of the way between.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::pipe::{Flight, Hold, Pipe};
use super::{Network, Sight};
use crate::runtime::Runtime;
use crate::time::Instant;
use crate::transport::MAX_STREAMS;
use crate::transport::error::{Close, Lost};

/// An end that hears nothing for so long has lost its connection.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(3);

/// Both directions of a connection. Its ends are 0, who dialed, and 1.
pub(super) struct Link {
    pub(super) ports: [u16; 2],
    nodes: [Runtime; 2],
    network: Network,
    /// Of the world: the nodes' own may drift.
    pub(super) clock: Runtime,
    ends: Mutex<[End; 2]>,
    /// Every stream that is not forgotten, in the order in which they were opened.
    pipes: Mutex<Vec<Arc<Pipe>>>,
    /// The lane to each end.
    pub(super) lanes: [Arc<Pipe>; 2],
    /// What else goes to each.
    pub(super) doors: [Door; 2],
}

/// What one end knows of its connection.
#[derive(Default)]
struct End {
    over: Option<Lost>,
    /// Why it will be over, under way.
    told: Option<(Flight, Lost)>,
    /// Nothing passes to it.
    is_cut: bool,
    /// The other end does nothing.
    is_quiet: bool,
    /// Since when it has heard nothing.
    deaf: Option<Instant>,
    /// From when to when it will have heard nothing, because all was lost that was sent to it.
    gap: Option<(Instant, Instant)>,
}

/// Streams beside the lane, in one direction.
pub(super) struct Door {
    pub(super) places: Arc<Semaphore>,
    pub(super) opened: Mutex<VecDeque<(Arc<Pipe>, OwnedSemaphorePermit)>>,
    pub(super) arrived: Notify,
}

impl Link {
    pub(super) fn new(ports: [u16; 2], nodes: [&Runtime; 2], network: &Network) -> Arc<Self> {
        let lanes = [0, 1].map(|end| Arc::new(Pipe::new(end)));
        let door = || Door {
            places: Arc::new(Semaphore::new(MAX_STREAMS as usize)),
            opened: Mutex::default(),
            arrived: Notify::new(),
        };
        Arc::new(Self {
            ports,
            nodes: nodes.map(Clone::clone),
            network: network.clone(),
            clock: nodes[0].of_the_world(),
            ends: Mutex::default(),
            pipes: Mutex::new(lanes.to_vec()),
            lanes,
            doors: [door(), door()],
        })
    }

    /// Whether the end still has its connection.
    pub(super) fn check(&self, end: usize) -> Result<(), Lost> {
        if self.is_dead(end) {
            return Err(Lost::Here);
        }
        let mut ends = self.ends.lock();
        let has_turned = settle(&mut ends, self.clock.now());
        let over = ends[end].over.clone();
        drop(ends);
        if has_turned {
            self.look_again();
        }
        over.map_or(Ok(()), Err)
    }

    /// The node at this end was killed: nothing that it does passes any more.
    pub(super) fn is_dead(&self, end: usize) -> bool {
        self.nodes[end].is_dead()
    }

    /// Waits until something is notified, `due` has come, or the end has lost its connection.
    pub(super) async fn wait(&self, end: usize, notify: &Notify, due: Instant) {
        let over = {
            let end = &self.ends.lock()[end];
            let told = end.told.as_ref().map_or(Instant::FAR, |(flight, _)| flight.due());
            told.min(end.silent_at())
        };
        let due = Some(due.min(over)).filter(|due| *due != Instant::FAR);
        tokio::select! { biased;
            () = notify.notified() => {}
            () = self.clock.sleep_until(due) => {}
        }
    }

    /// Whether nothing comes back to the end, acknowledgements neither.
    pub(super) fn is_deaf(&self, end: usize) -> bool {
        self.ends.lock()[end].deaf.is_some()
    }

    // ---- what is sent ----------------------------------------------------------------------

    /// Puts so many bytes on their way to `end`.
    pub(super) fn send(&self, end: usize, bytes: usize) -> Flight {
        self.send_to(&mut self.ends.lock()[end], end, bytes)
    }

    fn send_to(&self, to: &mut End, end: usize, bytes: usize) -> Flight {
        if to.is_cut {
            return Flight::HELD;
        }
        let (now, [from, port]) = (self.clock.now(), [1 - end, end].map(|end| self.ports[end]));
        let transit = self.network.send(from, port, bytes);
        to.hears(now, now + transit.shows);
        Flight::new(now, transit)
    }

    pub(super) fn show_written(&self, to: usize, bytes: &Bytes) -> u64 {
        let (write, [from, to]) = (self.network.number_write(), self.way(to));
        self.network.show(&Sight::Written { write, from, to, bytes });
        write
    }

    pub(super) fn show_read(&self, to: usize, write: u64) {
        let [from, to] = self.way(to);
        self.network.show(&Sight::Read { write, from, to });
    }

    fn way(&self, to: usize) -> [u16; 2] {
        [self.ports[1 - to], self.ports[to]]
    }

    pub(super) fn add(&self, pipe: &Arc<Pipe>) {
        self.pipes.lock().push(pipe.clone());
    }

    /// One half of `pipe` is gone.
    pub(super) fn leave(&self, pipe: &Arc<Pipe>) {
        if pipe.leave() {
            self.pipes.lock().retain(|known| !Arc::ptr_eq(known, pipe));
        }
    }

    /// Nobody reads what is in `pipe`.
    pub(super) fn bury(&self, pipe: &Pipe) {
        let writes = std::mem::take(&mut pipe.queue().writes);
        let [from, to] = self.way(pipe.to);
        for write in writes {
            self.network.show(&Sight::Lost { write: write.number, from, to });
        }
    }

    // ---- how it ends -----------------------------------------------------------------------

    /// The end closes the connection; the other is told, if something passes.
    pub(super) fn close(&self, end: usize, code: Close, text: &str) {
        if self.check(end).is_err() {
            return;
        }
        let mut ends = self.ends.lock();
        ends[end].over = Some(Lost::Here);
        let flight = self.send_to(&mut ends[1 - end], 1 - end, 1);
        ends[1 - end].told.get_or_insert_with(|| (flight, Lost::Closed { code, text: text.into() }));
        drop(ends);
        self.look_again();
    }

    /// Breaks the connection; both ends are told.
    pub(super) fn sever(&self) {
        for end in self.ends.lock().iter_mut() {
            end.over.get_or_insert(Lost::Reset);
        }
        self.look_again();
    }

    /// Looks at the ways and at the nodes, which may be other than before, and wakes whoever waits.
    pub(super) fn look_again(&self) {
        let (now, mut ends) = (self.clock.now(), self.ends.lock());
        while settle(&mut ends, now) {}
        for end in [0, 1] {
            self.look_at(&mut ends, end, now);
        }
        let over = [0, 1].map(|end| ends[end].over.is_some() || self.is_dead(end));
        drop(ends);
        // Always in this order: a simulation is replayed.
        let pipes = self.pipes.lock().clone();
        for pipe in &pipes {
            if over[pipe.to] {
                self.bury(pipe);
            }
            pipe.notify();
        }
        for end in [0, 1] {
            if over[1 - end] {
                self.doors[end].places.close();
            }
            self.doors[end].arrived.notify_one();
        }
    }

    /// What passes to `end` from now on.
    fn look_at(&self, ends: &mut MutexGuard<'_, [End; 2]>, end: usize, now: Instant) {
        let other = 1 - end;
        let [from, to] = self.way(end);
        let is_cut = !self.network.is_open(from, to);
        let has_lost = matches!(ends[other].over, Some(Lost::Silent));
        let is_quiet = has_lost || !self.nodes[other].is_running();
        let [was_cut, was_quiet] = [ends[end].is_cut, ends[end].is_quiet];
        (ends[end].is_cut, ends[end].is_quiet) = (is_cut, is_quiet);
        if is_cut && !was_cut {
            self.hold(&mut ends[end], end, now, Hold::Way);
        }
        if is_quiet && !was_quiet {
            self.hold(&mut ends[end], end, now, Hold::Sender);
        }
        if !is_cut && !is_quiet {
            if was_cut || was_quiet {
                self.release(&mut ends[end], end, now);
            }
            ends[end].deaf = None;
        } else {
            ends[end].deaf.get_or_insert(now);
        }
        let has_successor = self.is_dead(other) && self.network.listens(from);
        let is_denied = has_successor || has_lost && self.nodes[other].is_running();
        if is_denied && ends[end].told.is_none() && !is_cut && self.network.is_open(to, from) {
            let flight = self.send_to(&mut ends[end], end, 1);
            ends[end].told = Some((flight, Lost::Reset));
        }
    }

    fn hold(&self, to: &mut End, end: usize, now: Instant, hold: Hold) {
        to.gap = None;
        if let Some((flight, _)) = &mut to.told {
            flight.hold(now, hold);
        }
        self.pipes.lock().iter().for_each(|pipe| pipe.hold(end, now, hold));
    }

    fn release(&self, to: &mut End, end: usize, now: Instant) {
        let pipes = self.pipes.lock().clone();
        let mut told = to.told.take();
        let mut send = |bytes| self.send_to(to, end, bytes);
        if let Some((flight, _)) = &mut told {
            flight.release(&mut send);
        }
        pipes.iter().for_each(|pipe| pipe.release(end, now, &mut send));
        to.told = told;
    }
}

impl End {
    /// Something that was sent `now` is heard at `arrives`, and nothing before that was sent earlier and lost.
    fn hears(&mut self, now: Instant, arrives: Instant) {
        let (since, until) = self.gap.unwrap_or((now, arrives));
        let gaps = [(since, arrives.min(until)), (arrives, until)];
        self.gap = gaps.into_iter().find(|(since, until)| until.since(*since) > IDLE_TIMEOUT);
    }

    fn silent_at(&self) -> Instant {
        let since = [self.deaf, self.gap.map(|(since, _)| since)].into_iter().flatten().min();
        since.map_or(Instant::FAR, |since| since + IDLE_TIMEOUT)
    }
}

/// Ends what is over by `now`; false if nothing is.
fn settle(ends: &mut [End; 2], now: Instant) -> bool {
    let mut has_turned = false;
    for end in [0, 1] {
        let this = &mut ends[end];
        if this.over.is_some() {
            continue;
        }
        let silent_at = this.silent_at();
        let is_told = |(flight, _): &(Flight, Lost)| flight.has_come(now.min(silent_at));
        if let Some((_, lost)) = this.told.clone().filter(is_told) {
            (this.over, has_turned) = (Some(lost), true);
        } else if silent_at <= now {
            (this.over, has_turned) = (Some(Lost::Silent), true);
            ends[1 - end].deaf.get_or_insert(silent_at);
        }
    }
    has_turned
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(secs: u64) -> Instant {
        Instant::ZERO + SECOND * u32::try_from(secs).unwrap()
    }

    #[test]
    fn an_end_to_which_all_was_lost_for_too_long_is_silent_unless_something_else_arrives() {
        let mut end = End::default();
        end.hears(at(0), at(2));
        assert_eq!(end.silent_at(), Instant::FAR);

        end.hears(at(10), at(15));
        assert_eq!(end.silent_at(), at(13));

        end.hears(at(11), at(12));
        assert_eq!(end.silent_at(), Instant::FAR);

        end.hears(at(20), at(40));
        end.hears(at(21), at(22));
        assert_eq!(end.silent_at(), at(25));
    }

    #[test]
    fn who_has_lost_its_peer_is_silent_to_it_from_then_on() {
        let mut ends = <[End; 2]>::default();
        ends[0].deaf = Some(at(1));

        assert!(!settle(&mut ends, at(3)));
        assert!(settle(&mut ends, at(5)));
        assert_eq!((&ends[0].over, ends[1].deaf), (&Some(Lost::Silent), Some(at(4))));
        assert!(settle(&mut ends, at(7)));
        assert_eq!(ends[1].over, Some(Lost::Silent));
    }
}
