//! Spawning: what may be set, and the future that waits until the actor is there.

use std::fmt;
use std::marker::PhantomData;
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use thiserror::Error;

use super::cell::LocalCell;
use super::error::{Directive, FaultInfo};
use super::flight::{Concurrent, Flights};
use super::mailbox::{Mailbox, MailboxOrder, Queue};
use super::panic::{Panic, guard};
use super::passivation::Passivate;
use super::reference::{Ref, Target};
use super::resident::Resident;
use super::runner::Runner;
use super::start::Start;
use super::stash::{Shelf, Stashes};
use super::supervisor::Supervise;
use super::traits::{Actor, ActorRef};
use crate::backoff::Backoff;
use crate::path::{ActorPath, PathError, check_name, is_reserved};
use crate::system::{Inject, MissingDependency};

/// What can be set on an actor: by its attribute, and over that at spawn.
#[derive(Clone, Debug, Default)]
pub struct ActorOptions {
    pub(crate) mailbox: Mailbox,
    pub(crate) supervise: Option<Supervise>,
    pub(crate) start: Start,
    pub(crate) stash: usize,
    pub(crate) passivate: Option<Passivate>,
    pub(crate) concurrency: Concurrency,
}

impl ActorOptions {
    /// A mailbox of 1,024 messages; any fault stops the actor.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how many messages may wait, and what becomes of one more.
    #[must_use]
    pub fn mailbox(mut self, mailbox: Mailbox) -> Self {
        self.mailbox = mailbox;
        self
    }

    /// Sets how many messages may be put aside, in an actor that has a stash.
    #[must_use]
    pub fn stash(mut self, limit: usize) -> Self {
        self.stash = limit;
        self
    }

    /// Sets what happens when the actor fails.
    #[must_use]
    pub fn supervise(mut self, policy: Supervise) -> Self {
        self.supervise = Some(policy);
        self
    }

    /// Sets how many `&self` handlers may run at once.
    #[must_use]
    pub fn concurrency(mut self, limit: usize) -> Self {
        self.concurrency = Concurrency(limit);
        self
    }

    /// Sets when the actor ends by itself.
    #[must_use]
    pub fn passivate(mut self, passivate: Passivate) -> Self {
        self.passivate = Some(passivate);
        self
    }
}

/// How many `&self` handlers run at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Concurrency(usize);

impl Default for Concurrency {
    fn default() -> Self {
        Self(64)
    }
}

/// Makes the value of an actor, again at each restart.
pub(crate) type Factory<A> = Box<dyn FnMut() -> Option<A> + Send>;

/// What an actor is in while its events are applied.
pub(super) const RECOVERY: &str = "recovery";

/// Why a routee is not event-sourced.
const NUMBERED: &str = "an event-sourced actor finds its events by the name that it was given, and a router numbers its routees; \
                        spawn it by name, or make it a grain";

/// What others see of an actor in place of its cell; its core is the cell's.
type Face<A> = Box<dyn FnOnce(Arc<LocalCell<A>>) -> Arc<dyn Target> + Send>;

/// A spawn that is being described; awaiting it spawns the actor and waits for its `#[on(start)]`.
///
/// The reference accepts messages, and the name is taken, from the first poll on.
///
/// # Cancellation
///
/// Dropping the future after its first poll does not stop the actor.
#[must_use = "nothing is spawned until this is awaited"]
pub struct Spawn<A: Actor> {
    parent: Arc<dyn Target>,
    name: String,
    factory: Factory<A>,
    options: ActorOptions,
    order: Option<MailboxOrder<A::Msg>>,
    missing: Option<MissingDependency>,
    face: Option<Face<A>>,
}

impl<A: Actor> Spawn<A> {
    pub(crate) fn new(parent: Arc<dyn Target>, name: String, factory: Factory<A>) -> Self {
        let (options, order) = (A::options(), A::mailbox_order());
        Self { parent, name, factory, options, order, missing: None, face: None }
    }

    /// The factory is the constructor that `#[derive(akt::Inject)]` made.
    pub(crate) fn injected(parent: Arc<dyn Target>, name: String, args: A::Args) -> Self
    where
        A: Inject,
    {
        let system = parent.system().clone();
        let missing = system.dependencies().missing(&A::needs()).into_iter().next();
        let factory = move || Some(A::inject(system.dependencies(), args.clone()));
        Self { missing, ..Self::new(parent, name, Box::new(factory)) }
    }

