//! What can be set on a transport: times, windows, and what the network and the kernel allow.

use std::net::SocketAddr;
use std::time::Duration;

use super::error::BindError;

/// What can be set on the transport of a node; the defaults suit most.
///
/// Given to [`Remote::options`](crate::Remote::options). Nodes need not agree on any of it, but each is lost to its
/// peers by the shorter idle timeout of the two.
#[derive(Clone, Debug)]
#[must_use = "give it to `Remote::options`"]
pub struct TransportOptions {
    pub(super) idle_timeout: Duration,
    pub(super) keep_alive: Duration,
    pub(super) receive_window: u32,
    pub(super) send_window: u64,
    pub(super) mtu: u16,
    /// Bytes, and whether somebody asked for them.
    pub(super) socket_buffers: (usize, bool),
    pub(super) segmentation_offload: bool,
    /// Attempts to connect that may wait to be looked at.
    pub(super) max_incoming: usize,
    /// Streams that may all be unread at once.
    pub(super) lanes: u32,
}

impl Default for TransportOptions {
    fn default() -> Self {
        Self {
            // Both below the default patience of an ask, so that its error names a lost peer and not a timeout.
            idle_timeout: Duration::from_secs(3),
            keep_alive: Duration::from_secs(1),
            receive_window: 8 << 20,
            send_window: 8 << 20,
            mtu: 1_200,
            socket_buffers: (2 << 20, false),
            segmentation_offload: true,
            max_incoming: 128,
            lanes: 1,
        }
    }
}

impl TransportOptions {
    /// A connection without a sign of life for so long is lost. 3 s; more than the keep-alive.
    pub fn idle_timeout(mut self, time: Duration) -> Self {
        self.idle_timeout = time;
        self
    }

    /// A connection gives a sign of life so often; over QUIC, a quiet one. 1 s.
    pub fn keep_alive(mut self, time: Duration) -> Self {
        self.keep_alive = time;
        self
    }

    /// Bytes that one peer may send before they are read. 8 MiB; at least 64 KiB.
    ///
    /// A sender far away needs as many as the way holds: bytes per second times the seconds of a round trip.
    pub fn receive_window(mut self, bytes: u32) -> Self {
        self.receive_window = bytes.max(64 << 10);
        self
    }

    /// Bytes that are kept for one peer until it has acknowledged them. 8 MiB; at least 64 KiB. QUIC only: TCP
    /// leaves it to the kernel.
    pub fn send_window(mut self, bytes: u64) -> Self {
        self.send_window = bytes.max(64 << 10);
        self
    }

    /// Bytes of a packet that every way between nodes carries: 1,200, the floor of QUIC, or more. QUIC only.
    ///
    /// Larger ones are found by probing. A value that some way does not carry cuts the peers behind it off.
    pub fn mtu(mut self, bytes: u16) -> Self {
        self.mtu = bytes.max(1_200);
        self
    }

    /// Bytes of the socket's buffers, for sending and for receiving. 2 MiB. QUIC only.
    ///
    /// The kernel may give less: a warning says how much, and what to set.
    pub fn socket_buffers(mut self, bytes: usize) -> Self {
        self.socket_buffers = (bytes, true);
        self
    }

    /// Sends each packet by itself, for network drivers that cannot cut large sends into packets. QUIC only.
    ///
    /// Where the kernel refuses large sends, this happens by itself.
    pub fn without_segmentation_offload(mut self) -> Self {
        self.segmentation_offload = false;
        self
    }

    /// The same, for connections of so many lanes.
    pub(crate) fn for_lanes(self, lanes: u32) -> Self {
        Self { lanes, ..self }
    }

    pub(super) fn check(&self) -> Result<(), BindError> {
        if self.keep_alive < self.idle_timeout {
            return Ok(());
        }
        let (keep_alive, idle_timeout) = (self.keep_alive, self.idle_timeout);
        Err(BindError::Times { keep_alive, idle_timeout })
    }

    /// Says so if the kernel gave a socket smaller buffers than were wanted: `got` for receiving and for sending.
    pub(super) fn warn_of_clamp(&self, local: SocketAddr, got: [usize; 2]) {
        let (wanted, asked) = self.socket_buffers;
        let Some((got, sysctl)) = clamped(wanted, got) else { return };
        // The loopback loses little, and most programs begin there.
        if asked || !local.ip().to_canonical().is_loopback() {
            tracing::warn!(%local, wanted, got, "the kernel gave small buffers to the socket, packets may be lost: set {sysctl}");
        } else {
            tracing::debug!(%local, wanted, got, sysctl, "the kernel gave small buffers to the socket");
        }
    }
}

/// The first buffer that is smaller than wanted, and what limits it.
fn clamped(wanted: usize, got: [usize; 2]) -> Option<(usize, &'static str)> {
    // Linux says twice what it gives, for it counts what it adds itself.
    let got = if cfg!(target_os = "linux") { got.map(|bytes| bytes / 2) } else { got };
    got.into_iter().zip(["net.core.rmem_max", "net.core.wmem_max"]).find(|(got, _)| *got < wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_buffer_that_the_kernel_made_smaller_is_named_with_its_limit() {
        assert_eq!(clamped(1_000, [2_000, 2_000]), None);
        assert_eq!(clamped(1_000, [1_998, 2_000]), Some((999, "net.core.rmem_max")));
        assert_eq!(clamped(1_000, [2_000, 400]), Some((200, "net.core.wmem_max")));
    }

    #[test]
    fn a_keep_alive_that_keeps_nothing_alive_is_refused() {
        let second = Duration::from_secs(1);

        assert!(TransportOptions::default().check().is_ok());
        assert!(TransportOptions::default().idle_timeout(second).check().is_err());
    }
}
