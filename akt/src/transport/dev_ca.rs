//! The development CA: made once per user, shared by the processes of that user.

use std::env;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;

use super::error::TlsError;
use super::tls::{certificates, unusable};
use super::trust::{Material, Scope};
use crate::holder::Holder;

const CERTIFICATE: &str = "ca.pem";
const KEY: &str = "ca.key";

/// Makes a certificate for one start of `holder`, which listens on `local`, and the CA before it if there is none.
pub(super) fn issue(
    folder: Option<&Path>,
    local: IpAddr,
    holder: Option<&Holder>,
) -> Result<Material, TlsError> {
    let folder = folder.map_or_else(default_folder, |folder| Ok(folder.into()))?;
    let issued = issue_in(&folder, local, holder)?;
    tracing::warn!(folder = %folder.display(), "development certificates in use: every process of this user is trusted");
    Ok(issued)
}

fn issue_in(folder: &Path, local: IpAddr, holder: Option<&Holder>) -> Result<Material, TlsError> {
    if !folder.join(CERTIFICATE).exists() {
        create(folder)?;
    }
    let certificate = read(&folder.join(CERTIFICATE))?;
    let key = read(&folder.join(KEY))?;
    let lasting = key.as_bytes().into();
    let ca = certificates("certificate of the development CA", certificate.as_bytes())?;
    let key = KeyPair::from_pem(&key).map_err(|e| unusable("key of the development CA", e))?;

    let failed = |e: rcgen::Error| unusable("certificate made by the development CA", e);
    let node = KeyPair::generate().map_err(failed)?;
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).map_err(failed)?;
    params.distinguished_name.push(DnType::CommonName, "akt development node");
    for ip in [local, [127, 0, 0, 1].into(), [0, 0, 0, 0, 0, 0, 0, 1_u16].into()] {
        params.subject_alt_names.push(SanType::IpAddress(ip));
    }
    // A name that is no URI is left out: a certificate without one is a node's of any system.
    if let Some(uri) = holder.and_then(|holder| holder.to_string().try_into().ok()) {
        params.subject_alt_names.push(SanType::URI(uri));
    }
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let leaf = params.signed_by(&node, &Issuer::new(ca_params(), key)).map_err(failed)?;
    let key = PrivateKeyDer::from_pem_slice(node.serialize_pem().as_bytes())
        .map_err(|e| unusable("node key", e))?;
    Ok(Material { ca, chain: vec![leaf.der().clone()], key, scope: Scope::Loopback, lasting })
}

fn default_folder() -> Result<PathBuf, TlsError> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(folder) = set("AKT_DEV_CA") {
        return Ok(folder);
    }
    let data = set("XDG_DATA_HOME").or_else(|| Some(set("HOME")?.join(".local/share")));
    Ok(data.ok_or(TlsError::NoFolder)?.join("akt/dev-ca"))
}

fn ca_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::CommonName, "akt development CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

/// Writes a new CA beside `folder` and renames it into place: of two processes that race, one wins and the
/// other takes what the winner made.
fn create(folder: &Path) -> Result<(), TlsError> {
    let failed = |e: rcgen::Error| unusable("new development CA", e);
    let key = KeyPair::generate().map_err(failed)?;
    let certificate = ca_params().self_signed(&key).map_err(failed)?;

    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent).map_err(file(parent, "created"))?;
    }
    let mut draft = folder.as_os_str().to_owned();
    let tag: String = key.public_key_raw().iter().rev().take(8).map(|byte| format!("{byte:02x}")).collect();
    draft.push(format!(".{tag}"));
    let draft = PathBuf::from(draft);
    private_folder(&draft).map_err(file(&draft, "created"))?;
    let written = write_private(&draft.join(KEY), &key.serialize_pem())
        .and_then(|()| write_private(&draft.join(CERTIFICATE), &certificate.pem()))
        .map_err(file(&draft, "written"));
    let moved = written.and_then(|()| fs::rename(&draft, folder).map_err(file(folder, "created")));
    if moved.is_err() {
        // Fails only if the draft is gone; then there is nothing to clean up.
        let _ = fs::remove_dir_all(&draft);
    }
    if folder.join(CERTIFICATE).exists() { Ok(()) } else { moved }
}

fn read(path: &Path) -> Result<String, TlsError> {
    let metadata = fs::metadata(path).map_err(file(path, "read"))?;
    if exposed(&metadata) {
        return Err(TlsError::Exposed { path: path.into() });
    }
    fs::read_to_string(path).map_err(file(path, "read"))
}

fn file(path: &Path, verb: &'static str) -> impl FnOnce(io::Error) -> TlsError + use<> {
    let path = path.to_path_buf();
    move |source| TlsError::File { path, verb, source }
}

#[cfg(unix)]
fn exposed(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn exposed(_: &fs::Metadata) -> bool {
    false
}

fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCAL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn empty_folder(name: &str) -> PathBuf {
        let folder = env::temp_dir().join(format!("akt-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder.join("dev-ca")
    }

    #[test]
    fn processes_that_race_share_one_ca() {
        let folder = empty_folder("race");

        let made: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..8).map(|_| scope.spawn(|| issue_in(&folder, LOCAL, None).unwrap().ca)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });

        assert!(made.windows(2).all(|pair| pair[0] == pair[1]));
        assert_eq!(fs::read_dir(folder.parent().unwrap()).unwrap().count(), 1, "drafts were left behind");
    }

    #[cfg(unix)]
    #[test]
    fn the_key_is_private_and_an_exposed_one_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = empty_folder("mode");
        issue_in(&folder, LOCAL, None).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;

        assert_eq!(
            (mode(&folder), mode(&folder.join(KEY)), mode(&folder.join(CERTIFICATE))),
            (0o700, 0o600, 0o600)
        );

        fs::set_permissions(folder.join(KEY), fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(issue_in(&folder, LOCAL, None), Err(TlsError::Exposed { .. })));
    }
}
