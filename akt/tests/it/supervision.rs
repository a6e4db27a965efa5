//! Supervision of families: siblings that restart and stop together, budgets, subtrees, hooks.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use akt::prelude::*;
use akt::{Event, Instant, StopReason};
use parking_lot::Mutex;

use crate::support::{Counter, TooBig, system, until};

type Log = Arc<Mutex<Vec<String>>>;

/// Logs its life.
struct Member {
    name: &'static str,
    log: Log,
    /// Fails so many of its starts.
    sick: Arc<AtomicI64>,
    handled: u32,
}

#[akt::actor]
impl Member {
    #[on(start)]
    async fn started(&mut self) -> Result<(), TooBig> {
        self.say("start");
        tokio::task::yield_now().await;
        if self.sick.fetch_sub(1, Ordering::SeqCst) > 0 { Err(TooBig) } else { Ok(()) }
    }

    #[on(restart)]
    fn again(&mut self) {
        self.say("restart");
    }

    #[on(stop)]
    async fn stopping(&mut self) {
        tokio::task::yield_now().await;
        self.say("stop");
    }

    #[handler]
    fn boom(&mut self) {
        panic!("{} failed", self.name);
    }

    #[handler]
    fn count(&mut self) -> u32 {
        self.handled += 1;
        self.handled
    }

    fn say(&self, what: &str) {
        self.log.lock().push(format!("{} {what}", self.name));
    }
}

struct Family {
    system: ActorSystem,
    log: Log,
    members: Vec<MemberRef>,
    sick: Arc<AtomicI64>,
}

/// Three siblings; the second has `policy`, and a start that can be made to fail.
async fn family(policy: Supervise) -> Family {
    let (system, log, sick) = (system().await, Log::default(), Arc::new(AtomicI64::new(0)));
    let mut members = Vec::new();
    for name in ["a", "b", "c"] {
        let (log, own) = (log.clone(), if name == "b" { sick.clone() } else { Arc::default() });
        let factory = move || Member { name, log: log.clone(), sick: own.clone(), handled: 0 };
        let spawn = system.spawn(name, factory);
        let spawn = if name == "b" { spawn.supervise(policy.clone()) } else { spawn };
        members.push(spawn.await.unwrap());
    }
    log.lock().clear();
    Family { system, log, members, sick }
}

impl Family {
    /// What was logged since the last look.
    fn said(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock())
    }

    async fn counts(&self) -> Vec<Option<u32>> {
        let mut counts = Vec::new();
        for member in &self.members {
            counts.push(member.count().await.ok());
        }
        counts
    }
}

fn sorted(mut words: Vec<String>) -> Vec<String> {
    words.sort();
    words
}

#[akt::test]
async fn one_for_all_restarts_every_sibling_once_in_spawn_order() {
    let family = family(Supervise::one_for_all().otherwise(Directive::Restart)).await;
    assert_eq!(family.counts().await, [Some(1); 3]);

    family.members[1].boom().await.unwrap_err();
    assert_eq!(family.counts().await, [Some(1); 3], "each has a new value");

    let said = family.said();
    assert_eq!(sorted(said[..3].to_vec()), ["a stop", "b stop", "c stop"], "all old values first: {said:?}");
    assert_eq!(
        said[3..],
        ["a start", "a restart", "b start", "b restart", "c start", "c restart"],
        "in spawn order"
    );
    family.system.shutdown().await;
}

#[akt::test]
async fn rest_for_one_restarts_those_spawned_after_the_failed() {
    let family = family(Supervise::rest_for_one().otherwise(Directive::Restart)).await;
    assert_eq!(family.counts().await, [Some(1); 3]);

    family.members[1].boom().await.unwrap_err();
    assert_eq!(family.counts().await, [Some(2), Some(1), Some(1)]);

    let said = family.said();
    assert_eq!(sorted(said[..2].to_vec()), ["b stop", "c stop"]);
    assert_eq!(said[2..], ["b start", "b restart", "c start", "c restart"]);
    family.system.shutdown().await;
}

#[akt::test]
async fn siblings_stop_with_the_failed_and_say_so() {
    let family = family(Supervise::rest_for_one().on_panic(Directive::Stop)).await;

    family.members[1].boom().await.unwrap_err();

    assert_eq!(family.members[1].actor().stopped().await, StopReason::Fault);
    assert_eq!(family.members[2].actor().stopped().await, StopReason::Sibling);
    assert_eq!(family.counts().await, [Some(1), None, None]);
    assert_eq!(sorted(family.said()), ["b stop", "c stop"]);
    family.system.shutdown().await;
}

