//! Peers that mean harm, or are lost.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use akt::prost::Message as _;
use akt_proto::v1;
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{Connection, Endpoint, RecvStream, SendStream};
use tokio::task::JoinSet;

use crate::papers::{Identity, ask, hello, identity, stranger, tls};

/// Attacks under way at once.
const AT_ONCE: usize = 12;

/// Sends datagrams of random bytes.
pub(crate) async fn garbage(target: SocketAddr, count: usize) {
    let send = move || {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut datagram = [0; 1_200];
        for _ in 0..count {
            for chunk in datagram.chunks_mut(8) {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                chunk.copy_from_slice(&seed.to_le_bytes()[..chunk.len()]);
            }
            let length = 1 + usize::try_from(seed % 1_199).unwrap();
            // A full buffer loses datagrams, as networks do.
            let _ = socket.send_to(&datagram[..length], target);
        }
    };
    tokio::task::spawn_blocking(send).await.unwrap();
}

/// Attackers of one node, some with certificates that it trusts.
#[derive(Clone)]
pub(crate) struct Hostile {
    pub(crate) target: SocketAddr,
    /// The folder of the CA that the node trusts.
    pub(crate) ours: PathBuf,
}

#[derive(Clone, Copy)]
enum Attack {
    WrongCertificate,
    OtherSystem,
    HugeFirstFrame,
    HugeFrame,
    OtherMagic,
    GarbledFrame,
    Silence,
    Glutton,
}

impl Hostile {
    /// Attacks in each of four ways so many times, and in two more a tenth as often.
    pub(crate) async fn attack(&self, times: usize) {
        let ca = fs::read_to_string(self.ours.join("ca.pem")).unwrap();
        let known = identity(&fs::read_to_string(self.ours.join("ca.key")).unwrap());
        let unknown = stranger();
        for (attack, papers, times) in [
            (Attack::WrongCertificate, &unknown, times),
            (Attack::OtherSystem, &known, times),
            (Attack::HugeFirstFrame, &known, times),
            (Attack::HugeFrame, &known, times),
            (Attack::OtherMagic, &known, times / 10),
            (Attack::GarbledFrame, &known, times / 10),
        ] {
            let endpoint = client(&ca, papers);
            self.repeat(attack, &endpoint, times).await;
            endpoint.close(0_u32.into(), b"");
            endpoint.wait_idle().await;
        }
    }

    /// Connects so many times at once, with a good certificate, and says nothing.
    pub(crate) async fn say_nothing(&self, times: usize) {
        self.at_once(Attack::Silence, times).await;
    }

    /// Asks for as much as it can, so many times at once, and reads no answer.
    pub(crate) async fn take_no_answer(&self, times: usize) {
        self.at_once(Attack::Glutton, times).await;
    }

    async fn at_once(&self, attack: Attack, times: usize) {
        let ca = fs::read_to_string(self.ours.join("ca.pem")).unwrap();
        let papers = identity(&fs::read_to_string(self.ours.join("ca.key")).unwrap());
        let endpoint = client(&ca, &papers);
        let mut running = JoinSet::new();
        // Their addresses are not those of the other attackers: a node has one connection.
        for number in 10_000..10_000 + times {
            running.spawn(one(attack, endpoint.clone(), self.target, number));
        }
        while let Some(ended) = running.join_next().await {
            ended.unwrap();
        }
        endpoint.close(0_u32.into(), b"");
        endpoint.wait_idle().await;
    }

    async fn repeat(&self, attack: Attack, endpoint: &Endpoint, times: usize) {
        let mut running = JoinSet::new();
        for number in 0..times {
            if running.len() == AT_ONCE {
                running.join_next().await.unwrap().unwrap();
            }
            running.spawn(one(attack, endpoint.clone(), self.target, number));
        }
        while let Some(ended) = running.join_next().await {
            ended.unwrap();
        }
    }
}

/// One attack, until the node ends the connection.
async fn one(attack: Attack, endpoint: Endpoint, target: SocketAddr, number: usize) {
    let Ok(connection) = endpoint.connect(target, "localhost").unwrap().await else { return };
    if let Attack::WrongCertificate = attack {
        // The node refuses when it sees the certificate, after this side is content.
        connection.closed().await;
        return;
    }
    let (mut send, mut receive) = connection.open_bi().await.unwrap();
    match attack {
        Attack::WrongCertificate | Attack::Silence => {}
        Attack::OtherSystem => {
            send.write_all(&hello("bank", target, number)).await.unwrap();
            let refused = read_refusal(&mut receive).await;
            assert!(refused.contains("bank") && refused.contains("shop"), "{refused}");
        }
        Attack::HugeFirstFrame => send.write_all(&[0xff; 9]).await.unwrap(),
        Attack::OtherMagic => {
            let mut bytes = hello("shop", target, number);
            let at = bytes.windows(4).position(|four| four == b"1tka").unwrap();
            bytes[at] = b'0';
            send.write_all(&bytes).await.unwrap();
            let refused = read_refusal(&mut receive).await;
            assert!(refused.contains("magic"), "{refused}");
        }
        Attack::HugeFrame => {
            be_greeted(&mut send, &mut receive, target, number).await;
            send.write_all(&[0xff, 0xff, 0xff, 0xff, 0x11, 1, 2, 3]).await.unwrap();
        }
        Attack::GarbledFrame => {
            be_greeted(&mut send, &mut receive, target, number).await;
            send.write_all(&[0, 0, 0, 4, 0x11, 0xff, 0xff, 0xff]).await.unwrap();
        }
        Attack::Glutton => {
            be_greeted(&mut send, &mut receive, target, number).await;
            let ask = ask();
            // Until the node has had enough.
            while send.write_all(&ask).await.is_ok() {}
        }
    }
    wait_for_end(&connection).await;
}

async fn be_greeted(send: &mut SendStream, receive: &mut RecvStream, target: SocketAddr, number: usize) {
    send.write_all(&hello("shop", target, number)).await.unwrap();
    let mut head = [0; 5];
    receive.read_exact(&mut head).await.unwrap();
    assert_eq!(head[4], 2, "a welcome");
}

async fn wait_for_end(connection: &Connection) {
    let patience = std::time::Duration::from_secs(20);
    tokio::time::timeout(patience, connection.closed()).await.expect("the node ends the connection");
}

async fn read_refusal(receive: &mut RecvStream) -> String {
    let bytes = receive.read_to_end(4_096).await.unwrap();
    assert_eq!(bytes[4], 3, "a refusal");
    v1::Refused::decode(&bytes[5..]).unwrap().text
}

fn client(ca: &str, identity: &Identity) -> Endpoint {
    let mut endpoint = Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
    let config = QuicClientConfig::try_from(tls(ca, identity)).unwrap();
    endpoint.set_default_client_config(quinn::ClientConfig::new(Arc::new(config)));
    endpoint
}
