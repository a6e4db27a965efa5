//! Many runs of one test, each drawn from its seed.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::failure::Failure;
use super::kit::{ClusterKit, NodeStart, Start, StartError, Starting};
use super::shorten::shorten;
use super::trial::{Body, Plan, TestResult, Trial};
use crate::system::ActorSystem;
use crate::testkit::variable::number;

/// Of so many seeds, one is run twice.
const SAMPLE: u64 = 8;

/// A test of several nodes, run for many seeds: what `#[akt::sim_test]` makes.
///
/// Each run has one thread, one virtual clock and one seed, from which everything comes that could go one way or another:
/// which task runs next, what the network does, faults, ids. The same seed gives the same run: of every eight seeds one is run
/// twice, and the two logs are compared byte for byte. Several seeds run beside each other, on as many threads as there are
/// processors.
///
/// It holds as long as the actors ask only their [`Runtime`](crate::Runtime) for time, tasks and chance: a thread of their
/// own, a file or the order of a `HashMap` is not in the seed.
///
/// With `AKT_SEED=7` in the environment, 7 is the only seed; `AKT_FAULTS=1,4` lets only these of its faults happen;
/// `AKT_SEEDS=10000` tries so many seeds, from the first.
///
/// ```
/// use akt::prelude::*;
/// use akt::testkit::cluster::{ClusterKit, Simulation};
/// use std::time::Duration;
///
/// let simulation = Simulation::new("nothing_happens").nodes(2).seeds(0..16);
/// let simulated = simulation.run(|kit: ClusterKit| async move {
///     kit.advance(Duration::from_secs(3600)).await;
///     assert!(kit.is_up(0) && kit.is_up(1));
/// });
/// assert_eq!(simulated.unwrap_or_else(|failure| panic!("{failure}")).seeds, 16);
/// ```
#[derive(Clone)]
#[must_use = "nothing runs until `.run(..)`"]
pub struct Simulation {
    pub(super) name: String,
    nodes: usize,
    seeds: Range<u64>,
    limit: Duration,
    start: Arc<Start>,
    pub(super) logs: Option<PathBuf>,
}

impl Simulation {
    /// The test of this name, of three nodes and 100 seeds.
    pub fn new(name: impl Into<String>) -> Self {
        let start =
            |node: NodeStart| -> Starting { Box::pin(async move { Ok(node.builder.start().await?) }) };
        let limit = Duration::from_secs(2 * 3600);
        Self { name: name.into(), nodes: 3, seeds: 0..100, limit, start: Arc::new(start), logs: None }
    }

    /// Sets how many nodes there are. 3.
    pub fn nodes(mut self, nodes: usize) -> Self {
        self.nodes = nodes;
        self
    }

    /// Sets the seeds. 0 to 99.
    pub fn seeds(mut self, seeds: Range<u64>) -> Self {
        self.seeds = seeds;
        self
    }

    /// Sets what starts a node, at the begin and after a kill; it spawns what the node begins with, too.
    pub fn start<F, S, E>(mut self, start: F) -> Self
    where
        F: Fn(NodeStart) -> S + Send + Sync + 'static,
        S: Future<Output = Result<ActorSystem, E>> + Send + 'static,
        E: Into<StartError>,
    {
        self.start = Arc::new(move |node| {
            let starting = start(node);
            Box::pin(async move { starting.await.map_err(Into::into) })
        });
        self
    }

    /// Sets how much virtual time a run may take: one that waits for what never comes fails then. Two hours.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Has the log of a run that fails and its chart written into a folder.
    pub fn logs(mut self, folder: impl Into<PathBuf>) -> Self {
        self.logs = Some(folder.into());
        self
    }

    /// Runs `body` for every seed. It may return nothing, or a `Result`.
    ///
    /// # Errors
    ///
    /// [`Failure`]: the lowest seed that fails, the faults that are needed for it, and what happened in it; or two runs of one
    /// seed that went differently.
    ///
    /// # Panics
    ///
    /// If `AKT_SEED`, `AKT_SEEDS` or `AKT_FAULTS` is not what it has to be.
    pub fn run<F, B>(&self, body: F) -> Result<Simulated, Failure>
    where
        F: Fn(ClusterKit) -> B + Sync,
        B: Future + 'static,
        B::Output: TestResult,
    {
        self.run_erased(&|kit| {
            let body = body(kit);
            Box::pin(async move { body.await.failure() })
        })
    }

