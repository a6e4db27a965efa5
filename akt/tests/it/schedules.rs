//! The scheduler: posts that come later or again and again, by name, and end with whom they are for.

use std::sync::Arc;
use std::time::Duration;

use akt::prelude::*;
use akt::{
    DeadLetterReason, Event, Mailbox, Network, Remote, Router, ScheduleError, ScheduleKind, Scheduler,
    UnknownSchedule,
};
use tokio::sync::{Notify, mpsc};

use crate::contracts::depot::v1 as depot;
use crate::depot::{Shelf, item};
use crate::support::{Counter, CounterRef, system};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A counter that says what is added, and when.
struct Bench {
    system: ActorSystem,
    scheduler: Scheduler,
    counter: CounterRef,
    added: mpsc::Receiver<i64>,
    gate: Arc<Notify>,
}

impl Bench {
    async fn new() -> Self {
        Self::with(Mailbox::DEFAULT, Directive::Stop).await
    }

    async fn with(mailbox: Mailbox, directive: Directive) -> Self {
        let system = system().await;
        let (log, added) = mpsc::channel(1_000);
        let gate = Arc::new(Notify::new());
        let blocked = gate.clone();
        let counter = system
            .spawn("counter", move || Counter {
                value: 0,
                log: Some(log.clone()),
                gate: Some(blocked.clone()),
            })
            .mailbox(mailbox)
            .supervise(Supervise::one_for_one().otherwise(directive))
            .await
            .unwrap();
        let scheduler = system.scheduler();
        Self { system, scheduler, counter, added, gate }
    }

    fn once(&self, name: &str, millis: u64) -> Result<(), ScheduleError> {
        self.scheduler.once(name, ms(millis), self.counter.add(1)).map_err(|refused| refused.error)
    }

    fn every(&self, name: &str, millis: u64) -> Result<(), ScheduleError> {
        self.scheduler.every(name, ms(millis), &self.counter, |counter| counter.add(1).post())
    }

    /// What was added within the next `millis`.
    async fn within(&mut self, millis: u64) -> Vec<i64> {
        self.system.runtime().sleep(ms(millis)).await;
        std::iter::from_fn(|| self.added.try_recv().ok()).collect()
    }

    async fn ticks_within(&mut self, millis: u64) -> usize {
        self.within(millis).await.len()
    }

    fn names(&self) -> Vec<String> {
        self.scheduler.list().into_iter().map(|schedule| schedule.name).collect()
    }
}

fn unknown<T>(name: &str) -> Result<T, UnknownSchedule> {
    Err(UnknownSchedule(name.into()))
}

#[akt::test]
async fn a_post_is_sent_once_at_its_time_and_its_name_is_free() {
    let mut bench = Bench::new().await;

    bench.once("later", 200).unwrap();

    assert_eq!(bench.ticks_within(199).await, 0);
    assert_eq!(bench.ticks_within(5).await, 1);
    assert_eq!(bench.names(), [""; 0]);
    assert_eq!(bench.scheduler.cancel("later"), unknown("later"));
    bench.once("later", 10).unwrap();
    assert_eq!(bench.ticks_within(1_000).await, 1);
    bench.system.shutdown().await;
}

#[akt::test]
async fn a_schedule_keeps_to_its_grid_with_one_tick_outstanding() {
    let mut bench = Bench::new().await;
    bench.every("tick", 100).unwrap();

    assert_eq!(bench.ticks_within(99).await, 0);
    assert_eq!(bench.ticks_within(451).await, 5, "at 100, 200, .. 500");

    bench.counter.wait().tell().unwrap();
    assert_eq!(bench.ticks_within(500).await, 0);
    bench.gate.notify_one();
    assert_eq!(bench.ticks_within(10).await, 1, "four of five were left out");
    assert_eq!(bench.ticks_within(100_000).await, 1_000, "without drift");
    bench.system.shutdown().await;
}

#[akt::test]
async fn a_name_is_taken_until_its_schedule_has_ended() {
    let mut bench = Bench::new().await;
    bench.every("tick", 100).unwrap();

    assert_eq!(bench.every("tick", 50), Err(ScheduleError::NameTaken("tick".into())));
    let refused = bench.scheduler.once("tick", ms(50), bench.counter.add(7)).unwrap_err();
    assert_eq!(refused.error, ScheduleError::NameTaken("tick".into()));
    assert!(matches!(bench.once("a name", 50), Err(ScheduleError::Name(_))));
    assert_eq!(bench.within(250).await, [1, 1], "the first one is as it was");

    bench.scheduler.once("again", ms(10), refused.post).unwrap();
    assert_eq!(bench.within(20).await, [7], "the post that was handed back can be scheduled");
    bench.scheduler.cancel("tick").unwrap();
    bench.every("tick", 50).unwrap();
    assert_eq!(bench.ticks_within(110).await, 2);
    for verb in [Scheduler::pause, Scheduler::resume, Scheduler::cancel] {
        assert_eq!(verb(&bench.scheduler, "tack"), unknown("tack"));
    }
    bench.system.shutdown().await;
}

