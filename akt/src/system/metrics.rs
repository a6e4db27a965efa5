//! What a system measures about itself, read as one value.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use super::dead_letters::DeadLetterReason;
use super::histogram::Histogram;
use super::kind::{Entry, Tally};
use super::peers::{PeerMetrics, PeerSource};
use super::{ActorSystem, SystemBuilder};
use crate::actor::{Core, StopReason, Target};

/// The metrics of a system at one moment. Made by [`ActorSystem::metrics`].
///
/// Labels are kinds, handlers and nodes, never actors: their number is that of the program's types and the cluster's nodes.
///
/// **Exact**, each to the message: [`handled`](MessageMetrics::handled) and [`failed`](MessageMetrics::failed)
/// (while an actor works off a batch of up to 128 messages, those of that batch are added at its end), actors,
/// restarts, dead letters, missed events. **Sampled**: [`wait`](MessageMetrics::wait) and
/// [`time`](MessageMetrics::time), of the first 256 messages of a kind and then of about one in 512.
/// **Looked at** when this is read: queues, subscribers, and what waits for [peers](PeerMetrics).
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Metrics {
    /// The name of the system.
    pub system: Box<str>,
    /// The kinds of actors that there were so far, by name; types of one name are one kind.
    pub kinds: Vec<KindMetrics>,
    /// Dead letters of the system by reason, those without a local actor too; reasons without any are left out.
    pub dead_letters: BTreeMap<DeadLetterReason, u64>,
    /// Tells to other nodes that may or may not have been delivered: see
    /// [`Event::MaybeDelivered`](crate::Event::MaybeDelivered).
    pub maybe_delivered: u64,
    /// The event stream.
    pub events: EventMetrics,
    /// Other nodes that this one knows, by address; none without remoting.
    pub peers: Vec<PeerMetrics>,
}

/// The metrics of all actors of one kind; of a grain, of its activations.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct KindMetrics {
    /// The name of the kind: of the type that has the `#[actor]` block.
    pub kind: &'static str,
    /// Actors that were spawned and are not gone.
    pub actors: u64,
    /// Actors that were ever spawned.
    pub spawned: u64,
    /// Restarts that succeeded.
    pub restarts: u64,
    /// Actors that did not start; of a grain, activations that failed.
    pub start_failures: u64,
    /// Actors that had started and are gone, by reason; reasons without any are left out.
    pub stopped: BTreeMap<StopReason, u64>,
    /// Messages that wait in their mailboxes, without those of the batches that are being worked off.
    pub queued: u64,
    /// Messages in the fullest of these mailboxes.
    pub deepest: u64,
    /// Dead letters that were for them, by reason; reasons without any are left out.
    pub dead_letters: BTreeMap<DeadLetterReason, u64>,
    /// Each message that was handled or failed, by name.
    pub messages: Vec<MessageMetrics>,
}

/// The metrics of one handler.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct MessageMetrics {
    /// The handler or rpc; a hook, as `on(stop)`, if it failed.
    pub message: &'static str,
    /// How often the handler ended, well or not. Not when it was killed; an `Err` it returned is an end.
    pub handled: u64,
    /// How often it panicked, or said `cx.fail`.
    pub failed: u64,
    /// From acceptance to the start of the handler, or to the end of a message that is not handled because its
    /// time was up. Zero for an ask that is handled in its asker's turn. Ticks and posts do not wait.
    pub wait: Histogram,
    /// From the start of the handler to its end, awaits included.
    pub time: Histogram,
}

/// The metrics of a system's event stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventMetrics {
    /// Streams that somebody holds.
    pub subscribers: u64,
    /// Events that the slowest subscriber has not read.
    pub backlog: u64,
    /// Events that subscribers missed, ever, because they were too slow; one that two missed counts twice.
    pub missed: u64,
}

