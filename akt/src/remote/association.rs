//! *Pure.* What a node knows of its connection to one peer: whether there is one, and which of two is kept.

use std::time::Duration;

use crate::backoff::Backoff;
use crate::id::NodeId;
use crate::machine::Machine;
use crate::time::Instant;
use crate::wire::Seen;

/// Names one connection of this node.
pub(super) type LinkId = u64;

/// What can happen to an association.
#[derive(Clone, Debug)]
pub(super) enum Input {
    /// A message waits for a connection; a dial, if there is to be one, has this number.
    Wanted { dial: u64 },
    /// The dial of this number brought a connection.
    Dialed { dial: u64, link: LinkId, incarnation: u64 },
    /// The dial of this number failed; `chance` is a random number in 0..1.
    DialFailed { dial: u64, problem: Box<str>, chance: f64 },
    /// The peer has its own dial under way and refused this one for it.
    Yielded { dial: u64 },
    /// The peer dialed.
    Accepted { link: LinkId, dialer: Dialer },
    /// A connection ended.
    Lost { link: LinkId, problem: Box<str> },
    /// The node shuts down.
    Closed,
}

/// Who dialed, as the hello says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialer {
    pub(super) node: NodeId,
    /// The dialer's incarnation, and the number of its dial.
    pub(super) dial: Seen,
    /// The last dial of this node that the dialer took.
    pub(super) seen: Option<Seen>,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// Dial, and say this number.
    Dial { dial: u64 },
    /// This connection carries messages from now on.
    Adopt { link: LinkId },
    /// This connection is superfluous; at the end of the node, after everything that waits for it.
    Drop { link: LinkId },
    /// Everything that waits for a connection fails.
    Fail { problem: Box<str> },
}

/// How an association is about its connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// This connection carries.
    Up(LinkId),
    /// There will be one, or word that there is none.
    Connecting,
    /// Nobody has asked for one.
    Idle,
    /// There is none, and it is too early to try again.
    Refused { problem: Box<str> },
}

/// One association.
#[derive(Debug)]
pub(super) struct Association {
    /// This node and this run of it.
    ours: (NodeId, u64),
    backoff: Backoff,
    /// How long to wait for the peer's dial after it refused ours for it.
    patience: Duration,
    state: State,
    failures: u32,
    /// The peer's last dial that was taken.
    seen: Option<Seen>,
}

#[derive(Debug)]
enum State {
    Idle,
    Dialing { dial: u64 },
    Yielding { until: Instant },
    Up { link: LinkId, incarnation: u64, by: By },
    Waiting { until: Instant, problem: Box<str> },
    Closed,
}

/// Who dialed the connection that carries, and with which number.
#[derive(Clone, Copy, Debug)]
enum By {
    Us(u64),
    Peer(u64),
}

impl Association {
    pub(super) fn new(ours: (NodeId, u64), backoff: Backoff, patience: Duration) -> Self {
        Self { ours, backoff, patience, state: State::Idle, failures: 0, seen: None }
    }

    pub(super) fn standing(&self, now: Instant) -> Standing {
        match &self.state {
            State::Up { link, .. } => Standing::Up(*link),
            State::Dialing { .. } | State::Yielding { .. } => Standing::Connecting,
            State::Waiting { until, problem } if now < *until => {
                Standing::Refused { problem: problem.clone() }
            }
            State::Idle | State::Waiting { .. } => Standing::Idle,
            State::Closed => Standing::Refused { problem: "this node is shutting down".into() },
        }
    }

    /// The peer's last dial that was taken, to be said in the next dial.
    pub(super) fn seen(&self) -> Option<Seen> {
        self.seen
    }

    fn wanted(&mut self, now: Instant, dial: u64, out: &mut Vec<Output>) {
        match &self.state {
            State::Waiting { until, problem } if now < *until => {
                out.push(Output::Fail { problem: problem.clone() });
            }
            State::Idle | State::Waiting { .. } => {
                self.state = State::Dialing { dial };
                out.push(Output::Dial { dial });
            }
            State::Closed => out.push(Output::Fail { problem: "this node is shutting down".into() }),
            State::Dialing { .. } | State::Yielding { .. } | State::Up { .. } => {}
        }
    }

    fn dialed(&mut self, dial: u64, link: LinkId, incarnation: u64, out: &mut Vec<Output>) {
        if !matches!(self.state, State::Dialing { dial: awaited } if awaited == dial) {
            // The peer's own dial was taken meanwhile.
            out.push(Output::Drop { link });
            return;
        }
        self.failures = 0;
        self.state = State::Up { link, incarnation, by: By::Us(dial) };
        out.push(Output::Adopt { link });
    }

