//! An event store that notes what it is asked for, and fails, waits or falls silent when it is told to.

use std::sync::Arc;

use akt::persistence::{EventStore, Fence, MemoryEventStore, Record, StoreError};
use async_trait::async_trait;
use parking_lot::Mutex;

use crate::support::{Door, Log, door};

/// How an action does not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fails {
    /// It is not done.
    Before,
    /// It is done, and nobody knows.
    After,
    /// It is not done, and there is no answer.
    SilentlyBefore,
    /// It is done, and there is no answer.
    SilentlyAfter,
}

/// A store in memory that does what its script says. Clones are one store, each with a log of its own.
#[derive(Clone, Default)]
pub(super) struct Scripted {
    inner: MemoryEventStore,
    script: Arc<Mutex<Script>>,
    log: Option<Log>,
}

#[derive(Default)]
struct Script {
    /// How the action comes off after so many others.
    step: Option<(usize, Fails)>,
    append: Option<Fails>,
    gate: Option<Door>,
    refuses_fences: bool,
    refuses_snapshots: bool,
}

impl Scripted {
    /// The same events, without the script.
    pub(super) fn events(&self) -> MemoryEventStore {
        self.inner.clone()
    }

    pub(super) fn noting(&self, log: &Log) -> Self {
        Self { log: Some(log.clone()), ..self.clone() }
    }

    pub(super) fn fail_next_append(&self, how: Fails) {
        self.script.lock().append = Some(how);
    }

    pub(super) fn fail_after(&self, actions: usize, how: Fails) {
        self.script.lock().step = Some((actions, how));
    }

    /// Whether what `fail_after` said has happened.
    pub(super) fn has_failed(&self) -> bool {
        self.script.lock().step.is_none()
    }

    pub(super) fn hold_next_append(&self) -> tokio::sync::oneshot::Sender<()> {
        let (opens, gate) = door();
        self.script.lock().gate = Some(gate);
        opens
    }

    pub(super) fn refuse_fences(&self) {
        self.script.lock().refuses_fences = true;
    }

    pub(super) fn refuse_snapshots(&self) {
        self.script.lock().refuses_snapshots = true;
    }

    fn note(&self, what: &str) {
        self.log.iter().for_each(|log| log.lock().push(what.to_owned()));
    }

    /// How the next action fails.
    fn next(&self) -> Option<Fails> {
        let mut script = self.script.lock();
        let (left, how) = script.step?;
        script.step = left.checked_sub(1).map(|left| (left, how));
        script.step.is_none().then_some(how)
    }

    async fn act<T: Send>(
        &self,
        how: Option<Fails>,
        action: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        match how {
            Some(Fails::Before) => return Err(StoreError::unavailable("no disk")),
            Some(Fails::SilentlyBefore) => std::future::pending().await,
            _ => {}
        }
        let done = action.await;
        match how {
            Some(Fails::After) => Err(StoreError::unknown("no answer")),
            Some(Fails::SilentlyAfter) => std::future::pending().await,
            _ => done,
        }
    }
}

#[async_trait]
impl EventStore for Scripted {
    async fn fence(&self, id: &str) -> Result<Fence, StoreError> {
        self.note("fence");
        if self.script.lock().refuses_fences {
            return Err(StoreError::unavailable("no disk"));
        }
        self.act(self.next(), self.inner.fence(id)).await
    }

    async fn append(&self, id: &str, fence: Fence, events: Vec<Record>) -> Result<(), StoreError> {
        let numbers: Vec<_> = events.iter().map(|event| event.sequence.to_string()).collect();
        self.note(&format!("append {}", numbers.join(" ")));
        let (gate, how) = {
            let mut script = self.script.lock();
            (script.gate.take(), script.append.take())
        };
        if let Some(gate) = gate {
            gate.await.unwrap();
        }
        self.act(how.or_else(|| self.next()), self.inner.append(id, fence, events)).await
    }

    async fn read(&self, id: &str, from: u64, limit: usize) -> Result<Vec<Record>, StoreError> {
        self.note(&format!("read from {from}"));
        self.act(self.next(), self.inner.read(id, from, limit)).await
    }

    async fn put_snapshot(&self, id: &str, fence: Fence, snapshot: Record) -> Result<(), StoreError> {
        self.note(&format!("put snapshot {}", snapshot.sequence));
        if self.script.lock().refuses_snapshots {
            return Err(StoreError::unavailable("no disk"));
        }
        self.act(self.next(), self.inner.put_snapshot(id, fence, snapshot)).await
    }

    async fn snapshot(&self, id: &str) -> Result<Option<Record>, StoreError> {
        self.note("snapshot");
        self.act(self.next(), self.inner.snapshot(id)).await
    }

    async fn delete_to(&self, id: &str, fence: Fence, to: u64) -> Result<(), StoreError> {
        self.act(self.next(), self.inner.delete_to(id, fence, to)).await
    }
}
