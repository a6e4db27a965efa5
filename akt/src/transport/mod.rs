//! The seam to the network: endpoints that listen and dial, connections that carry bytes in order.

mod address;
#[cfg(test)]
#[path = "../../tests/it/authority.rs"]
mod authority;
mod certificate;
mod chunk;
#[cfg(test)]
mod conformance;
mod congestion;
mod dev_ca;
mod driver;
mod error;
#[cfg(test)]
mod fuzz;
mod half;
mod keychain;
mod memory;
mod mux;
mod options;
mod quic;
mod reset;
#[cfg(test)]
mod strangers;
mod tcp;
mod tls;
mod trust;
mod witness;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};

pub use error::{BindError, TlsError};
pub(crate) use error::{Close, ConnectError, Distrust, Lost};
pub(crate) use keychain::{Found, Keychain};
pub use memory::{Faults, Network};
pub(crate) use memory::{MemoryTransport, Sight};
pub use options::TransportOptions;
pub(crate) use quic::QuicTransport;
pub(crate) use tcp::TcpTransport;
pub use tls::Tls;

use crate::runtime::Runtime;

/// Streams beside the lane that a peer may have open at once.
const MAX_STREAMS: u32 = 64;

/// A way to reach other nodes.
#[async_trait]
pub(crate) trait Transport: Send + Sync + fmt::Debug {
    /// Begins to listen.
    async fn bind(&self, runtime: &Runtime) -> Result<Arc<dyn Endpoint>, BindError>;
}

/// One node's place in a network.
#[async_trait]
pub(crate) trait Endpoint: Send + Sync + fmt::Debug {
    /// Host and port under which peers reach this endpoint.
    fn local(&self) -> (Arc<str>, u16);

    /// The next attempt of a peer to connect; `None` when the endpoint is closed.
    async fn accept(&self) -> Option<Box<dyn Attempt>>;

    /// Dials. Ends within the time that the caller allows, by being dropped.
    async fn connect(&self, host: &str, port: u16) -> Result<Connection, ConnectError>;

    /// The certificates that it uses; none within a process.
    fn keychain(&self) -> Option<&Arc<Keychain>> {
        None
    }

    /// Closes every connection and waits, for a moment, until peers know.
    async fn close(&self);
}

/// A peer that wants to connect; nothing has been spent on it yet.
#[async_trait]
pub(crate) trait Attempt: Send {
    /// Where it comes from, for the log.
    fn from(&self) -> String;

    /// Whether the peer has proved that it can be reached at the address it claims.
    fn is_proven(&self) -> bool;

    /// Asks the peer to prove its address and come again; keeps no state.
    fn demand_proof(self: Box<Self>);

    /// Turns the peer away; keeps no state.
    fn refuse(self: Box<Self>);

    /// Authenticates the peer. Ends within the time that the caller allows, by being dropped.
    async fn establish(self: Box<Self>) -> Result<Connection, Lost>;
}

/// An authenticated connection: an ordered stream in each direction, the lane, and more of either side.
///
/// It is closed when all that belongs to it is dropped.
pub(crate) struct Connection {
    /// Where the peer is, for the log.
    pub(crate) peer: Box<str>,
    /// For whom the peer's certificate is, as its names say, such as `akt://shop/node`.
    pub(crate) holders: Vec<Box<str>>,
    pub(crate) writer: Box<dyn Writer>,
    pub(crate) reader: Box<dyn Reader>,
    pub(crate) control: Arc<dyn Control>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("peer", &self.peer).finish_non_exhaustive()
    }
}

/// An outgoing stream. Dropped before it is finished, it is torn off: its reader gets an error.
#[async_trait]
pub(crate) trait Writer: Send {
    /// Hands `bytes` to the network; waits while the peer does not keep up. Ends when the connection does.
    async fn write(&mut self, bytes: Bytes) -> Result<(), Lost>;

    /// Ends the stream and waits until the peer has everything, or reads no more. Ends when the connection does.
    async fn finish(&mut self) -> Result<(), Lost>;
}

/// An incoming stream. Dropped before its end, its writer gets an error.
#[async_trait]
pub(crate) trait Reader: Send {
    /// Appends what has come to `buffer`; waits while there is nothing. Ends when the connection does:
    /// `Ok(false)` if the peer finished its stream. Cancel-safe.
    async fn read(&mut self, buffer: &mut BytesMut) -> Result<bool, Lost>;
}

/// What the way to a peer is like, as far as its transport knows.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Way {
    pub(crate) round_trip: Option<Duration>,
    /// Of this side, on this connection.
    pub(crate) packets_lost: Option<u64>,
}

/// The whole of a connection, from this side.
#[async_trait]
pub(crate) trait Control: Send + Sync {
    /// Opens a stream of its own to the peer, whose bytes go after those of the lane; waits while the peer has
    /// 64 of them that are not read to their ends. The peer accepts it when something was written or finished.
    async fn open(&self) -> Result<Box<dyn Writer>, Lost>;

    /// The next stream that the peer has opened. Cancel-safe.
    async fn accept(&self) -> Result<Box<dyn Reader>, Lost>;

    /// What the way is like now.
    fn way(&self) -> Way {
        Way::default()
    }

    /// Closes the connection at once; what was not read by the peer is lost.
    fn close(&self, reason: Close, text: &str);
}
