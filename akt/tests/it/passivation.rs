//! Passivation: actors that nobody uses end by themselves, and lose nothing.
#![expect(clippy::disallowed_methods, reason = "what the tests spawn is the sender, beside akt")]

use std::sync::Arc;
use std::time::Duration;

use akt::prelude::*;
use akt::{AnyRef, Event, Passivate, StopReason};
use tokio::sync::{Notify, mpsc};
use tokio::time::advance;

use crate::support::{Counter, CounterRef, gated, system, until};

const MINUTE: Duration = Duration::from_secs(60);

/// Works, waits, has children, and says how it ends.
struct Clerk {
    log: mpsc::Sender<&'static str>,
    gate: Arc<Notify>,
}

#[akt::actor(passivate = "60s")]
impl Clerk {
    #[on(stop)]
    fn stopped(&mut self) {
        self.log.try_send("stopped").unwrap();
    }

    #[on(terminated)]
    fn gone(&mut self, gone: Terminated) {
        assert_eq!(gone.reason, StopReason::Passivated);
        self.log.try_send("told").unwrap();
    }

    #[every("20s")]
    fn tick(&mut self) {
        self.log.try_send("tick").unwrap();
    }

    #[handler]
    fn note(&mut self) {
        self.log.try_send("note").unwrap();
    }

    #[handler]
    fn watch(&mut self, actor: AnyRef, cx: &mut Ctx<Self>) {
        cx.pause_passivation();
        cx.watch(&actor);
    }

    #[handler]
    fn pause(&mut self, cx: &mut Ctx<Self>) {
        cx.pause_passivation();
    }

    #[handler]
    fn resume(&mut self, cx: &mut Ctx<Self>) {
        cx.resume_passivation();
    }

    #[handler]
    fn work(&mut self, cx: &mut Ctx<Self>) {
        let gate = self.gate.clone();
        let work = async move {
            gate.notified().await;
            Ok::<_, std::convert::Infallible>(())
        };
        cx.then(work, |this, _, _| this.log.try_send("worked").unwrap());
    }

    #[handler]
    async fn hire(&mut self, cx: &mut Ctx<Self>) -> AnyRef {
        cx.spawn("help", Counter::default).await.unwrap().actor()
    }

    #[handler]
    fn fail(&mut self, cx: &mut Ctx<Self>) {
        cx.fail(std::fmt::Error);
    }
}

async fn clerk(system: &ActorSystem) -> (ClerkRef, mpsc::Receiver<&'static str>, Arc<Notify>) {
    let (log, said) = mpsc::channel(64);
    let gate = Arc::new(Notify::new());
    let kept = gate.clone();
    let factory = move || Clerk { log: log.clone(), gate: kept.clone() };
    let policy = Supervise::one_for_one().otherwise(Directive::Restart);
    (system.spawn("clerk", factory).supervise(policy).await.unwrap(), said, gate)
}

async fn counter(system: &ActorSystem, passivate: Passivate) -> CounterRef {
    system.spawn("counter", Counter::default).passivate(passivate).await.unwrap()
}

/// Lets all tasks come to rest, and what is due ring.
async fn settle() {
    advance(Duration::from_millis(5)).await;
    for _ in 0..16 {
        tokio::task::yield_now().await;
    }
}

async fn pass(time: Duration) {
    advance(time).await;
    settle().await;
}

