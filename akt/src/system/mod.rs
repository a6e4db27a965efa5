//! The actor system: one node's actors, clock, events and end.

mod at;
mod builder;
mod contracts;
mod count;
mod dead_letters;
mod dependency;
mod event_stream;
mod eviction;
mod extension;
mod histogram;
mod kind;
mod metrics;
mod part;
mod peers;
mod propagation;
mod ranking;
mod registry;
mod root;
mod run;
mod schedule;
mod scheduler;
mod shutdown;
mod spot;
mod switches;
mod watchdog;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::OnceCell;

pub use self::at::ActorAtError;
pub use self::builder::{StartError, SystemBuilder};
pub(crate) use self::dead_letters::DeadLetters;
pub use self::dead_letters::{DeadLetter, DeadLetterReason};
pub use self::dependency::{Dependencies, Dependency, Inject, MissingDependency, Need};
pub use self::event_stream::{Event, EventStream};
pub use self::eviction::Evict;
pub(crate) use self::eviction::Evictor;
pub use self::extension::Extension;
pub use self::histogram::Histogram;
pub use self::metrics::{EventMetrics, KindMetrics, MessageMetrics, Metrics};
pub use self::peers::PeerMetrics;
pub(crate) use self::peers::{PeerMeter, PeerSource};
pub(crate) use self::propagation::Attached;
pub use self::propagation::ContextPropagator;
pub use self::registry::LookupError;
pub use self::run::{Phase, Run};
pub use self::scheduler::{NotScheduled, ScheduleError, ScheduleKind, Scheduled, Scheduler, UnknownSchedule};
pub use self::shutdown::{ShutdownReport, StepProblem, Unfinished, UnfinishedStep};
pub use self::watchdog::Blocked;

pub(crate) use self::kind::{Doing, Kind};
pub(crate) use self::spot::Spot;
#[cfg(test)]
pub(crate) use self::switches::Promise;

use self::contracts::Contracts;
use self::event_stream::{Events, Onlooker};
use self::extension::Running;
use self::kind::Kinds;
use self::part::Parts;
use self::propagation::Propagators;
use self::root::Root;
use self::scheduler::Schedules;
use self::shutdown::Ending;
use self::switches::Switches;
use self::watchdog::Watchdog;
use crate::actor::{Actor, Board, Core, Spawn, Target, install_hook};
use crate::id::ActorId;
use crate::path::ActorPath;
use crate::runtime::{Runtime, Ticks, Timers};

/// One node: a tree of actors with a clock and an event stream of its own. Cheap to clone.
///
/// Two systems in one process never meet. A system runs until [`shutdown`](Self::shutdown), even when all
/// its handles are dropped.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), akt::StartError> {
/// let system = akt::ActorSystem::builder("shop").start().await?;
/// system.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ActorSystem(Arc<Inner>);

struct Inner {
    name: Arc<str>,
    runtime: Runtime,
    timers: Timers,
    board: Board,
    config: Config,
    seed: u64,
    next_id: AtomicU64,
    events: Events,
    dead_letters: DeadLetters,
    maybe_delivered: AtomicU64,
    kinds: Kinds,
    contracts: Contracts,
    watchdog: Watchdog,
    schedules: Schedules,
    /// Absent when there may be any number of actors.
    evictor: Option<Evictor>,
    evictions: AtomicU64,
    root: Root,
    parts: Parts,
    extensions: Mutex<Vec<Arc<dyn Running>>>,
    extensions_stopped: OnceCell<()>,
    stopping: AtomicBool,
    /// When the stop began, and the handlers and hooks that were killed since.
    ending: Mutex<Ending>,
}

