//! The fate test: every accepted message is handled, returned, or a dead letter. Exactly one of them.

mod kind;
mod ledger;
mod moody;
mod pace;
mod passivation;
mod queue;
mod throng;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Once;
use std::task::Poll;
use std::time::Duration;

use parking_lot::Mutex;

use self::kind::Kind;
use self::ledger::{End, Ledger, Tally};
use self::pace::{give_way, pause, work};
use super::{
    AskError, Ctx, Delivery, Directive, Forward, Passivate, Reply, Request, Spawn, Supervise, TellError,
};
use crate::runtime::Runtime;
use crate::sim::each_seed;
use crate::system::{ActorSystem, Event, Evict, Promise};
use akt::{Router, handler, on};

// ---- the actor that everything happens to ------------------------------------------------------

/// Does what its messages say, and writes down what it did.
struct Subject {
    ledger: Ledger,
    runtime: Runtime,
    /// Replies of `keep`, answered or dropped by what comes later.
    kept: Vec<Reply<usize>>,
}

#[derive(Debug, PartialEq)]
struct Refused;

#[akt::actor]
impl Subject {
    #[on(start)]
    async fn start(&mut self) {
        self.pause(1).await;
    }

    #[on(stop)]
    async fn stop(&mut self) {
        self.pause(2).await;
    }

    #[handler]
    fn quick(&mut self, id: usize) -> usize {
        self.ledger.started(id);
        if let Some(reply) = self.kept.pop() {
            reply.send(id);
        }
        self.ledger.completed(id);
        id
    }

    #[handler]
    async fn slow(&mut self, id: usize, for_ms: u64) -> usize {
        self.ledger.started(id);
        self.pause(for_ms).await;
        self.ledger.completed(id);
        id
    }

    #[handler]
    fn refuse(&mut self, id: usize) -> Result<usize, Refused> {
        self.ledger.started(id);
        self.kept.pop();
        self.ledger.completed(id);
        Err(Refused)
    }

    #[handler]
    fn boom(&mut self, id: usize) -> usize {
        self.ledger.started(id);
        panic!("fate: boom");
    }

    #[handler]
    async fn late_boom(&mut self, id: usize, for_ms: u64) -> usize {
        self.ledger.started(id);
        self.pause(for_ms).await;
        panic!("fate: late boom");
    }

    #[handler]
    async fn fail(&mut self, id: usize, cx: &mut Ctx<Self>) -> usize {
        self.ledger.started(id);
        self.pause(1).await;
        cx.fail(std::fmt::Error);
        id
    }

    #[handler]
    fn quit(&mut self, id: usize, cx: &mut Ctx<Self>) -> usize {
        self.ledger.started(id);
        self.ledger.completed(id);
        cx.stop();
        id
    }

    #[handler(defer)]
    fn keep(&mut self, id: usize, reply: Reply<usize>) {
        self.ledger.started(id);
        self.ledger.completed(id);
        self.kept.push(reply);
    }

    /// Is as if `quick` had been called.
    #[handler]
    fn route(&mut self, id: usize, cx: &mut Ctx<Self>) -> Forward<usize> {
        self.ledger.rename(id, "quick");
        cx.forward(cx.me().quick(id))
    }

    /// The result is a message of its own: `pipe` until it has come, then `result`.
    #[handler]
    fn begin_pipe(&mut self, id: usize, for_ms: u64, cx: &mut Ctx<Self>) {
        self.ledger.started(id);
        let (ledger, result) = (self.ledger.clone(), self.ledger.open("pipe"));
        cx.pipe(work(self.runtime.clone(), for_ms), move |me, done| {
            ledger.rename(result, "result");
            me.result(result, done.is_err()).post()
        });
        self.ledger.completed(id);
    }

