//! Guards: what an actor says to a message before its handler gets it.

use super::context::Ctx;
use super::error::AskError;
use super::traits::Actor;
use crate::system::DeadLetterReason;

/// What a `#[guard]` says to a message.
///
/// ```
/// use akt::prelude::*;
/// use akt::{Admit, Message};
///
/// #[derive(Default)]
/// struct Account {
///     frozen: bool,
///     cents: i64,
/// }
///
/// #[akt::actor]
/// impl Account {
///     #[handler]
///     fn freeze(&mut self) {
///         self.frozen = true;
///     }
///
///     #[handler]
///     fn pay(&mut self, cents: i64) -> i64 {
///         self.cents -= cents;
///         self.cents
///     }
///
///     #[guard]
///     fn admit(&self, message: &AccountMsg) -> Admit {
///         match self.frozen && message.name() == "pay" {
///             true => Admit::Reject("the account is frozen"),
///             false => Admit::Pass,
///         }
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a guard returns it"]
pub enum Admit {
    /// The handler gets it.
    Pass,
    /// An ask is answered with `Rejected` and this text; a tell is a dead letter.
    Reject(&'static str),
}

/// Refuses what a guard did not admit.
#[doc(hidden)]
pub fn reject<A: Actor>(cx: &Ctx<A>, message: A::Msg, why: &'static str) {
    cx.cell.core.decline(message, AskError::Rejected(why.into()), DeadLetterReason::Rejected);
}
