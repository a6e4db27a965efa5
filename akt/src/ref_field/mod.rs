//! References inside messages: where an actor is and what it speaks, until somebody resolves it.

mod codec;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use thiserror::Error;

use self::codec::Wire;
use crate::actor::{Actor, ActorRef, Ctx, Protocol, TurnCtx};
use crate::remote::{address, at};
use crate::system::{ActorAtError, ActorSystem};

/// A reference in a field of a message: an `akt.Ref` with `(akt.ref) = "shop.v1.Cart"` is a `RefField<CartRef>`.
///
/// It names the actor by system, node, path and contract, so that it can be sent on, kept and compared without a
/// connection. [`resolve`](Self::resolve) makes a reference of it, on any node of the system. It is by path: another actor
/// of the same contract that takes the path later is found too.
///
/// ```ignore
/// // message Order { akt.Ref cart = 1 [(akt.ref) = "shop.v1.Cart"]; }
/// let order = Order { cart: Some(RefField::from(&cart)) };
/// // in a handler, on whatever node
/// let cart: CartRef = order.cart.unwrap_or_default().resolve(cx)?;
/// ```
pub struct RefField<R> {
    wire: Wire,
    reference: PhantomData<fn() -> R>,
}

impl<R> RefField<R>
where
    R: ActorRef,
    R::Message: Protocol,
{
    /// The reference, for who has a system: `resolve(cx)` in a handler, `resolve(&system)` elsewhere.
    ///
    /// Nothing is sent: an actor of this node is looked up, one of another node is there or not when it is asked, as with
    /// [`actor_at`](ActorSystem::actor_at).
    ///
    /// # Errors
    ///
    /// [`ResolveError`]: empty, of another contract, of another system, or an actor of this node that is gone.
    pub fn resolve(&self, cx: &impl InSystem) -> Result<R, ResolveError> {
        let (system, Wire { system: name, host, path, contract }) = (cx.in_system(), &self.wire);
        if path.is_empty() {
            return Err(ResolveError::Empty);
        }
        let expected = <R::Message as Protocol>::NAME;
        if contract != expected {
            return Err(ResolveError::Contract { expected, found: contract.as_str().into() });
        }
        if !host.is_empty() {
            return Ok(at(system, &format!("akt://{name}@{host}{path}"))?);
        }
        if name != system.name() {
            let (ours, theirs) = (system.name().into(), name.as_str().into());
            return Err(ActorAtError::OtherSystem { ours, theirs }.into());
        }
        Ok(system.actor_of(path).into_inner().map_err(ActorAtError::Here)?)
    }
}

impl<R> From<&R> for RefField<R>
where
    R: ActorRef,
    R::Message: Protocol,
{
    fn from(reference: &R) -> Self {
        let target = reference.as_ref().actor();
        let target = target.target();
        let system = target.system();
        let address = target.node().or_else(|| address(system)).map(|address| address.to_string());
        let (name, host) = match address.as_deref().and_then(|address| address.split_once('@')) {
            Some((name, host)) => (name.to_owned(), host.to_owned()),
            None => (system.name().to_owned(), String::new()),
        };
        let path = target.path().as_str().to_owned();
        let contract = <R::Message as Protocol>::NAME.to_owned();
        Self::of(Wire { system: name, host, path, contract })
    }
}

/// Who has a system.
pub trait InSystem: sealed::Sealed {
    #[doc(hidden)]
    fn in_system(&self) -> &ActorSystem;
}

impl InSystem for ActorSystem {
    fn in_system(&self) -> &ActorSystem {
        self
    }
}

impl<A: Actor> InSystem for Ctx<A> {
    fn in_system(&self) -> &ActorSystem {
        self.system()
    }
}

impl<A: Actor> InSystem for TurnCtx<A> {
    fn in_system(&self) -> &ActorSystem {
        self.system()
    }
}

mod sealed {
    use super::{Actor, ActorSystem, Ctx, TurnCtx};

    #[expect(unnameable_types, reason = "nobody else may have a system")]
    pub trait Sealed {}

    impl Sealed for ActorSystem {}
    impl<A: Actor> Sealed for Ctx<A> {}
    impl<A: Actor> Sealed for TurnCtx<A> {}
}

/// Why a reference in a message leads to nobody.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// The field names no actor.
    #[error("the reference names no actor")]
    Empty,
    /// The actor speaks another contract.
    #[error("the reference is to an actor of contract {found:?}, and {expected:?} is expected")]
    Contract {
        /// The contract of the reference that was asked for.
        expected: &'static str,
        /// The contract that the field names.
        found: Box<str>,
    },
    /// The place is none of this system, or nobody is there.
    #[error(transparent)]
    At(#[from] ActorAtError),
}

impl<R> RefField<R> {
    fn of(wire: Wire) -> Self {
        Self { wire, reference: PhantomData }
    }
}

impl<R> Clone for RefField<R> {
    fn clone(&self) -> Self {
        Self::of(self.wire.clone())
    }
}

impl<R> Default for RefField<R> {
    fn default() -> Self {
        Self::of(Wire::default())
    }
}

impl<R> PartialEq for RefField<R> {
    fn eq(&self, other: &Self) -> bool {
        self.wire == other.wire
    }
}

impl<R> Eq for RefField<R> {}

impl<R> Hash for RefField<R> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.wire.hash(state);
    }
}

impl<R> fmt::Debug for RefField<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Wire { system, host, path, contract } = &self.wire;
        let at = if host.is_empty() { "" } else { "@" };
        write!(f, "RefField({contract} akt://{system}{at}{host}{path})")
    }
}
