//! Peers that mean harm over TCP, with TLS and without.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use akt_proto::v1;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::papers::{Identity, ask, frame, hello, identity, number, stranger, tls};

/// Attacks under way at once.
const AT_ONCE: usize = 6;

/// The kinds of chunks.
const SETTINGS: u8 = 0;
const DATA: u8 = 1;
const FIN: u8 = 2;
const TAKEN: u8 = 5;
const PING: u8 = 7;

/// What one connection does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attack {
    Plaintext,
    Http,
    /// Nothing is said at all.
    Silence,
    /// The beginning of a handshake of TLS.
    HalfOpen,
    /// A handshake, one byte at a time.
    SlowHello,
    WrongCertificate,
    OtherSystem,
    HugeFrame,
    GarbledFrame,
    /// A frame, one byte at a time.
    SlowFrame,
    /// More than a stream was granted.
    NoCredit,
    /// More streams than a peer may have.
    ManyStreams,
    /// Tells for one actor, far beyond its credit.
    ManyTells,
    /// Credit that nobody asked for, signs of life and frames of the future.
    Flood,
    /// More asks than the lane was granted, without end.
    Floodgate,
    /// Much is asked for, within what was granted, and nothing is read.
    Glutton,
}

/// Attackers of one node, some with certificates that it trusts.
pub(crate) struct Attackers {
    target: SocketAddr,
    known: Arc<(String, Identity)>,
    unknown: Arc<(String, Identity)>,
}

impl Attackers {
    /// Those who have the CA's key in this folder.
    pub(crate) fn new(target: SocketAddr, folder: &Path) -> Self {
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        let known = Arc::new((read("ca.pem"), identity(&read("ca.key"))));
        Self { target, known, unknown: Arc::new((read("ca.pem"), stranger())) }
    }

    /// Attacks so many times, a few at once; `first` numbers them, because a node has one connection.
    pub(crate) async fn attack(&self, attack: Attack, times: usize, first: usize) {
        let mut running = JoinSet::new();
        for number in first..first + times {
            if running.len() == AT_ONCE {
                running.join_next().await.unwrap().unwrap();
            }
            let papers = if attack == Attack::WrongCertificate { &self.unknown } else { &self.known };
            running.spawn(one(attack, self.target, papers.clone(), number));
        }
        while let Some(ended) = running.join_next().await {
            ended.unwrap();
        }
    }
}

async fn one(attack: Attack, target: SocketAddr, papers: Arc<(String, Identity)>, number: usize) {
    let mut socket = TcpStream::connect(target).await.unwrap();
    match attack {
        Attack::Plaintext => socket.write_all(b"hello, is this a node?").await.unwrap(),
        Attack::Http => socket.write_all(b"GET /metrics HTTP/1.1\r\nHost: shop\r\n\r\n").await.unwrap(),
        Attack::Silence => {}
        Attack::HalfOpen => socket.write_all(&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]).await.unwrap(),
        _ => return speak(attack, socket, (target, papers, number)).await,
    }
    ends(&mut socket, attack).await;
}

