//! From an address to a reference.

use std::sync::Arc;

use super::node::Node;
use super::outbound::RemoteSink;
use super::refusals::Refusal;
use crate::actor::{ActorRef, Protocol, Ref};
use crate::path::{ActorAddress, NodeAddress};
use crate::system::{ActorAtError, ActorSystem};
use crate::transport::TlsError;

/// The longest path that travels.
pub(super) const MAX_PATH: usize = 4 * 1024;

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
        let peer = node.peer((address, None));
        let route = peer.route(path);
        let sink = RemoteSink::<R::Message>::new(peer, route);
        Ok(R::from_ref(Ref::new(Arc::new(sink))))
    }

    /// Takes what the files of [`Tls::files`](crate::Tls::files) hold, without waiting until the node looks at them.
    ///
    /// True if that is something else than what was in use; new connections use it, those that live stay.
    ///
    /// # Errors
    ///
    /// [`TlsError`] if it cannot be used; what was in use stays.
    pub fn reload_tls(&self) -> Result<bool, TlsError> {
        self.extension::<Node>().map_or(Ok(false), |node| node.reload_tls())
    }

    /// How many peers or frames this node has refused for this reason.
    #[must_use]
    pub fn refusals(&self, refusal: Refusal) -> u64 {
        self.extension::<Node>().map_or(0, |node| node.refusals(refusal))
    }
}

/// Where other nodes reach `system`.
pub(crate) fn address(system: &ActorSystem) -> Option<NodeAddress> {
    system.address()
}

/// A reference to the actor at an address, for those who work without connections too.
pub(crate) fn at<R>(system: &ActorSystem, address: &str) -> Result<R, ActorAtError>
where
    R: ActorRef,
    R::Message: Protocol,
{
    system.actor_at(address)
}
