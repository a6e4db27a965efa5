//! The life of a local actor: start, stop, drain, kill, restart, supervision, watch, shutdown.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use akt::prelude::*;
use akt::{DeadLetterReason, Event, SpawnError, StopReason};
use tokio::sync::{Notify, mpsc};

use crate::support::{Counter, CounterRef, TooBig, gated, system, until};

#[akt::test]
async fn what_is_queued_when_an_actor_stops_is_answered_or_a_dead_letter() {
    let system = system().await;
    let gate = Arc::new(Notify::new());
    let counter = system.spawn("counter", gated(&gate)).await.unwrap();
    let busy = counter.wait().start();
    tokio::task::yield_now().await;
    counter.add(1).tell().unwrap();
    let queued = counter.add(2).start();

    counter.actor().stop();
    gate.notify_one();

    assert_eq!(busy.await.unwrap(), 0, "the current message is finished");
    let error = queued.await.unwrap_err();
    assert!(matches!(error, AskError::Stopped { reason: StopReason::Requested, delivered: Delivery::No }));
    assert_eq!(counter.actor().stopped().await, StopReason::Requested);
    assert_eq!(system.dead_letters_of(DeadLetterReason::Stopped), 1);
    assert!(matches!(counter.add(1).tell(), Err(TellError::Stopped(_))));
    assert!(matches!(counter.add(1).await, Err(AskError::Stopped { .. })));
    system.shutdown().await;
}

#[akt::test]
async fn a_drain_handles_what_was_queued_and_nothing_later() {
    let system = system().await;
    let gate = Arc::new(Notify::new());
    let counter = system.spawn("counter", gated(&gate)).await.unwrap();
    let busy = counter.wait().start();
    tokio::task::yield_now().await;
    let before = counter.add(1).start();
    counter.actor().stop_after_drain();
    let after = counter.add(1).start();

    gate.notify_one();

    assert_eq!(busy.await.unwrap(), 0);
    assert_eq!(before.await.unwrap(), 1);
    assert!(matches!(after.await, Err(AskError::Stopped { .. })));
    system.shutdown().await;
}

#[akt::test]
async fn a_kill_drops_the_running_handler() {
    let system = system().await;
    let counter = system.spawn("counter", gated(&Arc::new(Notify::new()))).await.unwrap();
    let running = counter.wait().start();
    tokio::task::yield_now().await;
    counter.wait().tell().unwrap();
    let queued = counter.add(1).start();

    counter.actor().kill();

    let error = running.await.unwrap_err();
    assert!(matches!(error, AskError::Stopped { reason: StopReason::Killed, delivered: Delivery::Maybe }));
    let error = queued.await.unwrap_err();
    assert!(matches!(error, AskError::Stopped { reason: StopReason::Killed, delivered: Delivery::No }));
    assert_eq!(counter.actor().stopped().await, StopReason::Killed);
    assert_eq!(system.dead_letters_of(DeadLetterReason::Killed), 1);
    system.shutdown().await;
}

#[akt::test]
async fn a_panic_is_a_fault_with_text_and_place_and_stops_unless_told() {
    let system = system().await;
    let counter = system.spawn("counter", Counter::default).await.unwrap();

    let Err(AskError::Fault(info)) = counter.boom().await else { panic!("no fault") };

    assert_eq!((info.text.as_str(), info.directive), ("no bread", Directive::Stop));
    assert!(info.place.as_deref().is_some_and(|place| place.contains("support.rs:")), "{info}");
    assert_eq!(counter.actor().stopped().await, StopReason::Fault);
    system.shutdown().await;
}

#[akt::test]
async fn a_restart_keeps_mailbox_and_reference_and_makes_a_new_value() {
    let system = system().await;
    let mut events = system.events();
    let made = Arc::new(AtomicUsize::new(0));
    let count = made.clone();
    let factory = move || {
        count.fetch_add(1, Ordering::SeqCst);
        Counter::default()
    };
    let counter = system.spawn("counter", factory).supervise(Supervise::restart()).await.unwrap();
    counter.add(5).await.unwrap();

    counter.boom().tell().unwrap();
    let queued = counter.add(1).start();

    assert_eq!(queued.await.unwrap(), 1, "kept, and handled by the new value");
    assert_eq!(made.load(Ordering::SeqCst), 2);
    until(&mut events, |event| matches!(event, Event::Restarted { .. })).await;
    assert_eq!(system.dead_letters_of(DeadLetterReason::Panicked), 1);
    let Err(AskError::Fault(info)) = counter.fail().await else { panic!("no fault") };
    assert_eq!((info.text.as_str(), info.place.as_deref()), ("too big", None));
    assert_eq!(counter.add(1).await.unwrap(), 1);
    system.shutdown().await;
}