    fn run_erased(&self, body: &Body<'_>) -> Result<Simulated, Failure> {
        let (seeds, only) = (self.seeds_asked_for(), faults_asked_for());
        let trial = |seed, only: Option<&BTreeSet<usize>>| {
            let plan =
                Plan { nodes: self.nodes, limit: self.limit, start: self.start.clone(), only: only.cloned() };
            Trial::run(seed, plan, body)
        };
        let work = Work { next: AtomicU64::new(seeds.start), end: seeds.end, failed: Mutex::default() };
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| work.run(|seed| check(seed, |seed| trial(seed, only.as_ref()))));
            }
        });
        match work.failed.into_inner() {
            None => Ok(Simulated::of(&seeds)),
            Some((_, Wrong::Fails(first))) => {
                let all = first.faults.len();
                let short = shorten(*first, |first, only| trial(first.seed, Some(only)));
                Err(Failure::fails(self, &short, all))
            }
            Some((seed, Wrong::Differs(difference))) => Err(Failure::differs(seed, difference)),
        }
    }

    fn seeds_asked_for(&self) -> Range<u64> {
        if let Some(seed) = number("AKT_SEED") {
            return seed..seed.saturating_add(1);
        }
        match number("AKT_SEEDS") {
            Some(seeds) => self.seeds.start..self.seeds.start.saturating_add(seeds),
            None => self.seeds.clone(),
        }
    }
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, nodes, seeds, .. } = self;
        f.debug_struct("Simulation")
            .field("name", name)
            .field("nodes", nodes)
            .field("seeds", seeds)
            .finish_non_exhaustive()
    }
}

/// What a [`Simulation`] that does not fail has run.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Simulated {
    /// How many seeds.
    pub seeds: u64,
    /// How many of them twice, to see whether both runs are the same.
    pub twice: u64,
}

impl Simulated {
    fn of(seeds: &Range<u64>) -> Self {
        let twice = seeds.clone().filter(|seed| is_of_sample(*seed)).count();
        Self { seeds: seeds.end - seeds.start, twice: twice as u64 }
    }
}

/// What the attributes make of a function.
#[track_caller]
pub fn simulate<F, B>(simulation: Simulation, folder: Option<&'static str>, body: F)
where
    F: Fn(ClusterKit) -> B + Sync,
    B: Future + 'static,
    B::Output: TestResult,
{
    let folder = folder.map_or_else(|| std::env::temp_dir().join("akt-sim"), PathBuf::from);
    if let Err(failure) = simulation.logs(folder).run(body) {
        panic!("{failure}");
    }
}

/// Seeds that threads take from, and what they found.
struct Work {
    next: AtomicU64,
    end: u64,
    /// Of the lowest seed.
    failed: Mutex<Option<(u64, Wrong)>>,
}

enum Wrong {
    Fails(Box<Trial>),
    Differs(String),
}

impl Work {
    fn run(&self, check: impl Fn(u64) -> Option<Wrong>) {
        loop {
            let seed = self.next.fetch_add(1, Ordering::Relaxed);
            let is_late = self.failed.lock().as_ref().is_some_and(|(lowest, _)| *lowest < seed);
            if seed >= self.end || is_late {
                return;
            }
            let Some(wrong) = check(seed) else { continue };
            let mut failed = self.failed.lock();
            if failed.as_ref().is_none_or(|(lowest, _)| seed < *lowest) {
                *failed = Some((seed, wrong));
            }
        }
    }
}

fn check(seed: u64, run: impl Fn(u64) -> Trial) -> Option<Wrong> {
    let first = run(seed);
    if first.failure.is_none() && !is_of_sample(seed) {
        return None;
    }
    // One that fails is run again, too: what does not replay is not worth shortening.
    let difference = first.differs_from(&run(seed));
    match difference {
        Some(difference) => Some(Wrong::Differs(difference)),
        None => first.failure.is_some().then(|| Wrong::Fails(Box::new(first))),
    }
}

fn is_of_sample(seed: u64) -> bool {
    seed.is_multiple_of(SAMPLE)
}

fn faults_asked_for() -> Option<BTreeSet<usize>> {
    let text = std::env::var("AKT_FAULTS").ok()?;
    let numbers = text.split(',').filter(|number| !number.is_empty()).map(|number| number.trim().parse());
    match numbers.collect() {
        Ok(numbers) => Some(numbers),
        Err(_) => panic!("AKT_FAULTS has to be numbers of faults with commas between them, and is `{text}`"),
    }
}
