//! QUIC: one endpoint per node for listening and dialing, one stream in each direction per connection.

use std::fmt;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn::{
    ClientConfig, ConnectionError, EndpointConfig, Incoming, ReadError, RecvStream, SendStream, ServerConfig,
    TokioRuntime, TransportConfig, VarInt, WriteError,
};
use rustls::pki_types::CertificateDer;

use super::certificate::Certificate;
use super::error::{BindError, Close, ConnectError, Lost, TlsError, printable};
use super::keychain::Keychain;
use super::tls::{Tls, unusable};
use super::witness::Witness;
use super::{Attempt, Connection, Control, Endpoint, Reader, Transport, Writer};
use crate::runtime::Runtime;

/// How long a closing endpoint waits until its peers know.
const LINGER: Duration = Duration::from_secs(1);

/// QUIC's own code for a peer that is turned away before its handshake.
const CONNECTION_REFUSED: u64 = 2;

/// Chunks taken from a stream at once.
const CHUNKS: usize = 32;

/// What can be set on a QUIC transport.
#[derive(Clone, Debug)]
pub(crate) struct QuicConfig {
    /// A connection without a sign of life for so long is lost.
    pub(crate) idle_timeout: Duration,
    /// A quiet connection asks for a sign of life so often.
    pub(crate) keep_alive: Duration,
    /// Bytes that a peer may send before they are read.
    pub(crate) receive_window: u32,
    /// Bytes that are kept until the peer has acknowledged them.
    pub(crate) send_window: u64,
    /// Whether the kernel cuts large sends into packets; some drivers cannot.
    pub(crate) segmentation_offload: bool,
    /// Attempts to connect that may wait to be looked at.
    pub(crate) max_incoming: usize,
}

impl Default for QuicConfig {
    fn default() -> Self {
        Self {
            // Both below the default patience of an ask, so that its error names a lost peer and not a timeout.
            idle_timeout: Duration::from_secs(3),
            keep_alive: Duration::from_secs(1),
            receive_window: 8 << 20,
            send_window: 8 << 20,
            segmentation_offload: true,
            max_incoming: 128,
        }
    }
}

/// A transport over QUIC, to be bound.
#[derive(Clone, Debug)]
pub(crate) struct QuicTransport {
    pub(crate) listen: Box<str>,
    pub(crate) tls: Tls,
    pub(crate) config: QuicConfig,
}

impl Transport for QuicTransport {
    fn bind(&self, runtime: &Runtime) -> Result<Arc<dyn Endpoint>, BindError> {
        let parsed: Result<SocketAddr, _> = self.listen.replace("localhost:", "127.0.0.1:").parse();
        let address = parsed.map_err(|_| BindError::Address { address: self.listen.clone() })?;
        let keychain = Keychain::open(&self.tls, address.ip(), runtime)?;
        let transport = Arc::new(self.config.transport());
        let server = self.config.server(&keychain, &transport)?;

        let failed = |source| BindError::Socket { address: self.listen.clone(), source };
        let socket = UdpSocket::bind(address).map_err(failed)?;
        let local = socket.local_addr().map_err(failed)?;
        let endpoint = quinn::Endpoint::new(
            EndpointConfig::default(),
            Some(server.clone()),
            socket,
            Arc::new(TokioRuntime),
        )
        .map_err(failed)?;
        Ok(Arc::new(QuicEndpoint { endpoint, server, transport, keychain, local, runtime: runtime.clone() }))
    }
}

impl QuicConfig {
    fn transport(&self) -> TransportConfig {
        let mut transport = TransportConfig::default();
        let idle = VarInt::try_from(self.idle_timeout.as_millis()).unwrap_or(VarInt::MAX);
        transport
            .max_idle_timeout(Some(idle.into()))
            .keep_alive_interval(Some(self.keep_alive))
            .stream_receive_window(VarInt::from_u32(self.receive_window))
            .receive_window(VarInt::from_u32(self.receive_window))
            .send_window(self.send_window)
            .max_concurrent_bidi_streams(VarInt::from_u32(1))
            .max_concurrent_uni_streams(VarInt::from_u32(0))
            .datagram_receive_buffer_size(None)
            .enable_segmentation_offload(self.segmentation_offload);
        transport
    }

