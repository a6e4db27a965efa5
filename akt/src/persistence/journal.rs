//! The journal of one incarnation: taken over at its start, read, and written under its fence.

use std::error::Error as StdError;
use std::sync::Arc;

use thiserror::Error;

use super::event_sourced::{EventSourced, Snapshots, Stored};
use super::store::{EventStore, Fence, Record, StoreError};
use crate::actor::{Ctx, Fault, yield_now};

/// How many events are read at once.
const PAGE: usize = 256;

/// Where an actor keeps its events, and how far it is.
pub(super) struct Journal {
    store: Arc<dyn EventStore>,
    id: Arc<str>,
    fence: Fence,
    /// The number of the last event.
    last: u64,
    /// That of the last one in a snapshot.
    in_snapshot: u64,
}

impl Journal {
    /// The journal of an actor that has recovered.
    pub(super) fn take<A: EventSourced>(cx: &mut Ctx<A>) -> Box<Self> {
        let journal = cx.take_journal().and_then(|journal| journal.downcast().ok());
        journal.expect("an actor recovers before its first message, and after what spoils its journal")
    }

    pub(super) fn put_back<A: EventSourced>(self: Box<Self>, cx: &mut Ctx<A>) {
        cx.keep_journal(self);
    }

    /// Stores `events` after those that there are.
    pub(super) async fn append<A: EventSourced>(&mut self, events: &[A::Event]) -> Result<(), StoreError> {
        let record = |(sequence, event): (u64, &A::Event)| Record {
            sequence,
            schema: A::SCHEMA,
            bytes: event.to_bytes(),
        };
        let records: Vec<_> = (self.last + 1..).zip(events).map(record).collect();
        let last = self.last + records.len() as u64;
        self.store.append(&self.id, self.fence, records).await?;
        self.last = last;
        Ok(())
    }

    /// Stores a snapshot if there are enough events since the last one; that it failed is known at the next.
    pub(super) fn snapshot<A: EventSourced>(
        &mut self,
        snapshots: &Snapshots<A>,
        actor: &A,
    ) -> Option<impl Future<Output = Result<(), StoreError>> + Send + use<A>> {
        if self.last - self.in_snapshot < snapshots.every {
            return None;
        }
        self.in_snapshot = self.last;
        let record = Record { sequence: self.last, schema: A::SCHEMA, bytes: (snapshots.take)(actor) };
        let (store, id, fence) = (self.store.clone(), self.id.clone(), self.fence);
        Some(async move { store.put_snapshot(&id, fence, record).await })
    }

    async fn open(store: Arc<dyn EventStore>, id: String) -> Result<Box<Self>, StoreError> {
        // The fence comes first: whatever an older incarnation has not stored by now, it never will.
        let fence = store.fence(&id).await?;
        Ok(Box::new(Self { store, id: id.into(), fence, last: 0, in_snapshot: 0 }))
    }

    async fn restore<A: EventSourced>(&mut self, actor: &mut A) -> Result<(), Fault> {
        let Some(snapshots) = A::snapshots() else { return Ok(()) };
        let Some(Record { sequence, schema, bytes }) = self.store.snapshot(&self.id).await? else {
            return Ok(());
        };
        if schema != A::SCHEMA {
            tracing::debug!(id = &*self.id, schema, "a snapshot of another schema was passed over");
            return Ok(());
        }
        (snapshots.restore)(actor, bytes).map_err(|fault| self.undecodable("snapshot", sequence, &fault))?;
        (self.last, self.in_snapshot) = (sequence, sequence);
        Ok(())
    }

    async fn replay<A: EventSourced>(&mut self, actor: &mut A) -> Result<(), Fault> {
        loop {
            let page = self.store.read(&self.id, self.last + 1, PAGE).await?;
            let full = page.len() >= PAGE;
            for record in page {
                let sequence = record.sequence;
                actor.apply(&self.event::<A>(record)?);
                self.last = sequence;
            }
            if !full {
                return Ok(());
            }
            yield_now().await;
        }
    }

