//! Calls between nodes: connections, the asks in flight on them, and references to actors elsewhere.

mod asking;
mod association;
mod carrier;
mod codec;
mod control;
mod greeting;
mod inbound;
mod kind;
mod node;
mod node_ref;
mod operation;
mod operator;
mod outbound;
mod peer;
mod refusals;
mod requests;
mod resolve;
mod streams;
mod watch;
mod watched;
mod watching;

use std::time::Duration;

pub use node_ref::NodeRef;
pub use operation::{ActorReport, ActorState, OperationError, SpawnableKind};
pub use refusals::Refusal;
pub(crate) use resolve::{address, at};

use crate::actor::{Actor, Fault};
use crate::message::Travels;
use crate::system::{Inject, StartError, SystemBuilder};
use crate::transport::{MemoryTransport, Network, QuicConfig, QuicTransport, Tls, Transport};
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
    limits: Limits,
    kinds: Kinds,
}

#[derive(Clone, Debug)]
enum Way {
    Quic(QuicTransport),
    Memory(MemoryTransport),
}

/// What a node allows itself and its peers.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// The largest body of a message, in both directions.
    max_message: usize,
    /// From a dial to the end of its handshake.
    connect_timeout: Duration,
    /// From the first packet of a peer to the end of its handshake.
    handshake_timeout: Duration,
    /// Peers that may shake hands at once.
    handshakes: usize,
    /// Messages that may wait for one peer.
    queue: usize,
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
            connect_timeout: Duration::from_secs(3),
            handshake_timeout: Duration::from_secs(3),
            handshakes: 64,
            queue: 4_096,
            stall: Duration::from_secs(10),
            lost_after: Duration::from_secs(10),
            fold: Duration::from_secs(10),
        }
    }
}

impl Remote {
    /// Listens with QUIC on `address`, an IP address and a UDP port; port 0 takes a free one.
    ///
    /// Nodes authenticate each other with certificates of a development CA, unless [`tls`](Self::tls) gives
    /// others.
    pub fn quic(address: impl Into<String>) -> Self {
        let listen = address.into().into();
        let transport = QuicTransport { listen, tls: Tls::development(), config: QuicConfig::default() };
        Self::by(Way::Quic(transport))
    }

    /// Joins a network inside this process, for tests: messages are encoded, nothing leaves the process.
    pub fn memory(network: &Network) -> Self {
        let transport = MemoryTransport { network: network.clone() };
        Self::by(Way::Memory(transport))
    }

    fn by(way: Way) -> Self {
        Self { way, advertise: None, limits: Limits::default(), kinds: Kinds::default() }
    }

    /// Sets the certificates; a network inside the process has none.
    pub fn tls(mut self, tls: Tls) -> Self {
        if let Way::Quic(quic) = &mut self.way {
            quic.tls = tls;
        }
        self
    }

    /// Sets the host under which other nodes reach this one; else it is the address that is listened on.
    pub fn advertise(mut self, host: impl Into<String>) -> Self {
        self.advertise = Some(host.into().into());
        self
    }

    /// Sets the largest encoded message, sent or received. 1 MiB.
    pub fn max_message(mut self, bytes: usize) -> Self {
        // The length of a frame has 32 bits; half of that is more than anybody should send.
        self.limits.max_message = bytes.min(1 << 31);
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

    /// Sends each packet by itself, for network drivers that cannot cut large sends into packets.
    pub fn without_segmentation_offload(mut self) -> Self {
        if let Way::Quic(quic) = &mut self.way {
            quic.config.segmentation_offload = false;
        }
        self
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

    fn transport(&self) -> &dyn Transport {
        match &self.way {
            Way::Quic(quic) => quic,
            Way::Memory(memory) => memory,
        }
    }
}

impl SystemBuilder {
    /// Makes the system a node that others can reach, and that can reach others.
    pub fn remote(self, remote: Remote) -> Self {
        self.part(async move |system| {
            let failed = |source: crate::transport::BindError| StartError::Part {
                part: "remote",
                source: Box::new(source),
            };
            if let Some(kind) = remote.kinds.ambiguous {
                let two = format!("two types are called `{kind}`: other nodes could not tell which to spawn");
                return Err(StartError::Part { part: "remote", source: Fault::new(two).into_inner() });
            }
            Node::start(system, &remote).map_err(failed)
        })
    }
}