struct Config {
    ask_timeout: Duration,
    shutdown_grace: Duration,
    allow_abort: bool,
    evict: Option<Evict>,
    metrics: bool,
    ticks: Ticks,
    /// Zero for none.
    watchdog: Duration,
    dependencies: Dependencies,
    propagators: Propagators,
    switches: Switches,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            ask_timeout: Duration::from_secs(5),
            shutdown_grace: Duration::from_secs(30),
            allow_abort: false,
            evict: None,
            metrics: true,
            ticks: Ticks::default(),
            watchdog: Duration::from_millis(100),
            dependencies: Dependencies::default(),
            propagators: Propagators::default(),
            switches: Switches::default(),
        }
    }
}

impl ActorSystem {
    /// Describes a system; `name` is part of every address on it.
    pub fn builder(name: impl Into<String>) -> SystemBuilder {
        SystemBuilder::new(name.into())
    }

    fn new(name: &str, runtime: Runtime, config: Config) -> Self {
        install_hook();
        let seed = runtime.random();
        let timers = Timers::new(config.ticks);
        let system = Self(Arc::new(Inner {
            name: name.into(),
            board: Board::new(timers.clone()),
            evictions: AtomicU64::new(0),
            evictor: config.evict.map(|evict| Evictor::new(evict, timers.clone(), runtime.clone())),
            timers,
            config,
            seed,
            next_id: AtomicU64::new(1),
            events: Events::default(),
            dead_letters: DeadLetters::new(),
            maybe_delivered: AtomicU64::new(0),
            kinds: Kinds::default(),
            contracts: Contracts::default(),
            watchdog: Watchdog::default(),
            schedules: Schedules::default(),
            root: Root::default(),
            parts: Parts::default(),
            extensions: Mutex::default(),
            extensions_stopped: OnceCell::new(),
            stopping: AtomicBool::new(false),
            ending: Mutex::default(),
            runtime,
        }));
        let agent = system.timers().clone().run(system.runtime().clone(), system.board().alarms());
        system.runtime().spawn("timers", agent);
        system.plant();
        system.start_watchdog();
        system
    }

    pub(crate) fn propagators(&self) -> &Propagators {
        &self.0.config.propagators
    }

    /// The name given to the builder.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Describes an actor at `/user/{name}`; awaiting it spawns it and waits for its `#[on(start)]`.
    ///
    /// `factory` makes its value, on the actor's own task, and again at each restart.
    ///
    /// # Errors
    ///
    /// When awaited: [`SpawnError`](crate::SpawnError), if the name is not valid or taken, the system is
    /// stopping, or the actor fails to start.
    pub fn spawn<A: Actor>(
        &self,
        name: impl Into<String>,
        mut factory: impl FnMut() -> A + Send + 'static,
    ) -> Spawn<A> {
        Spawn::new(self.user(), name.into(), Box::new(move || Some(factory())))
    }

    /// Spawns an actor whose value cannot be made twice: for it, restart means stop.
    pub fn spawn_value<A: Actor>(&self, name: impl Into<String>, value: A) -> Spawn<A> {
        let mut value = Some(value);
        Spawn::new(self.user(), name.into(), Box::new(move || value.take()))
    }

    /// Spawns an actor that is made from what the system provides, and `args`; again so at each restart.
    ///
    /// # Errors
    ///
    /// When awaited: as [`spawn`](Self::spawn), and
    /// [`SpawnError::MissingDependency`](crate::SpawnError::MissingDependency) before anything is started. See
    /// [`SystemBuilder::provide`].
    pub fn spawn_injected<A: Actor + Inject>(&self, name: impl Into<String>, args: A::Args) -> Spawn<A> {
        Spawn::injected(self.user(), name.into(), args)
    }

    /// Subscribes to what happens from now on; holds up to 1,024 events.
    #[must_use]
    pub fn events(&self) -> EventStream {
        self.events_with_capacity(1_024)
    }

    /// Subscribes with room for `capacity` events.
    #[must_use]
    pub fn events_with_capacity(&self, capacity: usize) -> EventStream {
        self.0.events.subscribe(capacity)
    }

    /// How many dead letters there were.
    #[must_use]
    pub fn dead_letters(&self) -> u64 {
        self.0.dead_letters.total()
    }

