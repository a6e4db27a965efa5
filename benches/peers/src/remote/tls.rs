//! The floor over TCP with TLS, and the certificate of all floors.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bytes::Bytes;
use remoting::Remoting;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::floor::{self, Floor};

/// A certificate for `localhost`, and its key.
pub struct Certificate {
    /// In PEM.
    pub certificate: String,
    /// In PEM.
    pub key: String,
}

impl Certificate {
    /// A new one.
    pub fn new() -> Self {
        let new =
            rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate is made");
        Self { certificate: new.cert.pem(), key: new.signing_key.serialize_pem() }
    }

    /// The address and the certificate in one line.
    pub fn line(&self, address: impl ToString) -> String {
        format!("{}#{}", address.to_string(), self.certificate.replace('\n', "|"))
    }

    /// For one who serves.
    pub fn server(&self) -> ServerConfig {
        let certificate = CertificateDer::from_pem_slice(self.certificate.as_bytes()).expect("it is PEM");
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).expect("it is PEM");
        let config = ServerConfig::builder().with_no_client_auth();
        config.with_single_cert(vec![certificate], key).expect("the key fits")
    }
}

/// The address and the certificate of a line.
pub fn parse(line: &str) -> (&str, String) {
    let (address, certificate) = line.split_once('#').expect("a line of `Certificate::line`");
    (address, certificate.replace('|', "\n"))
}

/// For one who trusts that certificate only.
pub fn client(certificate: &str) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).expect("it is PEM");
    roots.add(certificate).expect("it is a certificate");
    ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()
}

/// The floor over TCP with TLS.
#[derive(Clone)]
pub struct Tls(Floor);

impl Remoting for Tls {
    const NAME: &'static str = "tcp_tls_floor";
    type Server = ();

    async fn serve() -> ((), String) {
        let certificate = Certificate::new();
        let acceptor = TlsAcceptor::from(Arc::new(certificate.server()));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
        let address = listener.local_addr().expect("a listener has an address");
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("the sender comes");
            stream.set_nodelay(true).expect("a socket has that");
            let stream = acceptor.accept(stream).await.expect("the sender speaks TLS");
            let (reader, writer) = tokio::io::split(stream);
            floor::serve(reader, writer, &AtomicU64::new(0)).await;
        });
        ((), certificate.line(address))
    }

    async fn connect(line: &str) -> Self {
        let (address, certificate) = parse(line);
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("a socket has that");
        let connector = TlsConnector::from(Arc::new(client(&certificate)));
        let name = ServerName::try_from("localhost").expect("it is a name");
        let stream = connector.connect(name, stream).await.expect("the server speaks TLS");
        let (reader, writer) = tokio::io::split(stream);
        Self(Floor::new(reader, writer))
    }

    async fn ask(&self, number: u64, padding: &Bytes) -> u64 {
        self.0.ask(number, padding).await
    }

    async fn tell(&self, number: u64, padding: &Bytes) {
        self.0.tell(number, padding).await;
    }
}