    #[handler]
    fn begin_then(&mut self, id: usize, for_ms: u64, cx: &mut Ctx<Self>) {
        self.ledger.started(id);
        let result = self.ledger.open("then");
        cx.then(work(self.runtime.clone(), for_ms), move |this, done, cx| {
            this.ledger.started(result);
            assert!(done.is_ok() || for_ms != 5, "fate: then");
            if for_ms == 4 {
                cx.stop();
            }
            this.ledger.completed(result);
        });
        self.ledger.completed(id);
    }

    /// A tick that does not come was never a message.
    #[handler]
    fn begin_timer(&mut self, id: usize, for_ms: u64, cx: &mut Ctx<Self>) {
        self.ledger.started(id);
        let tick = self.ledger.open("tick");
        self.ledger.end(tick, End::NeverSent);
        let timer = cx.after(Duration::from_millis(for_ms), cx.me().tick(tick));
        if for_ms == 3 {
            timer.keep();
        } else {
            timer.detach();
        }
        self.ledger.completed(id);
    }

    /// Sync: an async handler may be killed before its first line, which makes a message of the tick.
    #[handler]
    fn tick(&mut self, id: usize) {
        self.ledger.end(id, End::Sent);
        self.ledger.started(id);
        self.ledger.completed(id);
    }

    #[handler]
    fn result(&mut self, id: usize, failed: bool) {
        self.ledger.started(id);
        assert!(!failed, "fate: result");
        self.ledger.completed(id);
    }

    async fn pause(&self, ms: u64) {
        pause(&self.runtime, ms).await;
    }
}

// ---- one run -----------------------------------------------------------------------------------

/// Sends, stops, kills and restarts at random, then shuts down and settles.
async fn run(runtime: Runtime, seed: u64, broken: Option<Promise>) -> Result<Tally, String> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut builder = ActorSystem::builder("fate").runtime(runtime.clone());
    if rng.u8(..8) == 0 {
        builder = builder.evict(Evict::least_recently_used(0));
    }
    if let Some(promise) = broken {
        builder = builder.break_promise(promise);
    }
    let system = builder.start().await.expect("the system starts");
    let mut events = system.events_with_capacity(1 << 16);
    let ledger = Ledger::default();
    let (tx, done) = flume::bounded::<()>(8);
    let kind = Kind::of(rng.u8(..14));
    if kind.copies() {
        ledger.copies();
    }
    for _ in 0..3 {
        let client = Client { system: system.clone(), ledger: ledger.clone(), rng: rng.fork(), kind };
        let tx = tx.clone();
        runtime.spawn("client", async move {
            client.run().await;
            drop(tx);
        });
    }
    drop(tx);
    let _ = done.recv_async().await;
    system.shutdown().await;

    let mut letters = BTreeMap::new();
    let mut count = 0;
    while let Some(event) = events.try_next() {
        if let Event::DeadLetter(letter) = event {
            *letters.entry(letter.message).or_default() += 1;
            count += 1;
        }
    }
    if count != system.dead_letters() {
        return Err(format!("{count} dead letters were told, {} counted", system.dead_letters()));
    }
    ledger.settle(letters)
}

struct Client {
    system: ActorSystem,
    ledger: Ledger,
    rng: fastrand::Rng,
    kind: Kind,
}

impl Client {
    async fn run(mut self) {
        for _ in 0..self.rng.usize(4..20) {
            match self.rng.u8(..6) {
                0 | 1 => {
                    self.upset().await;
                    continue;
                }
                2 => {
                    self.crowd().await;
                    continue;
                }
                _ => {}
            }
            let Some(subject) = self.subject().await else { continue };
            for _ in 0..self.rng.usize(0..3) {
                give_way().await;
            }
            match self.rng.u8(..32) {
                0 => subject.actor().stop(),
                1 => subject.actor().kill(),
                2 => subject.actor().stop_after_drain(),
                3 => subject.actor().pause_passivation(),
                4 => subject.actor().resume_passivation(),
                _ => self.message(&subject).await,
            }
        }
    }

