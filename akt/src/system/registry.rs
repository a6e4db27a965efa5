//! Finding actors of this system by their path.

use std::any::type_name;
use std::borrow::Cow;
use std::future::{Ready, ready};

use thiserror::Error;

use super::ActorSystem;
use crate::actor::{ActorRef, AnyRef, Core};
use crate::path::{ActorPath, PathError};

impl ActorSystem {
    /// The actor at `path`, if there is one.
    #[must_use]
    pub fn lookup(&self, path: &ActorPath) -> Option<AnyRef> {
        let mut names = path.names();
        let root = self.user();
        if names.next() != root.core().map(Core::name) {
            return None;
        }
        let mut found = root;
        for name in names {
            found = found.core()?.child(name)?;
        }
        Some(AnyRef::new(found))
    }

    /// The typed reference of the actor called `name`: a path such as `/user/orders/cart-42`, or a name
    /// directly under `/user`.
    ///
    /// # Errors
    ///
    /// When awaited: [`LookupError`], if there is no such actor or it takes other messages.
    pub fn actor_of<R: ActorRef>(&self, name: &str) -> Ready<Result<R, LookupError>> {
        ready(self.find(name))
    }

    fn find<R: ActorRef>(&self, name: &str) -> Result<R, LookupError> {
        let absolute = if name.starts_with('/') { Cow::from(name) } else { format!("/user/{name}").into() };
        let path = ActorPath::parse(&absolute)?;
        let Some(actor) = self.lookup(&path) else { return Err(LookupError::NotFound(path)) };
        actor.typed().ok_or_else(|| {
            let (expected, found) = (type_name::<R::Message>(), actor.target().accepts());
            LookupError::OtherMessages { path, expected, found }
        })
    }
}

/// Why an actor was not found.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LookupError {
    /// The name is not valid.
    #[error(transparent)]
    Name(#[from] PathError),
    /// There is no such actor.
    #[error("no actor at `{0}`; it was not spawned yet, or has stopped")]
    NotFound(ActorPath),
    /// The actor takes other messages.
    #[error("the actor at `{path}` takes `{found}`, not `{expected}`")]
    OtherMessages {
        /// Where it is.
        path: ActorPath,
        /// The messages of the reference that was asked for.
        expected: &'static str,
        /// The messages that the actor takes.
        found: &'static str,
    },
}