    /// Shows others what `face` makes of the cell, in its place.
    pub(crate) fn behind(
        mut self,
        face: impl FnOnce(Arc<LocalCell<A>>) -> Arc<dyn Target> + Send + 'static,
    ) -> Self {
        self.face = Some(Box::new(face));
        self
    }

    /// Sets how many messages may wait, and what becomes of one more.
    pub fn mailbox(mut self, mailbox: Mailbox) -> Self {
        self.options.mailbox = mailbox;
        self
    }

    /// Sets in which order messages are handled, over what `order = ..` says.
    pub fn order(mut self, order: MailboxOrder<A::Msg>) -> Self {
        self.order = Some(order);
        self
    }

    /// Sets how many messages may be put aside, over what `stash = N` says.
    pub fn stash(mut self, limit: usize) -> Self
    where
        A: Stashes,
    {
        self.options.stash = limit;
        self
    }

    /// Sets what happens when the actor fails.
    pub fn supervise(mut self, policy: Supervise) -> Self {
        self.options.supervise = Some(policy);
        self
    }

    /// Sets how many `&self` handlers may run at once, over what `concurrency = N` says: 64, if nothing does. With 1,
    /// they run one after the other.
    pub fn concurrency(mut self, limit: usize) -> Self
    where
        A: Concurrent,
    {
        self.options.concurrency = Concurrency(limit);
        self
    }

    /// Sets when the actor ends by itself. See [`Passivate`].
    pub fn passivate(mut self, passivate: Passivate) -> Self {
        self.options.passivate = Some(passivate);
        self
    }

    /// Tries a first start that fails up to `retries` times again, each time with a new value from the
    /// factory, and waits in between as [`Supervise::backoff`] does.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # #[derive(Default)] struct Client;
    /// # #[akt::actor] impl Client { #[akt::handler] fn ping(&mut self) {} }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = akt::ActorSystem::builder("shop").start().await?;
    /// let client = system
    ///     .spawn("client", Client::default)
    ///     .start_retries(5, Duration::from_millis(10)..=Duration::from_secs(1))
    ///     .start_timeout(Duration::from_secs(10))
    ///     .await?;
    /// # client.ping().await?;
    /// # system.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn start_retries(mut self, retries: u32, waits: RangeInclusive<Duration>) -> Self {
        (self.options.start.retries, self.options.start.backoff) = (retries, Backoff::jittered(waits));
        self
    }

    /// Gives the first start so long, retries and waits included.
    ///
    /// When the time is up, `#[on(start)]` is dropped at its next await and the spawn fails with
    /// [`SpawnError::StartTimeout`]. A hook that never awaits is not cut short.
    pub fn start_timeout(mut self, timeout: Duration) -> Self {
        self.options.start.timeout = Some(timeout);
        self
    }

    /// Spawns it now, and does not wait until it is there.
    #[allow(dead_code, reason = "only tests do not wait")]
    pub(crate) fn at_once(self) -> Result<A::Ref, SpawnError> {
        self.begin().map(|cell| A::Ref::from_ref(Ref::new(cell)))
    }

    /// Spawns it now; its cell.
    pub(crate) fn begin(self) -> Result<Arc<LocalCell<A>>, SpawnError> {
        check_name(&self.name)?;
        if is_reserved(&self.name) {
            return Err(SpawnError::Reserved(self.name.into()));
        }
        let Self { parent, name, factory, options, order, missing, face } = self;
        if let Some(MissingDependency { type_name, name: dependency, .. }) = missing {
            let actor = ActorPath::of(parent.path().names().chain([&*name]));
            return Err(SpawnError::MissingDependency { type_name, name: dependency, actor });
        }
        let refused = |message: &'static str, text: String, place| {
            let actor = ActorPath::of(parent.path().names().chain([&*name]));
            let (message, directive) = (message.into(), Directive::Stop);
            SpawnError::Start(Box::new(FaultInfo { actor, message, text, place, directive }))
        };
        if A::RECOVERS && face.is_some() {
            return Err(refused(RECOVERY, NUMBERED.to_owned(), None));
        }
        let order = order.map(|order| guard(|| order.make())).transpose();
        let order = order.map_err(|Panic { text, place }| refused("order", text, place))?;
        let queue = Queue::of(options.mailbox, order);
        let cell = Arc::new(LocalCell::new(&parent, name.into_boxed_str(), queue));
        let core = parent.core().expect("only local actors have children");
        let child: Arc<dyn Target> = match face {
            Some(face) => face(cell.clone()),
            None => cell.clone(),
        };
        core.adopt(&child)?;
        inhabit(&cell, factory, options, |_| {});
        Ok(cell)
    }
}

