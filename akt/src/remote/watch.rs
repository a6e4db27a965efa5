//! *Pure.* The watches of this node on actors of one peer: each ends once, whatever becomes of connections.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use super::association::LinkId;
use crate::actor::StopReason;
use crate::machine::Machine;
use crate::time::Instant;
use crate::wire::Notice;

/// Names a watch, on all connections.
pub(super) type WatchId = u64;

/// So often a peer that is not there is dialed, as long as something is watched on it.
const RETRY: Duration = Duration::from_millis(500);

/// What can happen to watches.
#[derive(Clone, Debug)]
pub(super) enum Input {
    Watch {
        watch: WatchId,
        target: Bytes,
    },
    Unwatch {
        watch: WatchId,
    },
    /// The peer says which incarnation it is.
    Watched {
        watch: WatchId,
        actor: u64,
    },
    /// The peer says that it is gone.
    Terminated {
        watch: WatchId,
        reason: StopReason,
    },
    /// A connection carries, to this run of the peer.
    Up {
        link: LinkId,
        incarnation: u64,
    },
    /// A connection has ended; the peer said that it leaves, or did not.
    Down {
        link: LinkId,
        left: bool,
    },
    /// This node shuts down.
    Closed,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Output {
    Send {
        link: LinkId,
        notice: Notice,
    },
    /// There should be a connection.
    Want,
    /// The last word about a watch.
    Ended {
        watch: WatchId,
        reason: StopReason,
    },
}

/// All watches on one peer.
#[derive(Debug)]
pub(super) struct Watches {
    /// How long a peer may be without a connection before it is lost.
    lost_after: Duration,
    watches: BTreeMap<WatchId, Watch>,
    /// The connection, and the run of the peer that it leads to.
    up: Option<(LinkId, u64)>,
    /// Without one, while something is watched.
    search: Option<Search>,
    closed: bool,
}

#[derive(Clone, Copy, Debug)]
struct Search {
    retry: Instant,
    until: Instant,
}

#[derive(Debug)]
struct Watch {
    target: Bytes,
    /// The run of the peer that was told of it first: another has other actors.
    incarnation: Option<u64>,
    /// 0 until the peer has said it.
    actor: u64,
}

impl Watch {
    /// As it is said to the peer.
    fn notice(&self, watch: WatchId) -> Notice {
        Notice::Watch { watch, target: self.target.clone(), actor: self.actor }
    }
}

impl Watches {
    pub(super) fn new(lost_after: Duration) -> Self {
        Self { lost_after, watches: BTreeMap::new(), up: None, search: None, closed: false }
    }

    fn watch(&mut self, now: Instant, watch: WatchId, target: Bytes, out: &mut Vec<Output>) {
        if self.closed {
            return out.push(lost(watch));
        }
        let incarnation = self.up.map(|(_, incarnation)| incarnation);
        let fresh = Watch { target, incarnation, actor: 0 };
        match self.up {
            Some((link, _)) => out.push(Output::Send { link, notice: fresh.notice(watch) }),
            None => self.seek(now, out),
        }
        self.watches.insert(watch, fresh);
    }

    fn unwatch(&mut self, watch: WatchId, out: &mut Vec<Output>) {
        if self.watches.remove(&watch).is_none() {
            return;
        }
        if let Some((link, _)) = self.up {
            out.push(Output::Send { link, notice: Notice::Unwatch { watch } });
        }
        self.rest();
    }

    fn terminated(&mut self, watch: WatchId, reason: StopReason, out: &mut Vec<Output>) {
        if self.watches.remove(&watch).is_some() {
            out.push(Output::Ended { watch, reason });
            self.rest();
        }
    }

