//! Calls between nodes: connections, the asks in flight on them, and references to actors elsewhere.

mod arrival;
mod asking;
mod association;
mod balanced;
mod budget;
mod carrier;
mod client;
mod codec;
mod control;
mod credit;
mod exposure;
#[cfg(test)]
mod fuzz;
mod greeting;
#[cfg(test)]
mod hostile;
mod inbound;
mod kind;
mod lanes;
mod large;
mod node;
mod node_ref;
mod operation;
mod operator;
mod order;
mod outbound;
mod pace;
mod peer;
mod pool;
mod refusals;
mod requests;
mod resolve;
mod route;
mod share;
mod streams;
mod tally;
mod unconfirmed;
mod watch;
mod watched;
mod watching;
mod window;

use std::time::Duration;

pub use client::{Client, ClientBuilder, ClientError};
pub use node_ref::NodeRef;
pub use operation::{ActorReport, ActorState, OperationError, SpawnableKind};
pub use refusals::Refusal;
pub(crate) use resolve::{address, at};

use crate::actor::{Actor, Fault};
use crate::holder::{Class, Holder};
use crate::message::Travels;
use crate::path::NodeAddress;
use crate::system::{Inject, StartError, SystemBuilder};
use crate::transport::{
    MemoryTransport, Network, QuicTransport, TcpTransport, Tls, Transport, TransportOptions,
};
use credit::Amount;
use exposure::Exposure;
use kind::Kinds;
use node::Node;

/// How a system reaches others, and is reached.
///
/// ```no_run
/// # async fn start() -> Result<(), akt::StartError> {
/// use akt::{ActorSystem, Remote};
///
/// let system = ActorSystem::builder("shop").remote(Remote::quic("127.0.0.1:7400")).start().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "give it to the builder of a system"]
pub struct Remote {
    way: Way,
    advertise: Option<Box<str>>,
    exposure: Exposure,
    limits: Limits,
    kinds: Kinds,
}

#[derive(Clone, Debug)]
enum Way {
    Quic(QuicTransport),
    Tcp(TcpTransport),
    Memory(MemoryTransport),
}

/// What a node allows itself and its peers.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// The largest body of a message, in both directions.
    max_message: usize,
    /// Lanes of a connection, at most.
    lanes: u32,
    /// Bytes of large messages in a second while small asks go beside them.
    beside_asks: u64,
    /// From a dial to the end of its handshake.
    connect_timeout: Duration,
    /// From the first packet of a peer to the end of its handshake.
    handshake_timeout: Duration,
    /// Peers that may shake hands at once.
    handshakes: usize,
    /// Bytes of messages that may wait for one peer.
    outbound: usize,
    /// Bytes of messages of one peer that may wait for room; then it is not read from.
    inbound: usize,
    /// What a peer may send to one actor here that has not found its place.
    window: Amount,
    /// A peer that reads nothing for so long is given up.
    stall: Duration,
    /// A peer without a connection for so long is lost, to those who watch its actors.
    lost_after: Duration,
    /// Refusals of one kind within so long share a line of the log.
    fold: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_message: 1 << 20,
            lanes: 1,
            beside_asks: 64 << 20,
            connect_timeout: Duration::from_secs(3),
            handshake_timeout: Duration::from_secs(3),
            handshakes: 64,
            outbound: 64 << 20,
            inbound: 64 << 20,
            window: Amount { messages: 1_024, bytes: 1 << 20 },
            stall: Duration::from_secs(10),
            lost_after: Duration::from_secs(10),
            fold: Duration::from_secs(10),
        }
    }
}

impl Remote {
    /// Listens with QUIC on `address`, a host and a UDP port, such as `127.0.0.1:7400`, `[::1]:7400` or
    /// `localhost:7400`; port 0 takes a free one.
    ///
    /// Nodes authenticate each other with certificates of a development CA, unless [`tls`](Self::tls) gives
    /// others.
    pub fn quic(address: impl Into<String>) -> Self {
        let (listen, tls, options) = (address.into().into(), Tls::development(), TransportOptions::default());
        Self::by(Way::Quic(QuicTransport { listen, tls, options, dials_only: false }))
    }

    /// Listens with TCP on `address`, a host and a TCP port, for networks that let no UDP pass; TLS and all that
    /// is promised are the same as with [`quic`](Self::quic).
    ///
    /// A node has one of the two, and reaches nodes of the same only: a dial from one to the other fails, and says so.
    pub fn tcp(address: impl Into<String>) -> Self {
        let (listen, tls, options) = (address.into().into(), Tls::development(), TransportOptions::default());
        Self::by(Way::Tcp(TcpTransport { listen, tls, options, dials_only: false }))
    }

    /// Joins a network inside this process, for tests: messages are encoded, nothing leaves the process.
    pub fn memory(network: &Network) -> Self {
        Self::by(Way::Memory(MemoryTransport { network: network.clone(), at: None }))
    }

    /// Joins a network inside this process at an address where a node was that has stopped or was killed, as its next run.
    ///
    /// The start fails with [`BindError::Taken`](crate::BindError::Taken) if a node is there. Only host and port count: the
    /// name of the system is the builder's.
    pub fn memory_at(network: &Network, address: &NodeAddress) -> Self {
        let at = Some((address.host.clone(), address.port));
        Self::by(Way::Memory(MemoryTransport { network: network.clone(), at }))
    }

    fn by(way: Way) -> Self {
        let (exposure, limits, kinds) = Default::default();
        Self { way, advertise: None, exposure, limits, kinds }
    }

    /// Sets the certificates; a network inside the process has none.
    pub fn tls(mut self, tls: Tls) -> Self {
        match &mut self.way {
            Way::Quic(quic) => quic.tls = tls,
            Way::Tcp(tcp) => tcp.tls = tls,
            Way::Memory(_) => {}
        }
        self
    }

