//! TCP with TLS, for networks that let no UDP pass: a listener per node, one connection per pair of nodes.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{AlertDescription, Error as RustlsError};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::address::{self, EACH, Reach};
use super::certificate::Certificate;
use super::chunk::Settings;
use super::driver::{self, Link, Shared, Times};
use super::error::{BindError, Close, ConnectError, Lost, printable};
use super::keychain::Keychain;
use super::tls::Tls;
use super::trust::ALPN;
use super::witness::{self, Witness};
use super::{Attempt, Connection, Endpoint, MAX_STREAMS, Transport, TransportOptions};
use crate::runtime::{Runtime, TaskGroup};

/// How long to wait after the operating system could not accept.
const PAUSE: Duration = Duration::from_millis(100);

/// Bytes of a refused peer that are read at most.
const UNREAD: u64 = 64 << 10;

/// The first byte of a TLS handshake.
const HANDSHAKE: u8 = 0x16;

/// A fatal alert for a peer that is turned away before its handshake; its number is of those for private use.
const TURNED_AWAY: u8 = 0xe0;

/// Bytes that a stream beside the lane takes before they are read.
const OWN_WINDOW: u32 = 1 << 20;

/// A transport over TCP with TLS, to be bound.
#[derive(Clone, Debug)]
pub(crate) struct TcpTransport {
    pub(crate) listen: Box<str>,
    pub(crate) tls: Tls,
    pub(crate) options: TransportOptions,
    pub(crate) dials_only: bool,
}

#[async_trait]
impl Transport for TcpTransport {
    async fn bind(&self, runtime: &Runtime) -> Result<Arc<dyn Endpoint>, BindError> {
        self.options.check()?;
        let mut failed = None;
        for address in address::to_bind(&self.listen).await? {
            if self.dials_only {
                let keychain = Keychain::open(&self.tls, Ipv4Addr::LOCALHOST.into(), runtime)?;
                return Ok(self.endpoint(None, address, (keychain, runtime)));
            }
            let keychain = Keychain::open(&self.tls, address.ip(), runtime)?;
            let bound = listen(address, self.options.max_incoming);
            let bound = bound.and_then(|listener| Ok((listener.local_addr()?, listener)));
            match bound {
                Ok((local, listener)) => {
                    return Ok(self.endpoint(Some(listener), local, (keychain, runtime)));
                }
                Err(source) => failed = Some(source),
            }
        }
        let source = failed.unwrap_or_else(|| io::Error::other("no address"));
        Err(BindError::Socket { address: self.listen.clone(), source })
    }
}

impl TcpTransport {
    fn endpoint(
        &self,
        listener: Option<TcpListener>,
        local: SocketAddr,
        (keychain, runtime): (Arc<Keychain>, &Runtime),
    ) -> Arc<dyn Endpoint> {
        let door = Door::new(keychain, &self.options, runtime);
        let (closed, _) = watch::channel(false);
        Arc::new(TcpEndpoint { listener, local, door, closed })
    }
}

fn listen(address: SocketAddr, backlog: usize) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A node that comes back finds its port, though connections of its former self still die there.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(u32::try_from(backlog).unwrap_or(u32::MAX))
}

struct TcpEndpoint {
    /// None for one who only dials.
    listener: Option<TcpListener>,
    local: SocketAddr,
    door: Door,
    closed: watch::Sender<bool>,
}

impl fmt::Debug for TcpEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpEndpoint").field("local", &self.local).finish_non_exhaustive()
    }
}

#[async_trait]
impl Endpoint for TcpEndpoint {
    fn local(&self) -> (Arc<str>, u16) {
        (self.local.ip().to_string().into(), self.local.port())
    }

    async fn accept(&self) -> Option<Box<dyn Attempt>> {
        let mut closed = self.closed.subscribe();
        let Some(listener) = &self.listener else {
            // Ends with the endpoint at the latest, which holds the sender.
            let _ = closed.wait_for(|closed| *closed).await;
            return None;
        };
        loop {
            let accepted = tokio::select! { biased;
                _ = closed.wait_for(|closed| *closed) => return None,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((socket, from)) => {
                    return Some(Box::new(TcpAttempt { socket, from, door: self.door.clone() }));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    self.door.runtime.sleep(PAUSE).await;
                }
            }
        }
    }

