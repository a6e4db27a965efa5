//! Whom a handshake trusts: the certificate of one side, the CAs that it accepts, and one protocol.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::{self, cipher_suite};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::time_provider::TimeProvider;
use rustls::version::TLS13;
use rustls::{
    ClientConfig, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, ServerConfig,
    SignatureScheme,
};

use super::certificate::Certificate;
use super::error::TlsError;
use super::tls::unusable;
use super::witness::Witness;
use crate::runtime::Runtime;

/// The one protocol that nodes agree on.
pub(super) const ALPN: &[u8] = b"akt/1";

/// Certificates that are ready for use, by any transport.
#[derive(Debug)]
pub(super) struct Credentials {
    provider: Arc<CryptoProvider>,
    clock: Arc<NodeClock>,
    dialers: Arc<dyn ClientCertVerifier>,
    dialed: Arc<dyn ServerCertVerifier>,
    key: Arc<CertifiedKey>,
    scope: Scope,
    /// The certificate that this side shows.
    pub(super) ours: Arc<Certificate>,
    /// The names of the CAs that it trusts.
    trusted: Arc<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Loopback,
    Everywhere,
}

/// What credentials are made of.
pub(super) struct Material {
    pub(super) ca: Vec<CertificateDer<'static>>,
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
    pub(super) scope: Scope,
    /// Secret bytes that are the same at the next start.
    pub(super) lasting: Box<[u8]>,
}

impl Credentials {
    /// Checks that the parts belong together. A certificate that is not valid now passes.
    pub(super) fn new(material: Material, runtime: &Runtime) -> Result<Self, TlsError> {
        let Material { ca, chain, key, scope, lasting: _ } = material;
        let (provider, clock) = (provider(), Arc::new(NodeClock(runtime.clone())));
        let mut roots = RootCertStore::empty();
        for certificate in &ca {
            roots.add(certificate.clone()).map_err(|e| unusable("CA certificate", e))?;
        }
        let roots = Arc::new(roots);
        let dialers = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider.clone())
            .build()
            .map_err(|e| unusable("CA certificate", e))?;
        let dialed = WebPkiServerVerifier::builder_with_provider(roots, provider.clone())
            .build()
            .map_err(|e| unusable("CA certificate", e))?;
        let read = Certificate::read(&chain[0]);
        let ours = Arc::new(read.ok_or_else(|| unusable("node certificate", "not an X.509 certificate"))?);
        let key = CertifiedKey::from_der(chain, key, &provider);
        let key = Arc::new(key.map_err(|e| unusable("node certificate and key", e))?);
        let cas = ca.iter().filter_map(Certificate::read).map(|ca| format!("\"{}\"", ca.subject));
        let trusted = cas.collect::<Vec<_>>().join(" and ").into();
        let new = Self { provider, clock, dialers, dialed, key, scope, ours, trusted };
        new.check_itself()?;
        Ok(new)
    }

    /// Refuses what every peer with the same CAs would refuse, whatever the time.
    fn check_itself(&self) -> Result<(), TlsError> {
        use rustls::CertificateError::{BadSignature, UnknownIssuer};
        let Some((first, rest)) = self.key.cert.split_first() else { return Ok(()) };
        let valid = UnixTime::since_unix_epoch(
            self.ours.valid_until().duration_since(UNIX_EPOCH).unwrap_or_default(),
        );
        match self.dialers.verify_client_cert(first, rest, valid) {
            Err(Error::InvalidCertificate(UnknownIssuer | BadSignature)) => Err(TlsError::Unsigned {
                certificate: self.ours.to_string().into(),
                trusted: self.trusted[..].into(),
            }),
            _ => Ok(()),
        }
    }

    /// Whether these certificates may be shown at `address`.
    pub(super) fn check(&self, address: SocketAddr) -> Result<(), TlsError> {
        match self.scope {
            Scope::Loopback => check_loopback(address.ip()),
            Scope::Everywhere => Ok(()),
        }
    }

    /// What one peer that dials is met with, and who sees what it shows.
    pub(super) fn server(&self) -> (Arc<ServerConfig>, Arc<Witness>) {
        let witness = self.witness();
        let mut server = ServerConfig::builder_with_details(self.provider.clone(), self.clock.clone())
            .with_protocol_versions(&[&TLS13])
            .expect("the provider has suites of TLS 1.3")
            .with_client_cert_verifier(Arc::new(Watched { by: witness.clone(), judge: self.dialers.clone() }))
            .with_cert_resolver(Arc::new(Watched { by: witness.clone(), judge: self.key.clone() }));
        // Connections live long: state for resuming them would only be held for attackers.
        server.session_storage = Arc::new(NoServerSessionStorage {});
        server.send_tls13_tickets = 0;
        server.alpn_protocols = vec![ALPN.to_vec()];
        (Arc::new(server), witness)
    }

    /// What one peer is dialed with, and who sees what it shows.
    pub(super) fn client(&self) -> (Arc<ClientConfig>, Arc<Witness>) {
        let witness = self.witness();
        let mut client = ClientConfig::builder_with_details(self.provider.clone(), self.clock.clone())
            .with_protocol_versions(&[&TLS13])
            .expect("the provider has suites of TLS 1.3")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Watched {
                by: witness.clone(),
                judge: self.dialed.clone(),
            }))
            .with_client_cert_resolver(Arc::new(SingleCertAndKey::from(self.key.clone())));
        client.resumption = Resumption::disabled();
        client.alpn_protocols = vec![ALPN.to_vec()];
        (Arc::new(client), witness)
    }

    fn witness(&self) -> Arc<Witness> {
        Arc::new(Witness::new(self.ours.clone(), self.trusted.clone()))
    }
}

/// The provider is passed, never installed: a library does not decide for the whole process.
fn provider() -> Arc<CryptoProvider> {
    let cipher_suites = vec![
        cipher_suite::TLS13_AES_128_GCM_SHA256,
        cipher_suite::TLS13_AES_256_GCM_SHA384,
        cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
    ];
    Arc::new(CryptoProvider { cipher_suites, ..ring::default_provider() })
}

pub(super) fn check_loopback(ip: IpAddr) -> Result<(), TlsError> {
    if ip.to_canonical().is_loopback() {
        return Ok(());
    }
    Err(TlsError::NotLoopback { address: ip.to_string().into() })
}

/// Certificates are valid by the clock on the node's wall.
#[derive(Debug)]
struct NodeClock(Runtime);

impl TimeProvider for NodeClock {
    fn current_time(&self) -> Option<UnixTime> {
        let since = self.0.wall_clock().duration_since(UNIX_EPOCH);
        Some(UnixTime::since_unix_epoch(since.unwrap_or_default()))
    }
}

/// Somebody who decides, and a witness of it.
#[derive(Debug)]
struct Watched<J: ?Sized> {
    by: Arc<Witness>,
    judge: Arc<J>,
}

impl ClientCertVerifier for Watched<dyn ClientCertVerifier> {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.judge.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let judged = self.judge.verify_client_cert(end, chain, now);
        judged.inspect_err(|error| self.by.note_refused(error, end, now))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.supported_verify_schemes()
    }
}

impl ServerCertVerifier for Watched<dyn ServerCertVerifier> {
    fn verify_server_cert(
        &self,
        end: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let judged = self.judge.verify_server_cert(end, chain, name, ocsp, now);
        judged.inspect_err(|error| self.by.note_refused(error, end, now))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.supported_verify_schemes()
    }
}

impl ResolvesServerCert for Watched<CertifiedKey> {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.by.note_offered(hello.alpn().into_iter().flatten());
        Some(self.judge.clone())
    }
}