    /// Sets what can be set on the transport; a network inside the process has nothing.
    pub fn options(mut self, options: TransportOptions) -> Self {
        match &mut self.way {
            Way::Quic(quic) => quic.options = options,
            Way::Tcp(tcp) => tcp.options = options,
            Way::Memory(_) => {}
        }
        self
    }

    /// Sets the host, or host and port, under which other nodes reach this one: `shop.example` or
    /// `shop.example:7400`. Else it is the address that is listened on; a node that listens on every address of
    /// its machine, such as `0.0.0.0`, must say it.
    pub fn advertise(mut self, address: impl Into<String>) -> Self {
        self.advertise = Some(address.into().into());
        self
    }

    /// Sets the largest encoded message, sent or received. 1 MiB.
    pub fn max_message(mut self, bytes: usize) -> Self {
        // The length of a frame has 32 bits; half of that is more than anybody should send.
        self.limits.max_message = bytes.min(1 << 31);
        self
    }

    /// Sets how many lanes a connection has, 1 to 16; of two nodes that differ, the smaller number holds. 1.
    ///
    /// Messages to one actor share a lane and keep their order. More lanes are for networks that lose packets, where
    /// a lost one holds up its lane only; elsewhere they cost and bring nothing.
    pub fn lanes(mut self, lanes: u32) -> Self {
        self.limits.lanes = lanes.clamp(1, lanes::MOST);
        self
    }

    /// Sets how many bytes of messages above 64 KiB this node sends in a second by a connection while smaller asks go by
    /// it, in either direction, so that these find a free processor. 64 MiB; at least 1 MiB; `u64::MAX` holds nothing back.
    ///
    /// A tenth of a second after the last such ask, and where there is none, large messages go as fast as they can.
    pub fn bulk_beside_asks(mut self, bytes_per_second: u64) -> Self {
        self.limits.beside_asks = bytes_per_second.max(1 << 20);
        self
    }

    /// Sets how long connecting to a peer may take, its handshake included. 3 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.limits.connect_timeout = timeout;
        self
    }

    /// Sets how long a peer may be without a connection before those who watch its actors are told that they are gone,
    /// [`StopReason::NodeLost`](crate::StopReason::NodeLost). 10 s.
    ///
    /// It is dialed again meanwhile. A peer that says goodbye, or comes back as another process, is lost at once.
    pub fn lost_after(mut self, time: Duration) -> Self {
        self.limits.lost_after = time;
        self
    }

    /// Lets clients reach the actors at and below `path` only, and those of further calls; else it is all below
    /// `/user`. Actors of akt's own are never reached, and clients end no actor.
    ///
    /// A path that is not at or below `/user` fails the start. Other nodes reach everything.
    pub fn expose(mut self, path: impl Into<String>) -> Self {
        self.exposure.add(path.into().into());
        self
    }

    /// Sends each packet by itself: short for
    /// [`TransportOptions::without_segmentation_offload`], which belongs to QUIC.
    pub fn without_segmentation_offload(mut self) -> Self {
        if let Way::Quic(quic) = &mut self.way {
            quic.options = quic.options.clone().without_segmentation_offload();
        }
        self
    }

    /// Opens no door.
    fn dials_only(mut self) -> Self {
        match &mut self.way {
            Way::Quic(quic) => quic.dials_only = true,
            Way::Tcp(tcp) => tcp.dials_only = true,
            Way::Memory(_) => {}
        }
        self
    }

    /// Says for whom a development CA makes the certificate.
    fn held_by(mut self, holder: Holder) -> Self {
        match &mut self.way {
            Way::Quic(QuicTransport { tls, .. }) | Way::Tcp(TcpTransport { tls, .. }) => {
                *tls = tls.clone().held_by(holder);
            }
            Way::Memory(_) => {}
        }
        self
    }

    fn transport(&self) -> Box<dyn Transport> {
        let lanes = self.limits.lanes;
        match self.way.clone() {
            Way::Quic(quic) => Box::new(QuicTransport { options: quic.options.for_lanes(lanes), ..quic }),
            Way::Tcp(tcp) => Box::new(tcp),
            Way::Memory(memory) => Box::new(memory),
        }
    }

    /// Lets other nodes spawn actors of the kind `A`, under its type's name: see [`NodeRef::spawn`].
    ///
    /// Its arguments are a message of a `.proto`, `#[inject(args = OrdersArgs)]`, or none; what else it needs, this system
    /// [provides](crate::SystemBuilder::provide). Such actors are children of the system's guardian, and know nothing of
    /// who spawned them. No other kind can be spawned from outside.
    pub fn allow_spawn<A>(mut self) -> Self
    where
        A: Actor + Inject,
        A::Args: Travels,
    {
        self.kinds.allow::<A>();
        self
    }
}

impl SystemBuilder {
    /// Makes the system a node that others can reach, and that can reach others.
    pub fn remote(self, remote: Remote) -> Self {
        self.remote_as(remote, Class::Node)
    }

    fn remote_as(self, remote: Remote, class: Class) -> Self {
        self.part(async move |system| {
            let remote = remote.held_by(Holder { system: system.name().into(), class });
            let failed = |source: crate::transport::BindError| StartError::Part {
                part: "remote",
                source: Box::new(source),
            };
            if let Some(kind) = remote.kinds.ambiguous {
                let two = format!("two types are called `{kind}`: other nodes could not tell which to spawn");
                return Err(StartError::Part { part: "remote", source: Fault::new(two).into_inner() });
            }
            Node::start(system, &remote, class).await.map_err(failed)
        })
    }
}