fn drain(said: &mut mpsc::Receiver<&'static str>) -> Vec<&'static str> {
    std::iter::from_fn(|| said.try_recv().ok()).collect()
}

#[akt::test]
async fn an_idle_actor_is_passivated_as_if_it_were_stopped() {
    let system = system().await;
    let mut events = system.events();
    let (watcher, mut told, _) = clerk(&system).await;
    let actor = counter(&system, Passivate::after(MINUTE)).await;
    watcher.watch(actor.actor()).await.unwrap();
    actor.add(1).await.unwrap();

    assert_eq!(actor.actor().stopped().await, StopReason::Passivated);

    settle().await;
    assert!(drain(&mut told).contains(&"told"), "its watchers know");
    let refused = actor.add(1).await.unwrap_err();
    assert!(matches!(refused, AskError::Stopped { reason: StopReason::Passivated, .. }), "{refused}");
    let stopped = |event: &Event| matches!(event, Event::Stopped { reason: StopReason::Passivated, .. });
    until(&mut events, stopped).await;
    counter(&system, Passivate::never()).await.add(1).await.unwrap();
    system.shutdown().await;
}

#[akt::test]
async fn the_idle_time_counts_from_the_last_message_and_ticks_of_its_own_do_not_count() {
    let system = system().await;
    let (clerk, mut said, _) = clerk(&system).await;
    pass(MINUTE / 2).await;
    clerk.note().tell().unwrap();
    settle().await;

    pass(MINUTE - Duration::from_millis(100)).await;
    assert!(clerk.actor().is_alive());
    pass(Duration::from_millis(100)).await;

    assert_eq!(clerk.actor().stop_reason(), Some(StopReason::Passivated));
    let said = drain(&mut said);
    assert_eq!(said.last(), Some(&"stopped"), "its own end ran: {said:?}");
    assert!(said.contains(&"tick"));
    system.shutdown().await;
}

#[akt::test]
async fn an_ask_in_its_askers_turn_begins_the_idle_time_anew() {
    let system = system().await;
    let actor = counter(&system, Passivate::after(MINUTE)).await;
    settle().await;

    for _ in 0..10 {
        pass(MINUTE / 2).await;
        actor.add(1).await.unwrap();
    }
    assert!(actor.actor().is_alive());
    pass(MINUTE).await;

    assert_eq!(actor.actor().stop_reason(), Some(StopReason::Passivated));
    system.shutdown().await;
}

#[akt::test]
async fn a_handler_that_takes_longer_than_the_idle_time_is_not_passivated() {
    let system = system().await;
    let gate = Arc::new(Notify::new());
    let actor = system.spawn("counter", gated(&gate)).passivate(Passivate::after(MINUTE)).await.unwrap();
    let waiting = tokio::spawn(actor.wait().timeout(10 * MINUTE).start());
    settle().await;

    pass(3 * MINUTE).await;
    gate.notify_one();

    assert_eq!(waiting.await.unwrap().unwrap(), 0);
    pass(MINUTE / 2).await;
    assert!(actor.actor().is_alive(), "its time began when it came to rest");
    pass(MINUTE).await;
    assert_eq!(actor.actor().stop_reason(), Some(StopReason::Passivated));
    system.shutdown().await;
}

#[akt::test]
async fn after_its_number_of_messages_an_actor_is_passivated_once_none_is_queued() {
    let system = system().await;
    let actor = counter(&system, Passivate::after_messages(3)).await;
    for _ in 0..10 {
        actor.add(1).tell().unwrap();
    }

    assert_eq!(actor.actor().stopped().await, StopReason::Passivated);

    assert_eq!(system.dead_letters(), 0, "all ten were handled");
    let asked = counter(&system, Passivate::after_messages(3)).await;
    settle().await;
    for n in 1..=3 {
        assert_eq!(asked.add(1).await.unwrap(), n);
    }
    settle().await;
    assert_eq!(asked.actor().stop_reason(), Some(StopReason::Passivated), "asks count");
    system.shutdown().await;
}

#[akt::test]
async fn plain_and_long_lived_actors_are_never_passivated() {
    let system = system().await;
    let plain = system.spawn("plain", Counter::default).await.unwrap();
    let clerk = {
        let (log, _said) = mpsc::channel(1);
        let make = move || Clerk { log: log.clone(), gate: Arc::default() };
        system.spawn("clerk", make).passivate(Passivate::never()).await.unwrap()
    };
    clerk.actor().stop();
    clerk.actor().stopped().await;

    pass(10_000 * MINUTE).await;

    assert_eq!(clerk.actor().stop_reason(), Some(StopReason::Requested), "what is said at spawn counts");
    assert!(plain.actor().is_alive());
    system.shutdown().await;
}

#[akt::test]
async fn a_pause_keeps_an_actor_and_a_resume_begins_its_idle_time_anew() {
    let system = system().await;
    let (clerk, _said, _) = clerk(&system).await;
    clerk.pause().await.unwrap();
    pass(2 * MINUTE).await;
    assert!(clerk.actor().is_alive());

    clerk.resume().await.unwrap();
    pass(MINUTE / 2).await;
    clerk.actor().pause_passivation();
    pass(5 * MINUTE).await;
    assert!(clerk.actor().is_alive(), "others may pause it, too");
    clerk.actor().resume_passivation();
    pass(MINUTE / 2).await;
    assert!(clerk.actor().is_alive());
    pass(MINUTE).await;

    assert_eq!(clerk.actor().stop_reason(), Some(StopReason::Passivated));
    system.shutdown().await;
}

#[akt::test]
async fn a_number_of_messages_that_is_reached_in_a_pause_counts_after_the_resume() {
    let system = system().await;
    let actor = counter(&system, Passivate::after_messages(2)).await;
    actor.actor().pause_passivation();
    for _ in 0..3 {
        actor.add(1).await.unwrap();
    }
    settle().await;
    assert!(actor.actor().is_alive());

    actor.actor().resume_passivation();

    assert_eq!(actor.actor().stopped().await, StopReason::Passivated);
    system.shutdown().await;
}

#[akt::test]
async fn children_and_work_under_way_keep_an_actor() {
    let system = system().await;
    let (clerk, mut said, gate) = clerk(&system).await;
    clerk.work().await.unwrap();
    pass(3 * MINUTE).await;
    assert!(clerk.actor().is_alive(), "it waits for its work");
    gate.notify_one();
    settle().await;
    assert!(drain(&mut said).contains(&"worked"));
    let help = clerk.hire().await.unwrap();
    pass(3 * MINUTE).await;
    assert!(clerk.actor().is_alive() && help.is_alive(), "it has a child");

    help.stop();
    help.stopped().await;

    assert_eq!(clerk.actor().stopped().await, StopReason::Passivated);
    assert_eq!(system.dead_letters(), 0);
    system.shutdown().await;
}

/// Puts aside what comes before it is open.
#[derive(Default)]
struct Counterhall {
    open: bool,
}

#[akt::actor(stash = 4, passivate = messages(1))]
impl Counterhall {
    #[handler]
    fn serve(&mut self, cx: &mut Ctx<Self>) -> Forward<()> {
        if !self.open {
            return cx.stash(cx.me().serve());
        }
        cx.forward(cx.me().thank())
    }

    #[handler]
    fn thank(&mut self) {}

    #[handler]
    fn open(&mut self, cx: &mut Ctx<Self>) {
        self.open = true;
        cx.unstash_all();
    }
}

#[akt::test]
async fn what_was_put_aside_keeps_an_actor() {
    let system = system().await;
    let hall = system.spawn("hall", Counterhall::default).await.unwrap();
    let served = tokio::spawn(hall.serve().timeout(10 * MINUTE).start());
    pass(2 * MINUTE).await;
    assert!(hall.actor().is_alive());

    hall.open().await.unwrap();

    served.await.unwrap().unwrap();
    assert_eq!(hall.actor().stopped().await, StopReason::Passivated);
    system.shutdown().await;
}

#[akt::test]
async fn a_new_value_has_its_idle_time_for_itself() {
    let system = system().await;
    let (clerk, _said, _) = clerk(&system).await;
    pass(MINUTE / 2).await;
    clerk.fail().await.unwrap_err();
    settle().await;

    pass(MINUTE - Duration::from_millis(100)).await;
    assert!(clerk.actor().is_alive());
    pass(Duration::from_millis(100)).await;

    assert_eq!(clerk.actor().stop_reason(), Some(StopReason::Passivated));
    system.shutdown().await;
}

#[akt::test]
async fn a_message_at_the_moment_of_passivation_is_handled_or_handed_back() {
    let system = system().await;
    let (mut accepted, mut refused) = (0_u64, 0);
    for n in 0..50_u64 {
        let actor = counter(&system, Passivate::after(MINUTE)).await;
        settle().await;
        advance(MINUTE - Duration::from_millis(n % 10)).await;
        for _ in 0..n % 7 {
            tokio::task::yield_now().await;
        }
        match actor.add(1).tell() {
            Ok(()) => accepted += 1,
            Err(TellError::Stopped(_)) => refused += 1,
            Err(other) => panic!("{other}"),
        }
        actor.actor().stopped().await;
    }

    assert!(accepted > 0 && refused > 0, "{accepted} accepted, {refused} refused");
    assert_eq!(system.dead_letters(), 0);
    system.shutdown().await;
}

#[akt::test]
async fn what_is_passivated_is_forgotten() {
    let system = system().await;
    for _ in 0..3 {
        let actor = counter(&system, Passivate::after(MINUTE)).await;
        actor.actor().stopped().await;
    }
    let stopped_early = counter(&system, Passivate::after(MINUTE)).await;
    stopped_early.add(1).await.unwrap();
    stopped_early.actor().stop();
    assert_eq!(stopped_early.actor().stopped().await, StopReason::Requested);

    pass(2 * MINUTE).await;

    assert!(system.actor_of::<CounterRef>("counter").await.is_err());
    system.shutdown().await;
}
