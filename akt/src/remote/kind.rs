//! The kinds of actors that other nodes may spawn here.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;

use bytes::Bytes;

use super::operation::{Done, OperationError, Seed, SpawnableKind};
use crate::actor::{Actor, ActorRef, SpawnError};
use crate::message::{self, Travels};
use crate::system::{ActorSystem, Inject};

/// The allow-list of a node, by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Kinds {
    known: BTreeMap<&'static str, Kind>,
    /// A name that two types have.
    pub(super) ambiguous: Option<&'static str>,
}

/// How one kind is spawned, its type forgotten.
#[derive(Clone, Copy)]
struct Kind {
    /// Of two types, the same name means two kinds.
    type_name: &'static str,
    contract: &'static str,
    spawn: fn(ActorSystem, String, Bytes) -> Spawned,
}

type Spawned = Pin<Box<dyn Future<Output = Result<Done, OperationError>> + Send>>;

impl Kinds {
    pub(super) fn allow<A>(&mut self)
    where
        A: Actor + Inject,
        A::Args: Travels,
    {
        let (type_name, contract) = (std::any::type_name::<A>(), A::CONTRACT.unwrap_or_default());
        let old = self.known.insert(A::NAME, Kind { type_name, contract, spawn: spawn::<A> });
        if old.is_some_and(|old| old.type_name != type_name) {
            self.ambiguous = Some(A::NAME);
        }
    }

    pub(super) fn list(&self) -> Vec<SpawnableKind> {
        let kind = |(name, kind): (&&str, &Kind)| SpawnableKind {
            name: (*name).into(),
            contract: kind.contract.into(),
        };
        self.known.iter().map(kind).collect()
    }

    /// Spawns an actor below the system's guardian; nothing happens unless everything fits.
    pub(super) async fn spawn(&self, system: &ActorSystem, seed: Seed) -> Result<Done, OperationError> {
        let Seed { kind: name, name: wanted, arguments, contract } = seed;
        let Some(kind) = self.known.get(&*name).copied() else {
            let allowed = self.known.keys().map(|kind| (*kind).into()).collect();
            return Err(OperationError::NotAllowed { kind: name, allowed });
        };
        if *kind.contract != *contract {
            return Err(OperationError::Contract {
                expected: contract,
                found: in_words(Some(kind.contract)),
            });
        }
        let fresh = || format!("{name}-{:016x}", system.runtime().random());
        let wanted = wanted.map_or_else(fresh, String::from);
        (kind.spawn)(system.clone(), wanted, arguments).await
    }
}

/// What an actor serves, for an error.
pub(super) fn in_words(contract: Option<&str>) -> Box<str> {
    match contract {
        None | Some("") => "no contract".into(),
        Some(contract) => format!("{contract:?}").into(),
    }
}

fn spawn<A>(system: ActorSystem, name: String, arguments: Bytes) -> Spawned
where
    A: Actor + Inject,
    A::Args: Travels,
{
    Box::pin(async move {
        let decoded = message::decode::<A::Args>(arguments);
        let args = decoded.map_err(|problem| OperationError::Arguments { kind: A::NAME.into(), problem })?;
        match system.spawn_injected::<A>(name, args).await {
            Ok(actor) => Ok(Done::Spawned(actor.as_ref().actor().path())),
            Err(error) => Err(why(error)),
        }
    })
}

fn why(error: SpawnError) -> OperationError {
    match error {
        SpawnError::NameTaken(path) => OperationError::AlreadyExists(path),
        error @ SpawnError::MissingDependency { .. } => {
            OperationError::MissingDependency(error.to_string().into())
        }
        error
        @ (SpawnError::Start(_) | SpawnError::StartRetries { .. } | SpawnError::StartTimeout { .. }) => {
            OperationError::NotStarted(error.to_string().into())
        }
        error @ (SpawnError::Name(_) | SpawnError::ParentStopping(_) | SpawnError::Reserved(_)) => {
            OperationError::Refused { why: error.to_string().into() }
        }
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kind({} serves {})", self.type_name, self.contract)
    }
}
