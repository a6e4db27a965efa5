//! Starts that are tried again, names that are reserved, the tree, and actors that are a closure.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use akt::prelude::*;
use akt::{ActorPath, AnyRef, FnRef, SpawnError, StopReason};

use crate::support::{Counter, CounterRef, TooBig, system};

const WAITS: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(4);

/// Starts at its so manieth try, or never.
struct Late {
    tries: Arc<AtomicU32>,
    starts_at: u32,
    hangs: bool,
}

#[akt::actor]
impl Late {
    #[on(start)]
    async fn started(&mut self, cx: &mut Ctx<Self>) -> Result<(), Fault> {
        let tries = self.tries.fetch_add(1, Ordering::SeqCst) + 1;
        cx.spawn("child", Counter::default).await?;
        if tries >= self.starts_at {
            return Ok(());
        }
        if self.hangs {
            std::future::pending::<()>().await;
        }
        Err(TooBig.into())
    }

    #[handler]
    fn ready(&mut self) {}
}

fn late(starts_at: u32, hangs: bool) -> (Arc<AtomicU32>, impl FnMut() -> Late + Send + 'static) {
    let tries = Arc::new(AtomicU32::new(0));
    let count = tries.clone();
    (tries, move || Late { tries: count.clone(), starts_at, hangs })
}

#[akt::test]
async fn a_start_is_tried_again_with_backoff_until_it_succeeds() {
    let system = system().await;
    let (tries, factory) = late(3, false);

    let late = system.spawn("late", factory).start_retries(2, WAITS).await.unwrap();

    late.ready().await.unwrap();
    assert_eq!(tries.load(Ordering::SeqCst), 3);
    let waited = system.runtime().now().as_nanos();
    assert!(waited >= 2_400_000_000, "one second and two, less a fifth: {waited}");
    system.shutdown().await;
}

#[akt::test]
async fn a_start_that_never_succeeds_says_how_often_it_was_tried() {
    let system = system().await;
    let (tries, factory) = late(9, false);

    let error = system.spawn("late", factory).start_retries(2, WAITS).await.unwrap_err();

    assert_eq!(tries.load(Ordering::SeqCst), 3);
    let said = "the actor did not start in 3 attempts; the last: `on(start)` of /user/late failed: too big; the actor was stopped";
    assert_eq!(error.to_string(), said);
    assert!(system.spawn("late", Counter::default).await.is_ok(), "the name is free");
    system.shutdown().await;
}

#[akt::test]
async fn a_start_that_takes_too_long_is_cut_short() {
    let system = system().await;
    let time = Duration::from_secs(10);
    let (_, factory) = late(2, true);

    let error = system.spawn("late", factory).start_timeout(time).await.unwrap_err();

    let SpawnError::StartTimeout { timeout, attempts: 1, last } = error else { panic!("{error}") };
    assert_eq!((timeout, last.text.as_str()), (time, "not started within 10s"));
    let (tries, factory) = late(99, false);
    let error = system.spawn("late", factory).start_retries(99, WAITS).start_timeout(time).await.unwrap_err();
    let SpawnError::StartTimeout { attempts, last, .. } = error else { panic!("{error}") };
    assert_eq!((attempts, last.text.as_str()), (tries.load(Ordering::SeqCst), "too big"));
    assert!((4..6).contains(&attempts), "{attempts}");
    system.shutdown().await;
}

#[akt::test]
async fn a_start_in_time_is_not_cut_later() {
    let system = system().await;
    let (_, factory) = late(1, false);
    let late = system.spawn("late", factory).start_timeout(Duration::from_secs(1)).await.unwrap();

    tokio::time::advance(Duration::from_secs(5)).await;

    late.ready().await.unwrap();
    system.shutdown().await;
}

#[akt::test]
async fn reserved_names_are_refused_and_say_so() {
    let system = system().await;

    let error = system.spawn("$pool", Counter::default).await.unwrap_err();

    assert!(matches!(error, SpawnError::Reserved(_)));
    assert_eq!(error.to_string(), "actor name `$pool` is reserved: names that begin with `$` belong to akt");
    assert!(system.spawn("pool$", Counter::default).await.is_ok());
    system.shutdown().await;
}

fn names(actors: &[AnyRef]) -> Vec<String> {
    actors.iter().map(|actor| actor.path().name().to_owned()).collect()
}

#[akt::test]
async fn the_tree_can_be_asked_for_parent_children_and_siblings_in_spawn_order() {
    let system = system().await;
    let order = ["e", "a", "d", "b", "c"];
    for name in order {
        system.spawn(name, Counter::default).await.unwrap();
    }
    let (_, factory) = late(1, false);
    let late = system.spawn("late", factory).await.unwrap().actor();
    let guardian = system.lookup(&ActorPath::parse("/user").unwrap()).unwrap();

    assert_eq!(names(&late.siblings()), order);
    assert_eq!(late.parent(), Some(guardian.clone()));
    assert_eq!(guardian.parent(), None);
    assert_eq!(names(&guardian.children()), ["e", "a", "d", "b", "c", "late"]);
    let child = late.child("child").unwrap();
    assert_eq!((child.parent(), child.siblings()), (Some(late.clone()), vec![]));
    assert_eq!(late.child("other"), None);
    child.stop();
    child.stopped().await;
    assert_eq!(late.children(), []);
    system.shutdown().await;
}

#[akt::test]
async fn why_an_actor_stopped_can_be_asked_for_later() {
    let system = system().await;
    let [told, failed, shut]: [CounterRef; 3] = [
        system.spawn("told", Counter::default).await.unwrap(),
        system.spawn("failed", Counter::default).await.unwrap(),
        system.spawn("shut", Counter::default).await.unwrap(),
    ];
    told.actor().stop();
    failed.boom().await.unwrap_err();
    assert_eq!(shut.actor().stop_reason(), None);

    system.shutdown().await;

    assert_eq!(told.actor().stop_reason(), Some(StopReason::Requested));
    assert_eq!(failed.actor().stop_reason(), Some(StopReason::Fault));
    assert_eq!(shut.actor().stop_reason(), Some(StopReason::Shutdown));
}

#[akt::test]
async fn a_closure_is_an_actor_that_answers_fails_and_begins_anew() {
    let system = system().await;
    let mut sum = 0;
    let add = move |by: i64, cx: &mut Ctx<akt::FnActor<i64, i64>>| {
        assert!(by != 0, "nothing to add");
        if by > 100 {
            cx.fail(TooBig);
        }
        sum += by;
        sum
    };
    let adder = system.spawn_fn("adder", add).supervise(Supervise::restart()).await.unwrap();

    adder.tell(2).unwrap();
    assert_eq!(adder.ask(3).await.unwrap(), 5);
    assert!(matches!(adder.ask(0).await, Err(AskError::Fault(info)) if info.text == "nothing to add"));
    assert_eq!(adder.ask(1).await.unwrap(), 1, "begun anew");
    assert!(matches!(adder.ask(101).await, Err(AskError::Fault(info)) if info.text == "too big"));

    let found = system.actor_of::<FnRef<i64, i64>>("adder").await.unwrap();
    assert_eq!(found.actor(), adder.actor());
    found.actor().stop();
    found.actor().stopped().await;
    assert!(matches!(adder.tell(1), Err(TellError::Stopped(1))));
    system.shutdown().await;
}
