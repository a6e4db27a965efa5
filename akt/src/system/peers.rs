//! The metrics of other nodes, as whoever keeps the connections to them knows them.

use std::collections::BTreeMap;
use std::sync::{OnceLock, Weak};
use std::time::Duration;

use super::dead_letters::DeadLetterReason;

/// The metrics of one other node, or of all clients together.
///
/// Counters begin with the first message or connection; a node that is not connected, and to which nobody has a
/// reference, may be forgotten with them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeerMetrics {
    /// The address of the node, as `shop@host:7400`; `clients` for processes that only call.
    pub peer: Box<str>,
    /// Connections that carry messages now: one, or none, but of clients and of a node that is known by several names.
    pub connections: u64,
    /// Connections that ever began to carry messages.
    pub made: u64,
    /// Those of them that have ended, for whatever reason.
    pub lost: u64,
    /// How long the way there and back takes, as the transport measures it; in memory none does. The longest, of several.
    pub round_trip: Option<Duration>,
    /// Packets to it that were lost and sent again, where the transport counts them; QUIC does.
    pub packets_lost: Option<u64>,
    /// Bytes of frames that were handed to the transport.
    pub bytes_sent: u64,
    /// Bytes of frames that the transport gave.
    pub bytes_received: u64,
    /// Tells and asks that were sent to it.
    pub messages_sent: u64,
    /// Tells and asks that came from it.
    pub messages_received: u64,
    /// Messages that wait here, for a connection or for credit.
    pub waiting: u64,
    /// What they count against their limit: the bytes of each, 1 KiB at least.
    pub waiting_bytes: u64,
    /// Bytes of its messages that wait here for room in mailboxes.
    pub held_bytes: u64,
    /// Asks that it answered with `Full`.
    pub full: u64,
    /// Messages for it that became dead letters here, by reason; reasons without any are left out.
    pub dead_letters: BTreeMap<DeadLetterReason, u64>,
}

/// Knows other nodes.
pub(crate) trait PeerMeter: Send + Sync {
    /// The metrics of each, by name.
    fn peers(&self) -> Vec<PeerMetrics>;
}

/// Where the metrics of other nodes are read, if there are any.
#[derive(Default)]
pub(crate) struct PeerSource(OnceLock<Weak<dyn PeerMeter>>);

impl PeerSource {
    /// The first one stays.
    pub(crate) fn set(&self, peers: Weak<dyn PeerMeter>) {
        let _ = self.0.set(peers);
    }

    pub(super) fn read(&self) -> Vec<PeerMetrics> {
        self.0.get().and_then(Weak::upgrade).map(|peers| peers.peers()).unwrap_or_default()
    }
}
