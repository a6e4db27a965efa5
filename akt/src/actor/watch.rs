//! *Pure.* Death watch: who wants to know that an actor is gone, and what it is told.

use super::error::StopReason;
use super::reference::AnyRef;

/// An actor is gone: told exactly once to each watcher, at once if it was gone before.
///
/// Its name is free by then.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Terminated {
    /// The actor that is gone.
    pub actor: AnyRef,
    /// Why.
    pub reason: StopReason,
}
