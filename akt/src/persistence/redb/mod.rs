//! Stores of one node in one file, by redb.

mod error;
mod events;
mod file;
mod layout;
mod reminders;
mod states;
#[cfg(test)]
mod tests;
mod thread;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

pub use self::error::RedbError;

use self::file::File;

/// Keeps all that a node keeps in one file: it is an [`EventStore`](super::EventStore), a
/// [`StateStore`](super::StateStore) and a [`ReminderStore`](super::ReminderStore).
///
/// Clones are one store. A write is on the disk when its future is ready: what is asked for at the same time shares one
/// transaction, and one sync of the disk, and each of it is done or refused for itself. A future that is dropped half-way
/// has done all or nothing. Reads and writes run on two threads of the store's own, not on those of the runtime.
///
/// The file is on the disk of **one** node, and no other can read it: for one node, and for what never leaves its node.
/// Actors that move to another node, as the grains of a cluster do, need a store that all nodes share.
///
/// ```
/// use akt::persistence::{EventStore, RedbStore};
/// use akt::prelude::*;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let path = std::env::temp_dir().join(format!("akt-{}.redb", std::process::id()));
/// let store = RedbStore::open(&path)?;
/// let system = ActorSystem::builder("shop").event_store(store.clone()).start().await?;
/// # system.shutdown().await;
///
/// // Whatever has clones of it, the file is closed then, and can be opened again.
/// store.close().await;
/// let fence = RedbStore::open(&path)?.fence("cart/user-1").await?;
/// # assert_eq!(fence.0, 1);
/// # std::fs::remove_file(&path)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedbStore(Arc<File>);

impl RedbStore {
    /// Opens the file at `path`, made if there is none; its folder has to be there.
    ///
    /// Blocks: after a crash, until the file is repaired. The file belongs to this process until the store is
    /// [closed](Self::close).
    ///
    /// # Errors
    ///
    /// [`RedbError`]: it is in use, no file of such a store, a newer program's, or cannot be read or written.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, RedbError> {
        File::open(path.as_ref()).map(|file| Self(Arc::new(file)))
    }

    /// Closes the file, for all clones: what was asked for before is done; what comes later fails, with
    /// [`RedbError::Closed`] as the source.
    ///
    /// The drop of the last clone does the same, and waits for it on the thread that it is on. Cancel-safe.
    pub async fn close(&self) {
        self.0.close().await;
    }
}

impl fmt::Debug for RedbStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedbStore({})", self.0.path().display())
    }
}
