//! Pull pools: routees that take from one queue when they are free.
#![allow(clippy::disallowed_methods, reason = "the tasks of a test are its own")]

use std::sync::Arc;
use std::time::Duration;

use akt::prelude::*;
use akt::{DeadLetterReason, Mailbox, Routees, Router, StopReason};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::support::system;

struct Worker {
    log: Arc<Mutex<Vec<String>>>,
    gate: Arc<Notify>,
}

#[akt::actor]
impl Worker {
    #[handler]
    fn who(&mut self, job: u32, cx: &mut Ctx<Self>) -> String {
        self.log.lock().push(format!("{} {job}", cx.path().name()));
        cx.path().name().to_owned()
    }

    #[handler]
    async fn wait(&mut self) {
        self.gate.notified().await;
    }

    #[handler]
    fn boom(&mut self) {
        panic!("no bread");
    }
}

struct Pool {
    system: ActorSystem,
    workers: WorkerRef,
    log: Arc<Mutex<Vec<String>>>,
    gate: Arc<Notify>,
}

impl Pool {
    async fn of(router: Router<WorkerMsg>) -> Self {
        let (system, gate) = (system().await, Arc::new(Notify::new()));
        let log = Arc::<Mutex<Vec<String>>>::default();
        let (l, g) = (log.clone(), gate.clone());
        let make = move || Worker { log: l.clone(), gate: g.clone() };
        let workers = system.spawn_router("workers", router, make).await.unwrap();
        settle().await;
        Self { system, workers, log, gate }
    }

    fn log(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock())
    }

    fn routees(&self) -> Routees {
        Routees::of(&self.workers.actor()).unwrap()
    }

    /// Makes `count` routees busy.
    async fn busy(&self, count: usize) {
        for _ in 0..count {
            self.workers.wait().tell().unwrap();
        }
        settle().await;
    }

    async fn release(&self) {
        self.gate.notify_one();
        settle().await;
    }
}

async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[akt::test]
async fn a_slow_routee_of_a_pull_pool_holds_up_nobody() {
    let pool = Pool::of(Router::pull(2)).await;
    pool.busy(1).await;

    let asked: Vec<_> = (0..20).map(|job| pool.workers.who(job).start()).collect();

    for call in asked {
        assert_eq!(call.await.unwrap(), "2", "whoever is free");
    }
    assert_eq!(pool.log(), (0..20).map(|job| format!("2 {job}")).collect::<Vec<_>>(), "in order");
    pool.release().await;
    pool.system.shutdown().await;
}

#[akt::test]
async fn a_full_pull_pool_hands_the_message_back_and_makes_send_and_ask_wait_in_order() {
    let pool = Pool::of(Router::pull(1).mailbox(Mailbox::bounded(2))).await;
    pool.busy(1).await;
    pool.workers.who(0).tell().unwrap();
    pool.workers.who(1).tell().unwrap();

    assert!(matches!(pool.workers.who(9).tell(), Err(TellError::Full(_))));
    let workers = pool.workers.clone();
    let sent = tokio::spawn(async move { workers.who(2).send().await });
    settle().await;
    let asked = tokio::spawn(pool.workers.who(3).start());
    let given_up = tokio::spawn(pool.workers.who(4).start());
    settle().await;
    given_up.abort();
    let late = pool.workers.who(5).timeout(Duration::from_millis(1)).await.unwrap_err();
    assert!(late.to_string().contains("waiting for room"), "{late}");
    pool.release().await;

    assert!(sent.await.unwrap().is_ok());
    assert_eq!(asked.await.unwrap().unwrap(), "1");
    assert_eq!(pool.log(), ["1 0", "1 1", "1 2", "1 3"]);
    assert_eq!(pool.system.dead_letters(), 0);
    pool.system.shutdown().await;
}

#[akt::test]
async fn a_routee_of_a_pull_pool_that_fails_loses_nothing_that_it_had_not_begun() {
    let pool = Pool::of(Router::pull(2)).await;
    pool.busy(2).await;
    let fails = pool.workers.boom().start();
    let asked: Vec<_> = (0..6).map(|job| pool.workers.who(job).start()).collect();

    pool.release().await;
    pool.release().await;

    assert!(matches!(fails.await, Err(AskError::Fault(_))));
    for call in asked {
        assert!(call.await.is_ok());
    }
    assert_eq!(pool.routees().all().len(), 2, "another has taken the place");
    assert_eq!(pool.system.dead_letters(), 0);
    pool.system.shutdown().await;
}

#[akt::test]
async fn a_turn_of_a_routee_that_is_gone_passes_to_another() {
    let pool = Pool::of(Router::pull(3).without_replacement()).await;
    let routees = pool.routees().all();

    // Each has been given the turn when it is killed, and has not taken it.
    for routee in &routees[..2] {
        let asked = pool.workers.who(0).start();
        routee.kill();
        assert!(asked.await.is_ok());
    }
    assert_eq!(pool.workers.who(0).await.unwrap(), "3");
    pool.system.shutdown().await;
}

#[akt::test]
async fn a_routee_that_is_busy_with_its_own_messages_holds_up_nobody() {
    let pool = Pool::of(Router::pull(2)).await;
    let first: WorkerRef = pool.routees().refs().remove(0);
    first.wait().tell().unwrap();
    settle().await;

    assert_eq!(pool.workers.who(0).await.unwrap(), "2");
    pool.release().await;
    let (own, shared): (Vec<_>, Vec<_>) =
        (0..4).map(|job| (first.who(100 + job).start(), pool.workers.who(job).start())).unzip();
    for call in own.into_iter().chain(shared) {
        assert!(call.await.is_ok());
    }
    pool.system.shutdown().await;
}

