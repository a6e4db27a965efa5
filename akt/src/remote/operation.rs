//! What can be asked of a node about its actors, what it answers, and why not.

use std::borrow::Cow;

use bytes::Bytes;
use thiserror::Error;

use crate::actor::{AskError, Delivery, PeerError, StopReason, TimeoutInfo};
use crate::id::ActorId;
use crate::path::{ActorPath, PathError};

/// Something to be done on a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Inspect(ActorPath),
    Children(ActorPath),
    Stop(ActorPath),
    Restart(ActorPath),
    Kinds,
    Spawn(Seed),
}

/// What is to be spawned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seed {
    pub(super) kind: Box<str>,
    /// None: the node finds one.
    pub(super) name: Option<Box<str>>,
    pub(super) arguments: Bytes,
    pub(super) contract: Box<str>,
}

/// It was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Done {
    Report(ActorReport),
    Children(Vec<Box<str>>),
    Stopped(StopReason),
    Restarted,
    Kinds(Vec<SpawnableKind>),
    Spawned(ActorPath),
}

/// What a node says of one of its actors.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActorReport {
    /// Where it is.
    pub path: ActorPath,
    /// Its incarnation on its node.
    pub id: ActorId,
    /// Its kind, as logs and metrics name it.
    pub kind: Box<str>,
    /// The contract that it serves, if it serves one: `shop.v1.Cart`.
    pub contract: Option<Box<str>>,
    /// Where it is in its life.
    pub state: ActorState,
    /// How many messages wait in its mailbox.
    pub queued: u64,
    /// The handler or hook that it is in, or was in last.
    pub doing: Option<Box<str>>,
    /// How many children it has.
    pub children: u64,
}

/// Where an actor that is there is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ActorState {
    /// Its first value is being made, or its `#[on(start)]` runs.
    Starting,
    /// It handles messages, or waits for some.
    Running,
    /// A new value is being made; messages queue.
    Restarting,
    /// It takes nothing more; its children and its `#[on(stop)]` end.
    Stopping,
}

/// A kind of actor that other nodes may spawn on a node.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpawnableKind {
    /// Its name: that of its type.
    pub name: Box<str>,
    /// The contract that it serves.
    pub contract: Box<str>,
}

/// Why something was not done on a node.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OperationError {
    /// The name or path is not one; nothing was sent.
    #[error(transparent)]
    Name(#[from] PathError),
    /// The node cannot be reached, or the connection broke before the answer.
    #[error("node unreachable, delivered: {delivered}")]
    Unreachable {
        /// `Maybe` when it may have been done.
        delivered: Delivery,
        /// What the connection said.
        source: Box<PeerError>,
    },
    /// No answer came in time; it may have been done, unless the text says otherwise.
    #[error("{0}")]
    Timeout(Box<TimeoutInfo>),
    /// There is no such actor.
    #[error("no actor at `{0}`; it was not spawned yet, or has stopped")]
    NotFound(ActorPath),
    /// The actor serves another contract, or none.
    #[error("the actor serves {found}, and {expected:?} is expected")]
    Contract {
        /// The contract of the reference that was asked for.
        expected: Box<str>,
        /// What it serves, in words.
        found: Box<str>,
    },
    /// The node does not do that.
    #[error("refused: {why}")]
    Refused {
        /// Why.
        why: Cow<'static, str>,
    },
    /// The kind may not be spawned by other nodes.
    #[error(
        "`{kind}` may not be spawned there; {}; say `.allow_spawn::<{kind}>()` on its `Remote`",
        Allowed(allowed)
    )]
    NotAllowed {
        /// The kind.
        kind: Box<str>,
        /// Those that may.
        allowed: Vec<Box<str>>,
    },
    /// The arguments are not those of the kind.
    #[error("the arguments of `{kind}` could not be decoded: {problem}")]
    Arguments {
        /// The kind.
        kind: Box<str>,
        /// What the decoder said.
        problem: Box<str>,
    },
    /// An actor of this name runs there.
    #[error("`{0}` runs already; stop it first or choose another name")]
    AlreadyExists(ActorPath),
    /// Nothing provides on that node what the kind needs; nothing was started.
    #[error("{0}")]
    MissingDependency(Box<str>),
    /// The actor failed to start; the text says how.
    #[error("{0}")]
    NotStarted(Box<str>),
}

struct Allowed<'a>(&'a [Box<str>]);

impl std::fmt::Display for Allowed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no kind may");
        }
        write!(f, "allowed: {}", self.0.join(", "))
    }
}

impl OperationError {
    /// Whether it may have been done.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        match self {
            Self::Unreachable { delivered, .. } => *delivered,
            Self::Timeout(info) => info.delivered,
            _ => Delivery::No,
        }
    }

    /// It is asked for as any message is, and so are its errors those of an ask.
    pub(super) fn of_ask(error: AskError<Self>) -> Self {
        match error {
            AskError::Handler(error) => error,
            AskError::Unreachable { delivered, source } => Self::Unreachable { delivered, source },
            AskError::Timeout(info) => Self::Timeout(info),
            AskError::Full => Self::Refused { why: "too many operations are under way".into() },
            AskError::Stopped { .. } => Self::Refused { why: "the node takes no operations".into() },
            other => Self::Refused { why: other.to_string().into() },
        }
    }
}