#[akt::test]
async fn resume_and_escalate_leave_siblings_alone() {
    let policy = Supervise::one_for_all().on_panic(Directive::Resume);
    let resumed = family(policy).await;
    resumed.members[1].boom().await.unwrap_err();
    assert_eq!(resumed.counts().await, [Some(1); 3]);
    assert_eq!(resumed.said(), [""; 0]);
    resumed.system.shutdown().await;

    let escalated = family(Supervise::one_for_all().on_panic(Directive::Escalate)).await;
    escalated.members[1].boom().await.unwrap_err();
    assert_eq!(escalated.members[1].actor().stopped().await, StopReason::Fault);
    assert_eq!(escalated.counts().await, [Some(1), None, Some(1)], "the guardian resumes");
    escalated.system.shutdown().await;
}

#[akt::test]
async fn siblings_that_fail_at_once_restart_together_and_wait_for_nobody_in_a_circle() {
    let policy =
        || Supervise::one_for_all().otherwise(Directive::Restart).budget(1_000, Duration::from_secs(1));
    let (system, log) = (system().await, Log::default());
    let mut members = Vec::new();
    for name in ["a", "b", "c", "d"] {
        let log = log.clone();
        let factory = move || Member { name, log: log.clone(), sick: Arc::default(), handled: 0 };
        members.push(system.spawn(name, factory).supervise(policy()).await.unwrap());
    }

    for round in 0..50 {
        for member in members.iter().cycle().skip(round % 4).take(4) {
            member.boom().tell().unwrap();
        }
        for member in &members {
            member.count().await.unwrap();
        }
    }

    let starts =
        log.lock().iter().filter(|line| line.ends_with("start") && !line.ends_with("restart")).count();
    let stops = log.lock().iter().filter(|line| line.ends_with("stop")).count();
    assert_eq!(starts, stops + 4, "every start but the last has its stop");
    system.shutdown().await;
}

#[akt::test]
async fn a_sibling_that_is_stopped_meanwhile_holds_up_nobody() {
    let waits = Duration::from_secs(60)..=Duration::from_secs(60);
    let family = family(Supervise::one_for_all().otherwise(Directive::Restart).backoff(waits)).await;
    family.members[1].boom().await.unwrap_err();
    tokio::task::yield_now().await;

    family.members[0].actor().stop();
    assert_eq!(family.members[0].actor().stopped().await, StopReason::Requested);
    family.members[1].actor().kill();
    assert_eq!(family.members[1].actor().stopped().await, StopReason::Killed);

    assert_eq!(family.members[2].count().await.unwrap(), 1, "the rest goes on");
    family.system.shutdown().await;
}

#[akt::test]
async fn a_start_that_fails_in_a_restart_is_a_fault_like_others() {
    let family =
        family(Supervise::one_for_all().otherwise(Directive::Restart).budget(2, Duration::from_secs(9)))
            .await;
    family.sick.store(1, Ordering::SeqCst);

    family.members[1].boom().await.unwrap_err();
    assert_eq!(family.counts().await, [Some(1); 3]);

    family.sick.store(9, Ordering::SeqCst);
    family.members[1].boom().await.unwrap_err();
    assert_eq!(family.members[1].actor().stopped().await, StopReason::Fault, "the budget is spent");
    assert_eq!(family.members[0].actor().stopped().await, StopReason::Sibling);
    family.system.shutdown().await;
}

#[akt::test]
async fn the_attribute_says_the_policy_and_the_spawn_overrides_it() {
    #[derive(Default)]
    struct Picky;
    #[akt::actor(supervise(
        on(TooBig) = resume,
        on(std::fmt::Error) = restart { max = 1, within = "1m", backoff = "5s..5s" },
        on(panic) = restart { max = 2, within = "10s" },
        else = stop,
    ))]
    impl Picky {
        #[handler]
        fn fail(&mut self, how: u8, cx: &mut Ctx<Self>) {
            match how {
                0 => cx.fail(TooBig),
                1 => cx.fail(std::fmt::Error),
                2 => panic!("how"),
                _ => cx.fail(Fault::new("else").to_string().parse::<u8>().unwrap_err()),
            }
        }
    }
    let system = system().await;
    let picky = system.spawn("picky", Picky::default).await.unwrap();
    // An ask waits longer than any pause before a restart, which is up to five seconds.
    let patience = Duration::from_secs(10);
    let directive = async |picky: &PickyRef, how| match picky.fail(how).timeout(patience).await {
        Err(AskError::Fault(info)) => info.directive,
        other => panic!("{other:?}"),
    };

    assert_eq!(directive(&picky, 0).await, Directive::Resume);
    let before = system.runtime().now();
    assert_eq!(directive(&picky, 1).await, Directive::Restart);
    assert_eq!(directive(&picky, 2).await, Directive::Restart);
    let waited = system.runtime().now().since(before);
    assert!(waited >= Duration::from_secs(4) && waited <= Duration::from_secs(5), "{waited:?}");
    assert_eq!(directive(&picky, 2).await, Directive::Restart, "its own budget");
    assert_eq!(directive(&picky, 1).await, Directive::Stop, "its own budget is spent");

    let bold = system.spawn("bold", Picky::default).supervise(Supervise::restart()).await.unwrap();
    assert_eq!(directive(&bold, 3).await, Directive::Restart);
    system.shutdown().await;
}

