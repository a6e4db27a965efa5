//! One peer: the queue of what goes to it, and the connection that carries it, if there is one.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};

use super::association::{Association, Input, LinkId, Output, Standing};
use super::budget::Budget;
use super::carrier::Carrier;
use super::credit::Amount;
use super::greeting::{self, GreetingError};
use super::node::Node;
use super::route::{Letter, Load, Route};
use super::tally::Tally;
use super::watching::Watching;
use crate::actor::{AskError, Delivery, Found, Outcome, PeerError, Queue};
use crate::backoff::Backoff;
use crate::machine::Machine;
use crate::path::{ActorPath, NodeAddress};
use crate::runtime::Fire;
use crate::system::{DeadLetterReason, Event};
use crate::time::Instant;
use crate::transport::Close;
use crate::wire::{Answered, Course, Flow, Notice, Seen};

/// Between dials, as long as somebody has something to send: a peer that comes back is reached within a second.
const BACKOFF: Backoff =
    Backoff { min: Duration::from_millis(100), max: Duration::from_millis(500), jitter: 0.2 };

/// How long a queue keeps the space of a burst.
const TRIM_AFTER: Duration = Duration::from_secs(1);

/// Another node, as this one knows it.
pub(super) struct Peer {
    pub(super) node: Arc<Node>,
    pub(super) address: NodeAddress,
    /// Outlives connections; the writer of the one that carries is its only consumer.
    pub(super) queue: Queue<Out>,
    routes: Mutex<Routes>,
    /// What waits in all of them.
    pub(super) load: Load,
    /// Held by the writer at work: of two connections, one after the other, the second waits.
    pub(super) writing: tokio::sync::Mutex<()>,
    /// The newest connection; messages of an older one are not taken in any more. Locked before the state.
    pub(super) reading: RwLock<LinkId>,
    /// What the association says, without its lock.
    up: AtomicBool,
    state: Mutex<State>,
    /// What this node watches there.
    pub(super) watching: Watching,
    pub(super) tally: Tally,
}

struct State {
    association: Association,
    carrier: Option<Arc<Carrier>>,
}

#[derive(Default)]
struct Routes {
    known: BTreeMap<Bytes, Arc<Route>>,
    sweep_at: usize,
}

/// Something that goes to a peer. None takes room here: messages have it at their route, the rest answers to what
/// took room elsewhere.
pub(super) enum Out {
    /// Messages wait there.
    Route(Arc<Route>),
    Answer {
        link: LinkId,
        correlation: u64,
        answered: Answered,
    },
    Cancel {
        link: LinkId,
        correlation: u64,
    },
    /// So much of the peer's has found its place.
    Credit {
        link: LinkId,
        target: Bytes,
        amount: Amount,
    },
    /// Of a stream; its items are within the peer's credit.
    Flow {
        link: LinkId,
        course: Course,
        flow: Flow,
    },
    /// Of an actor, besides messages; of any connection, or of one.
    Notice {
        link: Option<LinkId>,
        notice: Notice,
    },
    /// The last thing on this connection.
    Goodbye {
        link: LinkId,
    },
}

impl Out {
    /// The connection that it belongs to.
    pub(super) fn link(&self) -> Option<LinkId> {
        match self {
            Self::Route(_) => None,
            Self::Notice { link, .. } => *link,
            Self::Answer { link, .. }
            | Self::Cancel { link, .. }
            | Self::Credit { link, .. }
            | Self::Flow { link, .. }
            | Self::Goodbye { link } => Some(*link),
        }
    }
}

/// What the writer has in hand.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) outs: VecDeque<Out>,
    /// To be written to this route.
    pub(super) letters: VecDeque<Letter>,
    pub(super) route: Option<Arc<Route>>,
}

/// Fewer routes than this are never swept.
const FEW: usize = 256;

