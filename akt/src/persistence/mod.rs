//! What outlives actors: states, turns that are commits, events; and the stores of these, and of reminders.
//!
#![doc = include_str!("../docs/persistence.md")]

mod event_sourced;
mod journal;
mod memory_events;
mod memory_reminders;
mod memory_states;
mod persist;
#[cfg(feature = "redb")]
mod redb;
mod reminder_store;
mod state_store;
mod store;

pub use self::event_sourced::{EventOf, EventSourced, Snapshot, Snapshots, Stored, snapshots_every};
pub use self::journal::{RecoveryError, recover};
pub use self::memory_events::MemoryEventStore;
pub use self::memory_reminders::MemoryReminderStore;
pub use self::memory_states::MemoryStateStore;
pub(crate) use self::persist::told;
pub use self::persist::{Persist, commit, persist};
#[cfg(feature = "redb")]
pub use self::redb::{RedbError, RedbStore};
pub use self::reminder_store::{KeptReminder, ReminderRow, ReminderStore};
pub use self::state_store::{Change, Kept, Row, Saved, StateStore, Write};
pub use self::store::{EventStore, Fence, Record, StoreError};