/// Begins the life of an actor that its parent has adopted.
pub(super) fn inhabit<A: Actor>(
    cell: &Arc<LocalCell<A>>,
    factory: Factory<A>,
    options: ActorOptions,
    prepare: impl FnOnce(&mut Runner<A>),
) {
    let mut runner = Runner::new(cell.clone(), factory, options.supervise, options.start);
    runner.cx.shelf = A::Stash::of(options.stash);
    runner.flight.limit(options.concurrency.0);
    prepare(&mut runner);
    runner.be_present(options.passivate);
    Resident::settle(runner, cell.core.system().runtime());
}

impl<A: Actor> IntoFuture for Spawn<A> {
    type Output = Result<A::Ref, SpawnError>;
    type IntoFuture = Spawning<A>;

    fn into_future(self) -> Spawning<A> {
        Spawning { cell: Some(self.begin()), actor: PhantomData }
    }
}

impl<A: Actor> fmt::Debug for Spawn<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spawn")
            .field("actor", &A::NAME)
            .field("name", &self.name)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// Waits until an actor is there.
#[must_use = "futures do nothing unless polled"]
pub struct Spawning<A: Actor> {
    cell: Option<Result<Arc<LocalCell<A>>, SpawnError>>,
    actor: PhantomData<fn() -> A>,
}

impl<A: Actor> Future for Spawning<A> {
    type Output = Result<A::Ref, SpawnError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.cell.take().expect("a spawn was polled after it was ready") {
            Err(error) => Poll::Ready(Err(error)),
            Ok(cell) => match cell.core.poll_started(cx) {
                Poll::Ready(Ok(())) => Poll::Ready(Ok(A::Ref::from_ref(Ref::new(cell)))),
                Poll::Ready(Err(failure)) => Poll::Ready(Err((*failure).into())),
                Poll::Pending => {
                    self.cell = Some(Ok(cell));
                    Poll::Pending
                }
            },
        }
    }
}

impl<A: Actor> fmt::Debug for Spawning<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Spawning({})", A::NAME)
    }
}

/// Why an actor was not spawned.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// The name is not valid.
    #[error(transparent)]
    Name(#[from] PathError),
    /// An actor of this name runs under the same parent.
    #[error("`{0}` runs already; stop it first or choose another name")]
    NameTaken(ActorPath),
    /// The parent or the system is stopping.
    #[error("`{0}` was not spawned: its parent is stopping")]
    ParentStopping(ActorPath),
    /// Nothing provides what the actor needs; nothing was started.
    #[error("`{actor}` was not spawned: {}", MissingDependency { type_name, name: name.clone() })]
    MissingDependency {
        /// The type of what is missing.
        type_name: &'static str,
        /// Its name, if it was asked for by one.
        name: Option<Box<str>>,
        /// The actor that needs it.
        actor: ActorPath,
    },
    /// The factory or `#[on(start)]` panicked or failed.
    #[error("the actor did not start: {0}")]
    Start(Box<FaultInfo>),
    /// It failed each time, as often as `start_retries` says.
    #[error("the actor did not start in {attempts} attempts; the last: {last}")]
    StartRetries {
        /// How often it was tried.
        attempts: u32,
        /// How the last attempt failed.
        last: Box<FaultInfo>,
    },
    /// It had not started when its `start_timeout` was up.
    #[error("the actor did not start within {timeout:?}, at attempt {attempts}; the last failure: {last}")]
    StartTimeout {
        /// The time that it had.
        timeout: Duration,
        /// How many attempts were begun.
        attempts: u32,
        /// The last failure: of an attempt that ended in time, or the cut of the only one.
        last: Box<FaultInfo>,
    },
    /// The name is kept for akt's own actors.
    #[error("actor name `{0}` is reserved: names that begin with `$` belong to akt")]
    Reserved(Box<str>),
}
