//! Spawning: what may be set, and the future that waits until the actor is there.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::cell::LocalCell;
use super::error::SpawnError;
use super::mailbox::Mailbox;
use super::reference::{Ref, Target};
use super::runner::Runner;
use super::supervisor::Supervise;
use super::traits::{Actor, ActorRef};
use crate::path::{ActorPath, check_name};
use crate::system::{Inject, MissingDependency};

/// What can be set on an actor: by its attribute, and over that at spawn.
#[derive(Clone, Debug, Default)]
pub struct ActorOptions {
    pub(crate) mailbox: Mailbox,
    pub(crate) supervise: Option<Supervise>,
}

impl ActorOptions {
    /// A mailbox of 1,024 messages; any fault stops the actor.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how many messages may wait.
    #[must_use]
    pub fn mailbox(mut self, mailbox: Mailbox) -> Self {
        self.mailbox = mailbox;
        self
    }

    /// Sets what happens when the actor fails.
    #[must_use]
    pub fn supervise(mut self, policy: Supervise) -> Self {
        self.supervise = Some(policy);
        self
    }
}

/// Makes the value of an actor, again at each restart.
pub(crate) type Factory<A> = Box<dyn FnMut() -> Option<A> + Send>;

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
    missing: Option<MissingDependency>,
    face: Option<Face<A>>,
}

impl<A: Actor> Spawn<A> {
    pub(crate) fn new(parent: Arc<dyn Target>, name: String, factory: Factory<A>) -> Self {
        Self { parent, name, factory, options: A::options(), missing: None, face: None }
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

    /// Sets how many messages may wait.
    pub fn mailbox(mut self, mailbox: Mailbox) -> Self {
        self.options.mailbox = mailbox;
        self
    }

    /// Sets what happens when the actor fails.
    pub fn supervise(mut self, policy: Supervise) -> Self {
        self.options.supervise = Some(policy);
        self
    }

    fn begin(self) -> Result<Arc<LocalCell<A>>, SpawnError> {
        check_name(&self.name)?;
        let Self { parent, name, factory, options, missing, face } = self;
        if let Some(MissingDependency { type_name, name: dependency, .. }) = missing {
            let actor = ActorPath::of(parent.path().names().chain([&*name]));
            return Err(SpawnError::MissingDependency { type_name, name: dependency, actor });
        }
        let cell = Arc::new(LocalCell::new(&parent, name.into_boxed_str(), options.mailbox.limit()));
        let core = parent.core().expect("only local actors have children");
        let child: Arc<dyn Target> = match face {
            Some(face) => face(cell.clone()),
            None => cell.clone(),
        };
        core.adopt(&child)?;
        let runner = Runner::new(cell.clone(), factory, options.supervise);
        core.system().runtime().spawn(A::NAME, runner.run());
        Ok(cell)
    }
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
                Poll::Ready(Err(info)) => Poll::Ready(Err(SpawnError::Start(info))),
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
