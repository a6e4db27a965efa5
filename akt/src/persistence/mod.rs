//! Actors whose state is what their events say, and the stores that keep events.
//!
#![doc = include_str!("../docs/persistence.md")]

mod event_sourced;
mod journal;
mod memory;
mod persist;
mod store;

pub use self::event_sourced::{EventOf, EventSourced, Snapshot, Snapshots, Stored, snapshots_every};
pub use self::journal::{RecoveryError, recover};
pub use self::memory::MemoryEventStore;
pub use self::persist::{Persist, commit, persist};
pub use self::store::{EventStore, Fence, Record, StoreError};
