//! What a grain is, and what is done with grains: referred to by key, and in its handlers.

use std::time::Duration;

use super::catalog::Kind;
use super::key::{GrainKey, IntoKey};
use super::placement::{Consistency, Placement};
use crate::actor::{Actor, ActorRef, Ctx, TurnCtx};
use crate::system::ActorSystem;

/// An actor that is always there, by its key. Implemented by `#[akt::grain]`.
///
/// A reference to a grain never dangles: the first message activates it, and when its activation has ended, the next
/// message activates it anew. Of each key there is at most one activation at a time: the next begins only when the one
/// before is gone. Messages wait while `#[on(activate)]` and `#[on(deactivate)]` run, and what an activation has
/// accepted and not begun goes to the next, in order.
///
/// An activation ends by itself as `passivate = ".."` says, or the [options](crate::GrainOptions) of the system, by
/// [`Ctx::deactivate`], by a fault unless `supervise(..)` says otherwise, and with its system. `actor()` of a reference is about the activation that is there at the moment.
///
/// ```
/// use akt::prelude::*;
///
/// #[derive(Default)]
/// struct Counter(i64);
///
/// #[akt::grain(kind = "counter", key = String, passivate = "10m")]
/// impl Counter {
///     #[handler]
///     fn add(&mut self, by: i64) -> i64 {
///         self.0 += by;
///         self.0
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = ActorSystem::builder("shop").start().await?;
/// let counter = Counter::grain(&system, "user-1");
/// counter.add(2).await?;
/// assert_eq!(counter.add(3).await?, 5);
///
/// // Idle for ten minutes, it is deactivated; the next message finds a new value.
/// assert_eq!(counter.actor().stopped().await, akt::StopReason::Passivated);
/// assert_eq!(counter.add(1).await?, 1);
/// # system.shutdown().await;
/// # Ok(())
/// # }
/// ```
///
/// # When it does not activate
///
/// If `#[on(activate)]` fails, asks that wait for it are answered with [`AskError::Fault`](crate::AskError::Fault),
/// certainly not executed, and tells become dead letters. Then follows a pause, of 100 ms and twice as long at each
/// further failure, up to 10 s: until it is over, asks get the same answer at once and tells are handed back.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a grain",
    label = "no `#[akt::grain]` on an impl block of this type",
    note = "put `#[akt::grain(kind = \"..\", key = String)]` on the `impl` block of its handlers, in the place of `#[akt::actor]`"
)]
pub trait Grain: Actor {
    /// What tells one grain of this kind from another.
    type Key: GrainKey;
    /// The kind's name: one type of a system has it.
    const KIND: &'static str;
    /// Where its activations live.
    const PLACEMENT: Placement = Placement::LocalFirst;
    /// What holds of them when nodes lose sight of each other.
    const CONSISTENCY: Consistency = Consistency::Strict;

    /// How many activations of one key there may be beside each other, if it is stateless.
    #[doc(hidden)]
    const WORKERS: Option<usize> = None;
}

impl ActorSystem {
    /// The grain of type `G` with this key; `G::grain(&system, key)` is the same.
    ///
    /// Nothing is activated before the first message. If another type of grain has the same kind in this system, asks
    /// are answered with [`AskError::Rejected`](crate::AskError::Rejected) and tells are handed back with
    /// [`TellError::Rejected`](crate::TellError::Rejected), which name both types.
    ///
    /// ```
    /// # use akt::prelude::*;
    /// # #[derive(Default)] struct Seat;
    /// # #[akt::grain(kind = "seat", key = (String, u64))]
    /// # impl Seat { #[handler] fn book(&mut self) -> bool { true } }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = ActorSystem::builder("shop").start().await?;
    /// let seat = system.grain::<Seat>(("hall".to_owned(), 7));
    /// assert!(seat.book().await?);
    /// # system.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn grain<G: Grain>(&self, key: impl IntoKey<G::Key>) -> G::Ref {
        G::Ref::from_ref(Kind::<G>::of(self).grain(key.into_key()))
    }
}

impl<G: Grain> Ctx<G> {
    /// The key of this grain.
    ///
    /// # Panics
    ///
    /// If this is no activation: the value was spawned as an actor.
    #[must_use]
    #[track_caller]
    pub fn key(&self) -> &G::Key {
        let key = self.face().and_then(|face| face.key().downcast_ref());
        key.expect("only an activation has a key: use `grain(&system, key)`, not `spawn`")
    }

    /// Keeps this activation for at least `time` from now: it is not deactivated before because nobody uses it, or because
    /// there are too many. The longest of several calls counts.
    ///
    /// ```
    /// use akt::prelude::*;
    /// use std::time::Duration;
    ///
    /// #[derive(Default)]
    /// struct Auction;
    ///
    /// #[akt::grain(kind = "auction", key = u64, passivate = "1m")]
    /// impl Auction {
    ///     #[handler]
    ///     fn open(&mut self, cx: &mut Ctx<Self>) {
    ///         cx.keep_alive(Duration::from_secs(3600));
    ///     }
    /// }
    /// ```
    pub fn keep_alive(&self, time: Duration) {
        self.stay_until(self.now() + time);
    }

    /// Ends this activation after the current handler or hook. Messages that it has not begun go to the next.
    ///
    /// In `#[on(activate)]`, it is a failure to activate.
    pub fn deactivate(&mut self) {
        self.stop();
    }
}

impl<G: Grain> TurnCtx<G> {
    /// As [`Ctx::deactivate`], once the handlers that are under way, this one too, have ended.
    pub fn deactivate(&self) {
        self.stop();
    }
}
