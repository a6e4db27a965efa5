//! The transports under test, pairs of connections, and wires that can be cut.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::watch;

use crate::path::NodeAddress;
use crate::runtime::Runtime;
use crate::transport::{
    Connection, Endpoint, Faults, MemoryTransport, Network as InProcess, QuicTransport, TcpTransport, Tls,
    Transport, TransportOptions,
};

/// How long a peer on a wire may be silent.
pub(super) const IDLE: Duration = Duration::from_millis(600);

/// One transport.
pub(super) struct Kit {
    pub(super) network: Network,
    /// Where its development CA is.
    folder: PathBuf,
}

pub(super) enum Network {
    Memory(InProcess),
    Quic,
    Tcp,
}

/// Two ends of one connection.
pub(super) struct Pair {
    pub(super) near: Connection,
    pub(super) far: Connection,
    pub(super) endpoints: (Arc<dyn Endpoint>, Arc<dyn Endpoint>),
}

impl Kit {
    pub(super) fn memory() -> Self {
        Self::of(Network::Memory(InProcess::new()))
    }

    /// Whose packets take their time, get lost, come twice and out of order.
    pub(super) fn faulty(seed: u64) -> Self {
        let network = InProcess::seeded(seed);
        network.set_latency(Duration::from_millis(1)..Duration::from_millis(4));
        network.set_faults(Faults { loss: 0.1, duplication: 0.1, reordering: 0.3 });
        Self::of(Network::Memory(network))
    }

    pub(super) fn quic() -> Self {
        Self::of(Network::Quic)
    }

    pub(super) fn tcp() -> Self {
        Self::of(Network::Tcp)
    }

    fn of(network: Network) -> Self {
        static KITS: AtomicU64 = AtomicU64::new(0);
        let number = KITS.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("akt-conformance-{}-{number}", std::process::id()));
        Self { network, folder }
    }

    pub(super) async fn endpoint(&self) -> Arc<dyn Endpoint> {
        self.bind("ca", TransportOptions::default()).await
    }

    /// One that trusts another CA.
    pub(super) async fn stranger(&self) -> Arc<dyn Endpoint> {
        self.bind("other-ca", TransportOptions::default()).await
    }

    async fn bind(&self, ca: &str, options: TransportOptions) -> Arc<dyn Endpoint> {
        let (listen, tls) = ("127.0.0.1:0".into(), Tls::development_in(self.folder.join(ca)));
        let transport: Box<dyn Transport> = match &self.network {
            Network::Memory(network) => Box::new(MemoryTransport { network: network.clone(), at: None }),
            Network::Quic => Box::new(QuicTransport { listen, tls, options, dials_only: false }),
            Network::Tcp => Box::new(TcpTransport { listen, tls, options, dials_only: false }),
        };
        transport.bind(&Runtime::current().unwrap()).await.unwrap()
    }

    /// As short as can be; time that is paused has to go on, though.
    pub(super) async fn moment(&self) {
        match self.network {
            Network::Memory(_) => tokio::time::sleep(Duration::from_millis(1)).await,
            Network::Quic | Network::Tcp => tokio::task::yield_now().await,
        }
    }

    pub(super) async fn pair(&self) -> Pair {
        let (a, b) = (self.endpoint().await, self.endpoint().await);
        let (host, port) = b.local();
        let (near, far) = meet(&*a, &*b, (&host, port)).await;
        Pair { near, far, endpoints: (a, b) }
    }

    /// A pair whose connection goes over a wire.
    pub(super) async fn pair_on_a_wire(&self) -> (Pair, Wire) {
        let options = || TransportOptions::default().idle_timeout(IDLE).keep_alive(IDLE / 6);
        let (a, b) = (self.bind("ca", options()).await, self.bind("ca", options()).await);
        let (host, port) = b.local();
        let wire = match &self.network {
            Network::Memory(network) => Wire::memory(network, [&a, &b]),
            Network::Quic => Wire::udp(format!("{host}:{port}").parse().unwrap()).await,
            Network::Tcp => Wire::tcp(format!("{host}:{port}").parse().unwrap()).await,
        };
        let (near, far) = meet(&*a, &*b, (&host, wire.port.unwrap_or(port))).await;
        (Pair { near, far, endpoints: (a, b) }, wire)
    }
}

