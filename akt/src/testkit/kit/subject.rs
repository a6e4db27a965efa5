//! What a test says something about: an actor, by any reference to it.

use crate::actor::{ActorRef, AnyRef};

/// An actor, by any reference to it: `&counter`, `&counter.actor()`.
///
/// Not to be implemented: every reference is one.
pub trait Subject {
    #[doc(hidden)]
    fn subject(&self) -> AnyRef;
}

impl Subject for AnyRef {
    fn subject(&self) -> AnyRef {
        self.clone()
    }
}

impl<R: ActorRef> Subject for R {
    fn subject(&self) -> AnyRef {
        self.as_ref().actor()
    }
}