    fn failed(&mut self, now: Instant, problem: Box<str>, chance: f64, out: &mut Vec<Output>) {
        let wait = self.backoff.wait(self.failures, chance);
        self.failures = self.failures.saturating_add(1);
        self.state = State::Waiting { until: now + wait, problem: problem.clone() };
        out.push(Output::Fail { problem });
    }

    fn accepted(&mut self, link: LinkId, dialer: Dialer, out: &mut Vec<Output>) {
        if !self.takes(dialer) {
            out.push(Output::Drop { link });
            return;
        }
        if let State::Up { link: old, .. } = self.state {
            out.push(Output::Drop { link: old });
        }
        self.failures = 0;
        self.seen = Some(dialer.dial);
        let Seen { incarnation, dial } = dialer.dial;
        self.state = State::Up { link, incarnation, by: By::Peer(dial) };
        out.push(Output::Adopt { link });
    }

    /// Whether the peer's dial is taken, in the place of what there is.
    fn takes(&self, Dialer { node, dial: hello, seen }: Dialer) -> bool {
        // A peer that took our dial and dials again has lost it, even if we do not know yet.
        let knows = |dial| seen.is_some_and(|seen| seen.incarnation == self.ours.1 && seen.dial >= dial);
        match &self.state {
            State::Idle | State::Waiting { .. } | State::Yielding { .. } => true,
            State::Closed => false,
            // Of two simultaneous dials, both sides keep that of the lower node.
            State::Dialing { dial } => node < self.ours.0 || knows(*dial),
            State::Up { incarnation, .. } if *incarnation != hello.incarnation => true,
            State::Up { by: By::Us(dial), .. } => knows(*dial),
            State::Up { by: By::Peer(dial), .. } => hello.dial > *dial,
        }
    }

    fn lost(&mut self, link: LinkId, problem: Box<str>, out: &mut Vec<Output>) {
        match self.state {
            State::Up { link: up, .. } if up == link => self.state = State::Idle,
            // What was left behind the goodbye.
            State::Closed => {}
            _ => return,
        }
        out.push(Output::Fail { problem });
    }

    fn close(&mut self, out: &mut Vec<Output>) {
        out.push(match self.state {
            State::Up { link, .. } => Output::Drop { link },
            _ => Output::Fail { problem: "this node is shutting down".into() },
        });
        self.state = State::Closed;
    }
}

