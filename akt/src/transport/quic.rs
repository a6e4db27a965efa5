//! QUIC: one endpoint per node for listening and dialing, one stream in each direction per connection.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn::udp::UdpSocketState;
use quinn::{
    ClientConfig, ConnectionError, Incoming, ReadError, RecvStream, SendStream, ServerConfig, TokioRuntime,
    TransportConfig, VarInt, WriteError,
};
use rustls::pki_types::CertificateDer;

use super::address::{self, EACH, Reach};
use super::certificate::Certificate;
use super::congestion::CalmConfig;
use super::error::{BindError, Close, ConnectError, Lost, TlsError, printable};
use super::keychain::Keychain;
use super::tls::{Tls, unusable};
use super::witness::Witness;
use super::{
    Attempt, Connection, Control, Endpoint, MAX_STREAMS, Reader, Transport, TransportOptions, Way, Writer,
    reset, tcp,
};
use crate::runtime::Runtime;

/// How long a closing endpoint waits until its peers know.
const LINGER: Duration = Duration::from_secs(1);

/// QUIC's own code for a peer that is turned away before its handshake.
const CONNECTION_REFUSED: u64 = 2;

/// The lane goes before the other streams, whose priority is 0.
const LANE: i32 = 1;

/// Chunks taken from a stream at once.
const CHUNKS: usize = 32;

/// After so long without an answer, a dialer asks whether the peer speaks TCP.
const ASK_TCP: Duration = Duration::from_secs(1);

/// A transport over QUIC, to be bound.
#[derive(Clone, Debug)]
pub(crate) struct QuicTransport {
    pub(crate) listen: Box<str>,
    pub(crate) tls: Tls,
    pub(crate) options: TransportOptions,
    pub(crate) dials_only: bool,
}

#[async_trait]
impl Transport for QuicTransport {
    async fn bind(&self, runtime: &Runtime) -> Result<Arc<dyn Endpoint>, BindError> {
        self.options.check()?;
        let mut failed = io::Error::other("no address");
        for address in address::to_bind(&self.listen).await? {
            let keychain = Keychain::open(&self.tls, self.shown_at(address), runtime)?;
            match self.socket(address) {
                Ok(socket) => return self.listen_on(socket, keychain, runtime),
                Err(source) => failed = source,
            }
        }
        Err(self.failed(failed))
    }
}

impl QuicTransport {
    fn failed(&self, source: io::Error) -> BindError {
        BindError::Socket { address: self.listen.clone(), source }
    }

    /// A socket with the buffers that are wanted, as far as the kernel gives them.
    fn socket(&self, address: SocketAddr) -> io::Result<UdpSocket> {
        let socket = UdpSocket::bind(address)?;
        let (state, wanted) = (UdpSocketState::new((&socket).into())?, self.options.socket_buffers.0);
        // What the kernel does not give is seen below.
        let _ = state.set_recv_buffer_size((&socket).into(), wanted);
        let _ = state.set_send_buffer_size((&socket).into(), wanted);
        let got = [state.recv_buffer_size((&socket).into())?, state.send_buffer_size((&socket).into())?];
        self.options.warn_of_clamp(socket.local_addr()?, got);
        Ok(socket)
    }

    /// Where the certificate is shown; one who only dials is checked at each dial.
    fn shown_at(&self, address: SocketAddr) -> IpAddr {
        if self.dials_only { Ipv4Addr::LOCALHOST.into() } else { address.ip() }
    }

    fn listen_on(
        &self,
        socket: UdpSocket,
        keychain: Arc<Keychain>,
        runtime: &Runtime,
    ) -> Result<Arc<dyn Endpoint>, BindError> {
        let transport = Arc::new(self.options.quic());
        let server = self.options.quic_server(&keychain, &transport)?;
        let local = socket.local_addr().map_err(|e| self.failed(e))?;
        let listening = (!self.dials_only).then(|| server.clone());
        let identity = reset::endpoint(keychain.lasting(), local);
        let endpoint = quinn::Endpoint::new(identity, listening, socket, Arc::new(TokioRuntime))
            .map_err(|e| self.failed(e))?;
        Ok(Arc::new(QuicEndpoint { endpoint, server, transport, keychain, local, runtime: runtime.clone() }))
    }
}

impl TransportOptions {
    fn quic(&self) -> TransportConfig {
        let mut transport = TransportConfig::default();
        let idle = VarInt::try_from(self.idle_timeout.as_millis()).unwrap_or(VarInt::MAX);
        transport
            .congestion_controller_factory(Arc::new(CalmConfig::default()))
            .max_idle_timeout(Some(idle.into()))
            .keep_alive_interval(Some(self.keep_alive))
            // All lanes together have half of what the peer may send: unread, they leave room for the other streams.
            .stream_receive_window(VarInt::from_u32(self.receive_window / 2 / self.lanes))
            .receive_window(VarInt::from_u32(self.receive_window))
            .send_window(self.send_window)
            .max_concurrent_bidi_streams(VarInt::from_u32(1))
            .max_concurrent_uni_streams(VarInt::from_u32(MAX_STREAMS))
            .datagram_receive_buffer_size(None)
            .initial_mtu(self.mtu)
            .min_mtu(self.mtu)
            .enable_segmentation_offload(self.segmentation_offload);
        transport
    }

