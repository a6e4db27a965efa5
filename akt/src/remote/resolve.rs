//! From an address to a reference.

use std::sync::Arc;

use bytes::Bytes;
use thiserror::Error;

use super::node::Node;
use super::outbound::RemoteSink;
use super::peer::Place;
use super::refusals::Refusal;
use crate::actor::{ActorRef, Protocol, Ref};
use crate::path::{ActorAddress, NodeAddress, PathError};
use crate::system::{ActorSystem, LookupError};

/// The longest path that travels.
const MAX_PATH: usize = 4 * 1024;

impl ActorSystem {
    /// Where other nodes reach this system; `None` without [`Remote`](crate::Remote).
    #[must_use]
    pub fn address(&self) -> Option<NodeAddress> {
        self.extension::<Node>().map(|node| node.identity.address.clone())
    }

    /// A reference to the actor at `address`, such as `akt://shop@host:7400/user/cart-42`.
    ///
    /// Nothing is sent: the first message connects. Whether the actor exists is told by the answer to an ask.
    /// An address of this very node gives the local reference.
    ///
    /// # Errors
    ///
    /// [`ActorAtError`]: not an address, one of another system, one of this node without such an actor, or a
    /// system without [`Remote`](crate::Remote).
    pub fn actor_at<R>(&self, address: &str) -> Result<R, ActorAtError>
    where
        R: ActorRef,
        R::Message: Protocol,
    {
        let ActorAddress { node: address, path } = address.parse()?;
        let node = self.extension::<Node>().ok_or(ActorAtError::NoRemote)?;
        let ours = &node.identity.address;
        if address.system != ours.system {
            let (ours, theirs) = (ours.system[..].into(), address.system[..].into());
            return Err(ActorAtError::OtherSystem { ours, theirs });
        }
        if address == *ours {
            return Ok(self.actor_of(path.as_str()).into_inner()?);
        }
        if path.as_str().len() > MAX_PATH {
            return Err(ActorAtError::PathTooLong { bytes: path.as_str().len() });
        }
        let target = Bytes::copy_from_slice(path.as_str().as_bytes());
        let sink =
            RemoteSink::<R::Message>::new(node.peer((address, None)), Arc::new(Place { path, target }));
        Ok(R::from_ref(Ref::new(Arc::new(sink))))
    }

    /// How many peers or frames this node has refused for this reason.
    #[must_use]
    pub fn refusals(&self, refusal: Refusal) -> u64 {
        self.extension::<Node>().map_or(0, |node| node.refusals(refusal))
    }
}

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
