//! A system that runs until it is told to end: phases, their times, and the report.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use akt::prelude::*;
use akt::{Phase, StepProblem, StopReason};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::support::{Counter, gated, system};

const SECOND: Duration = Duration::from_secs(1);

#[akt::test]
async fn a_run_ends_in_phases_in_their_order() {
    let (system, said) = (system().await, Arc::new(Mutex::new(Vec::new())));
    let counter = system.spawn("counter", Counter::default).await.unwrap();
    let (before, after, last) = (said.clone(), said.clone(), said.clone());
    let (asked, gone) = (counter.clone(), counter.clone());

    let report = system
        .run_until(async {})
        .on_phase(Phase::AfterSystemStop, async move || last.lock().push("system".to_owned()))
        .on_phase(Phase::BeforeActorsStop, async move || {
            let sum = asked.add(1).await.ok();
            before.lock().push(format!("{sum:?}"));
        })
        .on_phase(Phase::AfterActorsStop, async move || {
            after.lock().push(format!("{:?}", gone.actor().stop_reason()));
        })
        .await;

    assert!(report.is_clean(), "{report}");
    assert_eq!(*said.lock(), ["Some(1)", "Some(Shutdown)", "system"]);
}

#[akt::test]
async fn a_hang_explains_itself() {
    let system = system().await;
    let counter = system.spawn("counter", gated(&Arc::new(Notify::new()))).await.unwrap();
    let idle = system.spawn("idle", Counter::default).await.unwrap();
    counter.wait().tell().unwrap();
    tokio::task::yield_now().await;

    let report = system.run_until(async {}).grace(10 * SECOND).await;

    let said = "/user/counter was in `wait` 10s after its system had begun to stop; it was killed";
    assert_eq!(report.to_string(), said);
    assert_eq!(counter.actor().stop_reason(), Some(StopReason::Killed));
    assert_eq!(idle.actor().stop_reason(), Some(StopReason::Shutdown));
}

#[akt::test]
async fn a_hook_that_hangs_is_named_and_its_parent_is_not() {
    struct Parent;
    #[akt::actor]
    impl Parent {
        #[on(start)]
        async fn started(&mut self, cx: &mut Ctx<Self>) -> Result<(), Fault> {
            cx.spawn("child", || Child).await?;
            Ok(())
        }

        #[handler]
        fn never(&mut self) {}
    }
    struct Child;
    #[akt::actor]
    impl Child {
        #[on(stop)]
        async fn stopping(&mut self) {
            pending::<()>().await;
        }

        #[handler]
        fn never(&mut self) {}
    }
    let system = system().await;
    system.spawn("parent", || Parent).await.unwrap();

    let report = system.run_until(async {}).grace(SECOND).await;

    let said = "/user/parent/child was in `on(stop)` 1s after its system had begun to stop; it was killed";
    assert_eq!(report.to_string(), said);
}

#[akt::test]
async fn a_step_that_hangs_or_panics_is_reported_and_the_rest_runs() {
    let (system, done) = (system().await, Arc::new(Notify::new()));
    let last = done.clone();

    let report = system
        .run_until(async {})
        .on_phase(Phase::BeforeActorsStop, async || panic!("no bread"))
        .on_phase(Phase::BeforeActorsStop, async || pending().await)
        .on_phase(Phase::BeforeActorsStop, async || unreachable!())
        .on_phase(Phase::AfterSystemStop, async move || last.notify_one())
        .phase_timeout(Phase::BeforeActorsStop, SECOND)
        .await;

    done.notified().await;
    let problems: Vec<_> = report.steps.iter().map(|step| step.problem.clone()).collect();
    let panicked = StepProblem::Panicked("no bread".to_owned());
    assert_eq!(problems, [panicked, StepProblem::Late(SECOND), StepProblem::NotBegun]);
    assert!(report.steps[0].place.contains("running.rs:"), "{report}");
}

#[akt::test]
async fn a_run_ends_when_somebody_else_shuts_the_system_down() {
    let system = system().await;
    let other = system.clone();

    let (report, ()) = tokio::join!(system.run_until(pending()).into_future(), other.shutdown());

    assert!(report.is_clean(), "{report}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_signal_ends_the_run() {
    let system = system().await;
    let end = async {
        tokio::task::yield_now().await;
        let status = std::process::Command::new("kill").arg(std::process::id().to_string()).status();
        assert!(status.unwrap().success());
    };

    let (report, ()) = tokio::join!(system.run_until_signal().into_future(), end);

    assert!(report.is_clean(), "{report}");
}
