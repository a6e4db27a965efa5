//! The one vocabulary of errors: what became of an ask, a tell, a spawn, an actor.

use std::borrow::Cow;
use std::convert::Infallible;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use thiserror::Error;

use super::call_path::CallPath;
use super::journal::JournalError;
use super::partly::PartlyInfo;
use crate::path::ActorPath;

/// Why an ask has no answer.
///
/// Every variant says whether the message may have been handled: see [`AskError::delivery`].
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AskError<E = Infallible> {
    /// The handler returned its own error, typed, also from another node.
    #[error("the handler returned an error")]
    Handler(#[source] E),
    /// The handler panicked or failed; or, of a grain, its `#[on(activate)]`, and the message was certainly not executed.
    #[error("{0}")]
    Fault(Box<FaultInfo>),
    /// The actor's present behaviour does not handle the message.
    #[error("not handled in behaviour `{behaviour}`")]
    Unhandled {
        /// The behaviour at that time.
        behaviour: &'static str,
    },
    /// A guard, a behaviour, a full stash or a router without routees refused the message.
    #[error("rejected: {0}")]
    Rejected(Cow<'static, str>),
    /// Some routees of a fan-out router handled the message, others did not.
    #[error("{0}")]
    Partly(Box<PartlyInfo>),
    /// The mailbox had no room, or dropped the message to make some; certainly not executed.
    #[error("mailbox full; the message was not handled")]
    Full,
    /// The actor had stopped, or stopped before it answered.
    #[error("{}", StoppedText(*reason, *delivered))]
    Stopped {
        /// Why it stopped.
        reason: StopReason,
        /// `Maybe` when it was killed while handling the message.
        delivered: Delivery,
    },
    /// A strict actor without its lease does not run; certainly not executed.
    #[error("paused: the actor's node has no lease at the moment")]
    Paused,
    /// The activation had lost its fence; certainly not executed.
    #[error("moved: another activation has taken over")]
    Moved,
    /// The event store did not take what the handler persists: nothing was applied, and the actor has failed.
    #[error("{0}")]
    Journal(Box<JournalError>),
    /// No answer came in time; the text says where the message was.
    #[error("{0}")]
    Timeout(Box<TimeoutInfo>),
    /// The node cannot be reached, or the connection broke before the answer.
    #[error("node unreachable, delivered: {delivered}")]
    Unreachable {
        /// `Maybe` when the message had been sent.
        delivered: Delivery,
        /// What the connection said.
        #[source]
        source: Box<PeerError>,
    },
    /// The node does not know this rpc: its contract is older or another one.
    #[error("{rpc} is not implemented by the actor at that address; compare the contracts of both nodes")]
    Unimplemented {
        /// The rpc's name here, and what the actor's node says of its id: `View (id 0xbbd9219b, unknown to shop.v1.Till)`.
        rpc: Cow<'static, str>,
    },
    /// A message or its answer could not be decoded.
    #[error("{0}")]
    Codec(Box<CodecError>),
    /// The message is larger than the wire allows; it was not sent.
    #[error("{}", TooLarge { bytes: *bytes, limit: *limit })]
    TooLarge {
        /// Encoded size of the message.
        bytes: u64,
        /// The largest size allowed.
        limit: u64,
    },
    /// The ask would wait for itself.
    #[error("ask cycle: {path}")]
    Cycle {
        /// The actors on the way, outermost first.
        path: Box<CallPath>,
    },
    /// The message was handled, and its reply was dropped.
    #[error("handled, but the reply was dropped unanswered")]
    Unanswered,
    /// The asker gave up.
    #[error("cancelled by the asker")]
    Cancelled,
    /// A newer peer answered with a code that this build does not know.
    #[error("the peer answered with code {code}: {text}")]
    Remote {
        /// The peer's code.
        code: u32,
        /// The peer's words.
        text: Box<str>,
    },
}

impl<E> AskError<E> {
    /// Whether the message may have been executed.
    pub fn delivery(&self) -> Delivery {
        match self {
            Self::Fault(info) if *info.message == *super::face::ACTIVATE => Delivery::No,
            Self::Handler(_)
            | Self::Fault(_)
            | Self::Partly(_)
            | Self::Remote { .. }
            | Self::Unanswered
            | Self::Cancelled => Delivery::Maybe,
            Self::Stopped { delivered, .. } | Self::Unreachable { delivered, .. } => *delivered,
            Self::Timeout(info) => info.delivered,
            Self::Journal(error) => error.delivered,
            Self::Codec(error) => error.delivered,
            Self::Unhandled { .. }
            | Self::Rejected(_)
            | Self::Full
            | Self::Paused
            | Self::Moved
            | Self::Unimplemented { .. }
            | Self::TooLarge { .. }
            | Self::Cycle { .. } => Delivery::No,
        }
    }

    /// Whether asking again can help and cannot execute the message twice.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Full | Self::Paused | Self::Moved => true,
            Self::Unreachable { delivered, .. } => *delivered == Delivery::No,
            Self::Timeout(info) => info.delivered == Delivery::No,
            Self::Journal(error) => error.delivered == Delivery::No,
            _ => false,
        }
    }
}

