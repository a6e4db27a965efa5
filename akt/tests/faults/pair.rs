//! Two nodes that reach each other through relays only.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use akt::prelude::*;
use akt::{NodeAddress, Remote, StartError, Tls, TransportOptions};
use parking_lot::Mutex;
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinSet;

use crate::contracts::depot::v1 as depot;
use crate::way::{Direction, Way};
use crate::{tcp, udp};

/// The kind of network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Quic,
    /// QUIC with several lanes.
    Lanes,
    Tcp,
}

impl Kind {
    /// A node's remote half, on a port of this machine.
    pub(crate) fn remote(self, port: u16) -> Remote {
        let address = format!("127.0.0.1:{port}");
        let remote = match self {
            Self::Quic => Remote::quic(address),
            Self::Lanes => Remote::quic(address).lanes(4),
            Self::Tcp => Remote::tcp(address),
        };
        remote.tls(Tls::development_in(Path::new(env!("CARGO_TARGET_TMPDIR")).join("faults-ca")))
    }
}

/// Writes down what it is given, in order.
pub(crate) type Log = Arc<Mutex<Vec<u32>>>;

pub(crate) struct Book(pub(crate) Log);

#[akt::actor]
impl depot::Depot for Book {
    fn add(&mut self, item: depot::Item) -> Result<depot::Stock, depot::Refused> {
        self.0.lock().push(item.quantity);
        Ok(depot::Stock::default())
    }
    fn view(&mut self, _: ()) -> depot::Stock {
        depot::Stock { added: self.0.lock().clone() }
    }
    async fn wait(&mut self, _: depot::Delay, cx: &mut Ctx<Self>) {
        cx.cancelled().await;
    }
    fn echo(&mut self, blob: depot::Blob) -> depot::Blob {
        let number = u32::from_be_bytes(blob.bytes[..4].try_into().unwrap());
        self.0.lock().push(number);
        depot::Blob::default()
    }
    fn make(&mut self, _: depot::Delay) -> depot::Blob {
        depot::Blob::default()
    }
    fn crash(&mut self, _: depot::Delay) {}
}

/// One of two nodes.
pub(crate) struct Node {
    pub(crate) system: ActorSystem,
    /// What its book holds.
    pub(crate) log: Log,
}

impl Node {
    pub(crate) async fn start(remote: Remote) -> Result<Self, StartError> {
        let system = ActorSystem::builder("shop").remote(remote).start().await?;
        let log = Log::default();
        let mine = log.clone();
        system.spawn("book", move || Book(mine.clone())).await.unwrap();
        Ok(Self { system, log })
    }

    /// Its reference to the book of `other`.
    pub(crate) fn book_of(&self, other: &NodeAddress) -> depot::DepotRef {
        self.system.actor_at(&format!("akt://{other}/user/book")).unwrap()
    }

    pub(crate) fn address(&self) -> NodeAddress {
        self.system.address().unwrap()
    }
}

/// Two nodes, and the way between them.
pub(crate) struct Pair {
    pub(crate) nodes: [Node; 2],
    pub(crate) way: Way,
    _relays: JoinSet<()>,
}

impl Pair {
    pub(crate) async fn start(kind: Kind, way: Way, options: &TransportOptions) -> Self {
        let mut relays = JoinSet::new();
        let near = behind(&mut relays, (kind, &way), options, 0).await;
        let far = behind(&mut relays, (kind, &way), options, 1).await;
        Self { nodes: [near, far], way, _relays: relays }
    }

    /// Waits until what was sent before has arrived, or has failed: in each direction, an ask comes back.
    pub(crate) async fn is_quiet(&self) {
        let [near, far] = &self.nodes;
        for (from, to) in [(near, far), (far, near)] {
            let book = from.book_of(&to.address());
            let mut ticks = tokio::time::interval(Duration::from_millis(20));
            let mut tries = 0;
            while book.view(()).await.is_err() {
                tries += 1;
                assert!(tries < 1_000, "there is no connection any more");
                ticks.tick().await;
            }
        }
    }

    pub(crate) async fn stop(self) {
        let [near, far] = self.nodes;
        tokio::join!(near.system.shutdown(), far.system.shutdown());
    }
}

/// A node that others reach by a relay: the end `to` of the way.
async fn behind(
    relays: &mut JoinSet<()>,
    (kind, way): (Kind, &Way),
    options: &TransportOptions,
    to: Direction,
) -> Node {
    match kind {
        Kind::Quic | Kind::Lanes => {
            let front = UdpSocket::bind(("127.0.0.1", 0)).await.unwrap();
            let (node, listens) = advertising(kind, options, front.local_addr().unwrap()).await;
            relays.spawn(udp::relay(front, listens, way.clone(), to));
            node
        }
        Kind::Tcp => {
            let front = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
            let (node, listens) = advertising(kind, options, front.local_addr().unwrap()).await;
            relays.spawn(tcp::relay(front, listens, way.clone(), to));
            node
        }
    }
}

/// A node that says it is at `front`, and where it is.
async fn advertising(kind: Kind, options: &TransportOptions, front: SocketAddr) -> (Node, SocketAddr) {
    for _ in 0..8 {
        let port = free_port(kind).await;
        let remote = kind.remote(port).options(options.clone()).advertise(front.to_string());
        // Another may have taken the port meanwhile.
        if let Ok(node) = Node::start(remote).await {
            return (node, SocketAddr::from(([127, 0, 0, 1], port)));
        }
    }
    panic!("no port for a node");
}

/// A port that nobody has now: the node's own is not said when it advertises another.
pub(crate) async fn free_port(kind: Kind) -> u16 {
    match kind {
        Kind::Quic | Kind::Lanes => {
            UdpSocket::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap().port()
        }
        Kind::Tcp => TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap().port(),
    }
}
