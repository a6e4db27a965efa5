//! The end of a system: actors first, then its extensions, then its tasks; and the report of what did not finish.

use std::collections::BTreeMap;
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use super::ActorSystem;
use super::run::Phase;
use crate::actor::{Control, Core, StopReason, Target};
use crate::id::ActorId;
use crate::path::ActorPath;
use crate::time::Instant;

impl ActorSystem {
    /// Stops every actor and waits until all is over.
    ///
    /// Actors stop after their current message, children before parents, each with its `#[on(stop)]`.
    /// Handlers that still run after the grace period (30 s unless the builder says otherwise) are killed, and their
    /// actors named in the log; a handler that blocks its thread cannot be. What was queued is answered with
    /// `Stopped` or becomes a dead letter. Then the extensions stop; connections, which are one, say goodbye.
    ///
    /// Calling it twice is the same as once; both wait. Inside an actor of this system, do not await it: it
    /// waits for that actor.
    pub async fn shutdown(&self) {
        self.end_actors(self.0.config.shutdown_grace).await;
        self.all_stopped().await;
        self.end_parts().await;
    }

    /// Stops every actor; after `grace` kills those that still run, without waiting for them. They are
    /// returned if their own code held up the end, children before parents.
    pub(super) async fn end_actors(&self, grace: Duration) -> Vec<Arc<dyn Target>> {
        if !self.0.stopping.swap(true, Ordering::SeqCst) {
            self.0.ending.lock().since = self.runtime().now();
            self.schedules().close();
            self.user().control(Control::Stop(StopReason::Shutdown));
        }
        if self.within(grace, self.all_stopped()).await {
            return Vec::new();
        }
        let mut late = Vec::new();
        find_late(&*self.user(), &mut late);
        for actor in &late {
            tracing::warn!(system = self.name(), actor = %actor.path(), "outlived the shutdown's grace: killed");
        }
        self.user().kill();
        late
    }

    /// Says of an actor that was late what it was doing, once the kill has had its time.
    pub(super) fn explain(&self, late: &dyn Target) -> Unfinished {
        let cut = late.core().and_then(|core| self.0.ending.lock().cut.get(&core.id).copied());
        Unfinished { actor: late.path(), handling: cut }
    }

    /// Ends everything but the actors, which are gone.
    pub(super) async fn end_parts(&self) {
        self.stop_extensions().await;
        self.0.timers.stop();
        self.stop_watchdog();
        self.runtime().tasks().down_to(0).await;
        self.0.timers.clear();
        self.0.events.close();
        self.uproot();
        tracing::info!(system = self.name(), "system stopped");
    }

    /// Waits for `end`; false if the time is over before.
    pub(super) async fn within<T>(&self, time: Duration, end: impl Future<Output = T>) -> bool {
        let mut end = pin!(end);
        let mut over = pin!(self.runtime().sleep(time));
        poll_fn(|cx| match end.as_mut().poll(cx) {
            Poll::Ready(_) => Poll::Ready(true),
            Poll::Pending => over.as_mut().poll(cx).map(|()| false),
        })
        .await
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.0.stopping.load(Ordering::Relaxed)
    }

    /// A kill has ended `message` of `actor` while the system stops.
    #[cold]
    pub(crate) fn cut_short(&self, actor: ActorId, message: &'static str) {
        let now = self.runtime().now();
        let mut ending = self.0.ending.lock();
        let late = now.since(ending.since);
        ending.cut.insert(actor, (message, late));
    }
}

/// The end of a system under way.
#[derive(Default)]
pub(super) struct Ending {
    since: Instant,
    /// Handlers and hooks that were killed, and how long after the beginning.
    cut: BTreeMap<ActorId, (&'static str, Duration)>,
}

/// Those whose own code holds up the end, children before parents.
fn find_late(root: &dyn Target, late: &mut Vec<Arc<dyn Target>>) {
    for child in root.core().map(Core::children).unwrap_or_default() {
        find_late(&*child, late);
        if child.core().is_some_and(Core::holds_up) {
            late.push(child);
        }
    }
}

/// What did not finish in time when a system was run to its end. Printed, it explains.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// Steps that took too long or panicked, in their order.
    pub steps: Vec<UnfinishedStep>,
    /// Actors that were killed, children before parents: those whose own code held up the end.
    pub actors: Vec<Unfinished>,
    /// Actors that could not even be killed, because they block their threads. They still run.
    pub stuck: Vec<Unfinished>,
}

impl ShutdownReport {
    /// Whether everything finished in time.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.steps.is_empty() && self.actors.is_empty() && self.stuck.is_empty()
    }
}

impl fmt::Display for ShutdownReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_clean() {
            return f.write_str("everything finished in time");
        }
        let steps = self.steps.iter().map(ToString::to_string);
        let killed = self.actors.iter().map(|actor| format!("{actor}; it was killed"));
        let stuck = self.stuck.iter().map(|actor| format!("{actor}; it could not be killed"));
        f.write_str(&steps.chain(killed).chain(stuck).collect::<Vec<_>>().join("\n"))
    }
}

/// An actor whose own code held up the end of its system.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unfinished {
    /// The actor.
    pub actor: ActorPath,
    /// The handler or hook that the kill ended, and how long after the system had begun to stop. `None`: it
    /// came to no await where it could be ended, so it blocks or blocked its thread.
    pub handling: Option<(&'static str, Duration)>,
}

impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.handling {
            Some((message, time)) => {
                write!(f, "{} was in `{message}` {time:.0?} after its system had begun to stop", self.actor)
            }
            None => write!(f, "{} blocked its thread and came to no await", self.actor),
        }
    }
}

/// A step of [`Run::on_phase`](super::Run::on_phase) that did not finish.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnfinishedStep {
    /// Its phase.
    pub phase: Phase,
    /// `file:line:column` of its `on_phase`.
    pub place: String,
    /// What became of it.
    pub problem: StepProblem,
}

impl fmt::Display for UnfinishedStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the step at {} ({:?}) {}", self.place, self.phase, self.problem)
    }
}

/// Why a step did not finish.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepProblem {
    /// The time of its phase was over while it ran: it was dropped at its await.
    Late(Duration),
    /// The time of its phase was over before it began.
    NotBegun,
    /// It panicked; this is the text.
    Panicked(String),
}

impl fmt::Display for StepProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Late(time) => write!(f, "was cut short: its phase had {time:?}"),
            Self::NotBegun => f.write_str("was left out: the time of its phase was over"),
            Self::Panicked(text) => write!(f, "panicked: {text}"),
        }
    }
}