    async fn connect(&self, host: &str, port: u16) -> Result<Connection, ConnectError> {
        let addresses = address::to_dial(host, port, Reach::Everything).await?;
        let mut failed = ConnectError::NoTcp;
        for (left, address) in addresses.into_iter().enumerate().rev() {
            self.door.keychain.check(address)?;
            let connected = tokio::select! { biased;
                connected = TcpStream::connect(address) => connected,
                () = self.door.runtime.sleep(EACH), if left > 0 => Err(io::ErrorKind::TimedOut.into()),
            };
            match connected {
                Ok(socket) => return self.door.dial(socket, (host, address)).await,
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    failed = ConnectError::NoTcp;
                }
                Err(error) => failed = ConnectError::Address { reason: error.to_string().into() },
            }
        }
        Err(failed)
    }

    fn keychain(&self) -> Option<&Arc<Keychain>> {
        Some(&self.door.keychain)
    }

    async fn close(&self) {
        // Whoever accepts, sees it.
        self.closed.send_replace(true);
        self.door.close().await;
    }
}

/// Makes connections of sockets, and knows those that live.
#[derive(Clone)]
struct Door {
    keychain: Arc<Keychain>,
    settings: Settings,
    times: Times,
    runtime: Runtime,
    live: Arc<Mutex<Vec<Weak<Shared>>>>,
    tasks: TaskGroup,
}

impl Door {
    fn new(keychain: Arc<Keychain>, options: &TransportOptions, runtime: &Runtime) -> Self {
        let TransportOptions { keep_alive, idle_timeout, receive_window, .. } = *options;
        Self {
            keychain,
            settings: Settings { lane: receive_window, own: OWN_WINDOW, streams: MAX_STREAMS },
            times: Times { keep_alive, idle_timeout },
            runtime: runtime.clone(),
            live: Arc::default(),
            tasks: TaskGroup::default(),
        }
    }

    async fn dial(
        &self,
        socket: TcpStream,
        (host, address): (&str, SocketAddr),
    ) -> Result<Connection, ConnectError> {
        let (stream, witness) = secure(&self.keychain, socket, host).await?;
        let holders = holders(stream.get_ref().1.peer_certificates());
        Ok(Connection { holders, ..self.run(stream, address, witness) })
    }

    async fn receive(&self, socket: TcpStream, address: SocketAddr) -> Result<Connection, Lost> {
        let (tls, witness) = self.keychain.server();
        let failed = |error: io::Error| lost(&witness, &error);
        check_first_byte(&socket, &witness).await?;
        socket.set_nodelay(true).map_err(failed)?;
        let stream = match TlsAcceptor::from(tls).accept(socket).into_fallible().await {
            Ok(stream) => stream,
            Err((error, socket)) => {
                self.linger(socket).await;
                return Err(lost(&witness, &error));
            }
        };
        let (_, session) = stream.get_ref();
        check_protocol(session.alpn_protocol(), &witness)?;
        let holders = holders(session.peer_certificates());
        Ok(Connection { holders, ..self.run(stream, address, witness) })
    }

    /// Lets a peer that was refused read why: a socket with unread bytes would be reset, and the alert lost.
    async fn linger(&self, mut socket: TcpStream) {
        let drain = async {
            // Fails only if the peer is gone.
            let _ = socket.shutdown().await;
            let _ = tokio::io::copy(&mut socket.take(UNREAD), &mut tokio::io::sink()).await;
        };
        tokio::select! { biased;
            () = drain => {}
            () = self.runtime.sleep(PAUSE) => {}
        }
    }

    fn run<S>(&self, stream: S, address: SocketAddr, witness: Arc<Witness>) -> Connection
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let lost = Box::new(move |error: &io::Error| lost(&witness, error));
        let link = Link { clock: self.runtime.clone(), times: self.times, lost };
        let (connection, driver) = driver::connect(stream, address.to_string().into(), self.settings, link);
        let mut live = self.live.lock();
        live.retain(|shared| shared.strong_count() > 0);
        live.push(Arc::downgrade(driver.shared()));
        drop(live);
        self.runtime.spawn("tcp connection", self.tasks.join(driver.run()));
        connection
    }

    async fn close(&self) {
        let live = std::mem::take(&mut *self.live.lock());
        for shared in live.iter().filter_map(Weak::upgrade) {
            shared.close(Close::Done, "node stopped");
        }
        self.tasks.down_to(0).await;
    }
}