#[akt::test]
async fn resume_keeps_the_value_and_a_spent_budget_stops() {
    let system = system().await;
    let policy = Supervise::restart().on::<TooBig>(Directive::Resume).budget(1, Duration::from_secs(60));
    let counter = system.spawn("counter", Counter::default).supervise(policy).await.unwrap();
    counter.add(5).await.unwrap();

    assert!(matches!(counter.fail().await, Err(AskError::Fault(_))));
    assert_eq!(counter.add(0).await.unwrap(), 5);
    assert!(
        matches!(counter.boom().await, Err(AskError::Fault(info)) if info.directive == Directive::Restart)
    );
    assert!(matches!(counter.boom().await, Err(AskError::Fault(info)) if info.directive == Directive::Stop));
    assert_eq!(counter.actor().stopped().await, StopReason::Fault);
    system.shutdown().await;
}

#[akt::test]
async fn a_domain_error_to_a_tell_is_an_event_and_no_fault() {
    let system = system().await;
    let mut events = system.events();
    let counter = system.spawn("counter", Counter::default).await.unwrap();

    counter.checked(101).tell().unwrap();

    let event = until(&mut events, |event| matches!(event, Event::HandlerFailed { .. })).await;
    assert!(matches!(event, Event::HandlerFailed { message: "checked", .. }));
    assert_eq!(counter.add(1).await.unwrap(), 1);
    system.shutdown().await;
}

#[akt::test]
async fn a_name_is_taken_once_and_free_again_when_its_actor_is_gone() {
    let system = system().await;
    let counter = system.spawn("counter", Counter::default).await.unwrap();

    assert!(matches!(system.spawn("counter", Counter::default).await, Err(SpawnError::NameTaken(_))));
    assert!(matches!(system.spawn("a/b", Counter::default).await, Err(SpawnError::Name(_))));
    counter.quit().await.unwrap();
    counter.actor().stopped().await;
    let again = system.spawn("counter", Counter::default).await.unwrap();

    assert_ne!(again.actor().id(), counter.actor().id());
    assert_eq!(system.lookup(&again.actor().path()), Some(again.actor()));
    let found = system.actor_of::<CounterRef>("counter").await.unwrap();
    assert_eq!(found.actor(), again.actor());
    let error = system.actor_of::<ParentRef>("counter").await.unwrap_err().to_string();
    assert!(error.contains("CounterMsg`, not") && error.contains("ParentMsg`"), "{error}");
    system.shutdown().await;
}

/// Logs its life, has a child, watches.
struct Parent {
    log: mpsc::Sender<String>,
    child: Option<CounterRef>,
}

#[akt::actor]
impl Parent {
    #[on(start)]
    async fn started(&mut self, cx: &mut Ctx<Self>) -> Result<(), Fault> {
        let child = cx.spawn("child", Counter::default).await?;
        cx.watch(&child.actor());
        self.child = Some(child);
        self.say("start");
        Ok(())
    }

    #[on(stop)]
    fn stopping(&mut self) {
        self.say("stop");
    }

    #[on(terminated)]
    fn gone(&mut self, terminated: Terminated) {
        self.say(&format!("{} gone: {:?}", terminated.actor.path(), terminated.reason));
    }

    #[handler]
    fn child(&mut self) -> CounterRef {
        self.child.clone().expect("spawned at the start")
    }

    #[handler]
    fn boom(&mut self) {
        panic!("parent");
    }

    #[handler]
    fn watch_again(&mut self, cx: &mut Ctx<Self>) {
        let child = self.child.as_ref().expect("spawned at the start").actor();
        cx.watch(&child);
    }

    #[handler]
    fn watch(&mut self, actor: akt::AnyRef, cx: &mut Ctx<Self>) {
        cx.watch(&actor);
    }

    fn say(&self, what: &str) {
        self.log.try_send(what.to_owned()).expect("the log has room");
    }
}

fn parent(log: &mpsc::Sender<String>) -> impl FnMut() -> Parent + Send + 'static {
    let log = log.clone();
    move || Parent { log: log.clone(), child: None }
}

#[akt::test]
async fn terminated_comes_exactly_once_and_at_once_for_the_dead() {
    let system = system().await;
    let (log, mut said) = mpsc::channel(16);
    let parent = system.spawn("parent", parent(&log)).await.unwrap();
    let child = parent.child().await.unwrap();

    child.actor().stop();
    assert_eq!(said.recv().await.unwrap(), "start");
    assert_eq!(said.recv().await.unwrap(), "/user/parent/child gone: Requested");
    parent.watch_again().await.unwrap();

    assert_eq!(said.recv().await.unwrap(), "/user/parent/child gone: Requested");
    system.shutdown().await;
    assert_eq!(said.recv().await.unwrap(), "stop");
    drop(log);
    assert!(said.try_recv().is_err(), "nothing twice");
}

