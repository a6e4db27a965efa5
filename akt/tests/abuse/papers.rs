//! What attackers show and say: certificates, introductions, and frames.

use std::net::SocketAddr;
use std::sync::Arc;

use akt::Protocol as _;
use akt::prost::Message;
use akt_proto::v1;
use rcgen::{CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::contracts::depot::v1::{Blob, DepotMsg};

pub(crate) fn hello(system: &str, target: SocketAddr, number: usize) -> Vec<u8> {
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
    frame(1, &hello)
}

/// An ask that echoes 16 KiB.
pub(crate) fn ask() -> Vec<u8> {
    let body = Blob { bytes: vec![7; 16 << 10] }.encode_to_vec().into();
    let (target, rpc) = ("/user/shelf".into(), number("Echo"));
    let ask = v1::Ask { target, rpc, body, correlation: 1, remaining_us: 60_000_000, ..Default::default() };
    frame(0x11, &ask)
}

pub(crate) fn number(rpc: &str) -> u32 {
    DepotMsg::RPCS.iter().find(|known| known.name == rpc).unwrap().id
}

pub(crate) fn frame(kind: u8, message: &impl Message) -> Vec<u8> {
    let mut bytes = u32::try_from(message.encoded_len() + 1).unwrap().to_be_bytes().to_vec();
    bytes.push(kind);
    message.encode(&mut bytes).unwrap();
    bytes
}

/// Trusts the CA with this certificate, shows `identity`, and speaks akt.
pub(crate) fn tls(ca: &str, (chain, key): &Identity) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(chain.clone(), key.clone_key())
        .unwrap();
    tls.alpn_protocols = vec![b"akt/1".to_vec()];
    tls
}

pub(crate) type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// A certificate of the CA with this key.
pub(crate) fn identity(ca_key: &str) -> Identity {
    let mut issuer = CertificateParams::default();
    issuer.distinguished_name.remove(DnType::CommonName);
    issuer.distinguished_name.push(DnType::CommonName, "akt development CA");
    issuer.is_ca = IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
    issued_by(&Issuer::new(issuer, KeyPair::from_pem(ca_key).unwrap()))
}

/// A certificate of a CA that nobody knows.
pub(crate) fn stranger() -> Identity {
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
