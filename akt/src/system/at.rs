//! Why an address leads to no reference.

use thiserror::Error;

use super::registry::LookupError;
use crate::path::PathError;

/// Why there is no reference to an address.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ActorAtError {
    /// The address is not one.
    #[error(transparent)]
    Address(#[from] PathError),
    /// The system was started without remoting.
    #[error("this system cannot reach others: give its builder `.remote(Remote::quic(\"127.0.0.1:7400\"))`")]
    NoRemote,
    /// The address belongs to another system.
    #[error(
        "this node belongs to system {ours:?}, the address to {theirs:?}; nodes reach each other within one system"
    )]
    OtherSystem {
        /// The system of this node.
        ours: Box<str>,
        /// The system of the address.
        theirs: Box<str>,
    },
    /// The address is of this node, and there is no such actor.
    #[error(transparent)]
    Here(#[from] LookupError),
    /// The path is longer than what travels.
    #[error("path of {bytes} bytes is longer than the limit of 4096 bytes")]
    PathTooLong {
        /// Its length.
        bytes: usize,
    },
}