/// What a router without routees says.
pub(super) const NO_ROUTEES: &str = "the router has no routees";

/// Why a tell was not accepted; the message comes back.
#[derive(Error)]
#[non_exhaustive]
pub enum TellError<M> {
    /// The mailbox is full.
    #[error("mailbox full; the message was not accepted")]
    Full(M),
    /// The actor has stopped.
    #[error("actor stopped; the message was not accepted")]
    Stopped(M),
    /// The router has nobody to hand it to.
    #[error("{NO_ROUTEES}; the message was not accepted")]
    NoRoutees(M),
    /// The router could not hand it on.
    #[error("rejected: {1}; the message was not accepted")]
    Rejected(M, Cow<'static, str>),
    /// The node cannot be reached.
    #[error("node unreachable; the message was not sent")]
    Unreachable(M, #[source] Box<PeerError>),
    /// The message is larger than the wire allows.
    #[error("{1}")]
    TooLarge(M, TooLarge),
}

impl<M> TellError<M> {
    /// The message that was not accepted.
    pub fn into_message(self) -> M {
        match self {
            Self::Full(message)
            | Self::Stopped(message)
            | Self::NoRoutees(message)
            | Self::Rejected(message, _)
            | Self::Unreachable(message, _)
            | Self::TooLarge(message, _) => message,
        }
    }
}

impl<M> fmt::Debug for TellError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(_) => f.write_str("Full(..)"),
            Self::Stopped(_) => f.write_str("Stopped(..)"),
            Self::NoRoutees(_) => f.write_str("NoRoutees(..)"),
            Self::Rejected(_, why) => f.debug_tuple("Rejected").field(why).finish_non_exhaustive(),
            Self::Unreachable(_, error) => f.debug_tuple("Unreachable").field(error).finish_non_exhaustive(),
            Self::TooLarge(_, size) => f.debug_tuple("TooLarge").field(size).finish_non_exhaustive(),
        }
    }
}

/// A message, or its headers, that does not fit on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "a message, or its headers, of {bytes} bytes is larger than the limit of {limit} bytes; it was not sent"
)]
pub struct TooLarge {
    /// Encoded size of the message.
    pub bytes: u64,
    /// The largest size allowed.
    pub limit: u64,
}

/// Whether a message was, or may have been, executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// Certainly not executed.
    No,
    /// It may have been executed.
    Maybe,
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::No => "No",
            Self::Maybe => "Maybe",
        })
    }
}

/// Why an actor is not there any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum StopReason {
    /// It was told to stop, or stopped itself.
    Requested,
    /// It was killed.
    Killed,
    /// It failed and its supervision said stop, or nobody decided.
    Fault,
    /// Its parent stopped or restarted.
    Parent,
    /// A sibling failed and stopped, and the sibling's policy includes this actor.
    Sibling,
    /// Its system was shut down.
    Shutdown,
    /// Nobody used it, or it was evicted: see [`Passivate`](crate::Passivate) and [`Evict`](crate::Evict).
    Passivated,
    /// A newer activation of the same grain has taken over what it keeps.
    Moved,
    /// Its node was lost: it left, it came back without its actors, or it could not be reached for too long. Whether the
    /// actor lives on there is not known.
    NodeLost,
    /// Nothing is known of it: it never existed, or stopped long ago.
    Unknown,
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Requested => "it was told to stop",
            Self::Killed => "it was killed",
            Self::Fault => "it failed",
            Self::Parent => "its parent stopped",
            Self::Sibling => "it was to stop with a sibling that failed",
            Self::Shutdown => "its system was shut down",
            Self::Passivated => "it was passivated",
            Self::Moved => "a newer activation has taken over",
            Self::NodeLost => "its node was lost",
            Self::Unknown => "no actor of that path is known",
        })
    }
}

struct StoppedText(StopReason, Delivery);

impl fmt::Display for StoppedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when = match self.1 {
            Delivery::No => "the message was not handled",
            Delivery::Maybe => "the message may have been handled in part",
        };
        write!(f, "actor stopped ({}); {when}", self.0)
    }
}

/// What supervision does about a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Directive {
    /// Go on with the next message and the same value.
    Resume,
    /// Make a new value from the factory; mailbox and references stay.
    Restart,
    /// Stop the actor and tell its watchers.
    Stop,
    /// Stop the actor and make the fault its parent's own.
    Escalate,
}

