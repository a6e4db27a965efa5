//! States, and what belongs to them, in the file of a node.

use async_trait::async_trait;
use bytes::Bytes;
use redb::{Error, ReadTransaction, ReadableTable, WriteTransaction};

use super::RedbStore;
use super::layout::{ROWS, STATES};
use super::thread::Outcome;
use crate::persistence::{Change, Fence, Kept, Row, Saved, StateStore, StoreError, Write};

#[async_trait]
impl StateStore for RedbStore {
    async fn fence(&self, id: &str) -> Result<Fence, StoreError> {
        let id = id.to_owned();
        self.0.write(move |transaction| fence(&id, transaction)).await
    }

    async fn load(&self, id: &str) -> Result<Kept, StoreError> {
        let id = id.to_owned();
        self.0.read(move |transaction| load(&id, transaction)).await
    }

    async fn commit(&self, id: &str, fence: Fence, expected: u64, write: Write) -> Result<u64, StoreError> {
        let id = id.to_owned();
        self.0.write(move |transaction| commit(&id, fence, expected, &write, transaction)).await
    }

    async fn ids_with_row(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let (prefix, after) = (prefix.to_owned(), after.map(behind));
        let find = move |transaction: &ReadTransaction| {
            ids_with_row(&prefix, after.unwrap_or_default(), limit, transaction)
        };
        self.0.read(find).await
    }
}

/// The first text behind `text`, in order.
fn behind(text: &str) -> String {
    format!("{text}\0")
}

fn fence(id: &str, transaction: &WriteTransaction) -> Outcome<Fence> {
    let mut states = transaction.open_table(STATES)?;
    let known = states.get(id)?.map(|known| {
        let (version, fence, state) = known.value();
        (version, fence, state.map(|(schema, bytes)| (schema, bytes.to_vec())))
    });
    let (version, fence, state) = known.unwrap_or_default();
    let state = state.as_ref().map(|(schema, bytes)| (*schema, &**bytes));
    states.insert(id, (version, fence + 1, state))?;
    Ok(Ok(Fence(fence + 1)))
}

fn load(id: &str, transaction: &ReadTransaction) -> Outcome<Kept> {
    let states = transaction.open_table(STATES)?;
    let Some(known) = states.get(id)? else { return Ok(Ok(Kept::default())) };
    let (version, fence, state) = known.value();
    let state = state.map(|(schema, bytes)| Saved { schema, bytes: Bytes::copy_from_slice(bytes) });
    let mut rows = Vec::new();
    for row in transaction.open_table(ROWS)?.range((id, "")..(&*behind(id), ""))? {
        let (key, bytes) = row?;
        rows.push(Row { name: key.value().1.into(), bytes: Bytes::copy_from_slice(bytes.value()) });
    }
    Ok(Ok(Kept { version, fence: Fence(fence), state, rows }))
}

fn commit(
    id: &str,
    fence: Fence,
    expected: u64,
    write: &Write,
    transaction: &WriteTransaction,
) -> Outcome<u64> {
    let mut states = transaction.open_table(STATES)?;
    let known = states.get(id)?;
    let (found, newest, old) = known.as_ref().map(|known| known.value()).unwrap_or_default();
    if fence.0 < newest {
        return Ok(Err(StoreError::StaleFence { fence, newest: Fence(newest) }));
    }
    if expected != found {
        return Ok(Err(StoreError::Conflict { expected, found }));
    }
    let old = old.map(|(schema, bytes)| Saved { schema, bytes: Bytes::copy_from_slice(bytes) });
    drop(known);
    let state = match &write.state {
        Change::Nothing => old.as_ref(),
        Change::Save(state) => Some(state),
        Change::Delete => None,
    };
    let version = expected + 1;
    states.insert(id, (version, fence.0, state.map(|state| (state.schema, &*state.bytes))))?;
    drop(states);
    change_rows(id, write, transaction)?;
    Ok(Ok(version))
}

fn change_rows(id: &str, write: &Write, transaction: &WriteTransaction) -> Result<(), Error> {
    let mut rows = transaction.open_table(ROWS)?;
    for name in &write.remove {
        rows.remove((id, &**name))?;
    }
    for Row { name, bytes } in &write.put {
        rows.insert((id, &**name), &**bytes)?;
    }
    Ok(())
}

/// From the id `from` on.
fn ids_with_row(
    prefix: &str,
    mut from: String,
    limit: usize,
    transaction: &ReadTransaction,
) -> Outcome<Vec<String>> {
    let rows = transaction.open_table(ROWS)?;
    let mut found = Vec::new();
    while found.len() < limit {
        let Some(next) = rows.range((&*from, "")..)?.next() else { break };
        let id = next?.0.value().0.to_owned();
        let row = rows.range((&*id, prefix)..(&*behind(&id), ""))?.next().transpose()?;
        let has = row.is_some_and(|(key, _)| key.value().1.starts_with(prefix));
        from = behind(&id);
        if has {
            found.push(id);
        }
    }
    Ok(Ok(found))
}