impl Peer {
    pub(super) fn new(node: Arc<Node>, address: NodeAddress) -> Self {
        let ours = (node.identity.node, node.identity.incarnation);
        let association = Association::new(ours, BACKOFF, node.limits.connect_timeout);
        Self {
            queue: Queue::new(usize::MAX),
            routes: Mutex::default(),
            load: Mutex::new(Budget::new(node.limits.outbound)),
            watching: Watching::new(node.limits.lost_after),
            tally: Tally::default(),
            node,
            address,
            writing: tokio::sync::Mutex::default(),
            reading: RwLock::default(),
            up: AtomicBool::new(false),
            state: Mutex::new(State { association, carrier: None }),
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.up.load(Ordering::SeqCst)
    }

    pub(super) fn standing(&self) -> Standing {
        self.state.lock().association.standing(self.node.runtime().now())
    }

    pub(super) fn error(&self, problem: &str) -> Box<PeerError> {
        Box::new(PeerError { peer: self.address.to_string().into(), problem: problem.into() })
    }

    /// A message waits: dials unless there is a connection or a dial.
    pub(super) fn want(self: &Arc<Self>) {
        self.feed(Input::Wanted { dial: self.node.number() });
    }

    /// Offers a new connection; false if another one is preferred.
    pub(super) fn offer(self: &Arc<Self>, carrier: &Arc<Carrier>, input: Input) -> bool {
        self.handle(input, Some(carrier))
    }

    pub(super) fn feed(self: &Arc<Self>, input: Input) {
        self.handle(input, None);
    }

    /// The way to the actor at `path`.
    pub(super) fn route(&self, path: ActorPath) -> Arc<Route> {
        let target = Bytes::copy_from_slice(path.as_str().as_bytes());
        self.route_to(path, target)
    }

    /// The way to `target`: the node itself, if that is empty.
    pub(super) fn route_to(&self, path: ActorPath, target: Bytes) -> Arc<Route> {
        let mut routes = self.routes.lock();
        if let Some(route) = routes.known.get(&target) {
            return route.clone();
        }
        if routes.known.len() >= routes.sweep_at {
            routes.known.retain(|_, route| Arc::strong_count(route) > 1 || !route.rests());
            routes.sweep_at = FEW.max(2 * routes.known.len());
        }
        let route = Arc::new(Route::new(path, target.clone()));
        routes.known.insert(target, route.clone());
        route
    }

    pub(super) fn routes(&self) -> Vec<Arc<Route>> {
        self.routes.lock().known.values().cloned().collect()
    }

    /// The peer says that so much for `target` has found its place there.
    pub(super) fn credited(&self, link: LinkId, target: &[u8], amount: Amount) {
        let route = self.routes.lock().known.get(target).cloned();
        if let Some(route) = route
            && route.placed(link, amount).list
        {
            self.list(route);
        }
    }

    /// So much of `route` is not under way any more.
    pub(super) fn give_back(&self, route: &Arc<Route>, link: LinkId, amount: Amount) {
        if route.give_back(link, amount).list {
            self.list(route.clone());
        }
    }

    /// Tells the writer that messages wait.
    pub(super) fn list(&self, route: Arc<Route>) {
        // Refused only if the queue is closed: nobody closes it.
        let _ = self.queue.push(Out::Route(route), true);
    }

    /// Says goodbye behind everything that waits, and takes nothing more.
    pub(super) fn leave(self: &Arc<Self>) {
        let carrier = self.state.lock().carrier.clone();
        if let Some(carrier) = &carrier {
            carrier.say_unsaid();
            // Refused only if the queue is closed; then goodbye was said.
            let _ = self.queue.push(Out::Goodbye { link: carrier.link }, true);
        }
        self.feed(Input::Closed);
        self.watch_over();
    }

    /// Tells the association, and does what it says. True if it adopted `carrier`.
    fn handle(self: &Arc<Self>, input: Input, carrier: Option<&Arc<Carrier>>) -> bool {
        let (closing, yielded) = (matches!(input, Input::Closed), matches!(input, Input::Yielded { .. }));
        let (mut out, mut adopted, mut dropped) = (Vec::new(), false, None);
        let mut state = self.state.lock();
        state.association.handle(self.node.runtime().now(), input, &mut out);
        for output in &out {
            match output {
                Output::Adopt { .. } => {
                    state.carrier = carrier.cloned();
                    adopted = true;
                }
                Output::Drop { link } if !closing => {
                    dropped = state.carrier.take_if(|carrier| carrier.link == *link).or(dropped);
                }
                Output::Drop { .. } | Output::Dial { .. } | Output::Fail { .. } => {}
            }
        }
        let standing = state.association.standing(self.node.runtime().now());
        if !matches!(standing, Standing::Up(_)) && !closing {
            state.carrier = None;
        }
        self.up.store(matches!(standing, Standing::Up(_)), Ordering::SeqCst);
        let (seen, patience) = (state.association.seen(), state.association.deadline());
        drop(state);
        if let (true, Standing::Up(link)) = (adopted, standing) {
            // Waits until what is being taken in is.
            let mut newest = self.reading.write();
            *newest = link.max(*newest);
            drop(newest);
            // What waited for credit of another connection has a whole window now.
            self.routes().iter().for_each(|route| self.give_back(route, link, Amount::default()));
        }

        if let Some(old) = dropped {
            old.end("replaced by a newer connection of the same peer");
        }
        for output in out {
            match output {
                Output::Dial { dial } => self.spawn_dial(dial, seen),
                Output::Fail { problem } => self.fail_queued(&problem),
                Output::Adopt { .. } | Output::Drop { .. } => {}
            }
        }
        if let Some(until) = patience.filter(|_| yielded) {
            self.spawn_timeout(until);
        }
        adopted
    }

    fn spawn_dial(self: &Arc<Self>, dial: u64, seen: Option<Seen>) {
        let peer = self.clone();
        self.node.runtime().spawn("remote dial", async move { peer.dial(dial, seen).await });
    }

    async fn dial(self: Arc<Self>, dial: u64, seen: Option<Seen>) {
        let (node, timeout) = (&self.node, self.node.limits.connect_timeout);
        tracing::debug!(peer = %self.address, dial, "dialing");
        let greeted = tokio::select! { biased;
            greeted = greeting::dial(&self, dial, seen) => greeted,
            () = node.runtime().sleep(timeout) => Err(GreetingError::Timeout { millis: timeout.as_millis() }),
        };
        match greeted {
            Ok(greeted) => {
                let link = node.number();
                let carrier = Carrier::new(link, &self, &greeted.theirs, &greeted.connection);
                let incarnation = greeted.theirs.incarnation;
                if self.offer(&carrier, Input::Dialed { dial, link, incarnation }) {
                    carrier.run(greeted);
                } else {
                    greeted.connection.control.close(Close::Done, "superfluous");
                }
            }
            Err(error) if error.is_duplicate() => self.feed(Input::Yielded { dial }),
            Err(error) => {
                if let Some(refusal) =
                    error.refusal().filter(|_| !matches!(error, GreetingError::Timeout { .. }))
                {
                    node.refuse(refusal, &self.address.to_string(), &error);
                }
                tracing::debug!(peer = %self.address, %error, "dial failed");
                let (problem, chance) = (error.to_string().into(), node.runtime().chance());
                self.feed(Input::DialFailed { dial, problem, chance });
            }
        }
    }

    fn spawn_timeout(self: &Arc<Self>, until: Instant) {
        let peer = self.clone();
        self.node.runtime().spawn("remote patience", async move {
            peer.node.runtime().sleep_until(Some(until)).await;
            let mut out = Vec::new();
            peer.state.lock().association.handle_timeout(peer.node.runtime().now(), &mut out);
            for output in out {
                if let Output::Fail { problem } = output {
                    peer.fail_queued(&problem);
                }
            }
        });
    }

    /// The writer's half of the queue: ready when there is something in `batch`, or when `control` is raised.
    pub(super) fn poll_batch(
        self: &Arc<Self>,
        batch: &mut VecDeque<Out>,
        control: &AtomicBool,
        cx: &Context<'_>,
    ) -> Poll<()> {
        match self.queue.poll_batch(batch, 0, control, cx) {
            Found::Ready => Poll::Ready(()),
            Found::Idle => Poll::Pending,
            Found::IdleAndLarge => {
                self.node.system.timers().arm(self.node.runtime().now() + TRIM_AFTER, self.clone());
                Poll::Pending
            }
        }
    }

    /// Takes back what a writer did not write: what waits at other routes waits for the next connection.
    pub(super) fn put_back(&self, batch: Batch, problem: &str) {
        if let Some(route) = batch.route {
            batch.letters.into_iter().for_each(|letter| self.return_letter(&route, letter, problem));
        }
        batch.outs.into_iter().for_each(|out| self.hand_back(out, problem));
    }

    /// Fails everything that waits: none of it was sent.
    pub(super) fn fail_queued(&self, problem: &str) {
        self.queue.take_all().into_iter().for_each(|out| self.hand_back(out, problem));
        for route in self.routes() {
            let (letters, _after) = route.take_all(&self.load);
            letters.into_iter().for_each(|letter| self.return_letter(&route, letter, problem));
        }
    }

    /// What was not sent. What belongs to the connection that carries now stays in the queue.
    pub(super) fn hand_back(&self, out: Out, problem: &str) {
        if out.link().is_some_and(|link| self.is_carried_by(link)) {
            // As ever: refused only at the end of the system.
            let _ = self.queue.push(out, true);
            return;
        }
        match out {
            Out::Route(route) => self.list(route),
            Out::Notice { notice, .. } => self.drop_notice(notice, problem),
            // Of connections that are gone.
            Out::Answer { .. }
            | Out::Cancel { .. }
            | Out::Credit { .. }
            | Out::Flow { .. }
            | Out::Goodbye { .. } => {}
        }
    }

    fn is_carried_by(&self, link: LinkId) -> bool {
        self.state.lock().carrier.as_ref().is_some_and(|carrier| carrier.link == link && !carrier.has_ended())
    }

    /// A message that was not sent: its asker is told, a tell becomes a dead letter.
    pub(super) fn return_letter(&self, route: &Route, letter: Letter, problem: &str) {
        let Letter { name, outgoing } = letter;
        match outgoing.reply {
            Some(reply) => {
                let (delivered, source) = (Delivery::No, self.error(problem));
                reply.complete(Outcome::Failed(AskError::Unreachable { delivered, source }));
            }
            None => self.bury(route, name, DeadLetterReason::NoRoute),
        }
    }

    /// A tell whose time ran out before it was sent.
    pub(super) fn bury_expired(&self, route: &Route, letter: &Letter) {
        self.bury(route, letter.name, DeadLetterReason::Expired);
    }

    /// This node allows more than the peer takes.
    pub(super) fn return_oversized(&self, route: &Route, letter: Letter, limit: usize) {
        let Letter { name, outgoing } = letter;
        let (bytes, limit) = (outgoing.body.len() as u64, limit as u64);
        match outgoing.reply {
            Some(reply) => reply.complete(Outcome::Failed(AskError::TooLarge { bytes, limit })),
            None => self.bury(route, name, DeadLetterReason::TooLarge),
        }
    }

    /// The connection that carries, if there is one.
    pub(super) fn carrier(&self) -> Option<Arc<Carrier>> {
        self.state.lock().carrier.clone()
    }

    pub(super) fn announce_up(&self) {
        tracing::info!(peer = %self.address, "connected");
        self.node.system.publish(|| Event::PeerUp(self.address.clone()));
    }

    /// Says which contracts of the peer have another shape here.
    pub(super) fn announce_skew(&self, contracts: &BTreeMap<Box<str>, u64>) {
        let here = self.node.system.contracts();
        for (contract, theirs) in contracts {
            let Some(ours) = here.get(contract).copied().filter(|ours| ours != theirs) else { continue };
            let (peer, contract, theirs) = (self.address.clone(), contract.clone(), *theirs);
            tracing::warn!(%peer, %contract, "the peer knows another shape of this contract");
            self.node.system.publish(|| Event::ContractSkew { peer, contract, ours, theirs });
        }
    }

    pub(super) fn announce_down(&self, problem: &str) {
        tracing::info!(peer = %self.address, problem, "connection ended");
        self.node.system.publish(|| Event::PeerDown { peer: self.address.clone(), problem: problem.into() });
    }
}

impl Fire for Peer {
    fn fire(&self, _now: Instant) {
        self.queue.trim();
    }
}
