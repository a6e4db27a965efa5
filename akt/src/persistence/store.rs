//! What keeps events: the trait of event stores, and what they keep; what all stores say, and their fences.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use thiserror::Error;

use crate::actor::Delivery;
use crate::system::SystemBuilder;

/// Keeps events and snapshots, by the id of their actor: `cart/user-1`.
///
/// Each id has events numbered from 1 on without a gap, at most one snapshot, and a [`Fence`]. When a future is ready
/// with `Ok`, what it did is durable. A future that is dropped half-way has done all or nothing.
///
/// The trait is used with `#[async_trait]` of the crate of that name. `akt::testkit::check_event_store`, with the feature
/// `testkit`, tells whether a store keeps the rules.
///
/// # Errors
///
/// Each method fails with [`StoreError::Unavailable`] if the store cannot be used. What writes fails with
/// [`StoreError::StaleFence`], and changes nothing, if a higher fence than its own was seen.
#[async_trait]
pub trait EventStore: Send + Sync + 'static {
    /// Makes a fence that is higher than any that `id` has seen. From now on older ones are refused.
    async fn fence(&self, id: &str) -> Result<Fence, StoreError>;

    /// Appends all of `events`, or none. They are numbered one after the other, and are never none.
    ///
    /// A `fence` that is higher than any before is from now on the highest.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if the first does not follow the last event that there was, deleted ones included.
    async fn append(&self, id: &str, fence: Fence, events: Vec<Record>) -> Result<(), StoreError>;

    /// Events of `id` from the number `from` on, in order: `limit` of them, or all that there are if that is fewer.
    async fn read(&self, id: &str, from: u64, limit: usize) -> Result<Vec<Record>, StoreError>;

    /// Keeps `snapshot` in the place of the one before.
    async fn put_snapshot(&self, id: &str, fence: Fence, snapshot: Record) -> Result<(), StoreError>;

    /// The snapshot of `id`, if there is one.
    async fn snapshot(&self, id: &str) -> Result<Option<Record>, StoreError>;

    /// Deletes the events of `id` up to the number `to`, that one included. The others keep their numbers.
    async fn delete_to(&self, id: &str, fence: Fence, to: u64) -> Result<(), StoreError>;
}

/// An event, or a snapshot of all events up to one, as a store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The number of the event; of a snapshot, that of the last event in it.
    pub sequence: u64,
    /// The version of the schema that its bytes were written in: `event_sourced(schema = 2)`.
    pub schema: u32,
    /// What [`Stored`](super::Stored) made of it.
    pub bytes: Bytes,
}

/// Tells the writers of one id apart: a number that only grows, one for each incarnation of its actor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fence(pub u64);

impl fmt::Display for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fence {}", self.0)
    }
}

/// Why a store did not do what it was asked for.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Somebody else has written. Certainly not persisted.
    #[error(
        "expected {expected} to be the next, found {found}: somebody else writes; read again what is kept"
    )]
    Conflict {
        /// Of events, the number of the first that was given; of a state, the version that it should have.
        expected: u64,
        /// Of events, the number that the next has to have; of a state, the version that it has.
        found: u64,
    },
    /// A newer incarnation of the actor has taken over. Certainly not persisted.
    #[error("{fence} is older than {newest}: a newer incarnation has taken over; stop this one")]
    StaleFence {
        /// The fence that was given.
        fence: Fence,
        /// The highest that was seen.
        newest: Fence,
    },
    /// The store cannot be used at the moment.
    #[error("the store is unavailable, persisted: {persisted}")]
    Unavailable {
        /// `Maybe` if it is not known whether a write was done.
        persisted: Delivery,
        /// What it says.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
}

impl StoreError {
    /// It could not be used, and has certainly written nothing.
    pub fn unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Unavailable { persisted: Delivery::No, source: source.into() }
    }

    /// It may have written what it was given: the answer was lost, or did not come in time.
    pub fn unknown(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Unavailable { persisted: Delivery::Maybe, source: source.into() }
    }

    /// Whether what it was given may be persisted.
    #[must_use]
    pub fn persisted(&self) -> Delivery {
        match self {
            Self::Conflict { .. } | Self::StaleFence { .. } => Delivery::No,
            Self::Unavailable { persisted, .. } => *persisted,
        }
    }
}

impl SystemBuilder {
    /// Sets where event-sourced actors keep their events.
    ///
    /// It is provided as an `Arc<dyn EventStore>`: `cx.dep::<Arc<dyn EventStore>>()` reads events beside the actors.
    pub fn event_store(self, store: impl EventStore) -> Self {
        self.provide::<Arc<dyn EventStore>>(Arc::new(store))
    }
}