/// A parent whose start makes a child.
struct Tree {
    made: Arc<AtomicUsize>,
}

#[akt::actor]
impl Tree {
    #[on(start)]
    async fn started(&mut self, cx: &mut Ctx<Self>) -> Result<(), Fault> {
        self.made.fetch_add(1, Ordering::SeqCst);
        cx.spawn("leaf", Counter::default).await?;
        Ok(())
    }

    #[handler]
    fn boom(&mut self) {
        panic!("tree");
    }

    #[handler]
    fn leaf(&mut self, cx: &mut Ctx<Self>) -> akt::AnyRef {
        cx.children().remove(0)
    }
}

#[akt::test]
async fn a_resumed_parent_keeps_its_subtree_and_a_restarted_one_makes_it_anew() {
    let system = system().await;
    let made = Arc::new(AtomicUsize::new(0));
    let count = made.clone();
    let policy = Supervise::restart().on_panic(Directive::Resume);
    let tree = system.spawn("kept", move || Tree { made: count.clone() }).supervise(policy).await.unwrap();
    let leaf = tree.leaf().await.unwrap();

    tree.boom().await.unwrap_err();
    assert_eq!(tree.leaf().await.unwrap(), leaf);
    assert!(leaf.is_alive());

    let count = made.clone();
    let policy = Supervise::restart();
    let tree = system.spawn("anew", move || Tree { made: count.clone() }).supervise(policy).await.unwrap();
    let leaf = tree.leaf().await.unwrap();
    tree.boom().await.unwrap_err();

    let fresh = tree.leaf().await.unwrap();
    assert_ne!(fresh.id(), leaf.id());
    assert_eq!(leaf.stop_reason(), Some(StopReason::Parent), "gone before the new one came");
    assert_eq!(made.load(Ordering::SeqCst), 3);
    system.shutdown().await;
}

/// Counts the values that are between their start and the end of their stop.
struct Alone {
    alive: Arc<AtomicI64>,
}

#[akt::actor]
impl Alone {
    #[on(start)]
    async fn started(&mut self) {
        assert_eq!(self.alive.fetch_add(1, Ordering::SeqCst), 0, "an old value is there");
        tokio::task::yield_now().await;
    }

    #[on(stop)]
    async fn stopping(&mut self) {
        tokio::task::yield_now().await;
        assert_eq!(self.alive.fetch_sub(1, Ordering::SeqCst), 1);
    }

    #[handler]
    fn boom(&mut self) {
        std::panic::resume_unwind(Box::new("again"));
    }
}

#[akt::test]
async fn ten_thousand_restarts_never_overlap() {
    let system = system().await;
    let alive = Arc::new(AtomicI64::new(0));
    let count = alive.clone();
    let policy = Supervise::restart()
        .budget(10_000, Duration::from_secs(3_600))
        .backoff(Duration::from_millis(1)..=Duration::from_millis(4));
    let alone =
        system.spawn("alone", move || Alone { alive: count.clone() }).supervise(policy).await.unwrap();

    for _ in 0..10_000 {
        alone.boom().await.unwrap_err();
    }

    assert!(matches!(alone.boom().await, Err(AskError::Fault(info)) if info.directive == Directive::Stop));
    assert_eq!(alone.actor().stopped().await, StopReason::Fault);
    assert_eq!(alive.load(Ordering::SeqCst), 0);
    system.shutdown().await;
}

#[akt::test]
async fn a_stop_in_a_starting_hook_ends_the_actor_before_its_first_message() {
    struct Shy;
    #[akt::actor]
    impl Shy {
        #[on(start)]
        fn started(&mut self, cx: &mut Ctx<Self>) {
            cx.stop();
        }

        #[handler]
        fn never(&mut self) {}
    }
    let system = system().await;

    let shy = system.spawn("shy", || Shy).await.unwrap();

    assert_eq!(shy.actor().stopped().await, StopReason::Requested);
    assert!(matches!(shy.never().await, Err(AskError::Stopped { .. })));
    system.shutdown().await;
}

#[akt::test]
async fn every_fault_is_an_event_with_the_directive_that_was_applied() {
    let family = family(Supervise::one_for_all().otherwise(Directive::Restart)).await;
    let mut events = family.system.events();
    let before: Instant = family.system.runtime().now();

    family.members[1].boom().tell().unwrap();

    let event = until(&mut events, |event| matches!(event, Event::Fault(_))).await;
    let Event::Fault(info) = event else { panic!("no fault") };
    assert_eq!((info.text.as_str(), info.directive), ("b failed", Directive::Restart));
    for name in ["/user/a", "/user/b", "/user/c"] {
        let event = until(&mut events, |event| matches!(event, Event::Restarted { .. })).await;
        assert!(matches!(event, Event::Restarted { actor, .. } if actor.as_str() == name));
    }
    assert!(family.system.runtime().now() >= before);
    family.system.shutdown().await;
}
