//! The certificates in use, and the files that they came from: changed while connections live.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;
use rustls::{ClientConfig, ServerConfig};

use super::error::TlsError;
use super::tls::{Pems, Tls};
use super::trust::Credentials;
use super::witness::Witness;
use crate::runtime::Runtime;

/// A certificate that ends within so long is said to.
const SOON: Duration = Duration::from_secs(24 * 3600);

/// What a transport takes its certificates from, for each handshake anew.
pub(crate) struct Keychain {
    tls: Tls,
    runtime: Runtime,
    /// Secret bytes of the first certificates: files that change do not change them.
    lasting: Box<[u8]>,
    current: Mutex<Current>,
}

#[derive(Debug)]
struct Current {
    credentials: Arc<Credentials>,
    /// What they were read from; `None` without files.
    pems: Option<Pems>,
    said_to_expire: bool,
    /// The problem with what the files hold now, if it was said.
    said: Option<Box<str>>,
}

/// What a look at the files, or at the clock, has found.
#[derive(Debug)]
pub(crate) enum Found {
    /// Other certificates are in use, until this time.
    Replaced(SystemTime),
    /// The files hold what cannot be used.
    Refused(TlsError),
    /// The certificate in use has expired, or does soon: at this time.
    Expires(SystemTime, Box<str>),
}

impl Keychain {
    /// Loads the certificates for a node that listens on `local`.
    pub(super) fn open(tls: &Tls, local: IpAddr, runtime: &Runtime) -> Result<Arc<Self>, TlsError> {
        let (mut material, pems) = tls.load(local)?;
        let lasting = std::mem::take(&mut material.lasting);
        let credentials = Arc::new(Credentials::new(material, runtime)?);
        let current = Current { credentials, pems, said_to_expire: false, said: None };
        let (tls, runtime, current) = (tls.clone(), runtime.clone(), Mutex::new(current));
        Ok(Arc::new(Self { tls, runtime, lasting, current }))
    }

    /// Secret bytes that are the same at the next start, unless the key is another then.
    pub(super) fn lasting(&self) -> &[u8] {
        &self.lasting
    }

    /// Whether these certificates may be shown at `address`.
    pub(super) fn check(&self, address: SocketAddr) -> Result<(), TlsError> {
        self.credentials().check(address)
    }

    /// What the next peer that dials is met with.
    pub(super) fn server(&self) -> (Arc<ServerConfig>, Arc<Witness>) {
        self.credentials().server()
    }

    /// What the next peer is dialed with.
    pub(super) fn client(&self) -> (Arc<ClientConfig>, Arc<Witness>) {
        self.credentials().client()
    }

    fn credentials(&self) -> Arc<Credentials> {
        self.current.lock().credentials.clone()
    }

    /// Takes what the files hold, if that is something else: then it is until when the new certificate is valid.
    ///
    /// # Errors
    ///
    /// [`TlsError`] if it cannot be used; what was in use stays.
    pub(crate) fn reload(&self) -> Result<Option<SystemTime>, TlsError> {
        let Some(pems) = self.tls.read()? else { return Ok(None) };
        {
            let mut current = self.current.lock();
            if current.pems.as_ref() == Some(&pems) {
                current.said = None;
                return Ok(None);
            }
        }
        let credentials = Credentials::new(pems.material()?, &self.runtime)?;
        let ours = credentials.ours.clone();
        if ours.is_expired(self.runtime.wall_clock()) {
            return Err(TlsError::Expired { certificate: ours.to_string().into() });
        }
        let mut current = self.current.lock();
        current.credentials = Arc::new(credentials);
        (current.pems, current.said_to_expire, current.said) = (Some(pems), false, None);
        Ok(Some(ours.valid_until()))
    }

    /// Looks at the files and the clock; says each thing once.
    pub(crate) fn look(&self) -> Option<Found> {
        let loaded = self.reload();
        let mut current = self.current.lock();
        match loaded {
            Ok(Some(until)) => return Some(Found::Replaced(until)),
            Ok(None) => {}
            Err(error) => {
                let problem = Some(error.to_string().into());
                if problem != current.said {
                    current.said = problem;
                    return Some(Found::Refused(error));
                }
            }
        }
        let ours = current.credentials.ours.clone();
        if current.said_to_expire || !ours.is_expired(self.runtime.wall_clock() + SOON) {
            return None;
        }
        current.said_to_expire = true;
        Some(Found::Expires(ours.valid_until(), ours.to_string().into()))
    }
}

/// Without its secret.
impl fmt::Debug for Keychain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keychain").field("tls", &self.tls).finish_non_exhaustive()
    }
}
