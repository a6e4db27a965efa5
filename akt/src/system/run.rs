//! A system that runs until something ends it, and then ends in phases.

use std::fmt;
use std::future::poll_fn;
use std::panic::Location;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use super::ActorSystem;
use super::shutdown::{ShutdownReport, StepProblem, UnfinishedStep};
use crate::actor::guard;

/// How long a phase has unless the run says otherwise.
const PHASE_TIME: Duration = Duration::from_secs(30);
/// How long killed actors have to be gone.
const AFTER_KILL: Duration = Duration::from_secs(5);

type Ending = Pin<Box<dyn Future<Output = ()> + Send>>;
type Step = Box<dyn FnOnce() -> Ending + Send>;

/// When a step runs that was added to the end of a system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Every actor is there and answers: the place to stop taking in work.
    BeforeActorsStop,
    /// Every actor is gone: the place to flush what they wrote to.
    AfterActorsStop,
    /// Connections and timers are gone too.
    AfterSystemStop,
}

impl ActorSystem {
    /// Describes a run until `end`, or until somebody else shuts the system down; awaiting it runs.
    ///
    /// Then come the steps of [`Phase::BeforeActorsStop`], the stop of every actor as in
    /// [`shutdown`](Self::shutdown), the steps of [`Phase::AfterActorsStop`], the end of connections, and the
    /// steps of [`Phase::AfterSystemStop`]. No phase takes longer than it has, so the run comes to its end,
    /// and reports what did not finish: a hang explains itself.
    ///
    /// ```
    /// # use std::time::Duration;
    /// use akt::Phase;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), akt::StartError> {
    /// # let system = akt::ActorSystem::builder("shop").start().await?;
    /// # let end = async {};
    /// let report = system
    ///     .run_until(end)
    ///     .on_phase(Phase::BeforeActorsStop, async || println!("no more orders"))
    ///     .phase_timeout(Phase::BeforeActorsStop, Duration::from_secs(5))
    ///     .await;
    /// println!("{report}");
    /// # assert!(report.is_clean());
    /// # Ok(())
    /// # }
    /// ```
    pub fn run_until(&self, end: impl Future<Output = ()> + Send + 'static) -> Run {
        let grace = self.0.config.shutdown_grace;
        Run { system: self.clone(), end: Box::pin(end), steps: Vec::new(), times: Vec::new(), grace }
    }
}

/// A run of a system to its end, being described. Made by [`ActorSystem::run_until`].
#[must_use = "nothing runs until this is awaited"]
pub struct Run {
    system: ActorSystem,
    end: Ending,
    steps: Vec<(Phase, String, Step)>,
    times: Vec<(Phase, Duration)>,
    grace: Duration,
}

impl Run {
    /// Adds a step; those of one phase run one after the other, in the order in which they were added.
    ///
    /// A step that panics or takes too long is in the report, and the next one runs.
    #[track_caller]
    pub fn on_phase<F>(mut self, phase: Phase, step: impl FnOnce() -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let place = Location::caller().to_string();
        self.steps.push((phase, place, Box::new(|| Box::pin(step()))));
        self
    }

    /// Gives all steps of a phase together so long. 30 s.
    pub fn phase_timeout(mut self, phase: Phase, time: Duration) -> Self {
        self.times.push((phase, time));
        self
    }

    /// Gives the actors so long to stop before they are killed, instead of the system's grace.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    async fn run(mut self) -> ShutdownReport {
        let system = self.system.clone();
        let mut report = ShutdownReport::default();
        tokio::select! { biased;
            () = &mut self.end => {}
            () = system.all_stopped() => {}
        }
        self.phase(Phase::BeforeActorsStop, &mut report).await;
        let late = system.end_actors(self.grace).await;
        let all_gone = system.within(AFTER_KILL, system.all_stopped()).await;
        for actor in late {
            let stuck = actor.core().is_some_and(|core| core.stop_reason().is_none());
            let actors = if stuck { &mut report.stuck } else { &mut report.actors };
            actors.push(system.explain(&*actor));
        }
        self.phase(Phase::AfterActorsStop, &mut report).await;
        if all_gone {
            system.end_parts().await;
        }
        self.phase(Phase::AfterSystemStop, &mut report).await;
        report
    }

    async fn phase(&mut self, phase: Phase, report: &mut ShutdownReport) {
        let given = self.times.iter().rev().find(|(of, _)| *of == phase);
        let time = given.map_or(PHASE_TIME, |(_, time)| *time);
        let runtime = self.system.runtime().clone();
        let deadline = runtime.now() + time;
        for (of, place, step) in std::mem::take(&mut self.steps) {
            if of != phase {
                self.steps.push((of, place, step));
                continue;
            }
            let left = deadline.since(runtime.now());
            let problem = if left.is_zero() {
                Some(StepProblem::NotBegun)
            } else {
                perform(&self.system, step, left)
                    .await
                    .map(|problem| problem.unwrap_or(StepProblem::Late(time)))
            };
            if let Some(problem) = problem {
                report.steps.push(UnfinishedStep { phase, place, problem });
            }
        }
    }
}

impl IntoFuture for Run {
    type Output = ShutdownReport;
    type IntoFuture = Pin<Box<dyn Future<Output = ShutdownReport> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("system", &self.system)
            .field("steps", &self.steps.len())
            .finish_non_exhaustive()
    }
}

/// Runs one step for as long as is `left`: nothing, or a problem, of which none stands for lateness.
async fn perform(system: &ActorSystem, step: Step, left: Duration) -> Option<Option<StepProblem>> {
    let mut panicked = None;
    let mut running = match guard(step) {
        Ok(running) => Some(running),
        Err(panic) => return Some(Some(StepProblem::Panicked(panic.text))),
    };
    let ended = poll_fn(|cx| {
        let Some(step) = &mut running else { return Poll::Ready(()) };
        guard(|| step.as_mut().poll(cx)).unwrap_or_else(|panic| {
            panicked = Some(StepProblem::Panicked(panic.text));
            Poll::Ready(())
        })
    });
    let in_time = system.within(left, ended).await;
    let dropped = guard(|| drop(running));
    let dropped = dropped.err().map(|panic| StepProblem::Panicked(panic.text));
    match panicked.or(dropped) {
        Some(problem) => Some(Some(problem)),
        None if in_time => None,
        None => Some(None),
    }
}