    fn server(
        &self,
        keychain: &Keychain,
        transport: &Arc<TransportConfig>,
    ) -> Result<ServerConfig, TlsError> {
        let crypto = QuicServerConfig::try_from(keychain.server().0).map_err(|e| unusable("TLS", e))?;
        let mut server = ServerConfig::with_crypto(Arc::new(crypto));
        server
            .transport_config(transport.clone())
            .max_incoming(self.max_incoming)
            .incoming_buffer_size(16 << 10)
            .incoming_buffer_size_total(1 << 20)
            .migration(false);
        Ok(server)
    }
}

struct QuicEndpoint {
    endpoint: quinn::Endpoint,
    /// But for its certificates, which are those of the keychain.
    server: ServerConfig,
    transport: Arc<TransportConfig>,
    keychain: Arc<Keychain>,
    local: SocketAddr,
    runtime: Runtime,
}

impl fmt::Debug for QuicEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuicEndpoint").field("local", &self.local).finish_non_exhaustive()
    }
}

impl QuicEndpoint {
    /// The first address of `host` that this socket can send to.
    async fn resolve(&self, host: &str, port: u16) -> Result<SocketAddr, ConnectError> {
        if let Ok(ip) = host.parse() {
            return Ok(SocketAddr::new(ip, port));
        }
        let failed = |source| ConnectError::Resolve { host: host.into(), source };
        let addresses = tokio::net::lookup_host((host, port)).await.map_err(failed)?;
        let mut usable = addresses.filter(|address| address.is_ipv4() == self.local.is_ipv4());
        usable.next().ok_or_else(|| failed(io::Error::other("no address of the family of this socket")))
    }
}

#[async_trait]
impl Endpoint for QuicEndpoint {
    fn local(&self) -> (Arc<str>, u16) {
        (self.local.ip().to_string().into(), self.local.port())
    }

    async fn accept(&self) -> Option<Box<dyn Attempt>> {
        let incoming = self.endpoint.accept().await?;
        Some(Box::new(QuicAttempt { incoming, server: self.server.clone(), keychain: self.keychain.clone() }))
    }

    async fn connect(&self, host: &str, port: u16) -> Result<Connection, ConnectError> {
        let address = self.resolve(host, port).await?;
        self.keychain.check(address)?;
        let (tls, witness) = self.keychain.client();
        let crypto = QuicClientConfig::try_from(tls).map_err(|e| unusable("TLS", e))?;
        let mut client = ClientConfig::new(Arc::new(crypto));
        client.transport_config(self.transport.clone());
        let refused = |e: quinn::ConnectError| ConnectError::Address { reason: e.to_string().into() };
        let dial = self.endpoint.connect_with(client, address, host).map_err(refused)?;
        let connection = dial.await.map_err(|error| lost(&witness, error))?;
        let (send, receive) = connection.open_bi().await.map_err(|error| lost(&witness, error))?;
        Ok(wrap(connection, (send, receive), &witness))
    }

    fn keychain(&self) -> Option<&Arc<Keychain>> {
        Some(&self.keychain)
    }

    async fn close(&self) {
        self.endpoint.close(VarInt::from_u32(Close::Done.code()), b"node stopped");
        tokio::select! { biased;
            () = self.endpoint.wait_idle() => {}
            () = self.runtime.sleep(LINGER) => {}
        }
    }
}

struct QuicAttempt {
    incoming: Incoming,
    server: ServerConfig,
    keychain: Arc<Keychain>,
}

#[async_trait]
impl Attempt for QuicAttempt {
    fn from(&self) -> String {
        self.incoming.remote_address().to_string()
    }

    fn is_proven(&self) -> bool {
        self.incoming.remote_address_validated() || !self.incoming.may_retry()
    }

    fn demand_proof(self: Box<Self>) {
        if let Err(error) = self.incoming.retry() {
            error.into_incoming().refuse();
        }
    }

