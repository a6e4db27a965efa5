//! Routers: who gets which message, and what becomes of those that a routee does not take.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use akt::prelude::*;
use akt::{DeadLetterReason, Mailbox, Routees, Router, StopReason};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::support::system;

/// Says who it is; waits, fails and stops on demand.
struct Worker {
    gate: Arc<Notify>,
}

#[akt::actor]
impl Worker {
    #[handler]
    fn who(&mut self, cx: &mut Ctx<Self>) -> String {
        cx.path().name().to_owned()
    }

    #[handler]
    async fn wait(&mut self, cx: &mut Ctx<Self>) -> String {
        self.gate.notified().await;
        cx.path().name().to_owned()
    }

    #[handler]
    fn boom(&mut self) {
        panic!("no bread");
    }

    #[handler]
    fn quit(&mut self, cx: &mut Ctx<Self>) {
        cx.stop();
    }
}

type Key = fn(&WorkerMsg) -> u64;

fn worker() -> Worker {
    Worker { gate: Arc::default() }
}

fn gated(gate: &Arc<Notify>) -> impl Fn() -> Worker + Send + Sync + 'static {
    let gate = gate.clone();
    move || Worker { gate: gate.clone() }
}

async fn spawn(system: &ActorSystem, router: Router<WorkerMsg>) -> (WorkerRef, Routees) {
    let workers = system.spawn_router("workers", router, worker).await.unwrap();
    let routees = Routees::of(&workers.actor()).unwrap();
    (workers, routees)
}

async fn asked(workers: &WorkerRef, count: usize) -> Vec<String> {
    let mut names = Vec::new();
    for _ in 0..count {
        names.push(workers.who().await.unwrap());
    }
    names
}

async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[akt::test]
async fn round_robin_goes_around_and_the_answer_comes_from_the_routee() {
    let system = system().await;
    let (workers, _) = spawn(&system, Router::round_robin(3)).await;

    assert_eq!(asked(&workers, 5).await, ["1", "2", "3", "1", "2"]);
    assert_eq!(workers.actor().path().as_str(), "/user/workers");
    let found = system.actor_of::<WorkerRef>("workers").await.unwrap();
    assert_eq!(found.who().await.unwrap(), "3", "whoever looks it up gets the router");
    assert_eq!(found.actor(), workers.actor());
    let second = system.actor_of::<WorkerRef>("/user/workers/2").await.unwrap();
    assert_eq!(second.who().await.unwrap(), "2", "a routee can be told by itself");
    system.shutdown().await;
}

#[akt::test]
async fn random_meets_every_routee() {
    let system = system().await;
    let (workers, _) = spawn(&system, Router::random(3)).await;

    let met: BTreeSet<_> = asked(&workers, 100).await.into_iter().collect();

    assert_eq!(met.len(), 3);
    system.shutdown().await;
}

#[akt::test]
async fn the_least_loaded_routee_is_preferred() {
    let (system, gate) = (system().await, Arc::new(Notify::new()));
    let workers = system.spawn_router("workers", Router::least_loaded(2), gated(&gate)).await.unwrap();
    let first = system.actor_of::<WorkerRef>("/user/workers/1").await.unwrap();
    first.wait().tell().unwrap();
    settle().await;
    first.who().tell().unwrap();

    assert_eq!(asked(&workers, 3).await, ["2", "2", "2"]);
    gate.notify_one();
    system.shutdown().await;
}

#[akt::test]
async fn equal_keys_go_to_one_routee_and_a_resize_moves_few() {
    let system = system().await;
    let (workers, routees) = spawn(&system, Router::round_robin(4)).await;
    let mut before = BTreeMap::new();
    for key in 0..100 {
        before.insert(key, workers.who().key(&key).await.unwrap());
        assert_eq!(before[&key], workers.who().key(&key).await.unwrap());
    }

    routees.resize(5).await.unwrap();

    let mut moved = 0;
    for (key, owner) in before {
        let now = workers.who().key(&key).await.unwrap();
        moved += usize::from(now != owner);
        assert!(now == owner || now == "5", "{key} moved from {owner} to {now}");
    }
    assert!((5..40).contains(&moved), "{moved} of 100 keys moved");
    system.shutdown().await;
}

