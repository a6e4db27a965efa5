//! What keeps the states of grains: the trait of state stores, and what they keep.

use async_trait::async_trait;
use bytes::Bytes;

use super::store::{Fence, StoreError};

/// Keeps states, and what belongs to them, by the id of their grain: `cart/user-1`.
///
/// Each id has a version, 0 at first and one more after each commit; a [`Fence`]; a state, perhaps; and rows, small
/// things under names. All that a commit changes, it changes at once or not at all. When a future is ready with `Ok`,
/// what it did is durable. A future that is dropped half-way has done all or nothing.
///
/// The trait is used with `#[async_trait]` of the crate of that name. `akt::testkit::check_state_store`, with the feature
/// `testkit`, tells whether a store keeps the rules.
///
/// # Errors
///
/// Each method fails with [`StoreError::Unavailable`] if the store cannot be used.
#[async_trait]
pub trait StateStore: Send + Sync + 'static {
    /// Makes a fence that is higher than any that `id` has seen. From now on older ones are refused.
    async fn fence(&self, id: &str) -> Result<Fence, StoreError>;

    /// All that is kept of `id`; of one that was never written, the version 0 and nothing else.
    async fn load(&self, id: &str) -> Result<Kept, StoreError>;

    /// Changes what is kept of `id`, whose version is `expected`; the new version.
    ///
    /// A `fence` that is higher than any before is from now on the highest.
    ///
    /// # Errors
    ///
    /// Nothing is changed with [`StoreError::StaleFence`], if a higher fence than `fence` was seen, nor with
    /// [`StoreError::Conflict`], if the version is another one. If both are so, it is the former.
    async fn commit(&self, id: &str, fence: Fence, expected: u64, write: Write) -> Result<u64, StoreError>;

    /// The ids that have a row whose name begins with `prefix`, in order: those behind `after`, at most `limit`, or all
    /// that there are if that is fewer.
    async fn ids_with_row(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError>;
}

/// What is kept of one id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// How many commits there were.
    pub version: u64,
    /// The highest fence that was seen.
    pub fence: Fence,
    /// The state, if there is one.
    pub state: Option<Saved>,
    /// The rows, by name in order.
    pub rows: Vec<Row>,
}

/// A state as a store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The version of the schema that its bytes were written in: `state(.., schema = 2)`.
    pub schema: u32,
    /// What [`Stored`](super::Stored) made of it.
    pub bytes: Bytes,
}

/// Something small that is kept beside a state: a message that is to be delivered, an answer that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// One row of an id has it.
    pub name: Box<str>,
    /// What it holds.
    pub bytes: Bytes,
}

/// What a commit changes; the default changes nothing but the version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Write {
    /// What becomes of the state.
    pub state: Change,
    /// The names of rows that go; one that is not there is no mistake.
    pub remove: Vec<Box<str>>,
    /// Rows that come, also in the place of one of their name.
    pub put: Vec<Row>,
}

/// What a commit makes of a state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change {
    /// It stays as it is.
    #[default]
    Nothing,
    /// This is the state.
    Save(Saved),
    /// There is no state.
    Delete,
}