    fn refuse(self: Box<Self>) {
        self.incoming.refuse();
    }

    async fn establish(self: Box<Self>) -> Result<Connection, Lost> {
        let Self { incoming, mut server, keychain } = *self;
        let (tls, witness) = keychain.server();
        let unfit = |error: &dyn fmt::Display| Lost::Transport { text: error.to_string().into() };
        server.crypto = Arc::new(QuicServerConfig::try_from(tls).map_err(|error| unfit(&error))?);
        let failed = |error| lost(&witness, error);
        let connection = incoming.accept_with(Arc::new(server)).map_err(failed)?.await.map_err(failed)?;
        let streams = connection.accept_bi().await.map_err(failed)?;
        Ok(wrap(connection, streams, &witness))
    }
}

fn wrap(
    connection: quinn::Connection,
    (send, receive): (SendStream, RecvStream),
    witness: &Arc<Witness>,
) -> Connection {
    let chunks = [const { Bytes::new() }; CHUNKS];
    Connection {
        peer: connection.remote_address().to_string().into(),
        holders: holders(&connection),
        writer: Box::new(QuicWriter { stream: send, witness: witness.clone() }),
        reader: Box::new(QuicReader { stream: receive, chunks, witness: witness.clone() }),
        control: Arc::new(QuicControl(connection)),
    }
}

