//! Reminders in memory: for tests, and for programs that may forget.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Bound, Range};
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use parking_lot::Mutex;

use super::reminder_store::{KeptReminder, ReminderRow, ReminderStore};
use super::store::StoreError;

/// Keeps reminders as long as the process runs. Clones are one store: a second system finds the reminders of the first.
#[derive(Clone, Debug, Default)]
pub struct MemoryReminderStore(Arc<Mutex<Rows>>);

#[derive(Debug, Default)]
struct Rows {
    /// The last version that was made.
    last: u64,
    by_id: BTreeMap<Key, KeptReminder>,
    by_time: BTreeSet<(u16, SystemTime, Key)>,
}

/// An id and a name.
type Key = (Box<str>, Box<str>);

impl MemoryReminderStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Rows {
    fn put(&mut self, row: ReminderRow) -> u64 {
        let key = key(&row.id, &row.name);
        self.remove(&key);
        self.last += 1;
        self.by_time.insert((row.shard, row.due, key.clone()));
        self.by_id.insert(key, KeptReminder { version: self.last, row });
        self.last
    }

    fn remove(&mut self, key: &Key) -> Option<KeptReminder> {
        let gone = self.by_id.remove(key)?;
        self.by_time.remove(&(gone.row.shard, gone.row.due, key.clone()));
        Some(gone)
    }

    fn due(
        &self,
        shard: u16,
        window: &Range<SystemTime>,
        after: Option<&KeptReminder>,
        limit: usize,
    ) -> Vec<KeptReminder> {
        let from = match after {
            Some(KeptReminder { row, .. }) => Bound::Excluded((shard, row.due, key(&row.id, &row.name))),
            None => Bound::Included((shard, window.start, key("", ""))),
        };
        let page = self.by_time.range((from, Bound::Unbounded));
        let page = page.take_while(|(of, due, _)| *of == shard && *due < window.end);
        page.take(limit).map(|(.., key)| self.by_id[key].clone()).collect()
    }

    fn advance(
        &mut self,
        key: &Key,
        version: u64,
        next: Option<SystemTime>,
    ) -> Result<Option<u64>, StoreError> {
        let found = self.by_id.get(key).map_or(0, |kept| kept.version);
        if found != version || found == 0 {
            return Err(StoreError::Conflict { expected: version, found });
        }
        let gone = self.remove(key).map(|kept| kept.row);
        Ok(gone.zip(next).map(|(row, due)| self.put(ReminderRow { due, ..row })))
    }
}

fn key(id: &str, name: &str) -> Key {
    (id.into(), name.into())
}

#[async_trait]
impl ReminderStore for MemoryReminderStore {
    async fn put(&self, row: ReminderRow) -> Result<u64, StoreError> {
        Ok(self.0.lock().put(row))
    }

    async fn get(&self, id: &str, name: &str) -> Result<Option<KeptReminder>, StoreError> {
        Ok(self.0.lock().by_id.get(&key(id, name)).cloned())
    }

    async fn list(&self, id: &str) -> Result<Vec<KeptReminder>, StoreError> {
        let rows = self.0.lock();
        let all = rows.by_id.range(key(id, "")..).take_while(|((of, _), _)| &**of == id);
        Ok(all.map(|(_, kept)| kept.clone()).collect())
    }

    async fn delete(&self, id: &str, name: &str) -> Result<bool, StoreError> {
        Ok(self.0.lock().remove(&key(id, name)).is_some())
    }

    async fn due(
        &self,
        shard: u16,
        window: Range<SystemTime>,
        after: Option<&KeptReminder>,
        limit: usize,
    ) -> Result<Vec<KeptReminder>, StoreError> {
        Ok(self.0.lock().due(shard, &window, after, limit))
    }

    async fn advance(
        &self,
        id: &str,
        name: &str,
        version: u64,
        next: Option<SystemTime>,
    ) -> Result<Option<u64>, StoreError> {
        self.0.lock().advance(&key(id, name), version, next)
    }
}
