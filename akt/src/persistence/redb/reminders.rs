//! Reminders in the file of a node.

use std::ops::{Bound, Range};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use redb::{Error, ReadTransaction, ReadableTable, WriteTransaction};

use super::RedbStore;
use super::layout::{DUE, FILE, LAST_REMINDER, REMINDERS, Reminder};
use super::thread::Outcome;
use crate::persistence::{KeptReminder, ReminderRow, ReminderStore, StoreError};

#[async_trait]
impl ReminderStore for RedbStore {
    async fn put(&self, row: ReminderRow) -> Result<u64, StoreError> {
        self.0.write(move |transaction| put(&row, transaction).map(Ok)).await
    }

    async fn get(&self, id: &str, name: &str) -> Result<Option<KeptReminder>, StoreError> {
        let (id, name) = (id.to_owned(), name.to_owned());
        let find = move |transaction: &ReadTransaction| {
            let found = transaction.open_table(REMINDERS)?.get((&*id, &*name))?;
            Ok(Ok(found.map(|found| kept(&id, &name, found.value()))))
        };
        self.0.read(find).await
    }

    async fn list(&self, id: &str) -> Result<Vec<KeptReminder>, StoreError> {
        let id = id.to_owned();
        let find = move |transaction: &ReadTransaction| {
            let mut all = Vec::new();
            let behind = format!("{id}\0");
            for found in transaction.open_table(REMINDERS)?.range((&*id, "")..(&*behind, ""))? {
                let (key, found) = found?;
                all.push(kept(&id, key.value().1, found.value()));
            }
            Ok(Ok(all))
        };
        self.0.read(find).await
    }

    async fn delete(&self, id: &str, name: &str) -> Result<bool, StoreError> {
        let (id, name) = (id.to_owned(), name.to_owned());
        self.0.write(move |transaction| Ok(Ok(remove(&id, &name, transaction)?.is_some()))).await
    }

    async fn due(
        &self,
        shard: u16,
        window: Range<SystemTime>,
        after: Option<&KeptReminder>,
        limit: usize,
    ) -> Result<Vec<KeptReminder>, StoreError> {
        let (window, after) =
            (millis(window.start)..millis(window.end), after.map(|after| after.row.clone()));
        self.0.read(move |transaction| due(shard, &window, after.as_ref(), limit, transaction).map(Ok)).await
    }

    async fn advance(
        &self,
        id: &str,
        name: &str,
        version: u64,
        next: Option<SystemTime>,
    ) -> Result<Option<u64>, StoreError> {
        let (id, name) = (id.to_owned(), name.to_owned());
        self.0.write(move |transaction| advance((&id, &name), version, next, transaction)).await
    }
}

fn put(row: &ReminderRow, transaction: &WriteTransaction) -> Result<u64, Error> {
    remove(&row.id, &row.name, transaction)?;
    let mut file = transaction.open_table(FILE)?;
    let version = file.get(LAST_REMINDER)?.map_or(0, |last| last.value()) + 1;
    file.insert(LAST_REMINDER, version)?;
    let due = millis(row.due);
    transaction.open_table(DUE)?.insert((row.shard, due, &*row.id, &*row.name), ())?;
    let value = (version, row.shard, due, &*row.bytes);
    transaction.open_table(REMINDERS)?.insert((&*row.id, &*row.name), value)?;
    Ok(version)
}

fn remove(id: &str, name: &str, transaction: &WriteTransaction) -> Result<Option<KeptReminder>, Error> {
    let mut reminders = transaction.open_table(REMINDERS)?;
    let Some(gone) = reminders.remove((id, name))?.map(|gone| kept(id, name, gone.value())) else {
        return Ok(None);
    };
    transaction.open_table(DUE)?.remove((gone.row.shard, millis(gone.row.due), id, name))?;
    Ok(Some(gone))
}

fn advance(
    (id, name): (&str, &str),
    version: u64,
    next: Option<SystemTime>,
    transaction: &WriteTransaction,
) -> Outcome<Option<u64>> {
    let found = transaction.open_table(REMINDERS)?.get((id, name))?.map(|found| found.value().0);
    if found != Some(version) {
        return Ok(Err(StoreError::Conflict { expected: version, found: found.unwrap_or(0) }));
    }
    let gone = remove(id, name, transaction)?.map(|gone| gone.row);
    let moved = gone.zip(next).map(|(row, due)| put(&ReminderRow { due, ..row }, transaction));
    Ok(Ok(moved.transpose()?))
}

fn due(
    shard: u16,
    window: &Range<u64>,
    after: Option<&ReminderRow>,
    limit: usize,
    transaction: &ReadTransaction,
) -> Result<Vec<KeptReminder>, Error> {
    let from = match after {
        Some(row) => Bound::Excluded((shard, millis(row.due), &*row.id, &*row.name)),
        None => Bound::Included((shard, window.start, "", "")),
    };
    let end = Bound::Excluded((shard, window.end, "", ""));
    let reminders = transaction.open_table(REMINDERS)?;
    let mut page = Vec::new();
    for found in transaction.open_table(DUE)?.range::<(u16, u64, &str, &str)>((from, end))?.take(limit) {
        let (key, _) = found?;
        let (.., id, name) = key.value();
        if let Some(found) = reminders.get((id, name))? {
            page.push(kept(id, name, found.value()));
        }
    }
    Ok(page)
}

fn kept(id: &str, name: &str, (version, shard, due, bytes): Reminder<'_>) -> KeptReminder {
    let due = SystemTime::UNIX_EPOCH + Duration::from_millis(due);
    let bytes = Bytes::copy_from_slice(bytes);
    KeptReminder { version, row: ReminderRow { id: id.into(), name: name.into(), shard, due, bytes } }
}

/// Since 1970.
fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
