//! Who is turned away, and in which words on both sides.

use std::sync::Arc;

use bytes::BytesMut;
use rcgen::{CertificateParams, SanType, date_time_ymd};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::authority::{Authority, Signed};
use super::error::{ConnectError, Distrust, Lost};
use super::{Endpoint, QuicTransport, TcpTransport, Tls, Transport, TransportOptions};
use crate::runtime::Runtime;

/// What one side is to say.
struct Said {
    why: Distrust,
    parts: &'static [&'static str],
}

/// A dialer and a node that do not accept each other.
struct Case {
    name: &'static str,
    near: Tls,
    far: Tls,
    near_says: Said,
    far_says: Said,
}

fn said(why: Distrust, parts: &'static [&'static str]) -> Said {
    Said { why, parts }
}

fn expired(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(2001, 1, 1);
    params.not_after = date_time_ymd(2002, 2, 3);
}

fn premature(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(2090, 5, 6);
    params.not_after = date_time_ymd(2091, 1, 1);
}

fn elsewhere(params: &mut CertificateParams) {
    params.subject_alt_names = vec![SanType::DnsName("elsewhere.test".try_into().unwrap())];
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn cases() -> Vec<Case> {
    let (one, two) = (Authority::new("one"), Authority::new("two"));
    let both = format!("{}{}", one.pem, two.pem);
    let trusting_both = |signed: Signed| Tls::from_pem(&both, signed.certificate, signed.key);
    let good = |name| one.tls(&one.sign(name, |_| {}));
    vec![
        Case {
            name: "the node is of another CA",
            near: good("near"),
            far: trusting_both(two.sign("far", |_| {})),
            near_says: said(
                Distrust::Issuer,
                &[
                    "certificate refused: unknown issuer",
                    "\"CN=far\", signed by \"CN=two\"",
                    "trusts \"CN=one\"",
                ],
            ),
            far_says: said(
                Distrust::Issuer,
                &["the peer refused our certificate: unknown issuer", "\"CN=far\", signed by \"CN=two\""],
            ),
        },
        Case {
            name: "the dialer is of another CA",
            near: trusting_both(two.sign("near", |_| {})),
            far: good("far"),
            near_says: said(
                Distrust::Issuer,
                &["the peer refused our certificate: unknown issuer", "\"CN=near\", signed by \"CN=two\""],
            ),
            far_says: said(
                Distrust::Issuer,
                &[
                    "certificate refused: unknown issuer",
                    "\"CN=near\", signed by \"CN=two\"",
                    "trusts \"CN=one\"",
                ],
            ),
        },
        Case {
            name: "the node is of another CA that has the same name",
            near: good("near"),
            far: {
                let namesake = Authority::new("one");
                let signed = namesake.sign("far", |_| {});
                Tls::from_pem(format!("{}{}", one.pem, namesake.pem), signed.certificate, signed.key)
            },
            near_says: said(Distrust::Issuer, &["trusts \"CN=one\", of the same name and another key"]),
            far_says: said(Distrust::Issuer, &["the peer refused our certificate"]),
        },
        Case {
            name: "the node's certificate has expired",
            near: good("near"),
            far: one.tls(&one.sign("far", expired)),
            near_says: said(
                Distrust::Expired,
                &["expired", "\"CN=far\"", "until Feb  3 00:00:00 2002", "here it is"],
            ),
            far_says: said(Distrust::Expired, &["the peer refused our certificate: expired", "2002"]),
        },
        Case {
            name: "the dialer's certificate has expired",
            near: one.tls(&one.sign("near", expired)),
            far: good("far"),
            near_says: said(Distrust::Expired, &["the peer refused our certificate: expired", "2002"]),
            far_says: said(
                Distrust::Expired,
                &["expired", "\"CN=near\"", "until Feb  3 00:00:00 2002", "here it is"],
            ),
        },
        Case {
            name: "the node's certificate is not valid yet",
            near: good("near"),
            far: one.tls(&one.sign("far", premature)),
            near_says: said(
                Distrust::NotYetValid,
                &["not yet valid", "from May  6 00:00:00 2090", "here it is"],
            ),
            far_says: said(Distrust::Expired, &["expired or not yet valid", "from May  6 00:00:00 2090"]),
        },
        Case {
            name: "the node's certificate is for another host",
            near: good("near"),
            far: one.tls(&one.sign("far", elsewhere)),
            near_says: said(
                Distrust::Host,
                &["wrong host: dialed 127.0.0.1", "certificate is for elsewhere.test"],
            ),
            far_says: said(
                Distrust::Host,
                &["the peer refused our certificate: not for the host that was dialed"],
            ),
        },
    ]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Network {
    Quic,
    Tcp,
}

async fn bind(network: Network, tls: Tls) -> Arc<dyn Endpoint> {
    let (listen, options, dials_only) = ("127.0.0.1:0".into(), TransportOptions::default(), false);
    let transport: Box<dyn Transport> = match network {
        Network::Quic => Box::new(QuicTransport { listen, tls, options, dials_only }),
        Network::Tcp => Box::new(TcpTransport { listen, tls, options, dials_only }),
    };
    transport.bind(&Runtime::current().unwrap()).await.unwrap()
}

/// Dials and reads, as nodes do: a dialer that is refused is told after its own handshake.
async fn dial(near: &dyn Endpoint, far: &dyn Endpoint) -> Result<(), ConnectError> {
    let (host, port) = far.local();
    let mut connection = near.connect(&host, port).await?;
    // Without a byte, there is no stream to be accepted.
    connection.writer.write("hello".into()).await?;
    connection.reader.read(&mut BytesMut::new()).await?;
    Ok(())
}

fn check(case: &str, lost: Option<Lost>, said: &Said) {
    let Some(Lost::Distrust { why, text }) = lost else { panic!("{case}: {lost:?}") };
    assert_eq!(why, said.why, "{case}: {text}");
    for part in said.parts {
        assert!(text.contains(part), "{case}: {part:?} is not in {text:?}");
    }
}

#[tokio::test]
async fn both_sides_say_what_was_wrong_and_whose() {
    for network in [Network::Quic, Network::Tcp] {
        for Case { name, near, far, near_says, far_says } in cases() {
            let (near, far) = (bind(network, near).await, bind(network, far).await);
            let accept = async { far.accept().await.unwrap().establish().await.err() };
            let (near_lost, far_lost) = tokio::join!(dial(&*near, &*far), accept);

            let name = format!("{network:?}: {name}");
            let near_lost = match near_lost {
                Err(ConnectError::Lost(lost)) => Some(lost),
                other => panic!("{name}: {other:?}"),
            };
            check(&name, near_lost, &near_says);
            check(&name, far_lost, &far_says);
        }
    }
}

/// Somebody who trusts the CA and speaks something else, or shows nothing.
fn stranger(ca: &str, protocols: &[&str], shown: Option<&Signed>) -> quinn::ClientConfig {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots);
    let mut tls = match shown {
        Some(Signed { certificate, key }) => {
            let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
            let key = rustls::pki_types::PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
        None => builder.with_no_client_auth(),
    };
    tls.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let crypto = quinn::crypto::rustls::QuicClientConfig::try_from(tls).unwrap();
    quinn::ClientConfig::new(Arc::new(crypto))
}

#[tokio::test]
async fn strangers_are_told_apart() {
    let one = Authority::new("one");
    let known = one.sign("known", |_| {});
    let far = bind(Network::Quic, one.tls(&one.sign("far", |_| {}))).await;
    let address = ([127, 0, 0, 1], far.local().1).into();
    let endpoint = quinn::Endpoint::client(([127, 0, 0, 1], 0).into()).unwrap();
    let cases = [
        (
            "no certificate",
            &["akt/1"][..],
            None,
            said(Distrust::Missing, &["shows none", "trusts \"CN=one\""]),
        ),
        ("HTTP/3", &["h3"][..], None, said(Distrust::Http, &["speaks HTTP", "offers h3", "speaks akt/1"])),
        (
            "something else",
            &["mqtt", "x\n"][..],
            Some(&known),
            said(Distrust::Protocol, &["another protocol", "offers mqtt, x", "speaks akt/1"]),
        ),
    ];

    for (name, protocols, shown, says) in cases {
        let dial = endpoint.connect_with(stranger(&one.pem, protocols, shown), address, "127.0.0.1").unwrap();
        let accept = async { far.accept().await.unwrap().establish().await.err() };
        let (_, lost) = tokio::join!(dial, accept);

        check(name, lost, &says);
    }
}

#[tokio::test]
async fn those_who_speak_without_tls_are_told_apart() {
    let one = Authority::new("one");
    let far = bind(Network::Tcp, one.tls(&one.sign("far", |_| {}))).await;
    let says_http =
        said(Distrust::Http, &["speaks HTTP", "began with \"GET / HTTP/1.1", "speaks akt/1 over TLS"]);
    let says_plain =
        said(Distrust::Plaintext, &["speaks no TLS", "began with \"hello\"", "speaks akt/1 over TLS"]);

    for (first, says) in [("GET / HTTP/1.1\r\n\r\n", says_http), ("hello", says_plain)] {
        let dial = async {
            let mut socket = tokio::net::TcpStream::connect(("127.0.0.1", far.local().1)).await.unwrap();
            tokio::io::AsyncWriteExt::write_all(&mut socket, first.as_bytes()).await.unwrap();
            socket
        };
        let accept = async { far.accept().await.unwrap().establish().await.err() };
        let (_socket, lost) = tokio::join!(dial, accept);

        check(first, lost, &says);
    }
}
