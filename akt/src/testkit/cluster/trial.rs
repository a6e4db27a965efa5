//! One run of a simulation, from its first node to its last.

use std::any::Any;
use std::collections::BTreeSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::chaos::Fault;
use super::hush::hushed;
use super::kit::{ClusterKit, Start};
use crate::sim::Ran;
use crate::testkit::flow::Flow;
use crate::testkit::run::caught;

/// The test: `None` if all was well.
pub(super) type Body<'a> = dyn Fn(ClusterKit) -> Pin<Box<dyn Future<Output = Option<String>>>> + Sync + 'a;

/// What the body of a simulation returns: nothing, or a `Result`.
#[diagnostic::on_unimplemented(
    message = "a simulation returns nothing, or a `Result<(), E>`",
    label = "not `{Self}`"
)]
pub trait TestResult {
    /// Why the test fails; `None` if it does not.
    fn failure(self) -> Option<String>;
}

impl TestResult for () {
    fn failure(self) -> Option<String> {
        None
    }
}

impl<E: fmt::Debug> TestResult for Result<(), E> {
    fn failure(self) -> Option<String> {
        self.err().map(|error| format!("the test returned {error:?}"))
    }
}

/// How a run is to be.
pub(super) struct Plan {
    pub(super) nodes: usize,
    pub(super) limit: Duration,
    pub(super) start: Arc<Start>,
    /// If not all faults are let happen: the numbers of those that are.
    pub(super) only: Option<BTreeSet<usize>>,
}

/// One run, and what came of it.
pub(super) struct Trial {
    pub(super) seed: u64,
    pub(super) failure: Option<String>,
    /// All that were drawn.
    pub(super) faults: Vec<Fault>,
    /// The numbers of those that were let happen.
    pub(super) let_happen: BTreeSet<usize>,
    pub(super) flow: Flow,
    /// Of which task ran when.
    trace: u64,
}

impl Trial {
    pub(super) fn run(seed: u64, plan: Plan, body: &Body<'_>) -> Self {
        let Plan { nodes, limit, start, only } = plan;
        let kept = OnceLock::new();
        let ran = hushed(|| {
            catch_unwind(AssertUnwindSafe(|| {
                crate::sim::run_traced(seed, |runtime| async {
                    let kit = ClusterKit::new(seed, runtime, start, only.clone());
                    let kit = kept.get_or_init(|| kit).clone();
                    let failure = live(&kit, nodes, limit, body).await.err();
                    // What is torn down from here on is not of the run.
                    (failure, kit.flow())
                })
            }))
        });
        let faults = kept.get().map(ClusterKit::faults).unwrap_or_default();
        let (failure, flow, trace) = match ran {
            Ok(Ran { done: (failure, flow), trace, strays }) => (failure.or(strays), flow, trace),
            // A task, not the test.
            Err(panic) => {
                let flow = kept.get().map(ClusterKit::flow).unwrap_or_default();
                (Some(words(panic.as_ref())), flow, 0)
            }
        };
        let let_happen = only.unwrap_or_else(|| (0..faults.len()).collect());
        Self { seed, failure, faults, let_happen, flow, trace }
    }

    /// Where another run of the same seed went another way.
    pub(super) fn differs_from(&self, other: &Self) -> Option<String> {
        let (mine, others) = (self.flow.to_string(), other.flow.to_string());
        let differs = |(_, (mine, other)): &(usize, (&str, &str))| mine != other;
        if let Some((line, (first, second))) = mine.lines().zip(others.lines()).enumerate().find(differs) {
            return Some(format!("line {} of the log was\n  {first}\nand then\n  {second}", line + 1));
        }
        if mine.len() != others.len() {
            return Some("one of the logs goes on where the other ends".to_owned());
        }
        if self.failure != other.failure {
            return Some(format!("one ended with {:?}, the other with {:?}", self.failure, other.failure));
        }
        (self.trace != other.trace)
            .then(|| "the logs are the same, but tasks ran in another order".to_owned())
    }
}

async fn live(kit: &ClusterKit, nodes: usize, limit: Duration, body: &Body<'_>) -> Result<(), String> {
    for node in 0..nodes {
        kit.join().await.map_err(|error| format!("node {node} does not start: {error}"))?;
    }
    tokio::select! { biased;
        ended = caught(body(kit.clone())) => match ended {
            Ok(None) => {}
            Ok(Some(failure)) => return Err(failure),
            Err(panic) => return Err(words(panic.as_ref())),
        },
        () = kit.advance(limit) => return Err(format!("it does not end within {limit:?} of virtual time")),
    }
    kit.finish().await
}

/// What a panic says.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words");
    match super::hush::last_place() {
        Some(place) => format!("{text}\n  at {place}"),
        None => text.to_owned(),
    }
}
