//! One thing that happens in a world, in words.

use std::fmt;

use crate::time::Instant;

/// A message under way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Envelope<T> {
    /// The node that gets it.
    pub to: usize,
    /// The node that sent it.
    pub from: usize,
    /// What it says.
    pub message: T,
}

/// One thing that happens in a world.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Step<T, A> {
    /// A message arrives.
    Deliver(Envelope<T>),
    /// What the model adds.
    Act(A),
    /// The timers of a node fire that are due at this time.
    Tick(usize, Instant),
    /// A message never arrives.
    Lose(Envelope<T>),
    /// A message is under way once more.
    Duplicate(Envelope<T>),
    /// A node stops in the middle of everything.
    Crash(usize),
    /// A node that crashed starts again.
    Restart(usize),
}

impl<T, A> Step<T, A> {
    /// True for what may happen, but need not.
    pub(super) fn is_fault(&self) -> bool {
        matches!(self, Self::Lose(_) | Self::Duplicate(_) | Self::Crash(_))
    }
}

impl<T: fmt::Debug, A: fmt::Debug> fmt::Display for Step<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deliver(Envelope { to, from, message }) => {
                write!(f, "{} gets {message:?} from {}", Name(*to), Name(*from))
            }
            Self::Act(act) => write!(f, "{act:?}"),
            Self::Tick(node, at) => write!(f, "{}'s timers fire at {at:?}", Name(*node)),
            Self::Lose(envelope) => write!(f, "lost: {envelope}"),
            Self::Duplicate(envelope) => write!(f, "once more: {envelope}"),
            Self::Crash(node) => write!(f, "{} crashes", Name(*node)),
            Self::Restart(node) => write!(f, "{} starts again", Name(*node)),
        }
    }
}

impl<T: fmt::Debug> fmt::Display for Envelope<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} from {} to {}", self.message, Name(self.from), Name(self.to))
    }
}

/// A node's name: A to Z, then N26 and so on.
pub(super) struct Name(pub(super) usize);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match u8::try_from(self.0) {
            Ok(number @ 0..26) => write!(f, "{}", char::from(b'A' + number)),
            _ => write!(f, "N{}", self.0),
        }
    }
}
