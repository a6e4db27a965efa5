//! The actor that keeps the routees of a router: starts, replaces, resizes them.

use std::any::Any;
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use super::Stopped;
use super::cell::{Place, Table};
use super::pull::Shared;
use crate::actor::{
    Actor, ActorRef, AnyRef, AnyReply, AskError, Call, Ctx, Fault, LocalCell, Mailbox, MailboxOrder, Message,
    NoFlight, NoStash, Passivate, Ref, Reply, Request, Slot, SpawnError, Spawning, StopReason, Supervise,
    Terminated, answer_result,
};

/// Makes the value of a routee.
pub(super) type Make<A> = Arc<dyn Fn() -> A + Send + Sync>;

/// Keeps routees of kind `A` as its children.
pub(super) struct Pool<A: Actor> {
    pub(super) table: Arc<Table<A::Msg>>,
    pub(super) make: Make<A>,
    pub(super) size: usize,
    pub(super) stopped: Stopped,
    pub(super) mailbox: Option<Mailbox>,
    pub(super) order: Option<MailboxOrder<A::Msg>>,
    pub(super) supervise: Option<Supervise>,
    /// Where the routees of a pull pool take their messages from.
    pub(super) shared: Option<Arc<Shared<A>>>,
    /// The number of the last routee; none is used twice, nor a name.
    pub(super) last: u64,
    /// This actor's own cell, once it has started.
    pub(super) me: Option<Arc<LocalCell<Self>>>,
}

/// A routee that is about to start.
struct Starting<A: Actor> {
    number: u64,
    cell: Arc<OnceLock<Arc<LocalCell<A>>>>,
    spawning: Spawning<A>,
}

impl<A: Actor> Pool<A> {
    fn spawn(&mut self, cx: &Ctx<Self>) -> Starting<A> {
        self.last += 1;
        let (make, number, cell) = (self.make.clone(), self.last, Arc::new(OnceLock::new()));
        let known = cell.clone();
        let spawn = cx.spawn(number.to_string(), move || make()).behind(move |cell| {
            let _ = known.set(cell.clone());
            cell
        });
        // A routee that is not used for a while is still one of so many.
        let mut spawn = spawn.passivate(Passivate::never());
        if let Some(mailbox) = self.mailbox {
            spawn = spawn.mailbox(mailbox);
        }
        if let Some(order) = &self.order {
            spawn = spawn.order(order.clone());
        }
        if let Some(policy) = &self.supervise {
            spawn = spawn.supervise(policy.clone());
        }
        Starting { number, cell, spawning: spawn.into_future() }
    }

    /// Starts `count` more, all at once; they take part once each has started.
    async fn grow(&mut self, count: usize, cx: &Ctx<Self>) -> Result<(), SpawnError> {
        let starting: Vec<_> = (0..count).map(|_| self.spawn(cx)).collect();
        for Starting { number, cell, spawning } in starting {
            spawning.await?;
            self.join(number, &cell, None, cx);
        }
        Ok(())
    }

    /// Takes a routee in, at the place of another or as the last.
    fn join(&self, number: u64, cell: &OnceLock<Arc<LocalCell<A>>>, at: Option<usize>, cx: &Ctx<Self>) {
        let cell = cell.get().expect("an actor that has started has a cell");
        let routee = Ref::<A::Msg>::new(cell.clone());
        cx.watch(&routee.actor());
        let place = Place { number, routee: routee.clone() };
        let mut places = self.table.places.write();
        match at {
            Some(at) => places[at] = place,
            None => places.push(place),
        }
        drop(places);
        match &self.shared {
            Some(shared) => shared.enlist(cell.clone()),
            // A drain that came in between did not see it.
            None if self.is_draining() => routee.0.drain(),
            None => {}
        }
    }

    fn is_draining(&self) -> bool {
        self.table.draining.load(Ordering::SeqCst)
    }

    /// Lets the last ones go, after what they have.
    fn shrink(&self, size: usize) {
        let leaving: Vec<_> = self.table.places.write().drain(size..).collect();
        leaving.iter().for_each(|place| place.routee.0.drain());
    }

    async fn resize(&mut self, size: usize, cx: &Ctx<Self>) -> Result<(), SpawnError> {
        let now = self.table.places.read().len();
        if size < now {
            self.shrink(size);
            return Ok(());
        }
        self.grow(size - now, cx).await
    }

    /// A routee is gone: another takes its place, or nobody does.
    async fn gone(&mut self, gone: Terminated, cx: &mut Ctx<Self>) {
        if let Some(shared) = &self.shared {
            shared.sweep();
        }
        let at = self.table.places.read().iter().position(|place| place.routee.actor() == gone.actor);
        // One that left is in no place any more.
        if let Some(at) = at {
            self.succeed(at, gone.reason, cx).await;
        }
        if self.is_draining() && cx.children().is_empty() {
            cx.stop();
        }
    }

    async fn succeed(&mut self, at: usize, reason: StopReason, cx: &Ctx<Self>) {
        let replace = self.stopped == Stopped::Replace && reason != StopReason::Requested;
        if replace && !self.is_draining() {
            let Starting { cell, spawning, .. } = self.spawn(cx);
            match spawning.await {
                Ok(_) => {
                    // The keys are the place's: they stay.
                    let number = self.table.places.read()[at].number;
                    return self.join(number, &cell, Some(at), cx);
                }
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(router = %cx.path(), error, "a routee could not be replaced");
                }
            }
        }
        self.table.places.write().remove(at);
    }
}

