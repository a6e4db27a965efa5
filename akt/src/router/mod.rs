//! Routers: one reference in front of many actors of a kind.

mod cell;
mod gather;
mod lines;
mod pool;
mod pull;
mod spawn;
mod strategy;
mod verdict;

use std::fmt;
use std::hash::Hash;
use std::time::Duration;

use gather::{Gather, How};
use strategy::{Strategy, hash_of};

pub use self::pool::Routees;
pub use self::strategy::Routee;

use crate::actor::{Call, CloneMessage, Mailbox, MailboxOrder, Message, Request, Supervise};

/// How messages are spread over actors of one kind, its routees. Spawned by
/// [`ActorSystem::spawn_router`](crate::ActorSystem::spawn_router).
///
/// What comes back is the reference of the routees' own kind: callers cannot tell. A message goes straight
/// into the mailbox of a routee, in the sender's thread, and its answer straight back. A routee that is full or
/// gone is passed over; only when all are full does the router say so, and a call that waits for room then
/// waits at one of them. One that waits for the answer to this very ask is passed over, too; if all do, that is
/// [`AskError::Cycle`](crate::AskError::Cycle). Without routees, a router refuses at once. [`fan_out`](Self::fan_out),
/// [`scatter_gather`](Self::scatter_gather), [`tail_chopping`](Self::tail_chopping) and [`pull`](Self::pull) say
/// what is different with them.
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
    order: Option<MailboxOrder<M>>,
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
        Self { size, strategy, stopped: Stopped::Replace, mailbox: None, order: None, supervise: None }
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

    /// `size` routees, chosen by `choose`: it is given the message and the routees, and says which by its place
    /// among them.
    ///
    /// It runs in the sender's thread, at each message: it should be short, and must not block. When the chosen
    /// routee is full or gone, the next ones are tried. A choice that panics, or is no place of a routee, is
    /// logged; the message then goes to the next in turn.
    ///
    /// ```
    /// # use akt::prelude::*;
    /// # use akt::Router;
    /// # struct Worker;
    /// # #[akt::actor]
    /// # impl Worker {
    /// #     #[handler]
    /// #     fn urgent(&mut self) {}
    /// #     #[handler]
    /// #     fn work(&mut self) -> String { String::new() }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = ActorSystem::builder("shop").start().await?;
    /// // The first routee is kept for what is urgent.
    /// let router = Router::by(3, |message: &WorkerMsg, routees| match akt::Message::name(message) {
    ///     "urgent" => 0,
    ///     _ => 1 + usize::from(routees[1].queued > routees[2].queued),
    /// });
    /// let workers = system.spawn_router("workers", router, || Worker).await?;
    /// workers.urgent().await?;
    /// # system.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn by(size: usize, choose: impl Fn(&M, &[Routee]) -> usize + Send + Sync + 'static) -> Self {
        Self::new(size, Strategy::Chosen(Box::new(choose)))
    }

    /// `size` routees that share one queue: each takes a message when it has nothing else to do.
    ///
    /// A slow routee holds up nobody: what is queued is nobody's until it is begun, and a routee that fails
    /// takes only the message with it that it had begun. [`mailbox`](Self::mailbox) sets the bound of the
    /// queue; `Full`, waiting for room and the order of acceptance are as with one actor. So are the ends of the
    /// router: when it stops, what is queued is refused before the routees end; a drain handles it first.
    ///
    /// Messages are begun in the order of their acceptance, by different routees at once. A message that is told
    /// to a routee itself waits for its turn between those of the queue. [`Call::key`] changes nothing here.
    ///
    /// ```
    /// # use akt::prelude::*;
    /// # use akt::{Mailbox, Router};
    /// # struct Worker;
    /// # #[akt::actor]
    /// # impl Worker {
    /// #     #[handler]
    /// #     async fn work(&mut self, job: u64) -> u64 { job }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = ActorSystem::builder("shop").start().await?;
    /// let router = Router::pull(4).mailbox(Mailbox::bounded(100));
    /// let workers = system.spawn_router("workers", router, || Worker).await?;
    ///
    /// assert_eq!(workers.work(7).await?, 7);
    /// # system.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn pull(size: usize) -> Self {
        Self::new(size, Strategy::Pull)
    }

    /// Lets routees that fail or are killed leave for good; else each is replaced by a new one.
    ///
    /// One that is told to stop, or stops itself, leaves in any case.
    pub fn without_replacement(mut self) -> Self {
        self.stopped = Stopped::Leave;
        self
    }

    /// Sets how many messages may wait at each routee; in the queue of a [`pull`](Self::pull) pool, at all of them.
    ///
    /// A routee that drops messages is never full for its router, unless several are to get one message: then it
    /// refuses, as one that rejects. Whoever finds a pull pool full waits, whatever
    /// the mailbox says.
    pub fn mailbox(mut self, mailbox: Mailbox) -> Self {
        self.mailbox = Some(mailbox);
        self
    }

    /// Sets in which order each routee handles its messages; those of a pull pool keep the order of acceptance.
    pub fn order(mut self, order: MailboxOrder<M>) -> Self {
        self.order = Some(order);
        self
    }

    /// Sets what happens when a routee fails. `Escalate` makes the fault the router's own, and it escalates.
    pub fn supervise(mut self, policy: Supervise) -> Self {
        self.supervise = Some(policy);
        self
    }
}