impl Drop for Kit {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Connects `a` to `b`, which is reached at an address.
pub(super) async fn meet(
    a: &dyn Endpoint,
    b: &dyn Endpoint,
    (host, port): (&str, u16),
) -> (Connection, Connection) {
    let dial = async {
        let mut near = a.connect(host, port).await.unwrap();
        // A stream is there for the other side when something was written.
        near.writer.write("!".into()).await.unwrap();
        near
    };
    let accept = async {
        let mut far = b.accept().await.unwrap().establish().await.unwrap();
        assert!(far.reader.read(&mut bytes::BytesMut::new()).await.unwrap());
        far
    };
    tokio::join!(dial, accept)
}

/// Fails a test of real sockets that hangs.
pub(super) async fn in_time(test: impl Future<Output = ()>) {
    tokio::time::timeout(Duration::from_secs(30), test).await.expect("it hangs");
}

/// What lies between two endpoints.
pub(super) struct Wire {
    /// Where the far one is reached over it.
    port: Option<u16>,
    cut: Box<dyn Fn()>,
}

impl Wire {
    /// From now on nothing passes, and neither side is told.
    pub(super) fn cut(&self) {
        (self.cut)();
    }

    fn memory(network: &InProcess, ends: [&Arc<dyn Endpoint>; 2]) -> Self {
        let [a, b] = ends.map(|endpoint| {
            let (host, port) = endpoint.local();
            NodeAddress { system: "t".into(), host, port }
        });
        let network = network.clone();
        Self { port: None, cut: Box::new(move || network.cut(&a, &b)) }
    }

    async fn udp(to: SocketAddr) -> Self {
        let (front, back) = (UdpSocket::bind("127.0.0.1:0").await, UdpSocket::bind("127.0.0.1:0").await);
        let (front, back) = (front.unwrap(), back.unwrap());
        back.connect(to).await.unwrap();
        let port = front.local_addr().unwrap().port();
        let (sender, cut) = watch::channel(false);
        spawn(async move {
            let (mut there, mut here) = ([0; 65_536], [0; 65_536]);
            let client = Mutex::new(None);
            loop {
                tokio::select! { biased;
                    Ok((length, from)) = front.recv_from(&mut there) => {
                        *client.lock() = Some(from);
                        if !*cut.borrow() {
                            let _ = back.send(&there[..length]).await;
                        }
                    }
                    Ok(length) = back.recv(&mut here) => {
                        let client = *client.lock();
                        if let Some(client) = client.filter(|_| !*cut.borrow()) {
                            let _ = front.send_to(&here[..length], client).await;
                        }
                    }
                    else => return,
                }
            }
        });
        Self { port: Some(port), cut: Box::new(move || _ = sender.send_replace(true)) }
    }

    async fn tcp(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, cut) = watch::channel(false);
        spawn(async move {
            let (front, _) = listener.accept().await.unwrap();
            let (front, back) = (front.into_split(), TcpStream::connect(to).await.unwrap().into_split());
            let (there, here) = (copy(front.0, back.1, cut.clone()), copy(back.0, front.1, cut));
            tokio::join!(there, here);
        });
        Self { port: Some(port), cut: Box::new(move || _ = sender.send_replace(true)) }
    }
}

/// Copies until the wire is cut; then it holds both ends, and its tongue.
async fn copy(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut cut: watch::Receiver<bool>,
) {
    let mut buffer = [0; 16_384];
    loop {
        tokio::select! { biased;
            _ = cut.changed() => std::future::pending().await,
            read = from.read(&mut buffer) => match read {
                Ok(length @ 1..) if to.write_all(&buffer[..length]).await.is_ok() => {}
                _ => return,
            },
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a test's own task")]
fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(task);
}
