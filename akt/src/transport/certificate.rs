//! What a certificate says: whose it is, who signed it, and how long it is valid.

use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use rustls::pki_types::{CertificateDer, UnixTime};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;
use x509_parser::time::ASN1Time;

use super::error::printable;

/// What the names of those begin with who say of which system they are.
const HOLDER: &str = "akt://";

/// A certificate, read. Printed, it says who it is, who signed it and from when until when it is valid.
#[derive(Clone, Debug)]
pub(super) struct Certificate {
    pub(super) subject: Box<str>,
    pub(super) issuer: Box<str>,
    /// The hosts that it names.
    pub(super) hosts: Vec<Box<str>>,
    /// The systems and classes that it names, such as `akt://shop/node`.
    pub(super) holders: Vec<Box<str>>,
    from: ASN1Time,
    until: ASN1Time,
}

impl Certificate {
    /// `None` for what is no certificate.
    pub(super) fn read(der: &CertificateDer<'_>) -> Option<Self> {
        let (_, read) = X509Certificate::from_der(der).ok()?;
        let (mut hosts, mut holders) = (Vec::new(), Vec::new());
        let names = read.subject_alternative_name().ok().flatten();
        for name in names.iter().flat_map(|names| &names.value.general_names) {
            match name {
                GeneralName::DNSName(host) => hosts.push(printable(host)),
                GeneralName::IPAddress(bytes) => hosts.extend(ip(bytes)),
                GeneralName::URI(uri) if uri.starts_with(HOLDER) => holders.push(printable(uri)),
                _ => {}
            }
        }
        Some(Self {
            subject: printable(&read.subject().to_string()),
            issuer: printable(&read.issuer().to_string()),
            hosts,
            holders,
            from: read.validity().not_before,
            until: read.validity().not_after,
        })
    }

    pub(super) fn valid_until(&self) -> SystemTime {
        let seconds = u64::try_from(self.until.timestamp()).unwrap_or(0);
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    pub(super) fn is_expired(&self, now: SystemTime) -> bool {
        now > self.valid_until()
    }
}

impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, issuer, from, until, .. } = self;
        write!(f, "\"{subject}\", signed by \"{issuer}\", valid from {from} until {until}")
    }
}

/// A moment, as the dates of certificates are printed.
pub(super) fn date(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    ASN1Time::from_timestamp(seconds).map_or_else(|_| format!("second {seconds}"), |time| time.to_string())
}

fn ip(bytes: &[u8]) -> Option<Box<str>> {
    let four = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    let ip = four.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()?;
    Some(ip.to_string().into())
}
