//! What may be wrong with the file of a store.

use std::error::Error as StdError;
use std::fmt;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use redb::{DatabaseError, Error, StorageError};

use crate::persistence::StoreError;

/// What is wrong with the file of a [`RedbStore`](super::RedbStore).
///
/// It comes from [`open`](super::RedbStore::open), and as the source of [`StoreError::Unavailable`].
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedbError {
    /// Another process has it open, or this one.
    #[error("`{}` is in use: stop the process that has it, close the store, or give another path", .path.display())]
    InUse {
        /// The file.
        path: Arc<Path>,
    },
    /// It is not the file of a store.
    #[error("`{}` is no file of redb: give another path, or move it away", .path.display())]
    Foreign {
        /// The file.
        path: Arc<Path>,
    },
    /// A newer program has written it.
    #[error("`{}` has schema {found}, and this program knows up to {known}: run the newer one", .path.display())]
    Newer {
        /// The file.
        path: Arc<Path>,
        /// Its schema.
        found: u64,
        /// The schema of this program.
        known: u64,
    },
    /// There is no room on the disk.
    #[error("no room on the disk for `{}`: make some, and open the store again", .path.display())]
    Full {
        /// The file.
        path: Arc<Path>,
    },
    /// The store was closed.
    #[error("`{}` is closed: open the store again", .path.display())]
    Closed {
        /// The file.
        path: Arc<Path>,
    },
    /// It cannot be read or written.
    #[error("`{}` cannot be used: see to the cause, and open the store again", .path.display())]
    Failed {
        /// The file.
        path: Arc<Path>,
        /// What redb says.
        #[source]
        source: Arc<dyn StdError + Send + Sync>,
    },
}

impl RedbError {
    pub(super) fn opening(path: &Arc<Path>, error: DatabaseError) -> Self {
        let path = path.clone();
        match error {
            DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => Self::InUse { path },
            DatabaseError::Storage(StorageError::Io(error)) if error.kind() == ErrorKind::InvalidData => {
                Self::Foreign { path }
            }
            error => Self::of(&path, error.into()),
        }
    }

    pub(super) fn of(path: &Arc<Path>, error: Error) -> Self {
        let path = path.clone();
        match &error {
            Error::Io(io) if io.kind() == ErrorKind::StorageFull => Self::Full { path },
            Error::DatabaseClosed => Self::Closed { path },
            _ => Self::Failed { path, source: Arc::new(error) },
        }
    }
}

/// Why a transaction was not carried out.
#[derive(Clone)]
pub(super) enum Failure {
    /// It has changed nothing.
    Undone(RedbError),
    /// Nobody knows.
    Unknown(RedbError),
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Undone(error) => Self::unavailable(error),
            Failure::Unknown(error) => Self::unknown(error),
        }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undone(error) => write!(f, "Undone({error})"),
            Self::Unknown(error) => write!(f, "Unknown({error})"),
        }
    }
}