impl Metrics {
    /// The metrics of the kind `name`.
    #[must_use]
    pub fn kind(&self, name: &str) -> Option<&KindMetrics> {
        self.kinds.iter().find(|kind| kind.kind == name)
    }
}

impl Metrics {
    /// The metrics of the node at `address`, as `shop@host:7400`.
    #[must_use]
    pub fn peer(&self, address: &str) -> Option<&PeerMetrics> {
        self.peers.iter().find(|peer| &*peer.peer == address)
    }
}

impl KindMetrics {
    /// The metrics of the message `name`.
    #[must_use]
    pub fn message(&self, name: &str) -> Option<&MessageMetrics> {
        self.messages.iter().find(|message| message.message == name)
    }
}

impl ActorSystem {
    /// Reads the metrics. Takes time in proportion to the number of actors, whose mailboxes it looks into.
    ///
    /// ```
    /// # #[derive(Default)] struct Counter(u64);
    /// # #[akt::actor] impl Counter { #[akt::handler] fn add(&mut self, by: u64) { self.0 += by; } }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = akt::ActorSystem::builder("shop").start().await?;
    /// let counter = system.spawn("counter", Counter::default).await?;
    /// counter.add(1).await?;
    ///
    /// let metrics = system.metrics();
    /// let add = metrics.kind("Counter").and_then(|kind| kind.message("add")).unwrap();
    /// assert_eq!((add.handled, add.failed, add.wait.count()), (1, 0, 1));
    /// # system.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        let tallies = self.0.kinds.tallies();
        let mut kinds: BTreeMap<_, _> = tallies.iter().map(|tally| (tally.name, read_kind(tally))).collect();
        look_into(&*self.user(), &mut kinds);
        Metrics {
            system: self.name().into(),
            kinds: kinds.into_values().collect(),
            dead_letters: self.0.dead_letters.by_reason(),
            maybe_delivered: self.maybe_delivered(),
            events: self.0.events.metrics(),
            peers: self.part::<PeerSource>().read(),
        }
    }
}

impl SystemBuilder {
    /// Neither counts nor measures messages. [`ActorSystem::metrics`] then knows actors, queues, dead letters and
    /// events only.
    pub fn without_metrics(mut self) -> Self {
        self.config.metrics = false;
        self
    }
}

fn read_kind(tally: &Tally) -> KindMetrics {
    let mut messages = BTreeMap::new();
    for entry in tally.entries() {
        add(messages.entry(entry.name).or_default(), entry);
    }
    messages.retain(|_, message| message.handled > 0 || message.failed > 0);
    KindMetrics {
        kind: tally.name,
        actors: tally.live.load(Ordering::Relaxed),
        spawned: tally.spawned.load(Ordering::Relaxed),
        restarts: tally.restarts.load(Ordering::Relaxed),
        start_failures: tally.unborn.load(Ordering::Relaxed),
        stopped: tally.stopped.lock().clone(),
        queued: 0,
        deepest: 0,
        dead_letters: tally.dead_letters.by_reason(),
        messages: messages.into_values().collect(),
    }
}

fn add(message: &mut MessageMetrics, entry: &Entry) {
    message.message = entry.name;
    message.handled += entry.handled.sum();
    message.failed += entry.failed.load(Ordering::Relaxed);
    if let Some((wait, time)) = entry.recorders() {
        message.wait.merge(&wait.read());
        message.time.merge(&time.read());
    }
}

/// Adds the mailboxes of everything below `root`.
fn look_into(root: &dyn Target, kinds: &mut BTreeMap<&'static str, KindMetrics>) {
    for child in root.core().map(Core::children).unwrap_or_default() {
        let Some(core) = child.core() else { continue };
        // A router's depth is that of its routees, which are its children.
        if child.router().is_none()
            && let Some(kind) = kinds.get_mut(core.kind().name())
        {
            let depth = child.depth() as u64;
            kind.queued += depth;
            kind.deepest = kind.deepest.max(depth);
        }
        look_into(&*child, kinds);
    }
}