    /// Says again what is watched; what was watched in another run of the peer has ended with that.
    fn up(&mut self, link: LinkId, incarnation: u64, out: &mut Vec<Output>) {
        if self.closed {
            return;
        }
        (self.up, self.search) = (Some((link, incarnation)), None);
        self.watches.retain(|id, watch| {
            if *watch.incarnation.get_or_insert(incarnation) != incarnation {
                out.push(lost(*id));
                return false;
            }
            out.push(Output::Send { link, notice: watch.notice(*id) });
            true
        });
    }

    fn down(&mut self, now: Instant, link: LinkId, left: bool, out: &mut Vec<Output>) {
        if self.up.is_none_or(|(up, _)| up != link) {
            return;
        }
        self.up = None;
        if left {
            return self.end_all(out);
        }
        if !self.watches.is_empty() {
            self.seek(now, out);
        }
    }

    /// Begins to look for the peer, unless that is under way.
    fn seek(&mut self, now: Instant, out: &mut Vec<Output>) {
        if self.search.is_none() {
            self.search = Some(Search { retry: now + RETRY, until: now + self.lost_after });
            out.push(Output::Want);
        }
    }

    fn end_all(&mut self, out: &mut Vec<Output>) {
        self.search = None;
        out.extend(std::mem::take(&mut self.watches).into_keys().map(lost));
    }

