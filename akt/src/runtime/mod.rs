//! The runtime of one system: tasks, time and chance, all owned by its node.

mod clock;
mod driver;
mod puppet;
mod seeded;
mod tasks;
mod ticks;
mod timer;
mod wall;

use std::cell::Cell;
use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;

pub(crate) use puppet::Fate;
pub(crate) use seeded::{Executor, run as run_seeded};
pub(crate) use tasks::TaskGroup;
pub(crate) use ticks::Ticks;
pub(crate) use timer::{Alarms, Fire, TimerKey, Timers, fire, thread_number, threads};
pub(crate) use wall::{from_wall, to_wall};

use self::clock::Clock;
use self::puppet::Puppets;
use self::wall::WallClock;
use crate::time::{Instant, Wall};

/// When simulations begin, after 1970: with the year 2000.
const SIMULATED: Duration = Duration::from_secs(946_684_800);

/// Where a system's tasks run, what time it is there, and where its chance comes from.
///
/// Cheap to clone. Nothing else in akt spawns, reads a clock or draws a random number, so that in a
/// simulation every node has its own clock and seed.
#[derive(Clone)]
pub struct Runtime(Arc<Inner>);

struct Inner {
    flavor: Flavor,
    epoch: tokio::time::Instant,
    wall: WallClock,
    rng: Mutex<fastrand::Rng>,
    tasks: TaskGroup,
    /// Absent where the program is the node.
    simulated: Option<Simulated>,
}

/// What a node has whose tasks and clock can be meddled with.
struct Simulated {
    puppets: Arc<Puppets>,
    clock: Clock,
}

#[derive(Clone)]
enum Flavor {
    Tokio(tokio::runtime::Handle),
    Seeded(Arc<Executor>),
}

impl Runtime {
    /// The tokio runtime that the caller runs in.
    ///
    /// # Errors
    ///
    /// [`NoRuntime`] outside a tokio runtime.
    pub fn current() -> Result<Self, NoRuntime> {
        let handle = tokio::runtime::Handle::try_current().map_err(|_| NoRuntime)?;
        Ok(Self::new(Flavor::Tokio(handle), fastrand::Rng::new(), WallClock::machine(), None))
    }

    pub(crate) fn seeded(executor: Arc<Executor>, seed: u64) -> Self {
        let wall = WallClock::starting_at(SystemTime::UNIX_EPOCH + SIMULATED);
        Self::new(Flavor::Seeded(executor), fastrand::Rng::with_seed(seed), wall, Some(Simulated::new()))
    }

    #[expect(clippy::disallowed_methods, reason = "the runtime is the one owner of the clock")]
    fn new(flavor: Flavor, rng: fastrand::Rng, wall: WallClock, simulated: Option<Simulated>) -> Self {
        let epoch = tokio::time::Instant::now();
        let (rng, tasks) = (Mutex::new(rng), TaskGroup::default());
        Self(Arc::new(Inner { flavor, epoch, wall, rng, tasks, simulated }))
    }

    /// The runtime of another node beside this one: the same executor, with tasks and chance of its own.
    ///
    /// A simulation of several nodes gives each its own: two systems do not share a runtime. Such a node can be
    /// [paused](Self::pause) and [killed](Self::kill), and its clock [may drift](Self::set_drift).
    #[must_use]
    pub fn for_another_node(&self) -> Self {
        let (flavor, rng) = (self.0.flavor.clone(), fastrand::Rng::with_seed(self.random()));
        let wall = self.on_its_clock(|| self.0.wall.beside(self.now()));
        self.on_its_clock(|| Self::new(flavor, rng, wall, Some(Simulated::new())))
    }

    /// Runs `future` as a task of this system; shutdown waits for it.
    pub(crate) fn spawn(&self, name: &'static str, future: impl Future<Output = ()> + Send + 'static) {
        tracing::trace!(name, "task spawned");
        let task = self.0.tasks.join(future);
        if let Some(simulated) = &self.0.simulated {
            if let Some(puppet) = simulated.puppets.tie(Box::pin(task)) {
                self.start(puppet);
            }
            return;
        }
        self.start(task);
    }

    fn start(&self, task: impl Future<Output = ()> + Send + 'static) {
        match &self.0.flavor {
            Flavor::Tokio(handle) => drop(handle.spawn(task)),
            Flavor::Seeded(executor) => executor.spawn(Box::pin(task)),
        }
    }

    /// Whether the caller may do work of this system in the middle of its own turn: it is a task of the same
    /// runtime, and has not done too much in this turn already.
    pub(crate) fn lends_turn(&self, cx: &mut Context<'_>) -> bool {
        if self.0.simulated.as_ref().is_some_and(|simulated| !simulated.puppets.is_running()) {
            return false;
        }
        match &self.0.flavor {
            Flavor::Tokio(handle) => {
                let Poll::Ready(share) = tokio::task::coop::poll_proceed(cx) else { return false };
                share.made_progress();
                is_of(handle)
            }
            Flavor::Seeded(_) => self.0.rng.lock().bool(),
        }
    }