impl fmt::Display for Directive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resume => "resumed",
            Self::Restart => "restarted",
            Self::Stop => "stopped",
            Self::Escalate => "stopped, and its parent failed with it",
        })
    }
}

/// A failure of user code: where, in which message, and what was done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultInfo {
    /// The actor that failed.
    pub actor: ActorPath,
    /// The handler, hook or factory that failed.
    pub message: Cow<'static, str>,
    /// The panic's or error's text.
    pub text: String,
    /// `file:line:column` of a panic.
    pub place: Option<String>,
    /// The directive that was applied.
    pub directive: Directive,
}

impl fmt::Display for FaultInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { actor, message, text, place, directive } = self;
        match place {
            Some(place) => write!(f, "`{message}` of {actor} panicked at {place}: {text}; ")?,
            None => write!(f, "`{message}` of {actor} failed: {text}; ")?,
        }
        write!(f, "the actor was {directive}")
    }
}

impl StdError for FaultInfo {}

/// A failure of an actor, as its own code states it: from `cx.fail(error)`, or a hook that returns `Err`.
///
/// Made from any error by `?` or `.into()`, or from text by [`Fault::new`].
pub struct Fault(Box<dyn StdError + Send + Sync>);

impl Fault {
    /// A fault that says `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into().into())
    }

    /// The error that caused it, owned.
    pub(crate) fn into_inner(self) -> Box<dyn StdError + Send + Sync> {
        self.0
    }

    /// The error that caused it.
    #[must_use]
    pub fn source(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.0
    }
}

impl<E: StdError + Send + Sync + 'static> From<E> for Fault {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Which ask ran out of time, and where its message was by then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeoutInfo {
    /// The actor that was asked.
    pub target: ActorPath,
    /// The handler or rpc.
    pub message: Cow<'static, str>,
    /// How long the asker waited.
    pub elapsed: Duration,
    /// Where the message was.
    pub stage: Stage,
    /// Whether it may have been executed.
    pub delivered: Delivery,
}

impl fmt::Display for TimeoutInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, message, elapsed, stage, delivered } = self;
        write!(
            f,
            "`{message}` of {target} gave no answer within {elapsed:.0?}: {stage}; delivered: {delivered}"
        )
    }
}

impl StdError for TimeoutInfo {}

/// Where a message was when its asker's time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// The target's place was not known yet.
    Resolving,
    /// The connection to its node was not up yet.
    Connecting,
    /// The mailbox had no room.
    WaitingForRoom,
    /// In the mailbox.
    Queued {
        /// How many messages the mailbox held.
        depth: usize,
    },
    /// In the actor's stash: put aside for another behaviour, or by its handler.
    Stashed,
    /// Its handler was running.
    Handling {
        /// For how long.
        elapsed: Duration,
    },
    /// Sent to another node, which has said nothing about it.
    ReplyLost,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resolving => f.write_str("resolving the target"),
            Self::Connecting => f.write_str("connecting to its node"),
            Self::WaitingForRoom => f.write_str("waiting for room in the mailbox"),
            Self::Queued { depth } => write!(f, "queued at depth {depth}"),
            Self::Stashed => f.write_str("put aside in the stash"),
            Self::Handling { elapsed } => write!(f, "handling for {elapsed:.0?}"),
            Self::ReplyLost => f.write_str("sent, and its reply did not arrive"),
        }
    }
}

/// What a connection to another node said when it failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{peer}: {problem}")]
pub struct PeerError {
    /// The node's address.
    pub peer: Box<str>,
    /// What went wrong.
    pub problem: Box<str>,
}

/// A message or answer that could not be decoded.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{message}` could not be decoded: {problem}")]
pub struct CodecError {
    /// The rpc.
    pub message: Cow<'static, str>,
    /// What the decoder said.
    pub problem: Box<str>,
    /// `No` when it was the request, `Maybe` when it was the answer.
    pub delivered: Delivery,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ask_result_stays_within_32_bytes() {
        assert!(size_of::<Result<i64, AskError>>() <= 32);
        assert!(size_of::<Result<(), AskError>>() <= 32);
    }

    #[test]
    fn a_timeout_names_target_message_time_and_stage() {
        let info = TimeoutInfo {
            target: ActorPath::parse("/user/cart").unwrap(),
            message: "Checkout".into(),
            elapsed: Duration::from_millis(250),
            stage: Stage::Queued { depth: 3 },
            delivered: Delivery::No,
        };
        assert_eq!(
            info.to_string(),
            "`Checkout` of /user/cart gave no answer within 250ms: queued at depth 3; delivered: No"
        );
    }
}
