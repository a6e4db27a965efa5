//! The kinds of grains that a system was told of before its start: what is set for them, which contracts they serve.

use std::any::{Any, type_name};
use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::catalog::Kind;
use super::key::GrainKey;
use super::options::{GrainOptions, Idleness};
use super::traits::Grain;
use crate::actor::{AnyRef, Fault, Passivate};
use crate::system::{ActorSystem, Evictor, StartError, SystemBuilder};

impl SystemBuilder {
    /// Says that grains of type `G` live in this system: `CartRef::grain(&system, key)`, of the contract that `G` serves,
    /// finds them.
    ///
    /// `G::grain(&system, key)` needs no such word. Two types of one kind are a [`StartError::Part`].
    ///
    /// ```
    /// # use akt::prelude::*;
    /// # #[derive(Default)] struct Cart;
    /// # #[akt::grain(kind = "cart", key = String)] impl Cart { #[handler] fn add(&mut self) {} }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), akt::StartError> {
    /// let system = ActorSystem::builder("shop").grain::<Cart>().start().await?;
    /// # system.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn grain<G: Grain>(self) -> Self {
        self.grain_with::<G>(GrainOptions::new())
    }

    /// As [`grain`](Self::grain), and sets `options` for the kind.
    pub fn grain_with<G: Grain>(self, options: GrainOptions) -> Self {
        self.prepare(move |system| system.part::<Roster>().enlist::<G>(system, options))
    }

    /// Sets `options` for all grains of the system, where nothing else is said of a kind.
    pub fn grains(self, options: GrainOptions) -> Self {
        self.prepare(move |system| {
            let roster = system.part::<Roster>();
            let mut known = roster.0.lock();
            (known.passivate, known.evictor) = (options.passivate, options.evictor(system));
            Ok(())
        })
    }
}

/// What a builder said of grains.
#[derive(Default)]
pub(crate) struct Roster(Mutex<Known>);

#[derive(Default)]
struct Known {
    kinds: BTreeMap<&'static str, Entry>,
    /// Of all grains.
    passivate: Option<Passivate>,
    evictor: Option<Evictor>,
}

/// One kind, its type forgotten.
#[derive(Clone)]
struct Entry {
    type_name: &'static str,
    contract: Option<&'static str>,
    find: Find,
    named: Named,
    passivate: Option<Passivate>,
    evictor: Option<Evictor>,
}

/// Finds the grain of a key, if that has the type of the kind's keys.
type Find = fn(&ActorSystem, Box<dyn Any>) -> Option<AnyRef>;

/// Finds the grain whose key has this text, if a key has.
type Named = fn(&ActorSystem, &str) -> Option<AnyRef>;

/// What is known of a kind by its name.
#[derive(Clone, Copy)]
pub(crate) struct Enlisted {
    /// The contract that it serves.
    pub(crate) contract: Option<&'static str>,
    /// The grain of a key; none if the text is that of no key.
    pub(crate) find: Named,
}

impl Roster {
    fn enlist<G: Grain>(&self, system: &ActorSystem, options: GrainOptions) -> Result<(), StartError> {
        let (type_name, contract) = (type_name::<G>(), G::CONTRACT);
        let (passivate, evictor) = (options.passivate, options.evictor(system));
        let (find, named) = (find::<G>, named::<G>);
        let entry = Entry { type_name, contract, find, named, passivate, evictor };
        let old = self.0.lock().kinds.insert(G::KIND, entry);
        let Some(theirs) = old.map(|old| old.type_name).filter(|theirs| *theirs != type_name) else {
            return Ok(());
        };
        let two = format!(
            "grain kind `{}` is both `{theirs}` and `{type_name}`: give one of them a kind of its own",
            G::KIND
        );
        Err(StartError::Part { part: "grains", source: Fault::new(two).into_inner() })
    }

    pub(crate) fn of_kind(&self, kind: &str) -> Option<Enlisted> {
        let known = self.0.lock();
        let entry = known.kinds.get(kind)?;
        Some(Enlisted { contract: entry.contract, find: entry.named })
    }

    /// What is said of the activations of `kind`.
    pub(super) fn idleness(&self, kind: &str) -> Idleness {
        let known = self.0.lock();
        let entry = known.kinds.get(kind);
        let evictors = entry.and_then(|entry| entry.evictor.clone()).into_iter().chain(known.evictor.clone());
        let evictors = evictors.collect::<Arc<[_]>>();
        Idleness {
            kind: entry.and_then(|entry| entry.passivate),
            all: known.passivate,
            evictors: (!evictors.is_empty()).then_some(evictors),
        }
    }

    /// The grain of `key` that serves `contract`: of the only kind that does, or of the one called `kind`; or in words why
    /// there is none.
    pub(super) fn find(
        &self,
        system: &ActorSystem,
        (contract, kind): (&str, Option<&str>),
        key: Box<dyn Any>,
    ) -> Result<AnyRef, String> {
        let entry = self.entry(contract, kind)?;
        (entry.find)(system, key).ok_or_else(|| {
            format!(
                "`{}` serves `{contract}` with keys of another type than its `.proto` says",
                entry.type_name
            )
        })
    }

    fn entry(&self, contract: &str, kind: Option<&str>) -> Result<Entry, String> {
        let known = self.0.lock();
        let all = known.kinds.iter().filter(|(_, entry)| entry.contract == Some(contract));
        let mut serving = all.clone();
        if let Some(kind) = kind {
            let named = serving.clone().find(|(name, _)| **name == kind);
            let known = || listed(serving.map(|(kind, _)| format!("`{kind}`")));
            return named.map(|(_, entry)| entry.clone()).ok_or_else(|| match known() {
                none if none.is_empty() => nobody(contract),
                known => format!(
                    "no grain of kind `{kind}` serves `{contract}` in this system; there are: {known}"
                ),
            });
        }
        let Some((_, first)) = serving.next() else { return Err(nobody(contract)) };
        if serving.clone().next().is_none() {
            return Ok(first.clone());
        }
        let all = listed(all.map(|(kind, entry)| format!("`{}` of kind `{kind}`", entry.type_name)));
        Err(format!("several grains serve `{contract}`: {all}; say which, by `grain_of(&system, kind, key)`"))
    }
}

fn nobody(contract: &str) -> String {
    format!(
        "no grain serves `{contract}` in this system; say `.grain::<MyGrain>()` on its builder, of a type with \
         `#[akt::grain]` on its impl of the contract"
    )
}

fn listed(names: impl Iterator<Item = String>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

fn find<G: Grain>(system: &ActorSystem, key: Box<dyn Any>) -> Option<AnyRef> {
    let key = key.downcast::<G::Key>().ok()?;
    Some(Kind::<G>::of(system).grain(*key).actor())
}

fn named<G: Grain>(system: &ActorSystem, key: &str) -> Option<AnyRef> {
    G::Key::decode(key).map(|key| Kind::<G>::of(system).grain(key).actor())
}
