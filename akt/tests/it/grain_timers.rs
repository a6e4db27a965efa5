//! Timers of grains: they end with their activation, and keep it only if they say so. Schedules outlive it.

use std::time::Duration;

use akt::StopReason;
use akt::prelude::*;

use crate::support::{Log, take};

const SECOND: Duration = Duration::from_secs(1);

/// Writes down its ticks.
struct Clock {
    log: Log,
}

impl Clock {
    fn note(&self, text: &str) {
        self.log.lock().push(text.to_owned());
    }
}

#[akt::grain(kind = "clock", key = String, passivate = "10s")]
impl Clock {
    #[on(activate)]
    fn wind(key: &String, cx: &mut Ctx<Self>) -> Result<Self, Fault> {
        let log = cx.dep::<Log>();
        log.lock().push("activate".to_owned());
        // Dormant until it is active; gone if it never is.
        cx.after(Duration::ZERO, cx.me().tick("early".into())).detach();
        match key == "broken" {
            true => Err(Fault::new("no spring")),
            false => Ok(Self { log }),
        }
    }

    #[on(deactivate)]
    fn stop(&mut self, cx: &mut Ctx<Self>) {
        self.note("deactivate");
        cx.after(Duration::ZERO, cx.me().tick("late".into())).detach();
    }

    #[handler]
    fn tick(&mut self, what: String) {
        self.note(&what);
    }

    #[handler]
    fn tick_every(&mut self, time: Duration, alive: bool, cx: &mut Ctx<Self>) {
        let timer = cx.every(time, |me| me.tick("tick".into()).post());
        if alive { timer.keep_alive().detach() } else { timer.detach() }
    }
}

async fn clock() -> (ActorSystem, Log) {
    let log = Log::default();
    (ActorSystem::builder("test").provide(log.clone()).start().await.unwrap(), log)
}

#[akt::test]
async fn ticks_do_not_keep_a_grain_end_with_it_and_activate_nothing() {
    let (system, log) = clock().await;
    let runtime = system.runtime().clone();
    let clock = Clock::grain(&system, "a");
    clock.tick_every(SECOND * 4, false).await.unwrap();

    assert_eq!(clock.actor().stopped().await, StopReason::Passivated);
    runtime.sleep(SECOND * 60).await;

    assert_eq!(take(&log), ["activate", "early", "tick", "tick", "deactivate"]);
    assert_eq!(system.dead_letters(), 0);
    system.shutdown().await;
}

#[akt::test]
async fn ticks_that_keep_alive_keep_a_grain_until_it_is_told_to_end() {
    let (system, log) = clock().await;
    let runtime = system.runtime().clone();
    let clock = Clock::grain(&system, "a");
    clock.tick_every(SECOND * 4, true).await.unwrap();

    runtime.sleep(SECOND * 30).await;
    assert!(clock.actor().id().is_some());
    assert_eq!(take(&log).iter().filter(|line| *line == "tick").count(), 7);
    clock.actor().stop();
    runtime.sleep(SECOND * 30).await;

    assert_eq!(take(&log), ["deactivate"]);
    system.shutdown().await;
}

#[akt::test]
async fn timers_of_an_activation_that_failed_are_gone() {
    let (system, log) = clock().await;
    let runtime = system.runtime().clone();
    let broken = Clock::grain(&system, "broken");

    assert!(matches!(broken.tick("x".into()).await, Err(AskError::Fault(_))));
    runtime.sleep(SECOND).await;

    assert_eq!(take(&log), ["activate"]);
    system.shutdown().await;
}

/// Ticks by attributes.
#[derive(Default)]
struct Beat(u64);

#[akt::grain(kind = "beat", key = String, passivate = "10s")]
impl Beat {
    #[every("1s")]
    #[cron("* * * * * *")]
    fn beat(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

/// The same, and its ticks keep it.
#[derive(Default)]
struct Pulse(u64);

#[akt::grain(kind = "pulse", key = String, passivate = "10s")]
impl Pulse {
    #[every("4s", keep_alive)]
    fn beat(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }

    #[cron("0 0 0 1 1 *", keep_alive)]
    fn celebrate(&mut self) {}
}

#[akt::test]
async fn timers_by_attribute_begin_with_each_activation_and_keep_it_if_they_say_so() {
    let (system, _) = clock().await;
    let runtime = system.runtime().clone();
    let (beat, pulse) = (Beat::grain(&system, "a"), Pulse::grain(&system, "a"));
    assert_eq!((beat.beat().await.unwrap(), pulse.beat().await.unwrap()), (1, 1));

    runtime.sleep(SECOND * 9).await;
    assert!(beat.beat().await.unwrap() > 16, "both of its timers tick");
    runtime.sleep(SECOND * 60).await;

    assert_eq!(beat.actor().id(), None);
    assert_eq!(beat.beat().await.unwrap(), 1, "nobody ticked meanwhile");
    assert_eq!(pulse.beat().await.unwrap(), 1 + 17 + 1);
    system.shutdown().await;
}

#[akt::test]
async fn a_schedule_of_the_system_to_a_grain_outlives_its_activations() {
    let (system, log) = clock().await;
    let runtime = system.runtime().clone();
    let clock = Clock::grain(&system, "a");
    let minute = SECOND * 60;
    system.scheduler().every("wake", minute, &clock, |clock| clock.tick("wake".into()).post()).unwrap();
    drop(clock);

    runtime.sleep(minute * 2 + SECOND * 30).await;

    assert_eq!(take(&log), ["activate", "wake", "early", "deactivate"].repeat(2));
    assert!(system.scheduler().cancel("wake").is_ok());
    system.shutdown().await;
}
