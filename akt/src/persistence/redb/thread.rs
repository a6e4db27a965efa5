//! The two threads of a store: one writes, and puts what has queued up into one transaction; the other reads.

use std::path::Path;
use std::sync::Arc;

use flume::Receiver;
use redb::{Database, Durability, Error, ReadTransaction, ReadableDatabase, WriteTransaction};
use tokio::sync::oneshot;

use super::error::{Failure, RedbError};
use crate::persistence::StoreError;

/// How many operations share one transaction at most, and how many may wait for the next.
pub(super) const BATCH: usize = 1_024;

/// What an operation comes to: refused or not, if the file could be used.
pub(super) type Outcome<T> = Result<Result<T, StoreError>, Error>;

/// Who waits for an operation.
pub(super) type Asker<T> = oneshot::Sender<Result<T, StoreError>>;

/// One operation on the thread that writes.
pub(super) trait Write: Send {
    /// Does it as part of `transaction`, or refuses it, which changes nothing.
    fn run(&mut self, transaction: &WriteTransaction) -> Result<(), Error>;

    /// Tells what has come of it.
    fn answer(self: Box<Self>, committed: Result<(), Failure>);
}

/// One operation on the thread that reads.
pub(super) type Read = Box<dyn FnOnce(&Database, &Arc<Path>) + Send>;

struct Operation<T, F> {
    work: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    asker: Asker<T>,
}

impl<T: Send, F: FnOnce(&WriteTransaction) -> Outcome<T> + Send> Write for Operation<T, F> {
    fn run(&mut self, transaction: &WriteTransaction) -> Result<(), Error> {
        let work = self.work.take().expect("it runs once");
        self.outcome = Some(work(transaction)?);
        Ok(())
    }

    fn answer(self: Box<Self>, committed: Result<(), Failure>) {
        let Self { outcome, asker, .. } = *self;
        let committed = committed.map_err(StoreError::from);
        // Whoever has gone wants no answer.
        let _ = asker.send(committed.and_then(|()| outcome.expect("what is committed has run")));
    }
}

pub(super) fn write<T: Send + 'static>(
    asker: Asker<T>,
    work: impl FnOnce(&WriteTransaction) -> Outcome<T> + Send + 'static,
) -> Box<dyn Write> {
    Box::new(Operation { work: Some(work), outcome: None, asker })
}

pub(super) fn read<T: Send + 'static>(
    asker: Asker<T>,
    work: impl FnOnce(&ReadTransaction) -> Outcome<T> + Send + 'static,
) -> Read {
    Box::new(move |database, path| {
        let read = database.begin_read().map_err(Error::from).and_then(|transaction| work(&transaction));
        let _ =
            asker.send(read.unwrap_or_else(|error| Err(StoreError::unavailable(RedbError::of(path, error)))));
    })
}

/// Writes until nobody can ask any more.
pub(super) fn write_all(database: &Database, path: &Arc<Path>, queue: &Receiver<Box<dyn Write>>) {
    while let Ok(first) = queue.recv() {
        let mut batch = vec![first];
        batch.extend(queue.try_iter().take(BATCH - 1));
        let committed = commit(database, path, &mut batch);
        if let Err(failure) = &committed {
            tracing::error!(path = %path.display(), ?failure, operations = batch.len(), "a transaction failed");
        }
        batch.into_iter().for_each(|operation| operation.answer(committed.clone()));
    }
}

/// One transaction, on the disk when it is done.
fn commit(database: &Database, path: &Arc<Path>, batch: &mut [Box<dyn Write>]) -> Result<(), Failure> {
    let undone = |error: Error| Failure::Undone(RedbError::of(path, error));
    let mut transaction = database.begin_write().map_err(|error| undone(error.into()))?;
    transaction.set_durability(Durability::Immediate).map_err(|error| undone(error.into()))?;
    // One that fails takes the others with it: the file cannot be used.
    batch.iter_mut().try_for_each(|operation| operation.run(&transaction)).map_err(undone)?;
    transaction.commit().map_err(|error| Failure::Unknown(RedbError::of(path, error.into())))
}

/// Reads until nobody can ask any more.
pub(super) fn read_all(database: &Database, path: &Arc<Path>, queue: &Receiver<Read>) {
    while let Ok(operation) = queue.recv() {
        operation(database, path);
    }
}