    /// The subject that there is, or a new one.
    async fn subject(&mut self) -> Option<SubjectRef> {
        if let Ok(subject) = self.system.actor_of::<SubjectRef>("subject").await {
            return Some(subject);
        }
        let (ledger, runtime) = (self.ledger.clone(), self.system.runtime().clone());
        let factory = move || Subject { ledger: ledger.clone(), runtime: runtime.clone(), kept: Vec::new() };
        let directive = *self
            .rng
            .choice(&[Directive::Restart, Directive::Resume, Directive::Stop, Directive::Escalate])
            .expect("there are four");
        let backoff = Duration::ZERO..=Duration::from_millis(self.rng.u64(..4));
        let policy = Supervise::one_for_one().otherwise(directive).budget(3, Duration::from_secs(1));
        let (mailbox, order) = queue::any(&mut self.rng);
        let policy = policy.backoff(backoff);
        let Some(router) = self.kind.router() else {
            let subject = self.system.spawn("subject", factory).supervise(policy).mailbox(mailbox);
            let subject = order.into_iter().fold(subject, Spawn::order);
            let idle = Duration::from_millis(self.rng.u64(..8));
            return match self.rng.u8(..8) {
                0 => subject.passivate(Passivate::after(idle)).await.ok(),
                1 => subject.passivate(Passivate::after_messages(self.rng.u64(1..4))).await.ok(),
                _ => subject.await.ok(),
            };
        };
        let router = order.into_iter().fold(router.supervise(policy).mailbox(mailbox), Router::order);
        self.system.spawn_router("subject", router, factory).await.ok()
    }

    async fn message(&mut self, subject: &SubjectRef) {
        let for_ms = self.rng.u64(..6);
        match self.rng.u8(..24) {
            0..5 => self.send("quick", |id| subject.quick(id)).await,
            5..9 => self.send("slow", |id| subject.slow(id, for_ms)).await,
            9..11 => self.send("refuse", |id| subject.refuse(id)).await,
            11 => self.send("boom", |id| subject.boom(id)).await,
            12..14 => self.send("late_boom", |id| subject.late_boom(id, for_ms)).await,
            14 => self.send("fail", |id| subject.fail(id)).await,
            15..17 => self.send("keep", |id| subject.keep(id)).await,
            17..19 => self.send("route", |id| subject.route(id)).await,
            19 | 20 => self.send("begin_pipe", |id| subject.begin_pipe(id, for_ms)).await,
            21 => self.send("begin_then", |id| subject.begin_then(id, for_ms)).await,
            22 => self.send("begin_timer", |id| subject.begin_timer(id, for_ms)).await,
            _ => self.send("quit", |id| subject.quit(id)).await,
        }
    }

    async fn send<'a, Q: Request>(
        &mut self,
        name: &'static str,
        call: impl FnOnce(usize) -> super::Call<'a, Q>,
    ) {
        let id = self.ledger.open(name);
        let call = call(id).timeout(Duration::from_millis(self.rng.u64(1..12)));
        let call = if self.rng.u8(..8) == 0 { call.key(&id) } else { call };
        match self.rng.u8(..8) {
            0..3 => self.told(id, &call.tell()),
            3 => self.told(id, &call.send().await),
            4 => {
                let mut send = pin!(call.send());
                match std::future::poll_fn(|cx| Poll::Ready(send.as_mut().poll(cx))).await {
                    Poll::Ready(sent) => self.told(id, &sent),
                    Poll::Pending => self.ledger.end(id, End::NeverSent),
                }
            }
            5 => {
                let started = call.start();
                for _ in 0..self.rng.usize(0..4) {
                    give_way().await;
                }
                self.drop_or_look(id, started);
            }
            _ => self.answered(id, call.await),
        }
    }

    fn told<M>(&self, id: usize, told: &Result<(), TellError<M>>) {
        if told.is_err() {
            self.ledger.end(id, End::Returned { delivered: Delivery::No, fault: false });
        }
    }

    fn answered<T, E>(&self, id: usize, answer: Result<T, AskError<E>>) {
        answered(&self.ledger, id, answer);
    }

    /// Drops a call that has been started, unless its answer is there.
    fn drop_or_look<Q: Request>(&self, id: usize, mut call: super::Call<'static, Q>) {
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        match pin!(&mut call).poll(&mut cx) {
            Poll::Ready(answer) => self.answered(id, answer),
            Poll::Pending if call.was_accepted() => {}
            Poll::Pending => self.ledger.end(id, End::NeverSent),
        }
    }
}