    /// How many dead letters there were for `reason`.
    #[must_use]
    pub fn dead_letters_of(&self, reason: DeadLetterReason) -> u64 {
        self.0.dead_letters.of(reason)
    }

    /// How many tells to other nodes may or may not have been delivered, because their connection was lost: see
    /// [`Event::MaybeDelivered`].
    #[must_use]
    pub fn maybe_delivered(&self) -> u64 {
        self.0.maybe_delivered.load(Ordering::Relaxed)
    }

    /// How many actors were evicted.
    #[must_use]
    pub fn evictions(&self) -> u64 {
        self.0.evictions.load(Ordering::Relaxed)
    }

    pub(crate) fn count_eviction(&self) {
        self.0.evictions.fetch_add(1, Ordering::Relaxed);
    }

    /// The clock, the tasks and the chance of this node.
    #[must_use]
    pub fn runtime(&self) -> &Runtime {
        &self.0.runtime
    }

    pub(crate) fn timers(&self) -> &Timers {
        &self.0.timers
    }

    pub(crate) fn evictor(&self) -> Option<&Evictor> {
        self.0.evictor.as_ref()
    }

    fn schedules(&self) -> &Schedules {
        &self.0.schedules
    }

    pub(crate) fn board(&self) -> &Board {
        &self.0.board
    }

    pub(crate) fn ask_timeout(&self) -> Duration {
        self.0.config.ask_timeout
    }

    pub(crate) fn switches(&self) -> Switches {
        self.0.config.switches
    }

    pub(crate) fn seed(&self) -> u64 {
        self.0.seed
    }

    pub(crate) fn next_id(&self) -> ActorId {
        ActorId::new(self.0.next_id.fetch_add(1, Ordering::Relaxed))
    }

    // ---- what happens ----------------------------------------------------------------------

    pub(crate) fn look_on(&self, onlooker: Onlooker) {
        self.0.events.look_on(onlooker);
    }

    pub(crate) fn publish(&self, event: impl FnOnce() -> Event) {
        self.0.events.publish(event);
    }

    pub(crate) fn dead_letter(&self, actor: &Core, message: &'static str, reason: DeadLetterReason) {
        actor.kind().buried(reason);
        self.dead_letter_at(|| actor.path(), message, reason);
    }

    /// As [`dead_letter`](Self::dead_letter), for whatever a reference points to.
    pub(crate) fn dead_letter_for(
        &self,
        target: &dyn Target,
        message: &'static str,
        reason: DeadLetterReason,
    ) {
        if let Some(core) = target.core() {
            core.kind().buried(reason);
        }
        self.dead_letter_at(|| target.path(), message, reason);
    }

    /// Counts and publishes a message that nobody handled and nobody got back.
    pub(crate) fn dead_letter_at(
        &self,
        target: impl Fn() -> ActorPath,
        message: &'static str,
        reason: DeadLetterReason,
    ) {
        self.0.dead_letters.count(reason);
        tracing::debug!(target = %Lazy(&target), message, %reason, "dead letter");
        self.publish(|| Event::DeadLetter(DeadLetter { target: target(), message, reason }));
    }

    /// Counts and publishes tells of which nobody here knows whether they arrived.
    pub(crate) fn maybe_delivered_to(&self, tells: u64, event: impl FnOnce() -> Event) {
        self.0.maybe_delivered.fetch_add(tells, Ordering::Relaxed);
        self.publish(event);
    }

    /// A handler returned an error to a tell.
    pub(crate) fn handler_failed(&self, actor: &Core, message: &'static str) {
        tracing::debug!(name = actor.name(), message, "a handler returned an error to a tell");
        self.publish(|| Event::HandlerFailed { actor: actor.path(), message });
    }
}

impl fmt::Debug for ActorSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActorSystem").field("name", &self.name()).finish_non_exhaustive()
    }
}

/// A path that is built only if it is printed.
struct Lazy<F>(F);

impl<F: Fn() -> ActorPath> fmt::Display for Lazy<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&(self.0)(), f)
    }
}
