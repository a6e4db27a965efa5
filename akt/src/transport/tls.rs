//! Who a node is and whom it trusts: mutual TLS 1.3 with certificates of one CA.

use std::fmt;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::dev_ca;
use super::error::TlsError;
use super::trust::{Material, Scope, check_loopback};
use crate::holder::Holder;

/// The certificates of a node.
///
/// Nodes authenticate each other, always: both sides show a certificate of the same CA, and the one that
/// dials checks that the certificate names the host it dialed.
#[derive(Clone)]
pub struct Tls {
    source: Source,
    /// For whom a development CA makes a certificate.
    holder: Option<Holder>,
}

#[derive(Clone)]
enum Source {
    Development { folder: Option<Arc<Path>> },
    Pem(Pems),
    Files { ca: PathBuf, certificate: PathBuf, key: PathBuf },
}

/// The CA, the chain and the key as text.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Pems([Arc<[u8]>; 3]);

impl Tls {
    /// Certificates of a development CA that is made on first use in a folder of the user.
    ///
    /// The processes of one user trust each other; nobody else is trusted. The folder is `AKT_DEV_CA`, or
    /// `akt/dev-ca` in the user's data folder. Refused on addresses that are not loopback.
    #[must_use]
    pub fn development() -> Self {
        Self::of(Source::Development { folder: None })
    }

    /// Certificates of a development CA in a folder of your choice; made there on first use.
    #[must_use]
    pub fn development_in(folder: impl AsRef<Path>) -> Self {
        Self::of(Source::Development { folder: Some(folder.as_ref().into()) })
    }

    /// Certificates of your own, as PEM: the CA that signs every node, this node's chain, and its key.
    ///
    /// They are checked when the system starts.
    #[must_use]
    pub fn from_pem(ca: impl AsRef<[u8]>, certificate: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Self {
        let texts = [ca.as_ref(), certificate.as_ref(), key.as_ref()].map(Arc::from);
        Self::of(Source::Pem(Pems(texts)))
    }

    /// Certificates of your own, in files of PEM: the CAs that are trusted, this node's chain, and its key.
    ///
    /// The files are read when the system starts, looked at once a second from then on, and by
    /// [`ActorSystem::reload_tls`](crate::ActorSystem::reload_tls). New connections use what they hold, those that
    /// live stay. Files that cannot be used change nothing: a line of the log and
    /// [`Event::CertificatesRefused`](crate::Event::CertificatesRefused) say why. To change the CA, let the CA
    /// files of all nodes hold the old and the new one until every node has a certificate of the new one.
    ///
    /// ```no_run
    /// # async fn start() -> Result<(), akt::StartError> {
    /// use akt::{ActorSystem, Remote, Tls};
    ///
    /// let tls = Tls::files("tls/ca.pem", "tls/node.pem", "tls/node.key");
    /// let system = ActorSystem::builder("shop").remote(Remote::quic("10.0.0.1:7400").tls(tls)).start().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn files(ca: impl Into<PathBuf>, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self::of(Source::Files { ca: ca.into(), certificate: certificate.into(), key: key.into() })
    }

    fn of(source: Source) -> Self {
        Self { source, holder: None }
    }

    /// Says for whom it is; a development CA writes that into the certificate.
    pub(crate) fn held_by(mut self, holder: Holder) -> Self {
        self.holder = Some(holder);
        self
    }

    /// What the files hold now; `None` unless there are files.
    pub(super) fn read(&self) -> Result<Option<Pems>, TlsError> {
        let Source::Files { ca, certificate, key } = &self.source else { return Ok(None) };
        let read = |what: &'static str, path: &PathBuf| match fs::read(path) {
            Ok(bytes) => Ok(Arc::from(bytes)),
            Err(source) => Err(TlsError::Unreadable { what, path: path.clone(), source }),
        };
        Ok(Some(Pems([read("CA file", ca)?, read("certificate file", certificate)?, read("key file", key)?])))
    }

    /// The certificates for a node that listens on `local`; with what the files held, if there are files.
    pub(super) fn load(&self, local: IpAddr) -> Result<(Material, Option<Pems>), TlsError> {
        let read = self.read()?;
        let material = match (&self.source, &read) {
            (Source::Development { folder }, _) => {
                check_loopback(local)?;
                dev_ca::issue(folder.as_deref(), local, self.holder.as_ref())?
            }
            (Source::Pem(pems), _) | (_, Some(pems)) => pems.material()?,
            (Source::Files { .. }, None) => return Err(unusable("files", "nothing was read")),
        };
        Ok((material, read))
    }
}

impl Pems {
    pub(super) fn material(&self) -> Result<Material, TlsError> {
        let [ca, chain, key] = &self.0;
        Ok(Material {
            ca: certificates("CA certificate", ca)?,
            chain: certificates("node certificate", chain)?,
            key: PrivateKeyDer::from_pem_slice(key).map_err(|e| unusable("node key", e))?,
            scope: Scope::Everywhere,
            lasting: (**key).into(),
        })
    }
}

impl fmt::Debug for Pems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pems(..)")
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Development { .. } => f.write_str("Tls::development()"),
            Source::Pem(_) => f.write_str("Tls::from_pem(..)"),
            Source::Files { certificate, .. } => write!(f, "Tls::files(.., {certificate:?}, ..)"),
        }
    }
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
