//! Events in the file of a node.

use async_trait::async_trait;
use bytes::Bytes;
use redb::{Error, ReadTransaction, ReadableTable, WriteTransaction};

use super::RedbStore;
use super::layout::{EVENTS, JOURNALS, SNAPSHOTS};
use super::thread::Outcome;
use crate::persistence::{EventStore, Fence, Record, StoreError};

/// What is known of the events of one id.
struct Journal {
    fence: Fence,
    last: u64,
}

impl Journal {
    fn of(id: &str, transaction: &WriteTransaction) -> Result<Self, Error> {
        let journals = transaction.open_table(JOURNALS)?;
        let (fence, last) = journals.get(id)?.map(|known| known.value()).unwrap_or_default();
        Ok(Self { fence: Fence(fence), last })
    }

    fn keep(&self, id: &str, transaction: &WriteTransaction) -> Result<(), Error> {
        transaction.open_table(JOURNALS)?.insert(id, (self.fence.0, self.last))?;
        Ok(())
    }

    /// What `id` has, if `fence` may write it.
    fn admit(id: &str, fence: Fence, transaction: &WriteTransaction) -> Outcome<Self> {
        let known = Self::of(id, transaction)?;
        if fence < known.fence {
            return Ok(Err(StoreError::StaleFence { fence, newest: known.fence }));
        }
        Ok(Ok(Self { fence, ..known }))
    }
}

#[async_trait]
impl EventStore for RedbStore {
    async fn fence(&self, id: &str) -> Result<Fence, StoreError> {
        let id = id.to_owned();
        let work = move |transaction: &WriteTransaction| {
            let mut journal = Journal::of(&id, transaction)?;
            journal.fence.0 += 1;
            journal.keep(&id, transaction)?;
            Ok(Ok(journal.fence))
        };
        self.0.write(work).await
    }

    async fn append(&self, id: &str, fence: Fence, events: Vec<Record>) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.0.write(move |transaction| append(&id, fence, &events, transaction)).await
    }

    async fn read(&self, id: &str, from: u64, limit: usize) -> Result<Vec<Record>, StoreError> {
        let id = id.to_owned();
        let page = move |transaction: &ReadTransaction| {
            let events = transaction.open_table(EVENTS)?;
            let mut page = Vec::new();
            for event in events.range((&*id, from)..=(&*id, u64::MAX))?.take(limit) {
                let (key, value) = event?;
                let ((_, sequence), (schema, bytes)) = (key.value(), value.value());
                page.push(Record { sequence, schema, bytes: Bytes::copy_from_slice(bytes) });
            }
            Ok(Ok(page))
        };
        self.0.read(page).await
    }

    async fn put_snapshot(&self, id: &str, fence: Fence, snapshot: Record) -> Result<(), StoreError> {
        let id = id.to_owned();
        let work = move |transaction: &WriteTransaction| {
            let journal = match Journal::admit(&id, fence, transaction)? {
                Ok(journal) => journal,
                Err(refused) => return Ok(Err(refused)),
            };
            journal.keep(&id, transaction)?;
            let Record { sequence, schema, bytes } = &snapshot;
            transaction.open_table(SNAPSHOTS)?.insert(&*id, (*sequence, *schema, &**bytes))?;
            Ok(Ok(()))
        };
        self.0.write(work).await
    }

    async fn snapshot(&self, id: &str) -> Result<Option<Record>, StoreError> {
        let id = id.to_owned();
        let find = move |transaction: &ReadTransaction| {
            let found = transaction.open_table(SNAPSHOTS)?.get(&*id)?;
            let record = found.map(|found| {
                let (sequence, schema, bytes) = found.value();
                Record { sequence, schema, bytes: Bytes::copy_from_slice(bytes) }
            });
            Ok(Ok(record))
        };
        self.0.read(find).await
    }

    async fn delete_to(&self, id: &str, fence: Fence, to: u64) -> Result<(), StoreError> {
        let id = id.to_owned();
        let work = move |transaction: &WriteTransaction| {
            let journal = match Journal::admit(&id, fence, transaction)? {
                Ok(journal) => journal,
                Err(refused) => return Ok(Err(refused)),
            };
            journal.keep(&id, transaction)?;
            transaction.open_table(EVENTS)?.retain_in((&*id, 0)..=(&*id, to), |_, _| false)?;
            Ok(Ok(()))
        };
        self.0.write(work).await
    }
}

fn append(id: &str, fence: Fence, events: &[Record], transaction: &WriteTransaction) -> Outcome<()> {
    let mut journal = match Journal::admit(id, fence, transaction)? {
        Ok(journal) => journal,
        Err(refused) => return Ok(Err(refused)),
    };
    let found = journal.last + 1;
    if let Some(first) = events.first().filter(|first| first.sequence != found) {
        // The fence was seen all the same.
        journal.keep(id, transaction)?;
        return Ok(Err(StoreError::Conflict { expected: first.sequence, found }));
    }
    journal.last += events.len() as u64;
    journal.keep(id, transaction)?;
    let mut kept = transaction.open_table(EVENTS)?;
    for Record { sequence, schema, bytes } in events {
        kept.insert((id, *sequence), (*schema, &**bytes))?;
    }
    Ok(Ok(()))
}