#[akt::test]
async fn what_is_scheduled_is_listed_with_its_next_time() {
    let bench = Bench::new().await;
    let runtime = bench.system.runtime();
    let begin = std::time::UNIX_EPOCH + Duration::from_secs(1_000);
    runtime.set_wall_clock(begin);
    bench.every("b", 100).unwrap();
    bench.once("a", 500).unwrap();
    bench.once("c", 700).unwrap();
    bench.scheduler.pause("c").unwrap();

    runtime.sleep(ms(250)).await;
    let list = bench.scheduler.list();

    let [a, b, c] = &list[..] else { panic!("{list:?}") };
    let now = |schedule: &akt::Scheduled| {
        let next = schedule.next.unwrap().duration_since(begin).unwrap();
        u64::try_from(next.as_millis()).unwrap()
    };
    assert_eq!((&*a.name, &a.kind, now(a)), ("a", &ScheduleKind::Once, 500));
    assert_eq!((&*b.name, &b.kind, now(b)), ("b", &ScheduleKind::Every(ms(100)), 300));
    assert_eq!((&*c.name, c.next, c.paused), ("c", None, true));
    assert!(!a.paused && list.iter().all(|schedule| schedule.target.as_str() == "/user/counter"));
    bench.system.shutdown().await;
}

#[akt::test]
async fn what_comes_due_while_a_schedule_is_paused_is_left_out_unless_it_is_sent_once() {
    let mut bench = Bench::new().await;
    bench.every("tick", 100).unwrap();
    bench.once("once", 250).unwrap();
    bench.once("later", 900).unwrap();
    assert_eq!(bench.ticks_within(150).await, 1);

    for name in ["tick", "once", "later"] {
        bench.scheduler.pause(name).unwrap();
        bench.scheduler.pause(name).unwrap();
    }
    assert_eq!(bench.ticks_within(400).await, 0);
    assert_eq!(bench.names(), ["later", "once", "tick"]);

    for name in ["tick", "once", "later"] {
        bench.scheduler.resume(name).unwrap();
        bench.scheduler.resume(name).unwrap();
    }
    assert_eq!(bench.ticks_within(10).await, 1, "the one that is sent once, at the resume");
    assert_eq!(bench.names(), ["later", "tick"]);
    assert_eq!(bench.ticks_within(300).await, 3, "at 600, 700 and 800, as before");
    assert_eq!(bench.ticks_within(60).await, 2, "at 900 both");
    bench.system.shutdown().await;
}

#[akt::test]
async fn a_schedule_that_is_paused_or_cancelled_takes_back_the_tick_that_waits() {
    let mut bench = Bench::new().await;
    bench.every("paused", 100).unwrap();
    bench.every("cancelled", 100).unwrap();
    bench.counter.wait().tell().unwrap();
    assert_eq!(bench.ticks_within(150).await, 0);

    bench.scheduler.pause("paused").unwrap();
    bench.scheduler.cancel("cancelled").unwrap();
    bench.gate.notify_one();

    assert_eq!(bench.ticks_within(500).await, 0);
    bench.scheduler.resume("paused").unwrap();
    assert_eq!(bench.ticks_within(100).await, 1);
    assert_eq!(bench.system.dead_letters(), 0, "what was cancelled is no message");
    bench.system.shutdown().await;
}

#[akt::test]
async fn schedules_end_with_their_target_and_what_was_to_be_sent_once_is_a_dead_letter() {
    let mut bench = Bench::new().await;
    let mut events = bench.system.events();
    bench.every("tick", 100).unwrap();
    bench.once("once", 1_000_000).unwrap();
    bench.once("cancelled", 1_000_000).unwrap();
    assert_eq!(bench.ticks_within(150).await, 1);
    bench.scheduler.cancel("cancelled").unwrap();

    bench.counter.actor().stop();
    bench.counter.actor().stopped().await;

    assert_eq!(bench.names(), [""; 0], "at once, not at their next tick");
    assert_eq!(bench.ticks_within(500).await, 0);
    let dead = std::iter::from_fn(|| events.try_next()).filter_map(|event| match event {
        Event::DeadLetter(letter) => Some((letter.target.to_string(), letter.message, letter.reason)),
        _ => None,
    });
    assert_eq!(dead.collect::<Vec<_>>(), [("/user/counter".into(), "add", DeadLetterReason::Stopped)]);
    let stopped = ScheduleError::TargetStopped(bench.counter.actor().path());
    assert_eq!(bench.every("tick", 100), Err(stopped.clone()));
    assert_eq!(bench.once("once", 100), Err(stopped));
    bench.system.shutdown().await;
}