    /// Nobody is looked for of whom nothing is watched.
    fn rest(&mut self) {
        self.search.take_if(|_| self.watches.is_empty());
    }
}

fn lost(watch: WatchId) -> Output {
    Output::Ended { watch, reason: StopReason::NodeLost }
}

impl Machine for Watches {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, now: Instant, input: Input, out: &mut Vec<Output>) {
        match input {
            Input::Watch { watch, target } => self.watch(now, watch, target, out),
            Input::Unwatch { watch } => self.unwatch(watch, out),
            Input::Watched { watch, actor } => {
                if let Some(watch) = self.watches.get_mut(&watch) {
                    watch.actor = actor;
                }
            }
            Input::Terminated { watch, reason } => self.terminated(watch, reason, out),
            Input::Up { link, incarnation } => self.up(link, incarnation, out),
            Input::Down { link, left } => self.down(now, link, left, out),
            Input::Closed => {
                (self.closed, self.up) = (true, None);
                self.end_all(out);
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.search.map(|Search { retry, until }| retry.min(until))
    }

    fn handle_timeout(&mut self, now: Instant, out: &mut Vec<Output>) {
        let Some(search) = &mut self.search else { return };
        if now >= search.until {
            return self.end_all(out);
        }
        if now >= search.retry {
            search.retry = now + RETRY;
            out.push(Output::Want);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, VecDeque};

    use proptest::prelude::*;

    use super::*;

    const LOST_AFTER: Duration = Duration::from_secs(10);

    fn at(ms: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(ms)
    }

    fn feed(watches: &mut Watches, ms: u64, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        watches.handle(at(ms), input, &mut out);
        out
    }

    fn asked(watch: WatchId, link: LinkId, actor: u64) -> Output {
        let target = Bytes::from_static(b"/user/cart");
        Output::Send { link, notice: Notice::Watch { watch, target, actor } }
    }

    fn cart(watch: WatchId) -> Input {
        Input::Watch { watch, target: Bytes::from_static(b"/user/cart") }
    }

    #[test]
    fn a_watch_outlives_a_connection_and_means_the_same_actor_on_the_next() {
        let mut watches = Watches::new(LOST_AFTER);

        assert_eq!(feed(&mut watches, 0, cart(1)), [Output::Want]);
        assert_eq!(feed(&mut watches, 1, Input::Up { link: 7, incarnation: 20 }), [asked(1, 7, 0)]);
        feed(&mut watches, 2, Input::Watched { watch: 1, actor: 42 });
        assert_eq!(feed(&mut watches, 3, Input::Down { link: 7, left: false }), [Output::Want]);
        assert_eq!(feed(&mut watches, 4, Input::Up { link: 8, incarnation: 20 }), [asked(1, 8, 42)]);

        let reason = StopReason::Killed;
        let ended = feed(&mut watches, 5, Input::Terminated { watch: 1, reason });
        assert_eq!(ended, [Output::Ended { watch: 1, reason }]);
        assert_eq!(feed(&mut watches, 6, Input::Terminated { watch: 1, reason }), []);
    }

    #[test]
    fn another_run_of_the_peer_has_other_actors() {
        let mut watches = Watches::new(LOST_AFTER);
        feed(&mut watches, 0, cart(1));
        feed(&mut watches, 1, Input::Up { link: 7, incarnation: 20 });
        feed(&mut watches, 2, Input::Down { link: 7, left: false });
        feed(&mut watches, 3, cart(2));

        let again = feed(&mut watches, 4, Input::Up { link: 8, incarnation: 21 });

        assert_eq!(again, [lost(1), asked(2, 8, 0)]);
    }

    #[test]
    fn a_peer_that_is_gone_for_too_long_is_lost_and_one_that_leaves_at_once() {
        let mut watches = Watches::new(LOST_AFTER);
        feed(&mut watches, 0, Input::Up { link: 7, incarnation: 20 });
        feed(&mut watches, 0, cart(1));
        feed(&mut watches, 0, Input::Down { link: 7, left: false });

        let mut out = Vec::new();
        while let Some(deadline) = watches.deadline() {
            watches.handle_timeout(deadline, &mut out);
            assert!(deadline <= at(10_000));
        }
        assert_eq!((out.pop(), out.len()), (Some(lost(1)), 19), "dialed twice a second");

        feed(&mut watches, 20_000, Input::Up { link: 8, incarnation: 20 });
        feed(&mut watches, 20_000, cart(2));
        assert_eq!(feed(&mut watches, 20_001, Input::Down { link: 8, left: true }), [lost(2)]);
    }

    /// Both nodes, with a line between them that keeps the order and is cut now and then.
    struct World {
        near: Watches,
        now: Instant,
        line: Option<(LinkId, VecDeque<Notice>, VecDeque<Input>)>,
        links: LinkId,
        /// The actor at each of the places, and what is watched of it on this connection.
        actors: [u64; 3],
        watched: BTreeMap<WatchId, u64>,
        incarnation: u64,
        ids: u64,
        next: WatchId,
        live: BTreeSet<WatchId>,
        taken_back: BTreeSet<WatchId>,
        ended: BTreeMap<WatchId, StopReason>,
        was_lost: bool,
    }

    impl World {
        fn new() -> Self {
            Self {
                near: Watches::new(LOST_AFTER),
                now: Instant::ZERO,
                line: None,
                links: 0,
                actors: [1, 2, 3],
                watched: BTreeMap::new(),
                incarnation: 1,
                ids: 3,
                next: 0,
                live: BTreeSet::new(),
                taken_back: BTreeSet::new(),
                ended: BTreeMap::new(),
                was_lost: false,
            }
        }

        fn feed(&mut self, input: Input) {
            let mut out = Vec::new();
            self.near.handle(self.now, input, &mut out);
            self.act(out);
        }

        fn act(&mut self, out: Vec<Output>) {
            for output in out {
                match output {
                    Output::Send { link, notice } => {
                        let (up, there, _) = self.line.as_mut().expect("it says so to a connection");
                        assert_eq!(*up, link);
                        there.push_back(notice);
                    }
                    Output::Want => {}
                    Output::Ended { watch, reason } => {
                        assert!(self.live.remove(&watch), "{watch} ended twice, or was taken back");
                        assert!(reason != StopReason::NodeLost || self.was_lost, "{watch} has lost no node");
                        self.ended.insert(watch, reason);
                    }
                }
            }
        }

        fn watch(&mut self, place: u8) {
            self.next += 1;
            self.live.insert(self.next);
            self.feed(Input::Watch { watch: self.next, target: Bytes::from(vec![place % 3]) });
        }

        fn unwatch(&mut self, chosen: u8) {
            let Some(watch) = self.live.iter().nth(usize::from(chosen) % self.live.len().max(1)).copied()
            else {
                return;
            };
            self.live.remove(&watch);
            self.taken_back.insert(watch);
            self.feed(Input::Unwatch { watch });
        }

        /// The actor at a place ends, and another has the place.
        fn replace(&mut self, place: u8) {
            self.ids += 1;
            let gone = std::mem::replace(&mut self.actors[usize::from(place) % 3], self.ids);
            let told: Vec<_> =
                self.watched.iter().filter(|(_, actor)| **actor == gone).map(|(watch, _)| *watch).collect();
            for watch in told {
                self.watched.remove(&watch);
                self.answer(Input::Terminated { watch, reason: StopReason::Killed });
            }
        }

        fn answer(&mut self, input: Input) {
            self.line.as_mut().expect("watched on a connection").2.push_back(input);
        }

        /// One word of either side arrives.
        fn step(&mut self) -> bool {
            let Some((_, there, back)) = &mut self.line else { return false };
            if let Some(input) = back.pop_front() {
                self.feed(input);
                return true;
            }
            match there.pop_front() {
                Some(Notice::Watch { watch, target, actor }) => {
                    let found = self.actors[usize::from(target[0])];
                    if actor == 0 || actor == found {
                        self.watched.insert(watch, found);
                        self.answer(Input::Watched { watch, actor: found });
                    } else {
                        self.answer(Input::Terminated { watch, reason: StopReason::Unknown });
                    }
                }
                Some(Notice::Unwatch { watch }) => drop(self.watched.remove(&watch)),
                Some(other) => panic!("{other:?}"),
                None => return false,
            }
            true
        }

        fn cut(&mut self, left: bool) {
            self.watched.clear();
            if let Some((link, ..)) = self.line.take() {
                self.was_lost |= left;
                self.feed(Input::Down { link, left });
            }
        }

        fn connect(&mut self) {
            self.cut(false);
            self.links += 1;
            self.line = Some((self.links, VecDeque::new(), VecDeque::new()));
            self.feed(Input::Up { link: self.links, incarnation: self.incarnation });
        }

        fn restart(&mut self) {
            self.cut(false);
            self.was_lost = true;
            self.incarnation += 1;
            self.ids += 3;
            self.actors = [self.ids - 2, self.ids - 1, self.ids];
        }

        fn pass(&mut self, ms: u64) {
            let until = self.now + Duration::from_millis(ms);
            while let Some(deadline) = self.near.deadline().filter(|deadline| *deadline <= until) {
                self.now = deadline;
                self.was_lost |= self.line.is_none();
                let mut out = Vec::new();
                self.near.handle_timeout(deadline, &mut out);
                self.act(out);
            }
            self.now = until;
        }
    }

    proptest! {
        #[test]
        fn every_watch_ends_exactly_once_whatever_becomes_of_connections(
            steps in prop::collection::vec((0_u8..10, any::<u8>()), 0..120),
        ) {
            let mut world = World::new();

            for (what, which) in steps {
                match what {
                    0 | 1 => world.watch(which),
                    2 => world.unwatch(which),
                    3 => world.replace(which),
                    4 => world.connect(),
                    5 => world.cut(which % 4 == 0),
                    6 if which % 4 == 0 => world.restart(),
                    7 => world.pass(u64::from(which) * 30),
                    _ => drop(world.step()),
                }
            }
            world.connect();
            while world.step() {}
            (0..3).for_each(|place| world.replace(place));
            while world.step() {}

            prop_assert!(world.live.is_empty(), "never told: {:?}", world.live);
            prop_assert_eq!(world.ended.len() + world.taken_back.len(), usize::try_from(world.next).unwrap());
            prop_assert!(world.watched.is_empty(), "never forgotten: {:?}", world.watched);
            prop_assert_eq!(world.near.deadline(), None);
        }
    }
}
