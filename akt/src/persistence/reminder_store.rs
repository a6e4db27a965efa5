//! What keeps reminders: the trait of reminder stores, and what they keep.

use std::ops::Range;
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;

use super::store::StoreError;

/// Keeps reminders, by the id of their grain, `cart/user-1`, and a name.
///
/// Each has a version. A put and an advance make one that this id and name never had, not even before a delete. Times are
/// whole milliseconds, and not before 1970. When a future is ready with `Ok`, what it did is durable. A future that is
/// dropped half-way has done all or nothing.
///
/// The trait is used with `#[async_trait]` of the crate of that name. `akt::testkit::check_reminder_store`, with the feature
/// `testkit`, tells whether a store keeps the rules.
///
/// # Errors
///
/// Each method fails with [`StoreError::Unavailable`] if the store cannot be used.
#[async_trait]
pub trait ReminderStore: Send + Sync + 'static {
    /// Keeps `row` in the place of the one of its id and name, if there is one; its version.
    async fn put(&self, row: ReminderRow) -> Result<u64, StoreError>;

    /// The reminder of this id and name, if there is one.
    async fn get(&self, id: &str, name: &str) -> Result<Option<KeptReminder>, StoreError>;

    /// All of `id`, by name in order.
    async fn list(&self, id: &str) -> Result<Vec<KeptReminder>, StoreError>;

    /// Deletes the reminder of this id and name; false if there was none.
    async fn delete(&self, id: &str, name: &str) -> Result<bool, StoreError>;

    /// Those of `shard` that are due at the start of `window` or later and before its end, in the order of time, id and
    /// name: the first `limit` behind `after`, or all that there are if that is fewer.
    ///
    /// `after` is the last of the page before; it may be gone, or have moved.
    async fn due(
        &self,
        shard: u16,
        window: Range<SystemTime>,
        after: Option<&KeptReminder>,
        limit: usize,
    ) -> Result<Vec<KeptReminder>, StoreError>;

    /// Makes `next` the time at which the reminder of this id and name is due, or deletes it if there is none; its new
    /// version, if it is there still.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`], and nothing is changed, if its version is not `version`: found 0 if there is none.
    async fn advance(
        &self,
        id: &str,
        name: &str,
        version: u64,
        next: Option<SystemTime>,
    ) -> Result<Option<u64>, StoreError>;
}

/// A reminder as it is given to a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReminderRow {
    /// Whose it is: the kind of a grain and its key, `cart/user-1`.
    pub id: Box<str>,
    /// Its name among those of its grain.
    pub name: Box<str>,
    /// The part of all reminders that it belongs to. The id says which.
    pub shard: u16,
    /// When it is due next.
    pub due: SystemTime,
    /// What is to be sent, and how often.
    pub bytes: Bytes,
}

/// A reminder as a store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptReminder {
    /// The version that the last write made.
    pub version: u64,
    /// What was written.
    pub row: ReminderRow,
}
