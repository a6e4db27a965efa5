//! Actors that hear what happens in their system, and handlers that fail their actor.

use akt::prelude::*;
use akt::testkit::TestKit;
use akt::{DeadLetterReason, Event};

use crate::support::{Log, TooBig, take};

struct Undertaker {
    log: Log,
}

impl Undertaker {
    fn note(&self, what: impl Into<String>) {
        self.log.lock().push(what.into());
    }
}

#[akt::actor(supervise(on(TooBig) = restart, else = stop))]
impl Undertaker {
    #[handler]
    fn ping(&mut self) {
        self.note("ping");
    }

    #[handler]
    fn weigh(&mut self, grams: u32) -> Result<u32, Fault> {
        if grams > 100 { Err(TooBig.into()) } else { Ok(grams) }
    }

    #[handler]
    async fn lift(&self, grams: u32) -> Result<(), Fault> {
        tokio::task::yield_now().await;
        if grams > 100 { Err(Fault::new("too heavy")) } else { Ok(()) }
    }

    #[on(event = Event::DeadLetter(_))]
    fn bury(&mut self, event: Event, cx: &mut Ctx<Self>) {
        let Event::DeadLetter(letter) = event else { unreachable!() };
        assert_eq!(cx.path().name(), "undertaker");
        self.note(format!("{} of {}", letter.message, letter.target.name()));
    }

    #[on(event = Event::Stopped { kind: "Victim", .. })]
    fn mourn(&mut self, _: Event) -> Result<(), Fault> {
        self.note("mourns");
        Err(TooBig.into())
    }
}

struct Victim;

#[akt::actor]
impl Victim {
    #[handler]
    fn call(&mut self, cx: &mut Ctx<Self>) {
        cx.stop();
    }
}

async fn undertaker(kit: &TestKit) -> (UndertakerRef, Log) {
    let log = Log::default();
    let seen = log.clone();
    let undertaker =
        kit.system().spawn("undertaker", move || Undertaker { log: seen.clone() }).await.unwrap();
    undertaker.ping().await.unwrap();
    take(&log);
    (undertaker, log)
}

/// A dead letter of the message `call`.
async fn bury(kit: &TestKit) {
    let victim = kit.system().spawn("victim", || Victim).await.unwrap();
    victim.call().tell().unwrap();
    victim.call().tell().unwrap();
    victim.actor().stopped().await;
    kit.expect_dead_letter("call").await;
    kit.settle().await;
}

#[akt::test]
async fn an_actor_hears_the_events_that_it_names(kit: TestKit) {
    let (_undertaker, log) = undertaker(&kit).await;

    kit.spawn(|| Victim).await;
    kit.settle().await;

    assert!(take(&log).is_empty(), "nothing of what was named happened");
    bury(&kit).await;
    assert!(take(&log).contains(&"call of victim".to_owned()));
}

#[akt::test]
async fn the_fault_of_a_listening_hook_is_supervised_and_the_next_value_listens(kit: TestKit) {
    let (undertaker, log) = undertaker(&kit).await;

    bury(&kit).await;
    assert_eq!(kit.restarts::<Undertaker>(), 1);
    take(&log);

    bury(&kit).await;
    assert!(take(&log).contains(&"mourns".to_owned()));
    undertaker.ping().await.unwrap();
}

#[akt::test]
async fn what_is_not_heard_any_more_is_no_dead_letter(kit: TestKit) {
    let (undertaker, _log) = undertaker(&kit).await;

    undertaker.actor().stop();
    undertaker.actor().stopped().await;
    bury(&kit).await;

    assert!(kit.dead_letters().iter().all(|letter| letter.message == "call"));
}

#[akt::test]
async fn a_handler_that_returns_a_fault_fails_its_actor(kit: TestKit) {
    let (undertaker, _log) = undertaker(&kit).await;

    assert_eq!(undertaker.weigh(3).await.unwrap(), 3);
    let error = undertaker.weigh(300).await.unwrap_err();
    assert!(matches!(&error, AskError::Fault(fault) if fault.directive == Directive::Restart), "{error:?}");
    undertaker.weigh(301).tell().unwrap();
    kit.settle().await;
    assert_eq!(undertaker.weigh(5).await.unwrap(), 5, "it was restarted twice");

    undertaker.lift(3).await.unwrap();
    let error = undertaker.lift(300).await.unwrap_err();
    assert!(matches!(&error, AskError::Fault(fault) if fault.text == "too heavy"), "{error:?}");
    let reason = undertaker.actor().stopped().await;
    assert_eq!(reason, akt::StopReason::Fault);
    let letters = kit.dead_letters();
    let failed = letters.iter().filter(|letter| letter.reason == DeadLetterReason::Panicked);
    assert_eq!(failed.count(), 1, "the tell that failed");
}
