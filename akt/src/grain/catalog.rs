//! The catalog of a system: its kinds of grains, and of each kind the keys that somebody refers to.

use std::any::{Any, TypeId, type_name};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::crowd::Crowd;
use super::locator::{Alone, Locator};
use super::options::Idleness;
use super::reference::GrainSink;
use super::roster::Roster;
use super::traits::Grain;
use crate::actor::{Guardian, Ref, Target};
use crate::system::ActorSystem;

/// The parent of all kinds, below the system's guardian.
pub(super) const GRAINS: &str = "$grains";

/// The kinds that were used in a system.
#[derive(Default)]
pub(super) struct Catalog(Mutex<Kinds>);

#[derive(Default)]
struct Kinds {
    parent: Option<Arc<dyn Target>>,
    known: BTreeMap<&'static str, Known>,
}

struct Known {
    grain: TypeId,
    type_name: &'static str,
    guardian: Arc<dyn Target>,
    /// An `Arc<Kind<G>>`.
    kind: Arc<dyn Any + Send + Sync>,
}

/// One kind of grain in one system.
pub(super) struct Kind<G: Grain> {
    /// The parent of its activations.
    pub(super) guardian: Arc<dyn Target>,
    pub(super) locator: Box<dyn Locator>,
    pub(super) idleness: Idleness,
    /// Why it cannot be used.
    pub(super) problem: Option<Arc<str>>,
    keys: Mutex<HashMap<G::Key, Weak<GrainSink<G>>>>,
    /// In the place of `keys`, if the kind is stateless.
    crowds: Mutex<HashMap<G::Key, Weak<Crowd<G>>>>,
}

impl<G: Grain> Kind<G> {
    fn new(guardian: Arc<dyn Target>, idleness: Idleness, problem: Option<Arc<str>>) -> Self {
        Self {
            guardian,
            locator: Box::new(Alone),
            idleness,
            problem,
            keys: Mutex::default(),
            crowds: Mutex::default(),
        }
    }

    /// The kind in `system`, registered if this is its first use.
    pub(super) fn of(system: &ActorSystem) -> Arc<Self> {
        let catalog = system.part::<Catalog>();
        let mut kinds = catalog.0.lock();
        if let Some(known) = kinds.known.get(G::KIND) {
            let found = known.kind.clone().downcast();
            return found.unwrap_or_else(|_| Arc::new(Self::taken(known)));
        }
        let parent = kinds.parent.get_or_insert_with(|| Guardian::child(&system.user(), GRAINS));
        let guardian = Guardian::child(parent, G::KIND);
        let idleness = system.part::<Roster>().idleness(G::KIND);
        let kind = Arc::new(Self::new(guardian.clone(), idleness, None));
        let (grain, type_name) = (TypeId::of::<G>(), type_name::<G>());
        kinds.known.insert(G::KIND, Known { grain, type_name, guardian, kind: kind.clone() });
        kind
    }

    /// Another type has the name.
    fn taken(known: &Known) -> Self {
        debug_assert_ne!(known.grain, TypeId::of::<G>());
        let (kind, theirs, ours) = (G::KIND, known.type_name, type_name::<G>());
        let problem =
            format!("grain kind `{kind}` is `{theirs}` in this system; give `{ours}` a kind of its own");
        tracing::error!(kind, theirs, ours, "two types of grains have one kind");
        Self::new(known.guardian.clone(), Idleness::default(), Some(problem.into()))
    }

    /// The reference of `key`: the same as long as somebody has it, or it is active.
    pub(super) fn grain(self: &Arc<Self>, key: G::Key) -> Ref<G::Msg> {
        if let Some(most) = G::WORKERS {
            return self.crowd(key, most);
        }
        let mut keys = self.keys.lock();
        if let Some(known) = keys.get(&key).and_then(Weak::upgrade) {
            return Ref::new(known);
        }
        let sink = GrainSink::new(self.clone(), key.clone());
        keys.insert(key, Arc::downgrade(&sink));
        Ref::new(sink)
    }

    fn crowd(self: &Arc<Self>, key: G::Key, most: usize) -> Ref<G::Msg> {
        let mut crowds = self.crowds.lock();
        if let Some(known) = crowds.get(&key).and_then(Weak::upgrade) {
            return Ref::new(known);
        }
        let crowd = Crowd::new(self.clone(), key.clone(), most);
        crowds.insert(key, Arc::downgrade(&crowd));
        Ref::new(crowd)
    }

    /// As [`forget`](Self::forget).
    pub(super) fn forget_crowd(&self, key: &G::Key, gone: &Weak<Crowd<G>>) {
        let mut crowds = self.crowds.lock();
        if crowds.get(key).is_some_and(|known| known.ptr_eq(gone)) {
            crowds.remove(key);
        }
    }

    /// Nobody has the reference `gone` any more.
    pub(super) fn forget(&self, key: &G::Key, gone: &Weak<GrainSink<G>>) {
        let mut keys = self.keys.lock();
        if keys.get(key).is_some_and(|known| known.ptr_eq(gone)) {
            keys.remove(key);
        }
    }
}
