//! The open file of a store: its two queues, and its end.

use std::path::Path;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use flume::Sender;
use parking_lot::Mutex;
use redb::{Database, DatabaseError, ReadTransaction, WriteTransaction};
use tokio::sync::{oneshot, watch};

use super::error::RedbError;
use super::layout;
use super::thread::{BATCH, Outcome, Read, Write, read, read_all, write, write_all};
use crate::persistence::StoreError;

pub(super) struct File {
    path: Arc<Path>,
    /// Absent once it closes.
    queues: Mutex<Option<Queues>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// Nobody sends any more when the file is closed.
    closed: watch::Receiver<()>,
}

#[derive(Clone)]
struct Queues {
    writes: Sender<Box<dyn Write>>,
    reads: Sender<Read>,
}

/// What the threads have together: the file is closed when the last of them lets it go.
struct Opened {
    database: Database,
    path: Arc<Path>,
    // Fields are dropped in this order.
    _closed: watch::Sender<()>,
}

impl File {
    pub(super) fn open(path: &Path) -> Result<Self, RedbError> {
        let shared: Arc<Path> = path.into();
        Self::begin(&shared, Database::create(path))
    }

    pub(super) fn begin(
        path: &Arc<Path>,
        database: Result<Database, DatabaseError>,
    ) -> Result<Self, RedbError> {
        let database = database.map_err(|error| RedbError::opening(path, error))?;
        layout::prepare(&database, path)?;
        let (done, closed) = watch::channel(());
        let opened = Arc::new(Opened { database, path: path.clone(), _closed: done });
        let (writes, to_write) = flume::bounded(BATCH);
        let (reads, to_read) = flume::bounded(BATCH);
        let writer = opened.clone();
        let threads = [
            Builder::new().name("redb writer".to_owned()).spawn(move || {
                write_all(&writer.database, &writer.path, &to_write);
            }),
            Builder::new().name("redb reader".to_owned()).spawn(move || {
                read_all(&opened.database, &opened.path, &to_read);
            }),
        ];
        let threads = threads.into_iter().collect::<Result<Vec<_>, _>>();
        let threads = threads.map_err(|error| RedbError::of(path, error.into()))?;
        let queues = Mutex::new(Some(Queues { writes, reads }));
        Ok(Self { path: path.clone(), queues, threads: Mutex::new(threads), closed })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Does `work` in a transaction that is on the disk when this is ready.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&WriteTransaction) -> Outcome<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (asker, answer) = oneshot::channel();
        let sent = self.queues()?.writes.into_send_async(write(asker, work)).await;
        sent.map_err(|_| self.is_closed())?;
        // The thread has ended in the middle of it.
        answer
            .await
            .unwrap_or_else(|_| Err(StoreError::unknown(RedbError::Closed { path: self.path.clone() })))
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&ReadTransaction) -> Outcome<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (asker, answer) = oneshot::channel();
        let sent = self.queues()?.reads.into_send_async(read(asker, work)).await;
        sent.map_err(|_| self.is_closed())?;
        answer.await.unwrap_or_else(|_| Err(self.is_closed()))
    }

    fn queues(&self) -> Result<Queues, StoreError> {
        self.queues.lock().clone().ok_or_else(|| self.is_closed())
    }

    fn is_closed(&self) -> StoreError {
        StoreError::unavailable(RedbError::Closed { path: self.path.clone() })
    }

    pub(super) async fn close(&self) {
        drop(self.queues.lock().take());
        let _ = self.closed.clone().changed().await;
    }
}

impl Drop for File {
    fn drop(&mut self) {
        drop(self.queues.lock().take());
        for thread in self.threads.lock().drain(..) {
            if thread.join().is_err() {
                tracing::error!(path = %self.path.display(), "a thread of the store has panicked");
            }
        }
    }
}