/// Routers that send one message to several routees, each a clone.
impl<M: Message + CloneMessage> Router<M> {
    /// `size` routees, all of which get a clone of each message: every argument of a handler must be `Clone`.
    ///
    /// All take it, or none does: when one is full, so is the router, and `send` and asks wait. All see the
    /// messages of one sender in the same order. Routees that are gone are passed over, and one that joins gets
    /// what is sent from then on.
    ///
    /// An ask is answered when all have handled it: with the answer of the first routee if all went well; with a
    /// handler's own error if there is one; with [`AskError::Partly`](crate::AskError::Partly) if only some
    /// failed; else with the error that says most. To have every answer, ask each of
    /// [`Routees::refs`], all at once with [`batch`](crate::batch). Dropping the call takes the clones back that
    /// are queued.
    ///
    /// ```
    /// # use akt::prelude::*;
    /// # use akt::Router;
    /// # #[derive(Default)]
    /// # struct Cache { entries: std::collections::HashMap<String, u64> }
    /// #[akt::actor]
    /// impl Cache {
    ///     #[handler]
    ///     fn forget(&mut self, key: String) {
    ///         self.entries.remove(&key);
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = ActorSystem::builder("shop").start().await?;
    /// let caches = system.spawn_router("caches", Router::fan_out(3), Cache::default).await?;
    ///
    /// caches.forget("pear".into()).await?; // by now all three have
    /// # system.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn fan_out(size: usize) -> Self {
        Self::new(size, Strategy::Gather(Gather::new(How::All)))
    }

    /// `size` routees, all of which are asked at once; the first good answer counts, at most `within` after the
    /// ask. For questions that cost little and should be answered soon.
    ///
    /// The clones for the others are taken back then: what is queued is skipped, without a dead letter, and a
    /// running handler is told through [`Ctx::cancelled`](crate::Ctx::cancelled). Errors are not good; when all
    /// have failed, the ask gets the one that says most: a handler's own before a fault, that before what may
    /// have been handled, the last of equals. A routee that is full is asked when it has room; when all are
    /// full, so is the router.
    ///
    /// There is nothing to win for a tell: it goes to one routee, to each in turn.
    ///
    /// ```
    /// # use akt::prelude::*;
    /// # use akt::Router;
    /// # use std::time::Duration;
    /// # struct Mirror;
    /// # #[akt::actor]
    /// # impl Mirror {
    /// #     #[handler]
    /// #     async fn fetch(&mut self, page: String) -> String { page }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = ActorSystem::builder("shop").start().await?;
    /// let router = Router::scatter_gather(3, Duration::from_secs(1));
    /// let mirrors = system.spawn_router("mirrors", router, || Mirror).await?;
    ///
    /// let page = mirrors.fetch("index".into()).await?; // of the mirror that was first
    /// # system.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn scatter_gather(size: usize, within: Duration) -> Self {
        Self::new(size, Strategy::Gather(Gather::new(How::First { within })))
    }

    /// As [`scatter_gather`](Self::scatter_gather), but one routee is asked first, and another each time that
    /// `interval` has passed without an answer, or at once when one fails.
    ///
    /// Costs little more than one ask as long as routees are fast, and cuts off the tail of slow answers. Whose
    /// turn it is to be asked first goes around.
    ///
    /// ```
    /// # use akt::Router;
    /// # use std::time::Duration;
    /// # struct Mirror;
    /// # #[akt::actor]
    /// # impl Mirror {
    /// #     #[akt::handler]
    /// #     async fn fetch(&mut self, page: String) -> String { page }
    /// # }
    /// let router: Router<MirrorMsg> =
    ///     Router::tail_chopping(3, Duration::from_secs(1), Duration::from_millis(50));
    /// ```
    pub fn tail_chopping(size: usize, within: Duration, interval: Duration) -> Self {
        Self::new(size, Strategy::Gather(Gather::new(How::Chop { within, interval })))
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