/// Whether a node listens for TCP at `address`: the question of one that dials with something else, in vain.
pub(super) async fn answers(keychain: &Keychain, host: &str, address: SocketAddr) -> bool {
    let Ok(socket) = TcpStream::connect(address).await else { return false };
    secure(keychain, socket, host).await.is_ok()
}

async fn secure(
    keychain: &Keychain,
    socket: TcpStream,
    host: &str,
) -> Result<(TlsStream<TcpStream>, Arc<Witness>), ConnectError> {
    let refused = |error: &dyn fmt::Display| ConnectError::Address { reason: error.to_string().into() };
    let name = ServerName::try_from(host.to_owned()).map_err(|error| refused(&error))?;
    socket.set_nodelay(true).map_err(|error| refused(&error))?;
    let (tls, witness) = keychain.client();
    let connected = TlsConnector::from(tls).connect(name, socket).await;
    let stream = connected.map_err(|error| lost(&witness, &error))?;
    check_protocol(stream.get_ref().1.alpn_protocol(), &witness)?;
    Ok((stream, witness))
}

/// For whom the peer's certificate is.
fn holders(chain: Option<&[CertificateDer<'static>]>) -> Vec<Box<str>> {
    let first = chain.and_then(<[_]>::first).and_then(Certificate::read);
    first.map_or_else(Vec::new, |certificate| certificate.holders)
}

/// Tells a peer that speaks something else before TLS does, which would only say that it is corrupt.
async fn check_first_byte(socket: &TcpStream, witness: &Witness) -> Result<(), Lost> {
    let mut first = [0; 16];
    let length = socket.peek(&mut first).await.map_err(|error| lost(witness, &error))?;
    match first.first().filter(|_| length > 0) {
        None => Err(Lost::Reset),
        Some(&HANDSHAKE) => Ok(()),
        Some(_) => Err(witness::plaintext(&first[..length])),
    }
}

/// Over TCP, TLS lets a peer pass that offers no protocol at all.
fn check_protocol(agreed: Option<&[u8]>, witness: &Witness) -> Result<(), Lost> {
    if agreed == Some(ALPN) {
        return Ok(());
    }
    Err(witness.refused_here(AlertDescription::NoApplicationProtocol.into(), ""))
}

struct TcpAttempt {
    socket: TcpStream,
    from: SocketAddr,
    door: Door,
}

#[async_trait]
impl Attempt for TcpAttempt {
    fn from(&self) -> String {
        self.from.to_string()
    }

    fn is_proven(&self) -> bool {
        true
    }

    fn demand_proof(self: Box<Self>) {
        self.refuse();
    }

    fn refuse(self: Box<Self>) {
        // A record of TLS: an alert that is fatal. Lost if the peer is gone.
        let _ = self.socket.try_write(&[21, 3, 3, 0, 2, 2, TURNED_AWAY]);
    }

    async fn establish(self: Box<Self>) -> Result<Connection, Lost> {
        self.door.receive(self.socket, self.from).await
    }
}

fn lost(witness: &Witness, error: &io::Error) -> Lost {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<RustlsError>());
    let Some(tls) = tls else {
        return match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe => Lost::Reset,
            _ => Lost::Transport { text: printable(&error.to_string()) },
        };
    };
    let here = |alert: AlertDescription| witness.refused_here(alert.into(), &tls.to_string());
    match tls {
        RustlsError::InvalidCertificate(_) => here(AlertDescription::BadCertificate),
        RustlsError::NoCertificatesPresented => here(AlertDescription::CertificateRequired),
        RustlsError::NoApplicationProtocol => here(AlertDescription::NoApplicationProtocol),
        RustlsError::AlertReceived(alert) if u8::from(*alert) == TURNED_AWAY => {
            let text = "turned away: too many handshakes at once".into();
            Lost::Closed { code: Close::Refused, text }
        }
        RustlsError::AlertReceived(alert) => witness.refused_there((*alert).into(), ""),
        _ => Lost::Transport { text: printable(&tls.to_string()) },
    }
}
