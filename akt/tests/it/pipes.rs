//! Work beside an actor: its result comes back as a message or a continuation, its failures are typed.

use std::sync::Arc;
use std::time::Duration;

use akt::prelude::*;
use akt::{Breaker, BreakerOptions, DeadLetterReason, Mailbox, PipeError, Work};
use tokio::sync::{Notify, mpsc};

use crate::support::system;

#[derive(Debug)]
struct Broken;

type Result_ = Result<u32, PipeError<Broken>>;

/// What the work shall do.
#[derive(Clone, Copy)]
enum Plan {
    Succeed,
    Fail,
    Panic,
    Hang,
}

async fn work(plan: Plan) -> Result<u32, Broken> {
    tokio::task::yield_now().await;
    match plan {
        Plan::Succeed => Ok(7),
        Plan::Fail => Err(Broken),
        Plan::Panic => panic!("pipes: boom"),
        Plan::Hang => std::future::pending().await,
    }
}

/// Has work done, and says what came of it.
struct Boss {
    heard: mpsc::Sender<Result_>,
    gate: Arc<Notify>,
    breaker: Breaker,
    sum: u32,
}

#[akt::actor]
impl Boss {
    #[handler]
    fn pipe(&mut self, plan: Plan, cx: &mut Ctx<Self>) {
        cx.pipe(work(plan), |me, result| me.done(result).post());
    }

    #[handler]
    fn limited(&mut self, plan: Plan, cx: &mut Ctx<Self>) {
        let work = Work::of(work(plan)).timeout(Duration::from_millis(100)).breaker(&self.breaker);
        cx.pipe(work, |me, result| me.done(result).post());
    }

    #[handler]
    fn then(&mut self, plan: Plan, cx: &mut Ctx<Self>) {
        cx.then(work(plan), |this, result, cx| match result {
            Ok(more) => this.sum += more,
            Err(PipeError::Failed(Broken)) => cx.stop(),
            Err(_) => panic!("pipes: unexpected"),
        });
    }

    #[handler]
    fn done(&mut self, result: Result_) {
        self.heard.try_send(result).expect("the log has room");
    }

    #[handler]
    fn sum(&mut self) -> u32 {
        self.sum
    }

    #[handler]
    async fn block(&mut self) {
        self.gate.notified().await;
    }

    #[handler]
    fn boom(&mut self) {
        panic!("pipes: boom");
    }
}

struct Office {
    system: ActorSystem,
    boss: BossRef,
    heard: mpsc::Receiver<Result_>,
    gate: Arc<Notify>,
}

impl Office {
    async fn new(mailbox: Mailbox) -> Self {
        let system = system().await;
        let (tell, heard) = mpsc::channel(100);
        let gate = Arc::new(Notify::new());
        let breaker = Breaker::new(BreakerOptions::default().at_least(2).open_for(Duration::from_secs(30)));
        let blocked = gate.clone();
        let factory =
            move || Boss { heard: tell.clone(), gate: blocked.clone(), breaker: breaker.clone(), sum: 0 };
        let restart = Supervise::one_for_one().otherwise(Directive::Restart);
        let boss = system.spawn("boss", factory).supervise(restart).mailbox(mailbox).await.unwrap();
        Self { system, boss, heard, gate }
    }

    async fn next(&mut self) -> Result_ {
        self.heard.recv().await.expect("the boss lives")
    }

    async fn pass(&self, millis: u64) {
        self.system.runtime().sleep(Duration::from_millis(millis)).await;
    }
}

#[akt::test]
async fn the_result_of_piped_work_comes_back_as_a_message() {
    let mut office = Office::new(Mailbox::DEFAULT).await;

    office.boss.pipe(Plan::Succeed).await.unwrap();
    assert!(matches!(office.next().await, Ok(7)));
    office.boss.pipe(Plan::Fail).await.unwrap();
    assert!(matches!(office.next().await, Err(PipeError::Failed(Broken))));

    assert_eq!(office.system.dead_letters(), 0);
    office.system.shutdown().await;
}

