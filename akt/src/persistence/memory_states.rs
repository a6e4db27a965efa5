//! States in memory: for tests, and for programs that may forget.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;

use super::state_store::{Change, Kept, Row, Saved, StateStore, Write};
use super::store::{Fence, StoreError};

/// Keeps states as long as the process runs. Clones are one store: a second system finds the states of the first.
#[derive(Clone, Debug, Default)]
pub struct MemoryStateStore(Arc<Mutex<BTreeMap<String, Entry>>>);

#[derive(Debug, Default)]
struct Entry {
    version: u64,
    fence: Fence,
    state: Option<Saved>,
    rows: BTreeMap<Box<str>, Bytes>,
}

impl MemoryStateStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Entry {
    fn kept(&self) -> Kept {
        let Self { version, fence, ref state, ref rows } = *self;
        let rows = rows.clone().into_iter().map(|(name, bytes)| Row { name, bytes });
        Kept { version, fence, state: state.clone(), rows: rows.collect() }
    }

    fn commit(&mut self, fence: Fence, expected: u64, write: Write) -> Result<u64, StoreError> {
        if fence < self.fence {
            return Err(StoreError::StaleFence { fence, newest: self.fence });
        }
        if expected != self.version {
            return Err(StoreError::Conflict { expected, found: self.version });
        }
        match write.state {
            Change::Nothing => {}
            Change::Save(state) => self.state = Some(state),
            Change::Delete => self.state = None,
        }
        for name in &write.remove {
            self.rows.remove(name);
        }
        self.rows.extend(write.put.into_iter().map(|Row { name, bytes }| (name, bytes)));
        (self.fence, self.version) = (fence, expected + 1);
        Ok(self.version)
    }

    fn has_row(&self, prefix: &str) -> bool {
        let from = (Bound::Included(prefix), Bound::Unbounded);
        self.rows.range::<str, _>(from).next().is_some_and(|(name, _)| name.starts_with(prefix))
    }
}

#[async_trait]
impl StateStore for MemoryStateStore {
    async fn fence(&self, id: &str) -> Result<Fence, StoreError> {
        let mut entries = self.0.lock();
        let entry = entries.entry(id.to_owned()).or_default();
        entry.fence.0 += 1;
        Ok(entry.fence)
    }

    async fn load(&self, id: &str) -> Result<Kept, StoreError> {
        Ok(self.0.lock().get(id).map(Entry::kept).unwrap_or_default())
    }

    async fn commit(&self, id: &str, fence: Fence, expected: u64, write: Write) -> Result<u64, StoreError> {
        self.0.lock().entry(id.to_owned()).or_default().commit(fence, expected, write)
    }

    async fn ids_with_row(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let entries = self.0.lock();
        let behind = (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        let found = entries.range::<str, _>(behind).filter(|(_, entry)| entry.has_row(prefix));
        Ok(found.map(|(id, _)| id.clone()).take(limit).collect())
    }
}
