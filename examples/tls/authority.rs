//! A certificate authority, as a company has one: here, made for the tour.

use std::error::Error;
use std::fs;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType};

/// Who signs certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub pem: String,
}

impl Authority {
    pub fn new(name: &str) -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate()?;
        let pem = params.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), pem })
    }

    /// Writes the files of one process: the CAs that it trusts, its certificate, which names the holder and the
    /// loopback, and its key. Each is moved into place whole.
    pub fn write(&self, folder: &Path, trusted: &str, holder: &str) -> Result<(), Box<dyn Error>> {
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()])?;
        params.subject_alt_names.push(SanType::URI(holder.try_into()?));
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?.pem();
        fs::create_dir_all(folder)?;
        for (name, text) in
            [("ca.pem", trusted), ("certificate.pem", &certificate), ("key.pem", &key.serialize_pem())]
        {
            let draft = folder.join(format!("{name}.new"));
            fs::write(&draft, text)?;
            fs::rename(draft, folder.join(name))?;
        }
        Ok(())
    }
}