    fn quic_server(
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
    async fn dial(&self, host: &str, address: SocketAddr) -> Result<Connection, ConnectError> {
        self.keychain.check(address)?;
        let (tls, witness) = self.keychain.client();
        let crypto = QuicClientConfig::try_from(tls).map_err(|e| unusable("TLS", e))?;
        let mut client = ClientConfig::new(Arc::new(crypto));
        client.transport_config(self.transport.clone());
        let refused = |e: quinn::ConnectError| ConnectError::Address { reason: e.to_string().into() };
        let dial = self.endpoint.connect_with(client, address, host).map_err(refused)?;
        let connection = tokio::select! { biased;
            connection = dial => connection.map_err(|error| lost(&witness, error))?,
            () = self.speaks_tcp(host, address) => return Err(ConnectError::SpeaksTcp),
        };
        let streams = connection.open_bi().await.map_err(|error| lost(&witness, error))?;
        Ok(wrap(connection, streams, witness))
    }

    /// Ends when a peer that did not answer turns out to be a node of the other transport.
    async fn speaks_tcp(&self, host: &str, address: SocketAddr) {
        self.runtime.sleep(ASK_TCP).await;
        if !tcp::answers(&self.keychain, host, address).await {
            std::future::pending::<()>().await;
        }
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
        let mut addresses = address::to_dial(host, port, Reach::of(self.local.ip())).await?;
        while addresses.len() > 1 {
            let Some(address) = addresses.pop() else { break };
            let dialed = tokio::select! { biased;
                dialed = self.dial(host, address) => dialed,
                () = self.runtime.sleep(EACH) => continue,
            };
            // What another address cannot make good is an answer.
            match dialed {
                Err(ConnectError::Address { .. } | ConnectError::Lost(Lost::Silent | Lost::Reset)) => {}
                dialed => return dialed,
            }
        }
        self.dial(host, addresses[0]).await
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
        Ok(wrap(connection, streams, witness))
    }
}

fn wrap(
    connection: quinn::Connection,
    (send, receive): (SendStream, RecvStream),
    witness: Arc<Witness>,
) -> Connection {
    // Fails only if the stream is gone, which is seen at its first use.
    let _ = send.set_priority(LANE);
    Connection {
        peer: connection.remote_address().to_string().into(),
        holders: holders(&connection),
        writer: Box::new(QuicWriter { stream: send, witness: witness.clone() }),
        reader: Box::new(QuicReader::new(receive, witness.clone())),
        control: Arc::new(QuicControl { connection, witness }),
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

impl Drop for QuicWriter {
    fn drop(&mut self) {
        // Fails if it was finished; quinn would finish it now if it was not.
        let _ = self.stream.reset(VarInt::from_u32(Close::Done.code()));
    }
}

struct QuicReader {
    stream: RecvStream,
    chunks: [Bytes; CHUNKS],
    /// The last answer, once it was given.
    end: Option<Result<bool, Lost>>,
    witness: Arc<Witness>,
}

impl QuicReader {
    fn new(stream: RecvStream, witness: Arc<Witness>) -> Self {
        Self { stream, chunks: [const { Bytes::new() }; CHUNKS], end: None, witness }
    }

    async fn read_chunks(&mut self) -> Result<Option<usize>, Lost> {
        self.stream.read_chunks(&mut self.chunks).await.map_err(|error| match error {
            ReadError::ConnectionLost(error) => lost(&self.witness, error),
            ReadError::Reset(code) => stopped(code),
            ReadError::ClosedStream | ReadError::IllegalOrderedRead | ReadError::ZeroRttRejected => {
                Lost::Here
            }
        })
    }
}

#[async_trait]
impl Reader for QuicReader {
    async fn read(&mut self, buffer: &mut BytesMut) -> Result<bool, Lost> {
        if let Some(end) = &self.end {
            return end.clone();
        }
        let count = match self.read_chunks().await {
            Ok(Some(count)) => count,
            end => {
                let end = end.map(|_| false);
                self.end = Some(end.clone());
                return end;
            }
        };
        buffer.reserve(self.chunks[..count].iter().map(Bytes::len).sum());
        for chunk in &mut self.chunks[..count] {
            buffer.extend_from_slice(&std::mem::take(chunk));
        }
        Ok(true)
    }
}

struct QuicControl {
    connection: quinn::Connection,
    witness: Arc<Witness>,
}

#[async_trait]
impl Control for QuicControl {
    async fn open(&self) -> Result<Box<dyn Writer>, Lost> {
        let stream = self.connection.open_uni().await.map_err(|error| lost(&self.witness, error))?;
        Ok(Box::new(QuicWriter { stream, witness: self.witness.clone() }))
    }

    async fn accept(&self) -> Result<Box<dyn Reader>, Lost> {
        let stream = self.connection.accept_uni().await.map_err(|error| lost(&self.witness, error))?;
        Ok(Box::new(QuicReader::new(stream, self.witness.clone())))
    }

    fn way(&self) -> Way {
        let lost = self.connection.stats().path.lost_packets;
        Way { round_trip: Some(self.connection.rtt()), packets_lost: Some(lost) }
    }

    fn close(&self, reason: Close, text: &str) {
        self.connection.close(VarInt::from_u32(reason.code()), text.as_bytes());
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