#[akt::test]
async fn a_restart_stops_the_old_value_and_its_children_before_the_new_starts() {
    let system = system().await;
    let (log, mut said) = mpsc::channel(16);
    let parent = system.spawn("parent", parent(&log)).supervise(Supervise::restart()).await.unwrap();
    let old = parent.child().await.unwrap();

    assert!(matches!(parent.boom().await, Err(AskError::Fault(_))));
    let new = parent.child().await.unwrap();

    assert_eq!(old.actor().stop_reason(), Some(StopReason::Parent));
    assert_eq!(new.add(1).await.unwrap(), 1);
    assert_eq!(said.recv().await.unwrap(), "start");
    assert_eq!(said.recv().await.unwrap(), "stop");
    let mut rest = [said.recv().await.unwrap(), said.recv().await.unwrap()];
    rest.sort();
    assert_eq!(rest, ["/user/parent/child gone: Parent", "start"]);
    system.shutdown().await;
}

#[akt::test]
async fn an_escalated_fault_is_the_parents_own() {
    struct Boss {
        made: Arc<AtomicUsize>,
    }
    #[akt::actor]
    impl Boss {
        #[on(start)]
        async fn started(&mut self, cx: &mut Ctx<Self>) -> Result<(), Fault> {
            self.made.fetch_add(1, Ordering::SeqCst);
            let policy = Supervise::one_for_one().otherwise(Directive::Escalate);
            cx.spawn("worker", Counter::default).supervise(policy).await?;
            Ok(())
        }

        #[handler]
        fn worker(&mut self, cx: &mut Ctx<Self>) -> Vec<akt::AnyRef> {
            cx.children()
        }
    }
    let system = system().await;
    let mut events = system.events();
    let made = Arc::new(AtomicUsize::new(0));
    let count = made.clone();
    let boss = system.spawn("boss", move || Boss { made: count.clone() }).supervise(Supervise::restart());
    let boss = boss.await.unwrap();
    assert_eq!(boss.worker().await.unwrap().len(), 1);

    let worker = system.actor_of::<CounterRef>("/user/boss/worker").await.unwrap();
    worker.boom().tell().unwrap();
    until(&mut events, |event| matches!(event, Event::Restarted { .. })).await;

    assert_eq!(made.load(Ordering::SeqCst), 2);
    assert_eq!(boss.worker().await.unwrap().len(), 1, "the new value has a worker of its own");
    system.shutdown().await;
}

#[akt::test]
async fn a_failing_start_is_a_spawn_error_and_frees_the_name() {
    struct Sick;
    #[akt::actor]
    impl Sick {
        #[on(start)]
        fn start(&mut self) -> Result<(), TooBig> {
            Err(TooBig)
        }

        #[handler]
        fn never(&mut self) {}
    }
    let system = system().await;

    let error = system.spawn("sick", || Sick).await.unwrap_err();

    assert!(matches!(&error, SpawnError::Start(info) if info.text == "too big"), "{error}");
    let error = system.spawn::<Sick>("sick", || panic!("factory")).await.unwrap_err();
    assert!(matches!(&error, SpawnError::Start(info) if info.text == "factory"), "{error}");
    system.shutdown().await;
}

#[akt::test]
async fn shutdown_stops_everything_and_kills_what_outlives_its_grace() {
    let system = ActorSystem::builder("test").shutdown_grace(Duration::from_secs(1)).start().await.unwrap();
    let counter = system.spawn("counter", gated(&Arc::new(Notify::new()))).await.unwrap();
    let hanging = counter.wait().start();
    let queued = counter.add(1).start();
    tokio::task::yield_now().await;

    system.shutdown().await;

    assert!(matches!(hanging.await, Err(AskError::Stopped { delivered: Delivery::Maybe, .. })));
    assert!(matches!(queued.await, Err(AskError::Stopped { delivered: Delivery::No, .. })));
    assert!(matches!(system.spawn("late", Counter::default).await, Err(SpawnError::ParentStopping(_))));
}

#[akt::test]
async fn a_value_that_cannot_be_made_twice_stops_at_its_restart() {
    let system = system().await;
    let counter =
        system.spawn_value("counter", Counter::default()).supervise(Supervise::restart()).await.unwrap();

    counter.boom().tell().unwrap();

    assert_eq!(counter.actor().stopped().await, StopReason::Fault);
    system.shutdown().await;
}

#[akt::test]
async fn watchers_of_two_systems_are_both_told() {
    let (log, mut said) = mpsc::channel(16);
    let (near, far, here) = (system().await, system().await, system().await);
    let watched = here.spawn("watched", Counter::default).await.unwrap();
    for system in [&near, &far] {
        let watcher = system.spawn("parent", parent(&log)).await.unwrap();
        watcher.watch(watched.actor()).await.unwrap();
    }

    here.shutdown().await;

    let mut told = Vec::new();
    while told.len() < 2 {
        told.extend(said.recv().await.filter(|what| what != "start"));
    }
    assert_eq!(told, ["/user/watched gone: Shutdown"; 2]);
    near.shutdown().await;
    far.shutdown().await;
}
