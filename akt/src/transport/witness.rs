//! What one handshake saw, for the words in which it is refused.

use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};

use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::{CertificateError, Error};

use super::certificate::{Certificate, date};
use super::error::{Distrust, Lost, printable};
use super::trust::ALPN;

/// Sees what the other side of one handshake shows, and knows what this side does.
#[derive(Debug)]
pub(super) struct Witness {
    ours: Arc<Certificate>,
    trusted: Arc<str>,
    /// Why this side refused the certificate of the other.
    refused: OnceLock<(Distrust, Box<str>)>,
    /// The protocols that a dialer offered.
    offered: OnceLock<Vec<Box<str>>>,
}

/// Alerts of TLS that speak of certificates and protocols.
mod alert {
    pub(super) const BAD_CERTIFICATE: u8 = 42;
    pub(super) const CERTIFICATE_EXPIRED: u8 = 45;
    pub(super) const UNKNOWN_CA: u8 = 48;
    pub(super) const DECRYPT_ERROR: u8 = 51;
    pub(super) const CERTIFICATE_REQUIRED: u8 = 116;
    pub(super) const NO_APPLICATION_PROTOCOL: u8 = 120;
}

impl Witness {
    pub(super) fn new(ours: Arc<Certificate>, trusted: Arc<str>) -> Self {
        Self { ours, trusted, refused: OnceLock::new(), offered: OnceLock::new() }
    }

    pub(super) fn note_offered<'a>(&self, protocols: impl Iterator<Item = &'a [u8]>) {
        let said = protocols.map(|protocol| printable(&String::from_utf8_lossy(protocol))).collect();
        // Noted once: a hello that is sent again offers the same.
        let _ = self.offered.set(said);
    }

    pub(super) fn note_refused(&self, error: &Error, shown: &CertificateDer<'_>, now: UnixTime) {
        let Error::InvalidCertificate(error) = error else { return };
        let shown = Certificate::read(shown);
        let shown = shown.as_ref();
        let whole = shown.map_or_else(|| "what is no certificate".to_owned(), ToString::to_string);
        let (why, text) = match error {
            // The second is what a CA of the same name and another key comes to.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                (Distrust::Issuer, self.issuer(shown, &whole))
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                (Distrust::Expired, format!("expired: the peer shows {whole}; here it is {}", date(now)))
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => (
                Distrust::NotYetValid,
                format!("not yet valid: the peer shows {whole}; here it is {}", date(now)),
            ),
            CertificateError::NotValidForNameContext { expected, .. } => {
                let named = shown.map(|shown| shown.hosts.join(", ")).filter(|hosts| !hosts.is_empty());
                let named = named.unwrap_or_else(|| "no host".to_owned());
                let text = format!(
                    "wrong host: dialed {}, the peer's certificate is for {named}; it shows {whole}",
                    expected.to_str()
                );
                (Distrust::Host, text)
            }
            other => (Distrust::Certificate, format!("{other}: the peer shows {whole}")),
        };
        let _ = self.refused.set((why, format!("certificate refused: {text}").into()));
    }

    fn issuer(&self, shown: Option<&Certificate>, whole: &str) -> String {
        let trusted = &self.trusted;
        let mut text = format!("unknown issuer: the peer shows {whole}; this side trusts {trusted}");
        if shown.is_some_and(|shown| trusted.contains(&format!("\"{}\"", shown.issuer))) {
            text.push_str(", of the same name and another key");
        }
        text
    }

    /// The loss of a connection that this side gave up with `alert`.
    pub(super) fn refused_here(&self, alert: u8, said: &str) -> Lost {
        if let Some((why, text)) = self.refused.get() {
            return Lost::Distrust { why: *why, text: text.clone() };
        }
        let ours = String::from_utf8_lossy(ALPN);
        match alert {
            alert::CERTIFICATE_REQUIRED => distrust(
                Distrust::Missing,
                format!("certificate refused: the peer shows none; this side trusts {}", self.trusted),
            ),
            alert::NO_APPLICATION_PROTOCOL => {
                let offered = self.offered.get().map(Vec::as_slice).unwrap_or_default();
                let is_http = offered
                    .iter()
                    .any(|name| name.starts_with("h3") || name.starts_with("http/") || &**name == "h2");
                let why = if is_http { Distrust::Http } else { Distrust::Protocol };
                let theirs = if offered.is_empty() { "none".into() } else { offered.join(", ") };
                let what = if is_http { "the peer speaks HTTP" } else { "the peer speaks another protocol" };
                distrust(why, format!("{what}: it offers {theirs}, this side speaks {ours}"))
            }
            _ => Lost::Transport { text: printable(said) },
        }
    }

    /// The loss of a connection that the other side gave up with `alert`, and what it said besides.
    pub(super) fn refused_there(&self, alert: u8, said: &str) -> Lost {
        let ours = String::from_utf8_lossy(ALPN);
        let (why, problem) = match alert {
            alert::UNKNOWN_CA => (Distrust::Issuer, "unknown issuer"),
            alert::DECRYPT_ERROR => {
                (Distrust::Issuer, "signed by another key than that of the CA of this name")
            }
            alert::CERTIFICATE_EXPIRED => (Distrust::Expired, "expired or not yet valid"),
            alert::BAD_CERTIFICATE => (Distrust::Host, "not for the host that was dialed, or not readable"),
            alert::CERTIFICATE_REQUIRED => (Distrust::Missing, "it got none"),
            alert::NO_APPLICATION_PROTOCOL => {
                let text = format!("the peer does not speak {ours}: it refused the protocols of this side");
                return distrust(Distrust::Protocol, text);
            }
            // unsupported, revoked, unknown certificate; access denied
            43 | 44 | 46 | 49 => (Distrust::Certificate, "not accepted"),
            _ => return Lost::Transport { text: printable(said) },
        };
        let mut text = format!("the peer refused our certificate: {problem}; this side shows {}", self.ours);
        if !said.is_empty() {
            // A string takes what is written.
            let _ = write!(text, "; the peer says: {}", printable(said));
        }
        distrust(why, text)
    }
}

/// The loss of a connection whose peer began with this and not with TLS.
pub(super) fn plaintext(first: &[u8]) -> Lost {
    let said = printable(&String::from_utf8_lossy(first));
    let is_http = ["GET ", "POST ", "PUT ", "HEAD ", "OPTIONS ", "CONNECT ", "DELETE ", "PRI "]
        .iter()
        .any(|method| said.starts_with(method));
    let ours = String::from_utf8_lossy(ALPN);
    let (why, what) = if is_http { (Distrust::Http, "HTTP") } else { (Distrust::Plaintext, "no TLS") };
    distrust(why, format!("the peer speaks {what}: it began with {said:?}, this side speaks {ours} over TLS"))
}

fn distrust(why: Distrust, text: String) -> Lost {
    Lost::Distrust { why, text: text.into() }
}