#[akt::test]
async fn a_schedule_of_an_actor_that_blocks_ends_with_it_too() {
    let mut bench = Bench::new().await;
    bench.counter.wait().tell().unwrap();
    tokio::task::yield_now().await;
    bench.every("tick", 100).unwrap();
    bench.once("once", 1_000).unwrap();
    assert_eq!(bench.ticks_within(150).await, 0);

    bench.counter.actor().kill();
    bench.counter.actor().stopped().await;

    assert_eq!(bench.names(), [""; 0]);
    assert_eq!(bench.system.dead_letters_of(DeadLetterReason::Killed), 2, "the handled, and the once");
    bench.system.shutdown().await;
}

#[akt::test]
async fn a_schedule_outlives_restarts() {
    let mut bench = Bench::with(Mailbox::DEFAULT, Directive::Restart).await;
    bench.every("tick", 100).unwrap();
    assert_eq!(bench.ticks_within(150).await, 1);

    bench.counter.boom().await.unwrap_err();

    assert_eq!(bench.ticks_within(300).await, 3);
    bench.system.shutdown().await;
}

#[akt::test]
async fn an_outliving_schedule_sends_to_nobody_until_it_is_cancelled() {
    let mut bench = Bench::new().await;
    let scheduler = bench.scheduler.outliving();
    scheduler.every("tick", ms(100), &bench.counter, |counter| counter.add(1).post()).unwrap();
    scheduler.once("once", ms(350), bench.counter.add(1)).unwrap();
    assert_eq!(bench.ticks_within(150).await, 1);

    bench.counter.actor().stop();
    assert_eq!(bench.ticks_within(300).await, 0);

    assert_eq!(bench.names(), ["tick"]);
    assert_eq!(bench.system.dead_letters_of(DeadLetterReason::Stopped), 4, "three ticks, and the once");
    scheduler.cancel("tick").unwrap();
    scheduler.once("late", ms(100), bench.counter.add(1)).unwrap();
    assert_eq!(bench.ticks_within(300).await, 0);
    assert_eq!(bench.system.dead_letters_of(DeadLetterReason::Stopped), 5);
    bench.system.shutdown().await;
}

#[akt::test]
async fn a_full_mailbox_loses_no_tick_of_a_schedule() {
    let mut bench = Bench::with(Mailbox::bounded(1), Directive::Stop).await;
    bench.every("tick", 100).unwrap();
    bench.once("once", 100).unwrap();
    bench.counter.wait().tell().unwrap();
    tokio::task::yield_now().await;
    bench.counter.add(5).tell().unwrap();
    assert!(matches!(bench.counter.add(6).tell(), Err(TellError::Full(_))));

    assert_eq!(bench.within(150).await, [0; 0]);
    bench.gate.notify_one();

    let added = bench.within(10).await;
    assert_eq!(added, [1, 1, 5], "they overtake what is queued");
    assert_eq!(bench.system.dead_letters(), 0);
    bench.system.shutdown().await;
}

#[akt::test]
async fn a_tick_that_finds_no_room_behind_a_router_is_a_dead_letter() {
    let system = system().await;
    let gate = Arc::new(Notify::new());
    let router = Router::round_robin(1).mailbox(Mailbox::bounded(1));
    let blocked = gate.clone();
    let counter = move || Counter { gate: Some(blocked.clone()), ..Counter::default() };
    let workers = system.spawn_router("workers", router, counter).await.unwrap();
    workers.wait().tell().unwrap();
    tokio::task::yield_now().await;
    workers.add(1).tell().unwrap();

    let scheduler = system.scheduler();
    scheduler.every("tick", ms(100), &workers, |workers| workers.add(1).post()).unwrap();
    scheduler.once("once", ms(100), workers.add(1)).unwrap();
    system.runtime().sleep(ms(250)).await;
    assert_eq!(system.dead_letters_of(DeadLetterReason::MailboxFull), 3);

    gate.notify_one();
    system.runtime().sleep(ms(100)).await;
    scheduler.cancel("tick").unwrap();
    assert_eq!(workers.add(0).await.unwrap(), 2, "the queued one, and the third tick");
    scheduler.every("tick", ms(100), &workers, |workers| workers.add(1).post()).unwrap();
    workers.actor().stop();
    workers.actor().stopped().await;
    assert_eq!(scheduler.list(), [], "they end with the router");
    system.shutdown().await;
}

