//! Events in memory: for tests, and for programs that may forget.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;

use super::store::{EventStore, Fence, Record, StoreError};

/// Keeps events as long as the process runs. Clones are one store: a second system finds the events of the first.
#[derive(Clone, Debug, Default)]
pub struct MemoryEventStore(Arc<Mutex<BTreeMap<Box<str>, Kept>>>);

/// What is kept of one id.
#[derive(Debug, Default)]
struct Kept {
    fence: Fence,
    /// The number of the last event, deleted or not.
    last: u64,
    events: VecDeque<Record>,
    snapshot: Option<Record>,
}

impl MemoryEventStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn with<T>(&self, id: &str, work: impl FnOnce(&mut Kept) -> T) -> T {
        work(self.0.lock().entry(id.into()).or_default())
    }
}

impl Kept {
    fn admit(&mut self, fence: Fence) -> Result<(), StoreError> {
        if fence < self.fence {
            return Err(StoreError::StaleFence { fence, newest: self.fence });
        }
        self.fence = fence;
        Ok(())
    }

    fn append(&mut self, events: Vec<Record>) -> Result<(), StoreError> {
        let found = self.last + 1;
        let Some(Record { sequence: expected, .. }) = events.first().cloned() else { return Ok(()) };
        if expected != found {
            return Err(StoreError::Conflict { expected, found });
        }
        self.last += events.len() as u64;
        self.events.extend(events);
        Ok(())
    }
}

#[async_trait]
impl EventStore for MemoryEventStore {
    async fn fence(&self, id: &str) -> Result<Fence, StoreError> {
        Ok(self.with(id, |kept| {
            kept.fence.0 += 1;
            kept.fence
        }))
    }

    async fn append(&self, id: &str, fence: Fence, events: Vec<Record>) -> Result<(), StoreError> {
        self.with(id, |kept| kept.admit(fence).and_then(|()| kept.append(events)))
    }

    async fn read(&self, id: &str, from: u64, limit: usize) -> Result<Vec<Record>, StoreError> {
        let page = |kept: &mut Kept| {
            let first = kept.events.partition_point(|event| event.sequence < from);
            kept.events.iter().skip(first).take(limit).cloned().collect()
        };
        Ok(self.with(id, page))
    }

    async fn put_snapshot(&self, id: &str, fence: Fence, snapshot: Record) -> Result<(), StoreError> {
        self.with(id, |kept| {
            kept.admit(fence)?;
            kept.snapshot = Some(snapshot);
            Ok(())
        })
    }

    async fn snapshot(&self, id: &str) -> Result<Option<Record>, StoreError> {
        Ok(self.with(id, |kept| kept.snapshot.clone()))
    }

    async fn delete_to(&self, id: &str, fence: Fence, to: u64) -> Result<(), StoreError> {
        self.with(id, |kept| {
            kept.admit(fence)?;
            let gone = kept.events.partition_point(|event| event.sequence <= to);
            kept.events.drain(..gone);
            Ok(())
        })
    }
}