/// What is done behind TLS.
async fn speak(
    attack: Attack,
    socket: TcpStream,
    (target, papers, number): (SocketAddr, Arc<(String, Identity)>, usize),
) {
    let connector = TlsConnector::from(Arc::new(tls(&papers.0, &papers.1)));
    let name = ServerName::try_from("localhost").unwrap();
    let mut peer = match connector.connect(name, socket).await {
        Ok(io) => Peer(io),
        Err(_) if attack == Attack::WrongCertificate => return,
        Err(error) => panic!("{attack:?} {number}: {error}"),
    };
    if attack == Attack::SlowHello {
        return peer.say_slowly(&hello("shop", target, number)).await;
    }
    let system = if attack == Attack::OtherSystem { "bank" } else { "shop" };
    let greeted = peer.greet(&hello(system, target, number)).await;
    assert!(greeted.is_ok() || attack == Attack::WrongCertificate, "{attack:?} {number}: {greeted:?}");
    match attack {
        // Who does not take its refusal is refused for that.
        Attack::OtherSystem => drop(peer.chunk(TAKEN, 0, &[]).await),
        Attack::HugeFrame => drop(peer.say(&[0xff, 0xff, 0xff, 0xff, 0x11, 1, 2, 3]).await),
        Attack::GarbledFrame => drop(peer.say(&[0, 0, 0, 4, 0x11, 0xff, 0xff, 0xff]).await),
        Attack::SlowFrame => {
            let _ = peer.say(&[0, 0x0f, 0xff, 0xff, 0x10]).await;
            return peer.say_slowly(&[7; 40]).await;
        }
        Attack::NoCredit => {
            let _ = peer.chunk(FIN, 1, &[]).await;
            let _ = peer.chunk(DATA, 1, b"more").await;
        }
        Attack::ManyStreams => drop(peer.chunk(DATA, 100, b"x").await),
        Attack::ManyTells => {
            // For six seconds.
            let (stuck, small) = (tell("Wait", &[0x08, 0xf0, 0x2e]), tell("Add", &[]));
            let _ = peer.say(&stuck).await;
            // What the node does not read any more stays here, until the lane was not granted as much.
            let flood = async { while peer.say(&small.repeat(100)).await.is_ok() {} };
            let _ = tokio::time::timeout(Duration::from_secs(4), flood).await;
            return;
        }
        Attack::Flood => return peer.flood().await,
        Attack::Floodgate => {
            let asked = ask();
            while peer.say(&asked).await.is_ok() {}
        }
        Attack::Glutton => {
            let _ = peer.say(&ask().repeat(200)).await;
            let mut ticks = tokio::time::interval(Duration::from_millis(500));
            // It lives, and reads nothing.
            while peer.chunk(PING, 0, &[0; 8]).await.is_ok() {
                ticks.tick().await;
            }
        }
        _ => {}
    }
    ends(&mut peer.0, attack).await;
}

/// A tell to an actor that takes its time.
fn tell(rpc: &str, body: &'static [u8]) -> Vec<u8> {
    let (target, rpc, body) = ("/user/stuck".into(), number(rpc), body.into());
    frame(0x10, &v1::Tell { target, rpc, body, ..v1::Tell::default() })
}

/// Waits until the node has ended the connection.
async fn ends(io: &mut (impl tokio::io::AsyncRead + Unpin), attack: Attack) {
    let patience = Duration::from_secs(20);
    let read = async { while io.read(&mut [0; 4_096]).await.is_ok_and(|read| read > 0) {} };
    tokio::time::timeout(patience, read).await.unwrap_or_else(|_| panic!("{attack:?} is not ended"));
}

/// A connection of TCP and TLS, chunk by chunk.
struct Peer(TlsStream<TcpStream>);

impl Peer {
    async fn chunk(&mut self, kind: u8, stream: u32, payload: &[u8]) -> std::io::Result<()> {
        let mut bytes = vec![kind];
        bytes.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
        bytes.extend(stream.to_be_bytes());
        bytes.extend(payload);
        self.0.write_all(&bytes).await
    }

    /// Says it on the lane.
    async fn say(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        for part in bytes.chunks(16 << 10) {
            self.chunk(DATA, 0, part).await?;
        }
        Ok(())
    }

    async fn greet(&mut self, hello: &[u8]) -> std::io::Result<()> {
        let settings = [128_u32 << 10, 1 << 20, 64].map(u32::to_be_bytes).concat();
        self.chunk(SETTINGS, 0, &settings).await?;
        self.say(hello).await?;
        // The answer is short, and comes at once.
        self.0.read(&mut [0; 4_096]).await.map(drop)
    }

    /// One byte at a time, until the node has had enough, or all is said.
    async fn say_slowly(&mut self, bytes: &[u8]) {
        for byte in bytes {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if self.say(&[*byte]).await.is_err() || self.0.flush().await.is_err() {
                return;
            }
        }
    }

    async fn flood(&mut self) {
        let room = v1::Room { target: "/user/shelf".into(), messages: u32::MAX, bytes: u64::MAX };
        let mut many = frame(0x1d, &room);
        many.extend([0, 0, 0, 3, 0xe7, 1, 2]);
        let many = many.repeat(300);
        for _ in 0..400 {
            if self.say(&many).await.is_err() {
                return;
            }
            for _ in 0..20 {
                let _ = self.chunk(PING, 0, &[0; 8]).await;
            }
        }
    }
}