#[akt::test]
async fn a_schedule_sends_to_another_node() {
    let network = Network::new();
    let node = async || ActorSystem::builder("shop").remote(Remote::memory(&network)).start().await.unwrap();
    let (near, far) = (node().await, node().await);
    let _shelf = far.spawn("shelf", Shelf::default).await.unwrap();
    let address = format!("akt://{}/user/shelf", far.address().unwrap());
    let shelf: depot::DepotRef = near.actor_at(&address).unwrap();

    let scheduler = near.scheduler();
    scheduler.every("tick", ms(1_000), &shelf, |shelf| shelf.add(item(1)).post()).unwrap();
    scheduler.once("once", ms(1_500), shelf.add(item(7))).unwrap();
    near.runtime().sleep(ms(2_500)).await;

    assert_eq!(shelf.view(()).await.unwrap().added, [1, 7, 1]);
    near.shutdown().await;
    far.shutdown().await;
}

#[akt::test]
async fn a_message_whose_making_panics_is_left_out_and_faults_nobody() {
    let mut bench = Bench::new().await;
    let mut ticks = 0;
    let make = move |counter: &CounterRef| {
        ticks += 1;
        assert!(ticks != 2, "schedules: two is too much");
        counter.add(ticks).post()
    };

    bench.scheduler.every("tick", ms(100), &bench.counter, make).unwrap();

    assert_eq!(bench.within(450).await, [1, 3, 4]);
    assert!(bench.counter.actor().is_alive());
    bench.system.shutdown().await;
}

#[akt::test]
async fn the_end_of_the_system_ends_all_schedules() {
    let mut bench = Bench::new().await;
    bench.every("tick", 100).unwrap();
    bench.once("once", 1_000).unwrap();
    bench.scheduler.outliving().once("outliving", ms(1_000), bench.counter.add(1)).unwrap();
    bench.counter.wait().tell().unwrap();
    tokio::task::yield_now().await;

    let system = bench.system.clone();
    let mut end = std::pin::pin!(system.shutdown());
    tokio::time::timeout(ms(1), &mut end).await.unwrap_err();
    assert_eq!(bench.names(), [""; 0], "before the actors have ended");
    assert_eq!(bench.every("tick", 100), Err(ScheduleError::Stopping));
    bench.gate.notify_one();
    end.await;

    assert_eq!(bench.system.dead_letters_of(DeadLetterReason::Shutdown), 2, "those that were to come once");
    assert_eq!(std::iter::from_fn(|| bench.added.try_recv().ok()).count(), 0);
}

#[akt::test]
async fn ten_thousand_schedules_need_no_task() {
    let mut bench = Bench::new().await;
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();

    for n in 0..5_000 {
        bench.every(&format!("every-{n}"), 60_000).unwrap();
        bench.once(&format!("once-{n}"), 60_000).unwrap();
    }

    assert_eq!(tasks(), before);
    bench.added = mpsc::channel(1).1;
    assert_eq!(bench.names().len(), 10_000);
    bench.system.shutdown().await;
}

#[akt::test]
async fn a_schedule_that_has_ended_holds_nothing() {
    let mut bench = Bench::new().await;
    let held = Arc::new(());
    let every = |name: &str, scheduler: &Scheduler| {
        let held = held.clone();
        let make = move |counter: &CounterRef| {
            let _held = &held;
            counter.add(1).post()
        };
        scheduler.every(name, ms(100), &bench.counter, make).unwrap();
    };
    for name in ["cancelled", "of-target"] {
        every(name, &bench.scheduler);
    }
    every("outliving", &bench.scheduler.outliving());
    let alive = || Arc::strong_count(&held) - 1;
    assert_eq!((alive(), bench.ticks_within(150).await), (3, 3));

    bench.scheduler.cancel("cancelled").unwrap();
    assert_eq!(alive(), 2);
    bench.counter.actor().stop();
    bench.counter.actor().stopped().await;
    assert_eq!(alive(), 1);
    bench.system.shutdown().await;
    assert_eq!(alive(), 0);
}

#[akt::test]
async fn a_schedule_may_change_schedules_while_it_makes_its_message() {
    let mut bench = Bench::new().await;
    let scheduler = bench.scheduler.clone();
    let make = move |counter: &CounterRef| {
        scheduler.cancel("tick").unwrap();
        scheduler.once("next", ms(50), counter.add(2)).unwrap();
        counter.add(1).post()
    };

    bench.scheduler.every("tick", ms(100), &bench.counter, make).unwrap();

    assert_eq!(bench.within(1_000).await, [1, 2]);
    assert_eq!(bench.names(), [""; 0]);
    bench.system.shutdown().await;
}