impl<A: Actor> Actor for Pool<A> {
    type Msg = Resize;
    type Ref = PoolRef;
    type Stash = NoStash;
    type Flight = NoFlight;
    const NAME: &'static str = "Router";

    fn dispatch_sync(&mut self, message: Resize, _cx: &mut Ctx<Self>) -> Result<(), Resize> {
        Err(message)
    }

    async fn dispatch(&mut self, Resize(size, reply): Resize, cx: &mut Ctx<Self>) {
        let done = self.resize(size, cx).await;
        answer_result(cx, reply, done);
    }

    async fn on_start(&mut self, cx: &mut Ctx<Self>) -> Result<(), Fault> {
        self.me = Some(cx.cell());
        Ok(self.grow(self.size, cx).await?)
    }

    async fn on_stop(&mut self, _cx: &mut Ctx<Self>) -> Result<(), Fault> {
        self.table.places.write().clear();
        Ok(())
    }

    async fn on_terminated(&mut self, gone: Terminated, cx: &mut Ctx<Self>) -> Result<(), Fault> {
        self.gone(gone, cx).await;
        Ok(())
    }
}

/// Whatever ends the pool: what no routee has begun is refused.
impl<A: Actor> Drop for Pool<A> {
    fn drop(&mut self) {
        if let (Some(shared), Some(me)) = (&self.shared, &self.me) {
            shared.close(&me.core, me.core.refusal());
        }
    }
}

/// The one message of a pool: have so many routees.
pub(crate) struct Resize(usize, Reply<Result<(), SpawnError>>);

impl Message for Resize {
    fn name(&self) -> &'static str {
        <Self as Request>::NAME
    }

    fn carried(&self) -> &dyn Any {
        self
    }

    fn reply(&self) -> Option<&dyn Slot> {
        self.1.slot()
    }

    fn into_reply(self) -> AnyReply {
        self.1.erase()
    }
}

impl Request for Resize {
    type Message = Self;
    type Payload = usize;
    type Out = Result<(), SpawnError>;
    type Ok = ();
    type Err = SpawnError;
    const NAME: &'static str = "resize";

    fn wrap(size: usize, reply: Reply<Self::Out>) -> Self {
        Self(size, reply)
    }

    fn unwrap(message: Self) -> Option<(usize, Reply<Self::Out>)> {
        Some((message.0, message.1))
    }

    fn split(out: Self::Out) -> Result<(), SpawnError> {
        out
    }
}

#[derive(Clone)]
pub(crate) struct PoolRef(Ref<Resize>);

impl ActorRef for PoolRef {
    type Message = Resize;

    fn from_ref(reference: Ref<Resize>) -> Self {
        Self(reference)
    }

    fn as_ref(&self) -> &Ref<Resize> {
        &self.0
    }
}

/// The routees of a router: how many there are, and how many there should be.
///
/// ```
/// # use akt::prelude::*;
/// # use akt::{Routees, Router};
/// # struct Worker;
/// # #[akt::actor]
/// # impl Worker {
/// #     #[handler]
/// #     fn work(&mut self, job: u64) {}
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = ActorSystem::builder("shop").start().await?;
/// let workers = system.spawn_router("workers", Router::random(2), || Worker).await?;
/// let routees = Routees::of(&workers.actor()).expect("it is a router");
///
/// routees.resize(8).await?;
///
/// assert_eq!(routees.all().len(), 8);
/// # system.shutdown().await;
/// # Ok(())
/// # }
/// ```
pub struct Routees {
    pool: Ref<Resize>,
    list: Box<dyn Fn() -> Vec<AnyRef> + Send + Sync>,
}

impl Routees {
    pub(super) fn new<M: Message>(pool: Ref<Resize>, table: Arc<Table<M>>) -> Self {
        let list = move || table.places.read().iter().map(|place| place.routee.actor()).collect();
        Self { pool, list: Box::new(list) }
    }

    /// The routees of `router`, if it is one of this system.
    #[must_use]
    pub fn of(router: &AnyRef) -> Option<Self> {
        let routees: Box<dyn Any> = router.target().router()?;
        routees.downcast().ok().map(|routees| *routees)
    }

    /// Has `size` routees from now on: new ones start and take part; the last ones leave, after what is in
    /// their mailboxes. Without routees, the router refuses all messages, and stays.
    ///
    /// # Errors
    ///
    /// [`AskError::Handler`] if a new one does not start; [`AskError::Stopped`] if the router has stopped.
    ///
    /// # Cancellation
    ///
    /// Dropping it once the router has begun does not stop the resize.
    pub async fn resize(&self, size: usize) -> Result<(), AskError<SpawnError>> {
        Call::<Resize>::new(&self.pool, size).await
    }

    /// Those that take messages now, in the order of their turns.
    #[must_use]
    pub fn all(&self) -> Vec<AnyRef> {
        (self.list)()
    }

    /// The same, typed; empty if `R` is not the kind of reference that the router's routees have.
    #[must_use]
    pub fn refs<R: ActorRef>(&self) -> Vec<R> {
        self.all().iter().filter_map(AnyRef::typed).collect()
    }
}

impl fmt::Debug for Routees {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all()).finish()
    }
}
