//! Peers that mean harm, or are lost.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use akt::Protocol as _;
use akt::prost::Message as _;
use akt_proto::v1;
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{Connection, Endpoint, RecvStream, SendStream};
use rcgen::{CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use tokio::task::JoinSet;

use crate::contracts::depot::v1::{Blob, DepotMsg};

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
        for (attack, (chain, key), times) in [
            (Attack::WrongCertificate, &unknown, times),
            (Attack::OtherSystem, &known, times),
            (Attack::HugeFirstFrame, &known, times),
            (Attack::HugeFrame, &known, times),
            (Attack::OtherMagic, &known, times / 10),
            (Attack::GarbledFrame, &known, times / 10),
        ] {
            let endpoint = client(&ca, chain.clone(), key.clone_key());
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
        let (chain, key) = identity(&fs::read_to_string(self.ours.join("ca.key")).unwrap());
        let endpoint = client(&ca, chain, key);
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

/// An ask that echoes 16 KiB.
fn ask() -> Vec<u8> {
    let echo = DepotMsg::RPCS.iter().find(|rpc| rpc.name == "Echo").unwrap();
    let body = Blob { bytes: vec![7; 16 << 10] }.encode_to_vec().into();
    let target = "/user/shelf".into();
    let ask = v1::Ask {
        target,
        rpc: echo.id,
        body,
        correlation: 1,
        remaining_us: 60_000_000,
        ..Default::default()
    };
    let mut bytes = u32::try_from(ask.encoded_len() + 1).unwrap().to_be_bytes().to_vec();
    bytes.push(0x11);
    ask.encode(&mut bytes).unwrap();
    bytes
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

fn hello(system: &str, target: SocketAddr, number: usize) -> Vec<u8> {
    let introduction = v1::Introduction {
        magic: u32::from_be_bytes(*b"akt1"),
        oldest: 1,
        newest: 1,
        system: system.to_owned(),
        node: number as u64,
        incarnation: number as u64,
        host: "127.0.0.1".to_owned(),
        port: 1_024 + u32::try_from(number).unwrap(),
        max_message: 1 << 20,
        lanes: 1,
        ..v1::Introduction::default()
    };
    let dialed = format!("{system}@{target}");
    let hello = v1::Hello { from: Some(introduction), dialed, dial: 1, ..v1::Hello::default() };
    let mut bytes = u32::try_from(hello.encoded_len() + 1).unwrap().to_be_bytes().to_vec();
    bytes.push(1);
    hello.encode(&mut bytes).unwrap();
    bytes
}

fn client(ca: &str, chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Endpoint {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .unwrap();
    tls.alpn_protocols = vec![b"akt/1".to_vec()];
    let mut endpoint = Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
    let config = QuicClientConfig::try_from(tls).unwrap();
    endpoint.set_default_client_config(quinn::ClientConfig::new(Arc::new(config)));
    endpoint
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// A certificate of the CA with this key.
fn identity(ca_key: &str) -> Identity {
    let mut issuer = CertificateParams::default();
    issuer.distinguished_name.remove(DnType::CommonName);
    issuer.distinguished_name.push(DnType::CommonName, "akt development CA");
    issuer.is_ca = IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
    issued_by(&Issuer::new(issuer, KeyPair::from_pem(ca_key).unwrap()))
}

/// A certificate of a CA that nobody knows.
fn stranger() -> Identity {
    let mut issuer = CertificateParams::default();
    issuer.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    issued_by(&Issuer::new(issuer, KeyPair::generate().unwrap()))
}

fn issued_by(issuer: &Issuer<'_, KeyPair>) -> Identity {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, issuer).unwrap();
    let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
    (vec![certificate.der().clone()], key)
}