#[akt::test]
async fn a_key_can_come_from_the_message_and_may_panic() {
    let system = system().await;
    let by_message: Key = |_| 7;
    let panics: Key = |_| panic!("no key");
    let (workers, _) = spawn(&system, Router::consistent_hash(4, by_message)).await;
    let broken = system.spawn_router("broken", Router::consistent_hash(4, panics), worker).await.unwrap();

    assert_eq!(asked(&workers, 10).await.into_iter().collect::<BTreeSet<_>>().len(), 1);
    assert_eq!(asked(&broken, 10).await.into_iter().collect::<BTreeSet<_>>().len(), 1);
    system.shutdown().await;
}

#[akt::test]
async fn a_full_routee_is_passed_over_and_a_call_waits_when_all_are_full() {
    let (system, gate) = (system().await, Arc::new(Notify::new()));
    let router = Router::round_robin(2).mailbox(Mailbox::bounded(1));
    let workers = system.spawn_router("workers", router, gated(&gate)).await.unwrap();
    let first = system.actor_of::<WorkerRef>("/user/workers/1").await.unwrap();
    first.wait().tell().unwrap();
    settle().await;
    first.wait().tell().unwrap();
    assert_eq!(asked(&workers, 4).await, ["2", "2", "2", "2"], "the first is full");
    let second = system.actor_of::<WorkerRef>("/user/workers/2").await.unwrap();
    second.wait().tell().unwrap();
    settle().await;
    second.wait().tell().unwrap();

    assert!(matches!(workers.who().tell(), Err(TellError::Full(_))));
    let asked = workers.who().start();
    let mut sent = JoinSet::new();
    let sender = workers.clone();
    sent.spawn(async move { sender.who().send().await });
    settle().await;
    for _ in 0..6 {
        gate.notify_one();
        settle().await;
    }

    assert!(asked.await.is_ok());
    assert!(sent.join_all().await.iter().all(Result::is_ok));
    system.shutdown().await;
}

#[akt::test]
async fn a_routee_that_fails_is_replaced_and_its_messages_follow_their_fate() {
    let system = system().await;
    let (workers, routees) = spawn(&system, Router::round_robin(2)).await;

    workers.boom().tell().unwrap();
    settle().await;

    assert_eq!(asked(&workers, 4).await, ["2", "3", "2", "3"], "another in its place");
    assert_eq!(routees.all().len(), 2);
    assert_eq!(system.dead_letters_of(DeadLetterReason::Panicked), 1);
    system.shutdown().await;
}

#[akt::test]
async fn a_routee_that_stops_of_its_own_leaves_and_none_is_lost_on_it() {
    let system = system().await;
    let (workers, routees) = spawn(&system, Router::round_robin(2)).await;

    workers.quit().await.unwrap();

    assert_eq!(asked(&workers, 3).await, ["2", "2", "2"], "at once");
    settle().await;
    assert_eq!(routees.all().len(), 1);
    system.shutdown().await;
}

#[akt::test]
async fn without_replacement_the_failed_leave_and_a_router_without_routees_refuses_and_stays() {
    let system = system().await;
    let (workers, routees) = spawn(&system, Router::round_robin(2).without_replacement()).await;
    workers.boom().tell().unwrap();
    workers.boom().tell().unwrap();
    settle().await;

    assert!(matches!(workers.who().tell(), Err(TellError::NoRoutees(_))));
    assert!(matches!(workers.who().send().await, Err(TellError::NoRoutees(_))));
    let error = workers.who().await.unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), error.delivery()),
        ("rejected: the router has no routees", Delivery::No)
    );
    assert!(workers.actor().is_alive());

    routees.resize(1).await.unwrap();
    assert_eq!(workers.who().await.unwrap(), "3", "no number is used twice");
    system.shutdown().await;
}

