//! What belongs to a system and is made at its first use.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::ActorSystem;

type Known = BTreeMap<TypeId, Arc<dyn Any + Send + Sync>>;

/// By type; absent once the system has ended.
pub(super) struct Parts(Mutex<Option<Known>>);

impl Default for Parts {
    fn default() -> Self {
        Self(Mutex::new(Some(Known::new())))
    }
}

impl ActorSystem {
    /// The part of type `T`. Of a system that has ended, one that nobody else has.
    pub(crate) fn part<T: Any + Default + Send + Sync>(&self) -> Arc<T> {
        let mut parts = self.0.parts.0.lock();
        let Some(known) = &mut *parts else { return Arc::default() };
        let part = known.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(T::default()));
        part.clone().downcast().expect("it is known by its type")
    }

    /// The system has ended: it and its parts let each other go.
    pub(super) fn forget_parts(&self) {
        let parts = self.0.parts.0.lock().take();
        drop(parts);
    }
}
