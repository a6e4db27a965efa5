//! The nodes of a client: to which one a reference goes, and to which one after that is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::association::Standing;
use super::peer::Peer;

/// At least one node.
pub(super) struct Pool {
    pub(super) nodes: Vec<Arc<Peer>>,
    next: AtomicUsize,
}

impl Pool {
    pub(super) fn new(nodes: Vec<Arc<Peer>>) -> Arc<Self> {
        Arc::new(Self { nodes, next: AtomicUsize::new(0) })
    }

    /// Where a new reference begins: at each node in turn, of those that are up.
    pub(super) fn begin(&self) -> usize {
        self.stay_or_move(self.next.fetch_add(1, Ordering::Relaxed) % self.nodes.len())
    }

    /// The node that a reference at `current` goes to now: the same while that is up, else the next one that is; and
    /// if none is, the next one that has not just failed.
    pub(super) fn stay_or_move(&self, current: usize) -> usize {
        if self.nodes[current].is_up() {
            return current;
        }
        let in_turn = || (0..self.nodes.len()).map(|step| (current + step) % self.nodes.len());
        let has_failed = |node: usize| matches!(self.nodes[node].standing(), Standing::Refused { .. });
        let up = in_turn().find(|node| self.nodes[*node].is_up());
        up.or_else(|| in_turn().find(|node| !has_failed(*node))).unwrap_or(current)
    }

    /// Dials the nodes to which there is no connection, unless one has just failed.
    pub(super) fn keep(&self) {
        self.nodes.iter().filter(|node| node.standing() == Standing::Idle).for_each(Peer::want);
    }
}
