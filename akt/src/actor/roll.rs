//! The names of asks under way, kept where somebody wants to know them: in tests.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use parking_lot::Mutex;

use super::reference::Target;
use crate::path::ActorPath;

/// Absent unless somebody wants to know.
#[derive(Default)]
pub(crate) struct Roll(OnceLock<Mutex<BTreeMap<usize, Waiting>>>);

/// An ask that waits for its answer: of whom, and the handler.
pub(crate) type Waiting = (ActorPath, &'static str);

impl Roll {
    /// Keeps names from now on.
    #[allow(dead_code, reason = "only tests want to know")]
    pub(crate) fn open(&self) {
        self.0.get_or_init(Mutex::default);
    }

    /// An ask is under way; `key` is its own as long as it is.
    #[inline]
    pub(crate) fn add(&self, key: usize, target: &dyn Target, name: &'static str) {
        if let Some(roll) = self.0.get() {
            let waiting = (target.path(), name);
            roll.lock().insert(key, waiting);
        }
    }

    #[inline]
    pub(crate) fn remove(&self, key: usize) {
        if let Some(roll) = self.0.get() {
            roll.lock().remove(&key);
        }
    }

    #[allow(dead_code, reason = "only tests want to know")]
    pub(crate) fn waiting(&self) -> Vec<Waiting> {
        let mut waiting: Vec<_> =
            self.0.get().map(|roll| roll.lock().values().cloned().collect()).unwrap_or_default();
        waiting.sort_by_cached_key(|(path, name)| (path.to_string(), *name));
        waiting
    }
}
