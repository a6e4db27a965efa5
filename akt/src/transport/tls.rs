//! Who a node is and whom it trusts: mutual TLS 1.3 with certificates of one CA.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::{self, cipher_suite};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use super::dev_ca;
use super::error::TlsError;

/// The one protocol that nodes agree on.
pub(super) const ALPN: &[u8] = b"akt/1";

/// The certificates of a node.
///
/// Nodes authenticate each other, always: both sides show a certificate of the same CA, and the one that
/// dials checks that the certificate names the host it dialed.
#[derive(Clone)]
pub struct Tls(Source);

#[derive(Clone)]
enum Source {
    Development { folder: Option<Arc<Path>> },
    Pem { ca: Arc<[u8]>, certificate: Arc<[u8]>, key: Arc<[u8]> },
}

impl Tls {
    /// Certificates of a development CA that is made on first use in a folder of the user.
    ///
    /// The processes of one user trust each other; nobody else is trusted. The folder is `AKT_DEV_CA`, or
    /// `akt/dev-ca` in the user's data folder. Refused on addresses that are not loopback.
    #[must_use]
    pub fn development() -> Self {
        Self(Source::Development { folder: None })
    }

    /// Certificates of a development CA in a folder of your choice; made there on first use.
    #[must_use]
    pub fn development_in(folder: impl AsRef<Path>) -> Self {
        Self(Source::Development { folder: Some(folder.as_ref().into()) })
    }

    /// Certificates of your own, as PEM: the CA that signs every node, this node's chain, and its key.
    ///
    /// They are checked when the system starts.
    #[must_use]
    pub fn from_pem(ca: impl AsRef<[u8]>, certificate: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Self {
        let [ca, certificate, key] = [ca.as_ref(), certificate.as_ref(), key.as_ref()].map(Arc::from);
        Self(Source::Pem { ca, certificate, key })
    }

    /// Loads the certificates for a node that listens on `local`.
    pub(super) fn load(&self, local: IpAddr) -> Result<Credentials, TlsError> {
        match &self.0 {
            Source::Development { folder } => {
                check_loopback(local)?;
                let issued = dev_ca::issue(folder.as_deref(), local)?;
                Credentials::new(&issued.ca, issued.chain, issued.key, Scope::Loopback)
            }
            Source::Pem { ca, certificate, key } => {
                let ca = certificates("CA certificate", ca)?;
                let chain = certificates("node certificate", certificate)?;
                let key = PrivateKeyDer::from_pem_slice(key).map_err(|e| unusable("node key", e))?;
                Credentials::new(&ca, chain, key, Scope::Everywhere)
            }
        }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::Development { .. } => "Tls::development()",
            Source::Pem { .. } => "Tls::from_pem(..)",
        })
    }
}

/// Certificates that are ready for use.
pub(super) struct Credentials {
    pub(super) server: ServerConfig,
    pub(super) client: ClientConfig,
    scope: Scope,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Loopback,
    Everywhere,
}

impl Credentials {
    fn new(
        ca: &[CertificateDer<'static>],
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        scope: Scope,
    ) -> Result<Self, TlsError> {
        let provider = provider();
        let mut roots = RootCertStore::empty();
        for certificate in ca {
            roots.add(certificate.clone()).map_err(|e| unusable("CA certificate", e))?;
        }
        let roots = Arc::new(roots);

        let verifier = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider.clone())
            .build()
            .map_err(|e| unusable("CA certificate", e))?;
        let mut server = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[&TLS13])
            .map_err(|e| unusable("TLS 1.3", e))?
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain.clone(), key.clone_key())
            .map_err(|e| unusable("node certificate", e))?;
        // Connections live long: state for resuming them would only be held for attackers.
        server.session_storage = Arc::new(NoServerSessionStorage {});
        server.send_tls13_tickets = 0;
        server.alpn_protocols = vec![ALPN.to_vec()];

        let mut client = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13])
            .map_err(|e| unusable("TLS 1.3", e))?
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key)
            .map_err(|e| unusable("node certificate", e))?;
        client.resumption = Resumption::disabled();
        client.alpn_protocols = vec![ALPN.to_vec()];
        Ok(Self { server, client, scope })
    }

    /// Whether these certificates may be shown at `address`.
    pub(super) fn check(&self, address: SocketAddr) -> Result<(), TlsError> {
        match self.scope {
            Scope::Loopback => check_loopback(address.ip()),
            Scope::Everywhere => Ok(()),
        }
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

fn check_loopback(ip: IpAddr) -> Result<(), TlsError> {
    if ip.to_canonical().is_loopback() {
        return Ok(());
    }
    Err(TlsError::NotLoopback { address: ip.to_string().into() })
}

pub(super) fn certificates(what: &'static str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let list: Vec<_> =
        CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|e| unusable(what, e))?;
    if list.is_empty() {
        return Err(unusable(what, "no certificate in it"));
    }
    Ok(list)
}

pub(super) fn unusable(what: &'static str, reason: impl fmt::Display) -> TlsError {
    TlsError::Pem { what, reason: reason.to_string().into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_development_ca_is_refused_where_others_can_reach_it() {
        let error = Tls::development().load([0, 0, 0, 0].into()).err().unwrap();

        assert!(matches!(error, TlsError::NotLoopback { .. }));
        assert!(error.to_string().contains("Tls::from_pem"), "{error}");
    }

    #[test]
    fn a_text_that_is_no_certificate_is_named() {
        let error = Tls::from_pem("", "x", "y").load([127, 0, 0, 1].into()).err().unwrap();

        assert_eq!(error.to_string(), "CA certificate is not usable: no certificate in it");
    }
}