    /// Starts a thread beside the tasks; none in a simulation, nor if the operating system refuses.
    pub(crate) fn spawn_thread(
        &self,
        name: &'static str,
        body: impl FnOnce() + Send + 'static,
    ) -> Option<JoinHandle<()>> {
        if matches!(self.0.flavor, Flavor::Seeded(_)) {
            return None;
        }
        let started = std::thread::Builder::new().name(name.to_owned()).spawn(body);
        started.inspect_err(|error| tracing::error!(name, %error, "a thread did not start")).ok()
    }

    /// The tasks that `spawn` started and that have not ended.
    pub(crate) fn tasks(&self) -> &TaskGroup {
        &self.0.tasks
    }

    /// The time since the system started.
    #[must_use]
    pub fn now(&self) -> Instant {
        match &self.0.simulated {
            Some(simulated) => simulated.clock.at(self.passed()),
            None => Instant::ZERO + self.passed(),
        }
    }

    /// In the world outside.
    #[expect(clippy::disallowed_methods, reason = "the runtime is the one owner of the clock")]
    fn passed(&self) -> Duration {
        tokio::time::Instant::now().saturating_duration_since(self.0.epoch)
    }

    /// The time, for a thread that does not belong to the runtime.
    pub(crate) fn now_elsewhere(&self) -> Instant {
        self.on_its_clock(|| self.now())
    }

    /// The time outside: what calendars and cron expressions go by.
    ///
    /// It is the machine's clock, read at each look, and may be set meanwhile, forward and back. Where tokio's
    /// clock is paused, it goes with that. In a simulation it begins with the year 2000, UTC.
    #[must_use]
    pub fn wall_clock(&self) -> SystemTime {
        self.0.wall.read(self.now())
    }

    /// Sets the wall clock of this runtime, which from then on goes with its own clock and not with the
    /// machine's: for tests and simulations. What goes by it notices within a minute.
    pub fn set_wall_clock(&self, time: SystemTime) {
        self.0.wall.set(self.now(), time);
    }

    pub(crate) fn wall(&self) -> Wall {
        to_wall(self.wall_clock())
    }

    /// Waits until `deadline`; without one, for ever. Cancel-safe.
    pub async fn sleep_until(&self, deadline: Option<Instant>) {
        match (deadline, &self.0.simulated) {
            (None, _) => pending().await,
            (Some(deadline), None) => self.sleep_for(Duration::from_nanos(deadline.as_nanos())).await,
            (Some(deadline), Some(simulated)) => Box::pin(self.sleep_by(&simulated.clock, deadline)).await,
        }
    }

    /// Until so much has passed in the world.
    async fn sleep_for(&self, passed: Duration) {
        match self.0.epoch.checked_add(passed) {
            Some(at) => self.on_its_clock(|| tokio::time::sleep_until(at)).await,
            None => pending().await,
        }
    }

    async fn sleep_by(&self, clock: &Clock, deadline: Instant) {
        loop {
            let mut changed = std::pin::pin!(clock.changed());
            changed.as_mut().enable();
            tokio::select! { biased;
                () = changed => {}
                () = self.sleep_for(clock.world_at(deadline)) => return,
            }
        }
    }

    /// The caller may be a thread of another runtime, or of none.
    fn on_its_clock<T>(&self, make: impl FnOnce() -> T) -> T {
        let _entered = match &self.0.flavor {
            Flavor::Tokio(handle) => Some(handle.enter()),
            Flavor::Seeded(_) => None,
        };
        make()
    }

    /// Waits for `duration`. Cancel-safe.
    pub async fn sleep(&self, duration: Duration) {
        self.sleep_until(Some(self.now() + duration)).await;
    }

    /// A random number of this node.
    #[must_use]
    pub fn random(&self) -> u64 {
        self.0.rng.lock().u64(..)
    }

    /// A random number from 0 up to, not including, 1.
    pub(crate) fn chance(&self) -> f64 {
        self.0.rng.lock().f64()
    }
}

/// What may happen to a node of a simulation.
impl Runtime {
    /// Holds the node, as SIGSTOP does: none of its tasks runs until [`resume`](Self::resume), while its clock goes on.
    ///
    /// On a [`Network`](crate::Network) its peers hear nothing; what they write to it waits. A connection that was so for three
    /// seconds is lost to both. What the test itself does on behalf of the node waits, too. A node that is paused already, or dead, stays so.
    ///
    /// # Errors
    ///
    /// [`NotSimulated`] if the program is the node.
    pub fn pause(&self) -> Result<(), NotSimulated> {
        self.simulated().map(|simulated| simulated.puppets.pause())
    }