/// For whom the peer's certificate is.
fn holders(connection: &quinn::Connection) -> Vec<Box<str>> {
    let chain =
        connection.peer_identity().and_then(|any| any.downcast::<Vec<CertificateDer<'static>>>().ok());
    let first = chain.as_ref().and_then(|chain| chain.first());
    first.and_then(Certificate::read).map_or_else(Vec::new, |certificate| certificate.holders)
}

struct QuicWriter {
    stream: SendStream,
    witness: Arc<Witness>,
}

#[async_trait]
impl Writer for QuicWriter {
    async fn write(&mut self, bytes: Bytes) -> Result<(), Lost> {
        self.stream.write_chunk(bytes).await.map_err(|error| match error {
            WriteError::ConnectionLost(error) => lost(&self.witness, error),
            WriteError::Stopped(code) => stopped(code),
            WriteError::ClosedStream | WriteError::ZeroRttRejected => Lost::Here,
        })
    }

    async fn finish(&mut self) -> Result<(), Lost> {
        // Fails only if the stream is finished already.
        let _ = self.stream.finish();
        match self.stream.stopped().await {
            Ok(_) => Ok(()),
            Err(quinn::StoppedError::ConnectionLost(error)) => Err(lost(&self.witness, error)),
            Err(quinn::StoppedError::ZeroRttRejected) => Err(Lost::Here),
        }
    }
}

struct QuicReader {
    stream: RecvStream,
    chunks: [Bytes; CHUNKS],
    witness: Arc<Witness>,
}

#[async_trait]
impl Reader for QuicReader {
    async fn read(&mut self, buffer: &mut BytesMut) -> Result<bool, Lost> {
        let read = self.stream.read_chunks(&mut self.chunks).await.map_err(|error| match error {
            ReadError::ConnectionLost(error) => lost(&self.witness, error),
            ReadError::Reset(code) => stopped(code),
            ReadError::ClosedStream | ReadError::IllegalOrderedRead | ReadError::ZeroRttRejected => {
                Lost::Here
            }
        })?;
        let Some(count) = read else { return Ok(false) };
        buffer.reserve(self.chunks[..count].iter().map(Bytes::len).sum());
        for chunk in &mut self.chunks[..count] {
            buffer.extend_from_slice(&std::mem::take(chunk));
        }
        Ok(true)
    }
}

struct QuicControl(quinn::Connection);

impl Control for QuicControl {
    fn close(&self, reason: Close, text: &str) {
        self.0.close(VarInt::from_u32(reason.code()), text.as_bytes());
    }
}

fn stopped(code: VarInt) -> Lost {
    Lost::Closed { code: close_of(code), text: "stream stopped".into() }
}

fn close_of(code: VarInt) -> Close {
    Close::of(u32::try_from(code.into_inner()).unwrap_or(u32::MAX))
}

fn lost(witness: &Witness, error: ConnectionError) -> Lost {
    match error {
        ConnectionError::ApplicationClosed(closed) => {
            let text = String::from_utf8_lossy(&closed.reason);
            Lost::Closed { code: close_of(closed.error_code), text: printable(&text) }
        }
        ConnectionError::TransportError(error) => match alert(error.code.into()) {
            Some(alert) => witness.refused_here(alert, &error.to_string()),
            None => Lost::Transport { text: printable(&error.to_string()) },
        },
        ConnectionError::ConnectionClosed(closed) => closed_by_peer(witness, &closed),
        ConnectionError::TimedOut => Lost::Silent,
        ConnectionError::Reset => Lost::Reset,
        ConnectionError::LocallyClosed => Lost::Here,
        ConnectionError::VersionMismatch | ConnectionError::CidsExhausted => {
            Lost::Transport { text: error.to_string().into() }
        }
    }
}

fn closed_by_peer(witness: &Witness, closed: &quinn::ConnectionClose) -> Lost {
    let code = closed.error_code.into();
    if code == CONNECTION_REFUSED {
        return Lost::Closed {
            code: Close::Refused,
            text: "turned away: too many handshakes at once".into(),
        };
    }
    match alert(code) {
        Some(alert) => witness.refused_there(alert, &String::from_utf8_lossy(&closed.reason)),
        None => Lost::Transport { text: printable(&closed.to_string()) },
    }
}

/// Errors 0x100 to 0x1ff of QUIC are alerts of TLS.
fn alert(code: u64) -> Option<u8> {
    code.checked_sub(0x100).and_then(|alert| u8::try_from(alert).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transport(folder: &std::path::Path) -> QuicTransport {
        QuicTransport {
            listen: "127.0.0.1:0".into(),
            tls: Tls::development_in(folder),
            config: QuicConfig::default(),
        }
    }

    fn folder(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("akt-quic-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        folder.join("ca")
    }

    #[tokio::test]
    async fn bytes_cross_in_both_directions_and_a_close_says_why() {
        let runtime = Runtime::current().unwrap();
        let quic = transport(&folder("echo"));
        let [a, b] = [(); 2].map(|()| quic.bind(&runtime).unwrap());
        let (host, port) = b.local();

        let accept = async {
            let mut far = b.accept().await.unwrap().establish().await.unwrap();
            let mut buffer = BytesMut::new();
            far.reader.read(&mut buffer).await.unwrap();
            far.writer.write(buffer.freeze()).await.unwrap();
            far.writer.finish().await.unwrap();
            far
        };
        let dial = async {
            let mut near = a.connect(&host, port).await.unwrap();
            near.writer.write(Bytes::from_static(b"hello")).await.unwrap();
            let mut buffer = BytesMut::new();
            while near.reader.read(&mut buffer).await.unwrap() {}
            near.control.close(Close::Protocol, "that will do");
            buffer
        };
        let (mut far, echoed) = tokio::join!(accept, dial);

        assert_eq!(echoed, "hello");
        let closed = far.reader.read(&mut BytesMut::new()).await;
        assert_eq!(closed, Err(Lost::Closed { code: Close::Protocol, text: "that will do".into() }));
    }

    #[tokio::test]
    async fn a_certificate_of_another_ca_is_refused_by_both_sides() {
        let runtime = Runtime::current().unwrap();
        let a = transport(&folder("one")).bind(&runtime).unwrap();
        let b = transport(&folder("two")).bind(&runtime).unwrap();
        let (host, port) = b.local();

        let (near, far) =
            tokio::join!(a.connect(&host, port), async { b.accept().await.unwrap().establish().await });

        assert!(matches!(near, Err(ConnectError::Lost(Lost::Distrust { .. }))), "{near:?}");
        assert!(matches!(far, Err(Lost::Distrust { .. })), "{far:?}");
    }
}
