//! The kinds of grains that a system was told of before its start: found by name, with keys as text.

use std::any::type_name;
use std::collections::BTreeMap;

use parking_lot::Mutex;

use super::catalog::Kind;
use super::key::GrainKey;
use super::traits::Grain;
use crate::actor::{AnyRef, Fault};
use crate::system::{ActorSystem, StartError, SystemBuilder};

/// The registered kinds of a system.
#[derive(Default)]
pub(crate) struct Registry(Mutex<BTreeMap<&'static str, Registered>>);

/// One kind, its type forgotten.
#[derive(Clone, Copy)]
pub(crate) struct Registered {
    type_name: &'static str,
    /// The contract that it serves.
    pub(crate) contract: Option<&'static str>,
    /// The grain of a key; none if the text is that of no key.
    pub(crate) find: fn(&ActorSystem, &str) -> Option<AnyRef>,
}

impl SystemBuilder {
    /// Says that grains of type `G` live in this system: what knows them by their kind only finds them.
    ///
    /// `G::grain(&system, key)` needs no such word. Two types of one kind are a [`StartError::Part`].
    pub fn grain<G: Grain>(self) -> Self {
        self.prepare(|system| system.part::<Registry>().enlist::<G>())
    }
}

impl Registry {
    pub(super) fn enlist<G: Grain>(&self) -> Result<(), StartError> {
        let type_name = type_name::<G>();
        let one = Registered { type_name, contract: G::CONTRACT, find: find::<G> };
        let old = self.0.lock().insert(G::KIND, one);
        let Some(theirs) = old.map(|old| old.type_name).filter(|theirs| *theirs != type_name) else {
            return Ok(());
        };
        let kind = G::KIND;
        let two = format!(
            "grain kind `{kind}` is both `{theirs}` and `{type_name}`: give one of them a kind of its own"
        );
        Err(StartError::Part { part: "grains", source: Fault::new(two).into_inner() })
    }

    pub(crate) fn of_kind(&self, kind: &str) -> Option<Registered> {
        self.0.lock().get(kind).copied()
    }
}

fn find<G: Grain>(system: &ActorSystem, key: &str) -> Option<AnyRef> {
    G::Key::decode(key).map(|key| Kind::<G>::of(system).grain(key).actor())
}
