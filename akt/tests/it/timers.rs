//! Timers of an actor: on the control lane, cancelled by their guard, ended with their actor.

use std::sync::Arc;
use std::time::Duration;

use akt::prelude::*;
use akt::{DeadLetterReason, Mailbox, Timer};
use tokio::sync::{Notify, mpsc};

use crate::support::{Counter, CounterRef, system};

/// Beats from its start on.
struct Heart {
    beats: mpsc::Sender<u64>,
}

#[akt::actor]
impl Heart {
    #[every("100ms")]
    fn beat(&mut self, cx: &mut Ctx<Self>) {
        self.beats.try_send(cx.now().as_nanos() / 1_000_000).expect("the log has room");
    }

    #[handler]
    #[every("1s", jitter = "50ms")]
    async fn rest(&mut self) {
        tokio::task::yield_now().await;
    }

    #[handler]
    fn boom(&mut self) {
        panic!("timers: boom");
    }
}

/// Sets timers, and says when they tick.
struct Clock {
    said: mpsc::Sender<(&'static str, u64)>,
    gate: Arc<Notify>,
    held: Option<Timer>,
    other: Option<CounterRef>,
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[akt::actor]
impl Clock {
    #[handler]
    fn say(&mut self, what: &'static str, cx: &mut Ctx<Self>) {
        self.said.try_send((what, cx.now().as_nanos() / 1_000_000)).expect("the log has room");
    }

    #[handler]
    fn after(&mut self, what: &'static str, millis: u64, cx: &mut Ctx<Self>) {
        cx.after(ms(millis), cx.me().say(what)).detach();
    }

    #[handler]
    fn hold(&mut self, what: &'static str, millis: u64, cx: &mut Ctx<Self>) {
        self.held = Some(cx.after(ms(millis), cx.me().say(what)));
    }

    #[handler]
    fn release(&mut self) {
        self.held = None;
    }

    #[handler]
    fn every(&mut self, what: &'static str, millis: u64, cx: &mut Ctx<Self>) {
        cx.every(ms(millis), move |me| me.say(what).post()).detach();
    }

    #[handler]
    fn keep(&mut self, what: &'static str, millis: u64, cx: &mut Ctx<Self>) {
        cx.every(ms(millis), move |me| me.say(what).post()).keep();
    }

    #[handler]
    fn break_every(&mut self, millis: u64, cx: &mut Ctx<Self>) {
        let mut ticks = 0;
        cx.every(ms(millis), move |me| {
            ticks += 1;
            assert!(ticks != 2, "timers: two is too much");
            me.say("whole").post()
        })
        .detach();
    }

    #[handler]
    fn tell_other(&mut self, millis: u64, cx: &mut Ctx<Self>) {
        let other = self.other.as_ref().expect("there is another");
        cx.after(ms(millis), other.add(1)).detach();
    }

    #[handler]
    async fn hold_and_release(&mut self, what: &'static str, millis: u64, cx: &mut Ctx<Self>) {
        self.held = Some(cx.after(ms(millis), cx.me().say(what)));
        self.gate.notified().await;
        self.held = None;
    }

    #[handler]
    async fn block(&mut self) {
        self.gate.notified().await;
    }

    #[handler]
    fn boom(&mut self) {
        panic!("timers: boom");
    }
}

struct Bench {
    system: ActorSystem,
    clock: ClockRef,
    said: mpsc::Receiver<(&'static str, u64)>,
    gate: Arc<Notify>,
}

impl Bench {
    async fn new(directive: Directive, mailbox: Mailbox) -> Self {
        let system = system().await;
        let (said, heard) = mpsc::channel(1_000);
        let gate = Arc::new(Notify::new());
        let other = system.spawn("other", Counter::default).await.unwrap();
        let blocked = gate.clone();
        let clock = system
            .spawn("clock", move || Clock {
                said: said.clone(),
                gate: blocked.clone(),
                held: None,
                other: Some(other.clone()),
            })
            .supervise(Supervise::one_for_one().otherwise(directive))
            .mailbox(mailbox)
            .await
            .unwrap();
        Self { system, clock, said: heard, gate }
    }

    async fn plain() -> Self {
        Self::new(Directive::Stop, Mailbox::DEFAULT).await
    }

    /// What was said within the next `millis`.
    async fn within(&mut self, millis: u64) -> Vec<(&'static str, u64)> {
        self.system.runtime().sleep(ms(millis)).await;
        std::iter::from_fn(|| self.said.try_recv().ok()).collect()
    }

    async fn said_within(&mut self, millis: u64) -> Vec<&'static str> {
        self.within(millis).await.into_iter().map(|(what, _)| what).collect()
    }
}

#[akt::test]
async fn a_timer_ticks_once_at_its_time() {
    let mut bench = Bench::plain().await;

    bench.clock.after("later", 200).tell().unwrap();
    bench.clock.after("sooner", 100).tell().unwrap();

    let said = bench.within(1_000).await;
    let [("sooner", first), ("later", second)] = said[..] else { panic!("{said:?}") };
    assert!((100..=103).contains(&first) && (200..=203).contains(&second), "{said:?}");
    bench.system.shutdown().await;
}

#[akt::test]
async fn a_timer_that_is_dropped_never_ticks_not_even_when_its_tick_is_under_way() {
    let mut bench = Bench::plain().await;

    bench.clock.hold("dropped", 100).tell().unwrap();
    bench.clock.hold("held", 100).tell().unwrap();
    assert_eq!(bench.said_within(200).await, ["held"], "the second took the first one's place");

    bench.clock.hold("late", 100).tell().unwrap();
    bench.clock.block().tell().unwrap();
    assert_eq!(bench.said_within(200).await, [""; 0], "its tick waits for the handler");
    let clock = bench.clock.clone();
    clock.release().tell().unwrap();
    clock.after("first", 0).tell().unwrap();
    bench.gate.notify_one();
    assert_eq!(bench.said_within(100).await, ["late", "first"], "a tick overtakes what is queued");

    bench.clock.hold_and_release("under way", 100).tell().unwrap();
    assert_eq!(bench.said_within(200).await, [""; 0]);
    bench.gate.notify_one();
    assert_eq!(bench.said_within(200).await, [""; 0], "its tick was taken back");

    bench.clock.hold("never", 100).await.unwrap();
    bench.clock.release().await.unwrap();
    assert_eq!(bench.said_within(200).await, [""; 0]);
    assert_eq!(bench.system.dead_letters(), 0);
    bench.system.shutdown().await;
}

#[akt::test]
async fn a_repeated_timer_keeps_to_its_grid_with_one_tick_outstanding() {
    let mut bench = Bench::plain().await;

    bench.clock.every("tick", 100).await.unwrap();
    let said = bench.within(550).await;
    assert_eq!(said.len(), 5, "{said:?}");
    assert!(said.iter().zip(1..).all(|((_, at), n)| (n * 100..=n * 100 + 3).contains(at)), "{said:?}");

    bench.clock.block().tell().unwrap();
    assert_eq!(bench.said_within(500).await, [""; 0]);
    bench.gate.notify_one();
    assert_eq!(bench.said_within(10).await, ["tick"], "four of five were left out");
    assert_eq!(bench.said_within(500).await.len(), 5);
    bench.system.shutdown().await;
}

#[akt::test]
async fn a_full_mailbox_never_loses_a_tick() {
    let mut bench = Bench::new(Directive::Stop, Mailbox::bounded(1)).await;
    bench.clock.after("tick", 100).await.unwrap();
    bench.clock.block().tell().unwrap();
    tokio::task::yield_now().await;
    bench.clock.say("queued").tell().unwrap();
    assert!(matches!(bench.clock.say("refused").tell(), Err(TellError::Full(_))));

    assert_eq!(bench.said_within(200).await, [""; 0]);
    bench.gate.notify_one();

    assert_eq!(bench.said_within(10).await, ["tick", "queued"]);
    bench.system.shutdown().await;
}

#[akt::test]
async fn timers_end_with_the_value_that_set_them_unless_they_are_kept() {
    let mut bench = Bench::new(Directive::Restart, Mailbox::DEFAULT).await;
    bench.clock.every("mortal", 100).await.unwrap();
    bench.clock.keep("kept", 100).await.unwrap();
    assert_eq!(bench.said_within(150).await, ["mortal", "kept"]);

    bench.clock.boom().await.unwrap_err();

    assert_eq!(bench.said_within(300).await, ["kept", "kept", "kept"]);
    bench.clock.actor().stop();
    assert_eq!(bench.said_within(300).await, [""; 0], "with the actor, all of them");
    assert_eq!(bench.system.dead_letters(), 0, "a tick that cannot come is no message");
    bench.system.shutdown().await;
}

#[akt::test]
async fn a_tick_that_panics_is_a_fault_of_its_actor_and_the_timer_goes_on() {
    let mut bench = Bench::new(Directive::Resume, Mailbox::DEFAULT).await;
    let mut events = bench.system.events();

    bench.clock.break_every(100).await.unwrap();

    assert_eq!(bench.said_within(350).await, ["whole", "whole"], "the second of three panicked");
    let fault = std::iter::from_fn(|| events.try_next()).find_map(|event| match event {
        akt::Event::Fault(info) => Some(info),
        _ => None,
    });
    let fault = fault.expect("it was told");
    assert_eq!((&*fault.message, &*fault.text), ("timer", "timers: two is too much"));
    bench.system.shutdown().await;
}

#[akt::test]
async fn a_post_goes_to_the_target_of_its_call() {
    let bench = Bench::plain().await;
    let other = bench.system.actor_of::<CounterRef>("other").await.unwrap();

    bench.clock.tell_other(100).await.unwrap();
    bench.system.runtime().sleep(ms(150)).await;
    assert_eq!(other.add(0).await.unwrap(), 1);

    bench.clock.tell_other(100).await.unwrap();
    other.actor().stop();
    bench.system.runtime().sleep(ms(150)).await;
    assert_eq!(bench.system.dead_letters_of(DeadLetterReason::Stopped), 1, "its target is gone");
    bench.system.shutdown().await;
}

#[akt::test]
async fn an_every_handler_ticks_from_the_start_and_anew_after_a_restart() {
    let system = system().await;
    let (beats, mut heard) = mpsc::channel(100);
    let restart = Supervise::one_for_one().otherwise(Directive::Restart);
    let heart =
        system.spawn("heart", move || Heart { beats: beats.clone() }).supervise(restart).await.unwrap();

    system.runtime().sleep(ms(250)).await;
    heart.boom().await.unwrap_err();
    system.runtime().sleep(ms(240)).await;

    let beats: Vec<_> = std::iter::from_fn(|| heard.try_recv().ok()).map(|at| at / 10 * 10).collect();
    assert_eq!(beats, [100, 200, 350, 450]);
    heart.beat().await.unwrap();
    assert!(heard.try_recv().is_ok(), "it is a handler as well");
    heart.rest().await.unwrap();
    system.shutdown().await;
}