impl Machine for Association {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, now: Instant, input: Input, out: &mut Vec<Output>) {
        let is_awaited = |state: &State, number| matches!(state, State::Dialing { dial } if *dial == number);
        match input {
            Input::Wanted { dial } => self.wanted(now, dial, out),
            Input::Dialed { dial, link, incarnation } => self.dialed(dial, link, incarnation, out),
            Input::DialFailed { dial, problem, chance } if is_awaited(&self.state, dial) => {
                self.failed(now, problem, chance, out);
            }
            Input::Yielded { dial } if is_awaited(&self.state, dial) => {
                self.state = State::Yielding { until: now + self.patience };
            }
            Input::DialFailed { .. } | Input::Yielded { .. } => {}
            Input::Accepted { link, dialer } => self.accepted(link, dialer, out),
            Input::Lost { link, problem } => self.lost(link, problem, out),
            Input::Closed => self.close(out),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Yielding { until } => Some(until),
            _ => None,
        }
    }

    fn handle_timeout(&mut self, now: Instant, out: &mut Vec<Output>) {
        if self.deadline().is_some_and(|until| now >= until) {
            let problem = "the peer preferred a dial of its own, which did not arrive".into();
            self.failed(now, problem, 0.0, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LOW: NodeId = NodeId::from_u64(1);
    const HIGH: NodeId = NodeId::from_u64(2);
    const BACKOFF: Backoff =
        Backoff { min: Duration::from_millis(100), max: Duration::from_secs(1), jitter: 0.0 };

    fn node(id: NodeId) -> Association {
        Association::new((id, id.as_u64() * 10), BACKOFF, Duration::from_secs(1))
    }

    fn at(ms: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(ms)
    }

    fn feed(association: &mut Association, ms: u64, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        association.handle(at(ms), input, &mut out);
        out
    }

    fn hello(link: LinkId, peer: NodeId, dial: u64, seen: Option<Seen>) -> Input {
        let dial = Seen { incarnation: peer.as_u64() * 10, dial };
        Input::Accepted { link, dialer: Dialer { node: peer, dial, seen } }
    }

    #[test]
    fn the_first_message_dials_and_the_next_ones_wait() {
        let mut low = node(LOW);

        assert_eq!(feed(&mut low, 0, Input::Wanted { dial: 1 }), [Output::Dial { dial: 1 }]);
        assert_eq!(feed(&mut low, 1, Input::Wanted { dial: 2 }), []);
        assert_eq!(low.standing(at(1)), Standing::Connecting);
        assert_eq!(
            feed(&mut low, 2, Input::Dialed { dial: 1, link: 7, incarnation: 20 }),
            [Output::Adopt { link: 7 }]
        );
        assert_eq!(low.standing(at(2)), Standing::Up(7));
    }

    #[test]
    fn a_failed_dial_fails_what_waits_and_is_not_repeated_before_its_time() {
        let mut low = node(LOW);
        feed(&mut low, 0, Input::Wanted { dial: 1 });

        let failed = feed(&mut low, 0, Input::DialFailed { dial: 1, problem: "no".into(), chance: 0.0 });

        assert_eq!(failed, [Output::Fail { problem: "no".into() }]);
        assert_eq!(low.standing(at(99)), Standing::Refused { problem: "no".into() });
        assert_eq!(feed(&mut low, 99, Input::Wanted { dial: 2 }), [Output::Fail { problem: "no".into() }]);
        assert_eq!(feed(&mut low, 100, Input::Wanted { dial: 2 }), [Output::Dial { dial: 2 }]);
    }

    #[test]
    fn the_waits_between_dials_double_and_chance_shortens_them() {
        let backoff = Backoff { jitter: 0.2, ..BACKOFF };
        let mut low = Association::new((LOW, 10), backoff, Duration::from_secs(1));
        let mut now = 0;

        for (dial, wait, chance) in [(1, 100, 0.0), (2, 160, 1.0), (3, 360, 0.5)] {
            assert_eq!(feed(&mut low, now, Input::Wanted { dial }), [Output::Dial { dial }]);
            feed(&mut low, now, Input::DialFailed { dial, problem: "no".into(), chance });

            assert!(matches!(low.standing(at(now + wait - 1)), Standing::Refused { .. }));
            assert_eq!(low.standing(at(now + wait)), Standing::Idle);
            now += wait;
        }
    }

    #[test]
    fn of_two_simultaneous_dials_both_keep_that_of_the_lower_node() {
        let (mut low, mut high) = (node(LOW), node(HIGH));
        feed(&mut low, 0, Input::Wanted { dial: 1 });
        feed(&mut high, 0, Input::Wanted { dial: 1 });

        assert_eq!(feed(&mut low, 1, hello(20, HIGH, 1, None)), [Output::Drop { link: 20 }]);
        assert_eq!(feed(&mut high, 1, hello(10, LOW, 1, None)), [Output::Adopt { link: 10 }]);
        assert_eq!(feed(&mut high, 2, Input::Yielded { dial: 1 }), []);
        assert_eq!(
            feed(&mut low, 2, Input::Dialed { dial: 1, link: 11, incarnation: 20 }),
            [Output::Adopt { link: 11 }]
        );
        assert_eq!(high.standing(at(3)), Standing::Up(10));
    }

    #[test]
    fn a_late_hello_of_a_dial_that_lost_does_not_replace_the_connection_that_won() {
        let mut low = node(LOW);
        feed(&mut low, 0, Input::Wanted { dial: 1 });
        feed(&mut low, 1, Input::Dialed { dial: 1, link: 11, incarnation: 20 });

        assert_eq!(feed(&mut low, 2, hello(20, HIGH, 1, None)), [Output::Drop { link: 20 }]);
    }

    #[test]
    fn a_peer_that_lost_the_connection_first_may_dial_again() {
        let mut low = node(LOW);
        feed(&mut low, 0, Input::Wanted { dial: 1 });
        feed(&mut low, 1, Input::Dialed { dial: 1, link: 11, incarnation: 20 });

        let seen = Some(Seen { incarnation: 10, dial: 1 });

        let both = [Output::Drop { link: 11 }, Output::Adopt { link: 20 }];
        assert_eq!(feed(&mut low, 2, hello(20, HIGH, 1, seen)), both);
        assert_eq!(feed(&mut low, 3, Input::Lost { link: 11, problem: "late".into() }), []);
    }

    #[test]
    fn a_restarted_peer_replaces_its_former_self() {
        let mut low = node(LOW);
        feed(&mut low, 0, hello(20, HIGH, 9, None));

        let dialer = Dialer { node: HIGH, dial: Seen { incarnation: 99, dial: 1 }, seen: None };
        let again = Input::Accepted { link: 21, dialer };

        assert_eq!(feed(&mut low, 1, again), [Output::Drop { link: 20 }, Output::Adopt { link: 21 }]);
    }

    #[test]
    fn yielding_ends_when_the_preferred_dial_does_not_come() {
        let mut high = node(HIGH);
        feed(&mut high, 0, Input::Wanted { dial: 1 });
        feed(&mut high, 0, Input::Yielded { dial: 1 });
        let mut out = Vec::new();

        high.handle_timeout(at(999), &mut out);
        assert_eq!(out, []);
        high.handle_timeout(high.deadline().unwrap(), &mut out);

        assert!(matches!(&out[..], [Output::Fail { .. }]));
    }

    /// Two nodes and the messages between them, delivered in any order.
    struct Pair {
        nodes: [Association; 2],
        /// Per node: its links, and for each the link of the other side and who dialed.
        under_way: Vec<Event>,
        next_link: LinkId,
        peers: std::collections::BTreeMap<LinkId, LinkId>,
    }

    #[derive(Clone, Debug)]
    enum Event {
        Hello { from: usize, dial: u64, seen: Option<Seen> },
        Welcome { to: usize, dial: u64, far: LinkId },
        Duplicate { to: usize, dial: u64 },
        Closed { at: usize, link: LinkId },
    }

    impl Pair {
        fn feed(&mut self, at: usize, input: Input) -> Vec<Output> {
            let out = feed(&mut self.nodes[at], 0, input);
            for output in &out {
                match output {
                    Output::Dial { dial } => {
                        let seen = self.nodes[at].seen();
                        self.under_way.push(Event::Hello { from: at, dial: *dial, seen });
                    }
                    Output::Drop { link } => {
                        if let Some(far) = self.peers.get(link) {
                            self.under_way.push(Event::Closed { at: 1 - at, link: *far });
                        }
                    }
                    Output::Adopt { .. } | Output::Fail { .. } => {}
                }
            }
            out
        }

        fn want(&mut self, at: usize) {
            self.next_link += 1;
            self.feed(at, Input::Wanted { dial: self.next_link });
        }

        fn deliver(&mut self, event: &Event) {
            let id = |node: usize| [LOW, HIGH][node];
            self.next_link += 1;
            let link = self.next_link;
            match *event {
                Event::Hello { from, dial, seen } => {
                    let out = self.feed(1 - from, hello(link, id(from), dial, seen));
                    let answer = if out.contains(&Output::Adopt { link }) {
                        Event::Welcome { to: from, dial, far: link }
                    } else {
                        Event::Duplicate { to: from, dial }
                    };
                    self.under_way.push(answer);
                }
                Event::Welcome { to, dial, far } => {
                    self.peers.insert(link, far);
                    self.peers.insert(far, link);
                    let incarnation = id(1 - to).as_u64() * 10;
                    self.feed(to, Input::Dialed { dial, link, incarnation });
                    if self.up(1 - to) != Some(far) {
                        // It was dropped there before this side knew its name.
                        self.under_way.push(Event::Closed { at: to, link });
                    }
                }
                Event::Duplicate { to, dial } => drop(self.feed(to, Input::Yielded { dial })),
                Event::Closed { at, link } => drop(self.feed(at, Input::Lost { link, problem: "".into() })),
            }
        }

        fn up(&self, node: usize) -> Option<LinkId> {
            match self.nodes[node].standing(at(0)) {
                Standing::Up(link) => Some(link),
                _ => None,
            }
        }
    }

    proptest! {
        #[test]
        fn both_sides_agree_on_one_connection_whatever_the_order(
            picks in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..8), 0..60),
        ) {
            let mut pair = Pair {
                nodes: [node(LOW), node(HIGH)],
                under_way: Vec::new(),
                next_link: 0,
                peers: Default::default(),
            };
            pair.want(0);
            pair.want(1);

            for (pick, chance) in picks {
                // Now and then a connection breaks, and each side learns it in its own time.
                if chance == 0 && let Some(link) = pair.up(0) && let Some(far) = pair.peers.get(&link).copied() {
                    pair.under_way.push(Event::Closed { at: 0, link });
                    pair.under_way.push(Event::Closed { at: 1, link: far });
                }
                if chance == 1 {
                    pair.want(pick.index(2));
                }
                if !pair.under_way.is_empty() {
                    let event = pair.under_way.remove(pick.index(pair.under_way.len()));
                    pair.deliver(&event);
                }
            }
            while !pair.under_way.is_empty() {
                let event = pair.under_way.remove(0);
                pair.deliver(&event);
            }

            if let (Some(low), Some(high)) = (pair.up(0), pair.up(1)) {
                prop_assert_eq!(pair.peers.get(&low), Some(&high));
            }
            for node in 0..2 {
                if let Some(link) = pair.up(node) {
                    prop_assert_eq!(pair.up(1 - node), pair.peers.get(&link).copied(), "one side is up alone");
                }
            }
        }
    }
}