fn answered<T, E>(ledger: &Ledger, id: usize, answer: Result<T, AskError<E>>) {
    let end = match answer {
        Ok(_) | Err(AskError::Handler(_)) => End::Answered,
        Err(error) => {
            End::Returned { delivered: error.delivery(), fault: matches!(error, AskError::Fault(_)) }
        }
    };
    ledger.end(id, end);
}

thread_local! {
    /// Panics that nobody meant, of the runs on this thread.
    static UNMEANT: Cell<usize> = const { Cell::new(0) };
}

/// Most panics of these tests are meant, and there are thousands.
fn silence_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let text = info.payload_as_str().unwrap_or_default();
            if !text.starts_with("fate: ") {
                UNMEANT.set(UNMEANT.get() + 1);
                previous(info);
            }
        }));
    });
}

fn seeds() -> std::ops::Range<u64> {
    silence_panics();
    match std::env::var("AKT_SEED").ok().and_then(|seed| seed.parse().ok()) {
        Some(seed) => seed..seed + 1,
        None => 0..10_000,
    }
}

#[test]
fn every_accepted_message_has_exactly_one_fate() {
    let tally = Mutex::new(Tally::default());
    each_seed(seeds(), |seed| {
        match crate::sim::run(seed, |runtime| run(runtime, seed, None)) {
            Ok(one) => tally.lock().add(&one),
            Err(wrong) => panic!("AKT_SEED={seed}: {wrong}"),
        }
        assert_eq!(UNMEANT.get(), 0, "AKT_SEED={seed}: a panic that nobody meant");
    });

    let tally = tally.into_inner();
    println!("{tally:?}");
    if std::env::var("AKT_SEED").is_err() {
        let least = tally.handled.min(tally.returned).min(tally.dead);
        assert!(least > 10_000, "each fate is met often enough to mean something: {tally:?}");
    }
}

#[test]
fn a_broken_promise_is_noticed() {
    let promises = [
        Promise::DrainOnStop,
        Promise::DeadLetterOnKill,
        Promise::AnswerOnPanic,
        Promise::DeadLetterOnRefusal,
    ];
    for promise in promises {
        let noticed =
            seeds().take(1_000).any(|seed| crate::sim::run(seed, |rt| run(rt, seed, Some(promise))).is_err());

        assert!(noticed, "{promise:?} was off and nobody noticed");
    }
}

#[test]
#[ignore = "takes a minute: cargo test -p akt --release --lib fate -- --ignored"]
fn every_accepted_message_has_exactly_one_fate_on_four_threads() {
    silence_panics();
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_time().build().unwrap();
    let mut tally = Tally::default();
    let mut seed = 0;
    tokio.block_on(async {
        let clock = Runtime::current().expect("inside tokio");
        while clock.now().as_nanos() < 60_000_000_000 {
            let mut runs = tokio::task::JoinSet::new();
            for seed in seed..seed + 64 {
                runs.spawn(async move {
                    (seed, run(Runtime::current().expect("inside tokio"), seed, None).await)
                });
            }
            seed += 64;
            for (seed, result) in runs.join_all().await {
                match result {
                    Ok(one) => tally.add(&one),
                    Err(wrong) => panic!("run {seed}: {wrong}"),
                }
            }
        }
    });
    println!("{seed} runs: {tally:?}");
}

#[test]
fn the_same_seed_is_the_same_run() {
    silence_panics();
    let tally = |seed| format!("{:?}", crate::sim::run(seed, |runtime| run(runtime, seed, None)));

    assert_eq!(tally(4), tally(4));
    assert!((0..20).any(|seed| tally(seed) != tally(seed + 1)));
}