#[akt::test]
async fn a_smaller_pull_pool_leaves_the_queue_to_those_who_stay() {
    let pool = Pool::of(Router::pull(2)).await;
    pool.busy(2).await;
    let asked: Vec<_> = (0..4).map(|job| pool.workers.who(job).start()).collect();

    pool.routees().resize(1).await.unwrap();
    pool.release().await;
    pool.release().await;

    for call in asked {
        assert_eq!(call.await.unwrap(), "1");
    }
    pool.routees().resize(0).await.unwrap();
    assert!(matches!(pool.workers.who(0).tell(), Err(TellError::NoRoutees(_))));
    pool.routees().resize(1).await.unwrap();
    assert_eq!(pool.workers.who(0).await.unwrap(), "3");
    pool.system.shutdown().await;
}

#[akt::test]
async fn a_pull_pool_that_stops_refuses_what_is_queued_and_finishes_what_was_begun() {
    for (reason, letter) in [
        (StopReason::Requested, DeadLetterReason::Stopped),
        (StopReason::Killed, DeadLetterReason::Killed),
        (StopReason::Shutdown, DeadLetterReason::Shutdown),
    ] {
        let pool = Pool::of(Router::pull(1)).await;
        let begun = pool.workers.wait().start();
        settle().await;
        pool.workers.who(0).tell().unwrap();
        let asked = pool.workers.who(1).start();
        let system = pool.system.clone();
        let end = match reason {
            StopReason::Requested => {
                let actor = pool.workers.actor();
                tokio::spawn(async move { actor.stop() })
            }
            StopReason::Killed => {
                let actor = pool.workers.actor();
                tokio::spawn(async move { actor.kill() })
            }
            _ => tokio::spawn(async move { system.shutdown().await }),
        };

        let refused = asked.await.unwrap_err();
        assert_eq!(refused.delivery(), Delivery::No);
        assert!(matches!(refused, AskError::Stopped { reason: said, .. } if said == reason), "{refused}");
        assert_eq!(pool.system.dead_letters_of(letter), 1);
        assert!(matches!(pool.workers.who(2).tell(), Err(TellError::Stopped(_))));
        pool.gate.notify_one();
        assert_eq!(begun.await.is_ok(), reason != StopReason::Killed);
        assert_eq!(pool.workers.actor().stopped().await, reason);
        let _ = end.await;
        pool.system.shutdown().await;
    }
}

#[akt::test]
async fn a_drain_of_a_pull_pool_handles_what_was_queued_and_nothing_later() {
    let pool = Pool::of(Router::pull(2)).await;
    pool.busy(2).await;
    let asked: Vec<_> = (0..4).map(|job| pool.workers.who(job).start()).collect();

    pool.workers.actor().stop_after_drain();
    assert!(matches!(pool.workers.who(9).tell(), Err(TellError::Stopped(_))));
    pool.release().await;
    pool.release().await;

    for call in asked {
        assert!(call.await.is_ok());
    }
    assert_eq!(pool.workers.actor().stopped().await, StopReason::Requested);
    let idle = Pool::of(Router::pull(2)).await;
    idle.workers.actor().stop_after_drain();
    assert_eq!(idle.workers.actor().stopped().await, StopReason::Requested);
    pool.system.shutdown().await;
    idle.system.shutdown().await;
}

#[akt::test]
async fn a_message_in_the_queue_of_a_pull_pool_keeps_its_time_and_can_be_taken_back() {
    let pool = Pool::of(Router::pull(1)).await;
    pool.busy(1).await;

    let late = pool.workers.who(0).timeout(Duration::from_millis(10)).await.unwrap_err();
    drop(pool.workers.who(1).start());
    pool.release().await;

    let AskError::Timeout(info) = &late else { panic!("{late}") };
    assert!(matches!(info.stage, akt::Stage::Queued { depth: 1 }), "{info}");
    assert_eq!(pool.log(), [""; 0]);
    assert_eq!(pool.system.dead_letters_of(DeadLetterReason::Cancelled), 1);
    pool.system.shutdown().await;
}

#[akt::test]
async fn an_escalation_to_a_pull_pool_refuses_what_no_routee_has_begun() {
    let policy = Supervise::one_for_one().otherwise(Directive::Escalate);
    let pool = Pool::of(Router::pull(1).supervise(policy)).await;
    pool.busy(1).await;
    let fails = pool.workers.boom().start();
    let asked = pool.workers.who(0).start();

    pool.release().await;

    assert!(matches!(fails.await, Err(AskError::Fault(_))));
    let refused = asked.await.unwrap_err();
    assert!(matches!(refused, AskError::Stopped { delivered: Delivery::No, .. }), "{refused}");
    assert!(!pool.workers.actor().is_alive());
    pool.system.shutdown().await;
}

#[akt::test]
async fn a_routee_of_a_pull_pool_that_is_drained_leaves_a_queue_that_is_never_empty() {
    let pool = Pool::of(Router::pull(2).mailbox(Mailbox::Unbounded)).await;
    let routees: Vec<WorkerRef> = pool.routees().refs();
    pool.busy(2).await;
    akt::batch((0..10_000).map(|job| pool.workers.who(job))).tell().unwrap();

    routees[0].actor().stop_after_drain();
    pool.gate.notify_waiters();

    assert_eq!(routees[0].actor().stopped().await, StopReason::Requested);
    let left = pool.workers.who(0);
    left.await.unwrap();
    let log = pool.log();
    assert_eq!(log.len(), 10_001);
    assert!(log.iter().filter(|line| line.starts_with("1 ")).count() < 100, "it left early");
    pool.system.shutdown().await;
}
