//! TCP with TLS, for networks that let no UDP pass: a listener per node, one connection per pair of nodes.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, Error as RustlsError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::address::{self, EACH, Reach};
use super::chunk::Settings;
use super::driver::{self, Link, Shared, Times};
use super::error::{BindError, Close, ConnectError, Lost, printable};
use super::tls::{ALPN, Credentials, Tls};
use super::{Attempt, Connection, Endpoint, MAX_STREAMS, Transport, TransportOptions};
use crate::runtime::{Runtime, TaskGroup};

/// How long to wait after the operating system could not accept.
const PAUSE: Duration = Duration::from_millis(100);

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
}

#[async_trait]
impl Transport for TcpTransport {
    async fn bind(&self, runtime: &Runtime) -> Result<Arc<dyn Endpoint>, BindError> {
        self.options.check()?;
        let mut failed = None;
        for address in address::to_bind(&self.listen).await? {
            let credentials = self.tls.load(address.ip())?;
            let bound = listen(address, self.options.max_incoming);
            let bound = bound.and_then(|listener| Ok((listener.local_addr()?, listener)));
            match bound {
                Ok((local, listener)) => {
                    let door = Door::new(&credentials, &self.options, runtime);
                    let (closed, _) = watch::channel(false);
                    return Ok(Arc::new(TcpEndpoint { listener, local, credentials, door, closed }));
                }
                Err(source) => failed = Some(source),
            }
        }
        let source = failed.unwrap_or_else(|| io::Error::other("no address"));
        Err(BindError::Socket { address: self.listen.clone(), source })
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
    listener: TcpListener,
    local: SocketAddr,
    credentials: Credentials,
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
        loop {
            let accepted = tokio::select! { biased;
                _ = closed.wait_for(|closed| *closed) => return None,
                accepted = self.listener.accept() => accepted,
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
            self.credentials.check(address)?;
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

    async fn close(&self) {
        // Whoever accepts, sees it.
        self.closed.send_replace(true);
        self.door.close().await;
    }
}

/// Makes connections of sockets, and knows those that live.
#[derive(Clone)]
struct Door {
    acceptor: TlsAcceptor,
    connector: TlsConnector,
    settings: Settings,
    times: Times,
    runtime: Runtime,
    live: Arc<Mutex<Vec<Weak<Shared>>>>,
    tasks: TaskGroup,
}

impl Door {
    fn new(credentials: &Credentials, options: &TransportOptions, runtime: &Runtime) -> Self {
        let TransportOptions { keep_alive, idle_timeout, receive_window, .. } = *options;
        Self {
            acceptor: Arc::new(credentials.server.clone()).into(),
            connector: Arc::new(credentials.client.clone()).into(),
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
        let stream = secure(&self.connector, socket, host).await?;
        Ok(self.run(stream, address))
    }

    async fn receive(&self, socket: TcpStream, address: SocketAddr) -> Result<Connection, Lost> {
        let failed = |error: io::Error| lost(&error);
        check_first_byte(&socket).await?;
        socket.set_nodelay(true).map_err(failed)?;
        let stream = self.acceptor.accept(socket).await.map_err(failed)?;
        check_protocol(stream.get_ref().1.alpn_protocol())?;
        Ok(self.run(stream, address))
    }

    fn run<S>(&self, stream: S, address: SocketAddr) -> Connection
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
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
pub(super) async fn answers(credentials: &Credentials, host: &str, address: SocketAddr) -> bool {
    let Ok(socket) = TcpStream::connect(address).await else { return false };
    let connector = Arc::new(credentials.client.clone()).into();
    secure(&connector, socket, host).await.is_ok()
}

async fn secure(
    connector: &TlsConnector,
    socket: TcpStream,
    host: &str,
) -> Result<TlsStream<TcpStream>, ConnectError> {
    let refused = |error: &dyn fmt::Display| ConnectError::Address { reason: error.to_string().into() };
    let name = ServerName::try_from(host.to_owned()).map_err(|error| refused(&error))?;
    socket.set_nodelay(true).map_err(|error| refused(&error))?;
    let stream = connector.connect(name, socket).await.map_err(|error| lost(&error))?;
    check_protocol(stream.get_ref().1.alpn_protocol())?;
    Ok(stream)
}

/// Tells a peer that speaks something else before TLS does, which would only say that it is corrupt.
async fn check_first_byte(socket: &TcpStream) -> Result<(), Lost> {
    let mut first = [0; 16];
    let length = socket.peek(&mut first).await.map_err(|error| lost(&error))?;
    match first.first().filter(|_| length > 0) {
        None => Err(Lost::Reset),
        Some(&HANDSHAKE) => Ok(()),
        Some(_) => {
            let said = printable(&String::from_utf8_lossy(&first[..length]));
            Err(Lost::Transport { text: format!("peer does not speak TLS, it began with {said:?}").into() })
        }
    }
}

fn check_protocol(agreed: Option<&[u8]>) -> Result<(), Lost> {
    if agreed == Some(ALPN) {
        return Ok(());
    }
    let text = format!("peer does not speak {:?}", String::from_utf8_lossy(ALPN)).into();
    Err(Lost::Transport { text })
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

fn lost(error: &io::Error) -> Lost {
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
    let text = printable(&tls.to_string());
    match tls {
        RustlsError::InvalidCertificate(_) | RustlsError::NoCertificatesPresented => {
            Lost::Certificate { text }
        }
        RustlsError::AlertReceived(alert) => alerted(*alert, text),
        _ => Lost::Transport { text },
    }
}

fn alerted(alert: AlertDescription, text: Box<str>) -> Lost {
    match u8::from(alert) {
        // bad, unsupported, revoked, expired, unknown certificate; unknown CA, access denied, decrypt error,
        // certificate required
        42..=46 | 48 | 49 | 51 | 116 => Lost::Certificate { text },
        TURNED_AWAY => {
            let text = "turned away: too many handshakes at once".into();
            Lost::Closed { code: Close::Refused, text }
        }
        _ => Lost::Transport { text },
    }
}