#[akt::test]
async fn a_panic_in_piped_work_is_a_typed_failure_and_no_fault() {
    let mut office = Office::new(Mailbox::DEFAULT).await;

    office.boss.pipe(Plan::Panic).await.unwrap();

    let Err(PipeError::Panicked { text, place }) = office.next().await else { panic!("no panic") };
    assert_eq!(&*text, "pipes: boom");
    assert!(place.unwrap().contains("pipes.rs:"));
    assert_eq!(office.boss.sum().await.unwrap(), 0, "the actor lives");
    office.system.shutdown().await;
}

#[akt::test]
async fn a_full_mailbox_never_loses_the_result_of_work() {
    let mut office = Office::new(Mailbox::bounded(1)).await;
    office.boss.pipe(Plan::Succeed).await.unwrap();
    office.boss.block().tell().unwrap();
    tokio::task::yield_now().await;
    office.boss.sum().tell().unwrap();
    office.pass(100).await;

    office.gate.notify_one();

    assert!(matches!(office.next().await, Ok(7)));
    office.system.shutdown().await;
}

#[akt::test]
async fn a_continuation_runs_on_the_actors_turn_with_its_state() {
    let office = Office::new(Mailbox::DEFAULT).await;

    office.boss.then(Plan::Succeed).await.unwrap();
    office.boss.then(Plan::Succeed).await.unwrap();
    office.pass(10).await;
    assert_eq!(office.boss.sum().await.unwrap(), 14);

    office.boss.then(Plan::Panic).await.unwrap();
    office.pass(10).await;
    assert_eq!(office.boss.sum().await.unwrap(), 0, "a panic in it is a fault: the actor was restarted");

    office.boss.then(Plan::Fail).await.unwrap();
    assert_eq!(office.boss.actor().stopped().await, akt::StopReason::Requested, "it may use the context");
    office.system.shutdown().await;
}

#[akt::test]
async fn work_of_an_actor_that_stops_is_dropped_and_accounted_for() {
    let office = Office::new(Mailbox::DEFAULT).await;
    office.boss.pipe(Plan::Hang).await.unwrap();
    office.boss.then(Plan::Hang).await.unwrap();

    office.boss.boom().await.unwrap_err();
    office.pass(10).await;
    assert_eq!(
        office.system.dead_letters_of(DeadLetterReason::Cancelled),
        1,
        "the continuation of the old value"
    );

    office.boss.actor().stop();
    office.boss.actor().stopped().await;
    office.pass(10).await;
    assert_eq!(
        office.system.dead_letters_of(DeadLetterReason::Stopped),
        1,
        "the pipe had outlived the restart"
    );
    office.system.shutdown().await;
}

#[akt::test]
async fn a_shutdown_does_not_wait_for_piped_work() {
    let office = Office::new(Mailbox::DEFAULT).await;
    office.boss.pipe(Plan::Hang).await.unwrap();

    office.system.shutdown().await;

    assert_eq!(office.system.dead_letters_of(DeadLetterReason::Shutdown), 1);
    assert_eq!(office.system.runtime().now().as_nanos() / 1_000_000_000, 0);
}

#[akt::test]
async fn work_that_takes_too_long_is_dropped_and_its_breaker_opens_before_more_is_begun() {
    let mut office = Office::new(Mailbox::DEFAULT).await;

    office.boss.limited(Plan::Hang).await.unwrap();
    let Err(PipeError::TimedOut { after }) = office.next().await else { panic!("it did not time out") };
    assert_eq!(after, Duration::from_millis(100));
    office.boss.limited(Plan::Panic).await.unwrap();
    assert!(matches!(office.next().await, Err(PipeError::Panicked { .. })));

    office.boss.limited(Plan::Panic).await.unwrap();
    let Err(PipeError::Open { retry_after }) = office.next().await else {
        panic!("the breaker let it begin")
    };
    office.pass(u64::try_from(retry_after.as_millis()).unwrap() + 1).await;

    office.boss.limited(Plan::Succeed).await.unwrap();
    assert!(matches!(office.next().await, Ok(7)), "one is let through");
    office.boss.limited(Plan::Fail).await.unwrap();
    assert!(matches!(office.next().await, Err(PipeError::Failed(_))), "it has closed");
    office.system.shutdown().await;
}