    /// Lets a paused node go on, as SIGCONT does: what came due meanwhile fires at once.
    ///
    /// # Errors
    ///
    /// [`NotSimulated`] if the program is the node.
    pub fn resume(&self) -> Result<(), NotSimulated> {
        self.simulated().map(|simulated| simulated.puppets.resume())
    }

    /// Ends the node at once, as the loss of power does: its tasks are dropped where they await, none is ever run or
    /// spawned again, and nobody is told.
    ///
    /// On a [`Network`](crate::Network) its address is free at once: another node takes it by
    /// [`Remote::memory_at`](crate::Remote::memory_at). Its peers hear nothing any more, and lose their connections by that. What
    /// its actors' destructors do, which run in the midst of this call, reaches no other node. A task that is being polled
    /// is dropped when it comes back. The node's system answers as one that has stopped: what the test asks by its
    /// references ends with [`Stopped`](crate::AskError::Stopped), or [`Unanswered`](crate::AskError::Unanswered) if it was
    /// being handled.
    ///
    /// # Errors
    ///
    /// [`NotSimulated`] if the program is the node.
    pub fn kill(&self) -> Result<(), NotSimulated> {
        self.simulated().map(|simulated| simulated.puppets.kill())
    }

    /// Lets the clock of the node go faster, or slower, than the world's, by so many millionths, from now on.
    ///
    /// What waits by it, [`now`](Self::now), and the [wall clock](Self::wall_clock) go along; none of them goes back.
    ///
    /// # Errors
    ///
    /// [`NotSimulated`] if the program is the node.
    ///
    /// # Panics
    ///
    /// If the clock would stand still or go back: at -1,000,000 and below.
    pub fn set_drift(&self, parts_per_million: i32) -> Result<(), NotSimulated> {
        assert!(parts_per_million > -1_000_000, "a clock that drifts by {parts_per_million} ppm does not go");
        let simulated = self.simulated()?;
        self.on_its_clock(|| {
            self.0.wall.leave_the_machine(self.now());
            simulated.clock.drift(self.passed(), parts_per_million);
        });
        Ok(())
    }

    fn simulated(&self) -> Result<&Simulated, NotSimulated> {
        self.0.simulated.as_ref().ok_or(NotSimulated)
    }

    /// Has `hearer` told what becomes of the node.
    pub(crate) fn on_fate(&self, hearer: Arc<dyn Fn(Fate) + Send + Sync>) {
        if let Some(simulated) = &self.0.simulated {
            simulated.puppets.on_fate(hearer);
        }
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.0.simulated.as_ref().is_some_and(|simulated| simulated.puppets.is_dead())
    }

    pub(crate) fn is_running(&self) -> bool {
        self.0.simulated.as_ref().is_none_or(|simulated| simulated.puppets.is_running())
    }

    /// Another that shows the time of the world, whatever the clock of the node does.
    pub(crate) fn of_the_world(&self) -> Self {
        if self.0.simulated.is_none() {
            return self.clone();
        }
        let (flavor, rng) = (self.0.flavor.clone(), fastrand::Rng::with_seed(0));
        self.on_its_clock(|| Self::new(flavor, rng, WallClock::machine(), None))
    }
}

impl Simulated {
    fn new() -> Self {
        Self { puppets: Puppets::new(), clock: Clock::default() }
    }
}

/// Whether the calling task belongs to the runtime of `handle`. Remembered for the last task of each thread.
fn is_of(handle: &tokio::runtime::Handle) -> bool {
    thread_local! {
        static LAST: Cell<Option<(tokio::task::Id, tokio::runtime::Id)>> = const { Cell::new(None) };
    }
    let runtime = handle.id();
    let task = tokio::task::try_id();
    if task.is_some_and(|task| LAST.get() == Some((task, runtime))) {
        return true;
    }
    let same = tokio::runtime::Handle::try_current().is_ok_and(|current| current.id() == runtime);
    if let Some(task) = task.filter(|_| same) {
        LAST.set(Some((task, runtime)));
    }
    same
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flavor = match self.0.flavor {
            Flavor::Tokio(_) => "tokio",
            Flavor::Seeded(_) => "seeded",
        };
        f.debug_struct("Runtime").field("flavor", &flavor).field("now", &self.now()).finish()
    }
}

/// There is no tokio runtime here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no tokio runtime here; start the system inside `#[tokio::main]` or `Runtime::block_on`")]
pub struct NoRuntime;

/// The program is the node, and cannot be paused or killed from inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this runtime is the program's own; nodes of `sim::run` and of `Runtime::for_another_node` are simulated"
)]
pub struct NotSimulated;
