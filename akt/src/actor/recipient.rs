//! Recipients: whoever takes messages of one type, whatever else it takes.

use std::fmt;
use std::sync::Arc;

use super::error::TellError;
use super::reference::{AnyRef, Ref};
use super::traits::{Accepts, ActorRef, Message};

/// A reference to any actor that takes messages of type `T`: subscribers, routees, observers in one list.
///
/// Cheap to clone. The actor's messages must accept `T` in exactly one handler, as [`Accepts`] says; those of a
/// contract do.
pub struct Recipient<T>(Arc<dyn Take<T>>);

impl<T: Send + 'static> Recipient<T> {
    /// The recipient behind `reference`.
    #[must_use]
    pub fn of<R: ActorRef>(reference: &R) -> Self
    where
        T: Accepts<R::Message>,
    {
        Self(Arc::new(reference.as_ref().clone()))
    }

    /// Sends `message` now.
    ///
    /// # Errors
    ///
    /// [`TellError`] with the message, if it was not accepted.
    pub fn tell(&self, message: T) -> Result<(), TellError<T>> {
        self.0.take(message)
    }

    /// The actor behind it: its path, its life, its end.
    #[must_use]
    pub fn actor(&self) -> AnyRef {
        self.0.actor()
    }
}

impl<T> Clone for Recipient<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Send + 'static> fmt::Debug for Recipient<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({})", self.actor().path())
    }
}

/// A reference whose protocol is forgotten, but for one message.
trait Take<T>: Send + Sync {
    fn take(&self, message: T) -> Result<(), TellError<T>>;
    fn actor(&self) -> AnyRef;
}

impl<M: Message, T: Accepts<M>> Take<T> for Ref<M> {
    fn take(&self, message: T) -> Result<(), TellError<T>> {
        self.tell(message)
    }

    fn actor(&self) -> AnyRef {
        Self::actor(self)
    }
}
