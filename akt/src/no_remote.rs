//! What stands in for connections without the feature `remote`: no system has an address, and none reaches another.

use crate::actor::{ActorRef, Protocol};
use crate::path::NodeAddress;
use crate::system::{ActorAtError, ActorSystem};

/// Where other nodes reach a system: nowhere.
pub(crate) fn address(_system: &ActorSystem) -> Option<NodeAddress> {
    None
}

/// A reference to the actor at an address of another node: there is none.
pub(crate) fn at<R>(_system: &ActorSystem, _address: &str) -> Result<R, ActorAtError>
where
    R: ActorRef,
    R::Message: Protocol,
{
    Err(ActorAtError::NoRemote)
}