#[akt::test]
async fn a_smaller_router_handles_what_its_routees_had() {
    let (system, gate) = (system().await, Arc::new(Notify::new()));
    let workers = system.spawn_router("workers", Router::round_robin(2), gated(&gate)).await.unwrap();
    let routees = Routees::of(&workers.actor()).unwrap();
    let busy = [workers.wait().start(), workers.wait().start()];
    let queued = [workers.who().start(), workers.who().start()];

    routees.resize(0).await.unwrap();
    assert!(matches!(workers.who().tell(), Err(TellError::NoRoutees(_))));
    workers.actor().stop_after_drain();
    gate.notify_one();
    settle().await;
    gate.notify_one();

    for call in busy {
        assert!(call.await.is_ok());
    }
    for call in queued {
        assert!(call.await.is_ok());
    }
    assert_eq!(workers.actor().stopped().await, StopReason::Requested, "and then the drained router stops");
    system.shutdown().await;
}

#[akt::test]
async fn stopping_draining_and_killing_a_router_is_as_with_any_actor() {
    let system = system().await;
    for end in [StopReason::Requested, StopReason::Killed] {
        let (workers, routees) = spawn(&system, Router::round_robin(2)).await;
        match end {
            StopReason::Killed => workers.actor().kill(),
            _ => workers.actor().stop(),
        }

        assert_eq!(workers.actor().stopped().await, end);
        assert!(matches!(workers.who().tell(), Err(TellError::Stopped(_))));
        assert!(matches!(workers.who().await, Err(AskError::Stopped { reason, .. }) if reason == end));
        assert!(routees.resize(1).await.is_err());
    }
    let (workers, _) = spawn(&system, Router::round_robin(2)).await;
    let queued: Vec<_> = (0..4).map(|_| workers.who().start()).collect();

    workers.actor().stop_after_drain();

    for call in queued {
        assert!(call.await.is_ok(), "what was queued is handled");
    }
    assert_eq!(workers.actor().stopped().await, StopReason::Requested);
    system.shutdown().await;
}

#[akt::test]
async fn a_routee_that_does_not_start_fails_the_spawn_of_its_router() {
    let system = system().await;
    let factory = || -> Worker { panic!("no hands") };

    let error = system.spawn_router("workers", Router::round_robin(2), factory).await.unwrap_err();

    assert!(error.to_string().contains("no hands"), "{error}");
    assert!(system.actor_of::<WorkerRef>("workers").await.is_err());
    system.shutdown().await;
}

#[akt::test]
async fn a_strategy_of_the_user_sees_message_and_routees_and_chooses_by_place() {
    let (system, gate) = (system().await, Arc::new(Notify::new()));
    let router = Router::by(3, |message: &WorkerMsg, routees| match akt::Message::name(message) {
        "who" => routees.iter().position(|routee| routee.queued == 0).unwrap_or(0),
        _ => 2,
    });
    let workers = system.spawn_router("workers", router, gated(&gate)).await.unwrap();
    let first = system.actor_of::<WorkerRef>("/user/workers/1").await.unwrap();
    for _ in 0..2 {
        first.wait().tell().unwrap();
        settle().await;
    }

    let who = workers.who().await.unwrap();
    let waited = workers.wait().start();
    settle().await;
    for _ in 0..3 {
        gate.notify_one();
        settle().await;
    }

    assert_eq!((who.as_str(), waited.await.unwrap().as_str()), ("2", "3"));
    assert_eq!(workers.who().await.unwrap(), "1");
    system.shutdown().await;
}

#[akt::test]
async fn a_strategy_that_panics_or_chooses_nobody_is_passed_over_and_breaks_nothing() {
    let system = system().await;
    let panics = Router::by(2, |_: &WorkerMsg, _| panic!("no choice"));
    let nobody = Router::by(2, |_: &WorkerMsg, routees| routees.len());

    for (name, router) in [("panics", panics), ("nobody", nobody)] {
        let workers = system.spawn_router(name, router, worker).await.unwrap();

        assert_eq!(asked(&workers, 4).await, ["1", "2", "1", "2"], "in turn");
        assert!(workers.who().tell().is_ok());
        let routees = Routees::of(&workers.actor()).unwrap();
        routees.resize(0).await.unwrap();
        assert!(matches!(workers.who().tell(), Err(TellError::NoRoutees(_))));
        routees.resize(1).await.unwrap();
        assert_eq!(workers.who().await.unwrap(), "3");
    }
    assert_eq!(system.dead_letters(), 0);
    system.shutdown().await;
}
