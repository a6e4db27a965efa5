//! Routers: one reference in front of many actors of a kind.

mod cell;
mod pool;
mod spawn;
mod strategy;

use std::fmt;
use std::hash::Hash;

use strategy::{Strategy, hash_of};

pub use self::pool::Routees;

use crate::actor::{Call, Mailbox, Message, Request, Supervise};

/// How messages are spread over actors of one kind, its routees. Spawned by
/// [`ActorSystem::spawn_router`](crate::ActorSystem::spawn_router).
///
/// What comes back is the reference of the routees' own kind: callers cannot tell. A message goes straight
/// into the mailbox of a routee, in the sender's thread, and its answer straight back. A routee that is full or
/// gone is passed over; only when all are full does the router say so, and a call that waits for room then
/// waits at one of them. Without routees, a router refuses at once.
///
/// ```
/// use akt::prelude::*;
/// use akt::Router;
///
/// struct Worker;
///
/// #[akt::actor]
/// impl Worker {
///     #[handler]
///     fn work(&mut self, job: u64, cx: &mut Ctx<Self>) -> String {
///         format!("{} did {job}", cx.path())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = ActorSystem::builder("shop").start().await?;
/// let workers = system.spawn_router("workers", Router::round_robin(2), || Worker).await?;
///
/// assert_eq!(workers.work(1).await?, "/user/workers/1 did 1");
/// assert_eq!(workers.work(2).await?, "/user/workers/2 did 2");
/// assert_eq!(workers.work(3).await?, "/user/workers/1 did 3");
/// # system.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is spawned until it is given to `spawn_router`"]
pub struct Router<M> {
    size: usize,
    strategy: Strategy<M>,
    stopped: Stopped,
    mailbox: Option<Mailbox>,
    supervise: Option<Supervise>,
}

/// What becomes of the place of a routee that has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stopped {
    Replace,
    Leave,
}

impl<M: Message> Router<M> {
    fn new(size: usize, strategy: Strategy<M>) -> Self {
        Self { size, strategy, stopped: Stopped::Replace, mailbox: None, supervise: None }
    }

    /// `size` routees, one after the other.
    pub fn round_robin(size: usize) -> Self {
        Self::new(size, Strategy::RoundRobin)
    }

    /// `size` routees, by the system's chance.
    pub fn random(size: usize) -> Self {
        Self::new(size, Strategy::Random)
    }

    /// `size` routees, the one with the fewest messages in its mailbox; equal ones take turns.
    ///
    /// Each message looks at every mailbox.
    pub fn least_loaded(size: usize) -> Self {
        Self::new(size, Strategy::LeastLoaded)
    }

    /// `size` routees; messages with equal keys go to the same one.
    ///
    /// A resize moves only the keys of the routees that come or go; a replaced routee keeps its keys, which go
    /// to others in the meantime. When the routee of a key is full, so is the router. A `key` that panics
    /// counts as one key.
    ///
    /// The messages of a Rust-first actor are opaque: give the key at the call, with [`Call::key`].
    pub fn consistent_hash<K: Hash>(size: usize, key: impl Fn(&M) -> K + Send + Sync + 'static) -> Self {
        Self::new(size, Strategy::ConsistentHash(Box::new(move |message| hash_of(&key(message)))))
    }

    /// Lets routees that fail or are killed leave for good; else each is replaced by a new one.
    ///
    /// One that is told to stop, or stops itself, leaves in any case.
    pub fn without_replacement(mut self) -> Self {
        self.stopped = Stopped::Leave;
        self
    }

    /// Sets how many messages may wait at each routee.
    pub fn mailbox(mut self, mailbox: Mailbox) -> Self {
        self.mailbox = Some(mailbox);
        self
    }

    /// Sets what happens when a routee fails. `Escalate` makes the fault the router's own, and it escalates.
    pub fn supervise(mut self, policy: Supervise) -> Self {
        self.supervise = Some(policy);
        self
    }
}

impl<M> fmt::Debug for Router<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router").field("size", &self.size).finish_non_exhaustive()
    }
}

impl<Q: Request> Call<'_, Q> {
    /// Sends to the routee that `key` belongs to, if this call is to a router of this system, whatever its
    /// strategy; calls with equal keys go to the same routee, as [`Router::consistent_hash`] says.
    ///
    /// The routee is chosen here, not when the call is sent. To any other actor, a key changes nothing.
    ///
    /// ```
    /// # use akt::prelude::*;
    /// # struct Cart;
    /// # #[akt::actor]
    /// # impl Cart {
    /// #     #[handler]
    /// #     fn add(&mut self, item: u64) {}
    /// # }
    /// # async fn example(carts: CartRef, user: u64) -> Result<(), AskError> {
    /// carts.add(7).key(&user).await
    /// # }
    /// # fn main() {}
    /// ```
    pub fn key(mut self, key: &(impl Hash + ?Sized)) -> Self {
        if let Some(routee) = self.target().0.routee_of(hash_of(key)) {
            self.retarget(routee);
        }
        self
    }
}
