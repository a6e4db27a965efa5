//! The children of an actor, by name.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::reference::Target;

/// Names are unique among the children of one parent.
pub(crate) struct Children(HashSet<ByName, Seeded>);

impl Children {
    /// No children; `seed` makes the order of iteration a matter of the node's own chance.
    pub(crate) fn new(seed: u64) -> Self {
        Self(HashSet::with_hasher(Seeded(seed)))
    }

    /// False if the name is taken.
    pub(crate) fn insert(&mut self, child: Arc<dyn Target>) -> bool {
        self.0.insert(ByName(child))
    }

    /// Removes `child`, unless its name belongs to another by now.
    pub(crate) fn remove(&mut self, child: &dyn Target) {
        let Some(core) = child.core() else { return };
        // Not the target itself: a router's face and its cell have one core.
        let same = |found: &ByName| found.0.core().is_some_and(|found| std::ptr::eq(found, core));
        if self.0.get(core.name()).is_some_and(same) {
            self.0.remove(core.name());
        }
        if self.0.capacity() > 64 && self.0.len() * 4 < self.0.capacity() {
            self.0.shrink_to_fit();
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Arc<dyn Target>> {
        self.0.get(name).map(|child| &child.0)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<dyn Target>> {
        self.0.iter().map(|child| &child.0)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

struct ByName(Arc<dyn Target>);

impl ByName {
    fn name(&self) -> &str {
        self.0.core().map_or("", |core| core.name())
    }
}

impl Borrow<str> for ByName {
    fn borrow(&self) -> &str {
        self.name()
    }
}

impl Hash for ByName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl PartialEq for ByName {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for ByName {}

/// Keyed by the node's seed: names from outside cannot aim at one bucket, a simulation stays repeatable.
struct Seeded(u64);

impl BuildHasher for Seeded {
    type Hasher = DefaultHasher;

    fn build_hasher(&self) -> DefaultHasher {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.0);
        hasher
    }
}