    fn event<A: EventSourced>(&self, record: Record) -> Result<A::Event, Fault> {
        let Record { sequence, schema, bytes } = record;
        let (id, expected) = (&self.id, self.last + 1);
        if sequence != expected {
            return Err(RecoveryError::Gap { id: id.clone(), expected, found: sequence }.into());
        }
        if schema > A::SCHEMA {
            let known = A::SCHEMA;
            return Err(RecoveryError::Newer { id: id.clone(), sequence, schema, known }.into());
        }
        let event = if schema == A::SCHEMA { A::Event::from_bytes(bytes) } else { A::upcast(schema, bytes) };
        event.map_err(|fault| self.undecodable("event", sequence, &fault).into())
    }

    fn undecodable(&self, what: &'static str, sequence: u64, fault: &Fault) -> RecoveryError {
        let problem = fault.to_string().into();
        RecoveryError::Undecodable { what, id: self.id.clone(), sequence, problem }
    }
}

/// Makes a new value what its events say.
#[doc(hidden)]
pub async fn recover<A: EventSourced>(actor: &mut A, cx: &mut Ctx<A>) -> Result<(), Fault> {
    drop(cx.take_journal());
    let id = match cx.face() {
        Some(face) => face.id(),
        None => format!("{}/{}", A::KIND, cx.path().name()),
    };
    let store = cx.system().dependency().map_err(|_| RecoveryError::NoStore { kind: A::KIND })?;
    let mut journal = Journal::open(store, id).await?;
    cx.note_fence(journal.fence.0);
    journal.restore(actor).await?;
    journal.replay(actor).await?;
    tracing::debug!(
        id = &*journal.id,
        fence = journal.fence.0,
        events = journal.last,
        "an actor has recovered"
    );
    journal.put_back(cx);
    Ok(())
}

/// What an error says, and its sources.
pub(super) fn whole(error: &StoreError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}

/// Why an actor whose events or state are kept did not start, though its store answered.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecoveryError {
    /// The system has no event store.
    #[error(
        "`{kind}` is event-sourced and its system has no event store; say `.event_store(..)` on the builder"
    )]
    NoStore {
        /// The kind of the actor.
        kind: &'static str,
    },
    /// The system has no state store.
    #[error("`{kind}` has a state and its system has no state store; say `.state_store(..)` on the builder")]
    NoStateStore {
        /// The kind of the grain.
        kind: &'static str,
    },
    /// A newer program has written the state.
    #[error(
        "the state of `{id}` has schema {schema}, and this program knows up to {known}; run the newer one"
    )]
    NewerState {
        /// The id of the grain.
        id: Arc<str>,
        /// The schema of its state.
        schema: u32,
        /// The schema of this program.
        known: u32,
    },
    /// Events are gone that no snapshot replaces.
    #[error(
        "the events of `{id}` have a gap: expected {expected}, found {found}; restore them, or a snapshot of them"
    )]
    Gap {
        /// The id of the events.
        id: Arc<str>,
        /// The number that had to come.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// A newer program has written the event.
    #[error(
        "event {sequence} of `{id}` has schema {schema}, and this program knows up to {known}; run the newer one"
    )]
    Newer {
        /// The id of the events.
        id: Arc<str>,
        /// The number of the event.
        sequence: u64,
        /// Its schema.
        schema: u32,
        /// The schema of this program.
        known: u32,
    },
    /// The bytes of an event, a snapshot or a state are not what they should be.
    #[error("{what} {sequence} of `{id}` cannot be read: {problem}")]
    Undecodable {
        /// `event`, `snapshot` or `state`.
        what: &'static str,
        /// The id of its actor.
        id: Arc<str>,
        /// The number of the event, or the version of the state.
        sequence: u64,
        /// What is wrong with it.
        problem: Box<str>,
    },
}
