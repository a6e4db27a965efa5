//! What is counted of one peer, over all its connections, and how it is read.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::node::Node;
use super::peer::Peer;
use super::route::Route;
use crate::path::{ActorPath, is_reserved};
use crate::system::{DeadLetterReason, DeadLetters, PeerMeter, PeerMetrics};
use crate::transport::Way;
use crate::wire::Parcel;

/// The name under which clients are counted together: each has another address.
const CLIENTS: &str = "clients";

/// Counters of one peer; the tasks of its connections raise them.
#[derive(Debug, Default)]
pub(super) struct Tally {
    made: AtomicU64,
    lost: AtomicU64,
    /// Of connections that have ended.
    packets_lost: AtomicU64,
    bytes_sent: AtomicU64,
    bytes_received: AtomicU64,
    messages_sent: AtomicU64,
    messages_received: AtomicU64,
    full: AtomicU64,
    dead_letters: DeadLetters,
}

impl Tally {
    pub(super) fn begins(&self) {
        add(&self.made, 1);
    }

    /// A connection ends; its way was so.
    pub(super) fn ends(&self, way: Way) {
        add(&self.lost, 1);
        add(&self.packets_lost, way.packets_lost.unwrap_or_default());
    }

    pub(super) fn wrote(&self, bytes: usize) {
        add(&self.bytes_sent, bytes as u64);
    }

    pub(super) fn read(&self, bytes: usize) {
        add(&self.bytes_received, bytes as u64);
    }

    pub(super) fn sends_message(&self) {
        add(&self.messages_sent, 1);
    }

    /// Something came, a message or not.
    pub(super) fn comes(&self, parcel: &Parcel) {
        add(&self.messages_received, matches!(parcel, Parcel::Tell(_) | Parcel::Ask { .. }).into());
    }

    pub(super) fn answered_full(&self) {
        add(&self.full, 1);
    }
}

fn add(count: &AtomicU64, more: u64) {
    if more > 0 {
        count.fetch_add(more, Ordering::Relaxed);
    }
}

impl Peer {
    /// A message for one of its actors is dead.
    pub(super) fn bury(&self, route: &Route, message: &'static str, reason: DeadLetterReason) {
        self.tally.dead_letters.count(reason);
        let path = || -> ActorPath { route.path.clone() };
        self.node.system.dead_letter_at(path, message, reason);
    }

    fn metrics(&self) -> PeerMetrics {
        let carrier = self.carrier().filter(|carrier| !carrier.has_ended());
        let way = carrier.as_ref().map(|carrier| carrier.control.way()).unwrap_or_default();
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let (tally, routes) = (&self.tally, self.routes());
        let is_client = is_reserved(&self.address.host);
        // Also while there is no connection.
        let lost_before = Some(of(&tally.packets_lost)).filter(|lost| *lost > 0);
        PeerMetrics {
            peer: if is_client { CLIENTS.into() } else { self.address.to_string().into() },
            connections: carrier.is_some().into(),
            made: of(&tally.made),
            lost: of(&tally.lost),
            round_trip: way.round_trip,
            packets_lost: sum(way.packets_lost, lost_before),
            bytes_sent: of(&tally.bytes_sent),
            bytes_received: of(&tally.bytes_received),
            messages_sent: of(&tally.messages_sent),
            messages_received: of(&tally.messages_received),
            waiting: routes.iter().map(|route| route.depth() as u64).sum(),
            waiting_bytes: self.load.lock().used() as u64,
            held_bytes: carrier.map_or(0, |carrier| carrier.held() as u64),
            full: of(&tally.full),
            dead_letters: tally.dead_letters.by_reason(),
        }
    }
}

/// What is known of both.
fn sum(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.map_or(other, |one| Some(one + other.unwrap_or_default()))
}

impl PeerMeter for Node {
    fn peers(&self) -> Vec<PeerMetrics> {
        let mut by_name = BTreeMap::<Box<str>, PeerMetrics>::new();
        for metrics in self.known_peers().iter().map(|peer: &Arc<Peer>| peer.metrics()) {
            match by_name.get_mut(&metrics.peer) {
                Some(same) => join(same, metrics),
                None => drop(by_name.insert(metrics.peer.clone(), metrics)),
            }
        }
        by_name.into_values().collect()
    }
}

/// Two associations with one node, or with two clients.
fn join(all: &mut PeerMetrics, other: PeerMetrics) {
    all.connections += other.connections;
    all.made += other.made;
    all.lost += other.lost;
    all.round_trip = all.round_trip.max(other.round_trip);
    all.packets_lost = sum(all.packets_lost, other.packets_lost);
    all.bytes_sent += other.bytes_sent;
    all.bytes_received += other.bytes_received;
    all.messages_sent += other.messages_sent;
    all.messages_received += other.messages_received;
    all.waiting += other.waiting;
    all.waiting_bytes += other.waiting_bytes;
    all.held_bytes += other.held_bytes;
    all.full += other.full;
    for (reason, count) in other.dead_letters {
        *all.dead_letters.entry(reason).or_default() += count;
    }
}
