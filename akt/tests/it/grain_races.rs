//! Grains under chance: whatever ends their activations, and whenever, nothing overlaps, overtakes or vanishes.
#![expect(clippy::disallowed_methods, reason = "what the tests spawn is the sender, beside akt")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use akt::prelude::*;
use akt::{Instant, Runtime};
use parking_lot::Mutex;

const CALLERS: u64 = 64;
const KEYS: u64 = 200;
const SEEDS: u64 = 6;

/// Who sent a message, and its how manieth it is.
type Stamp = (u64, u64);

/// What happened in one run.
#[derive(Clone, Default)]
struct Ledger(Arc<Mutex<Book>>);

#[derive(Default)]
struct Book {
    active: BTreeSet<u64>,
    activations: u64,
    failures: u64,
    /// The last message that was begun, by key and caller.
    begun: BTreeMap<(u64, u64), u64>,
    done: BTreeSet<Stamp>,
    told: BTreeSet<Stamp>,
    answered: BTreeSet<Stamp>,
    refused: u64,
    /// What must not happen: a panic in a grain would be one of its faults.
    wrong: Vec<String>,
}

impl Book {
    fn check(&mut self, right: bool, wrong: impl FnOnce() -> String) {
        if !right {
            self.wrong.push(wrong());
        }
    }

    fn begin(&mut self, key: u64, (caller, number): Stamp) {
        let before = self.begun.insert((key, caller), number);
        self.check(before < Some(number), || format!("{number} of {caller} came after {before:?}"));
    }

    fn done(&mut self, stamp: Stamp) {
        let first = self.done.insert(stamp);
        self.check(first, || format!("{stamp:?} was handled twice"));
    }
}

/// One activation, from the begin of `#[on(activate)]` to the end of its value.
struct Stay {
    ledger: Ledger,
    key: u64,
}

impl Stay {
    fn begin(ledger: Ledger, key: u64) -> Self {
        let mut book = ledger.0.lock();
        book.activations += 1;
        let alone = book.active.insert(key);
        book.check(alone, || format!("two activations of {key} overlap"));
        drop(book);
        Self { ledger, key }
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        self.ledger.0.lock().active.remove(&self.key);
    }
}

async fn pass(runtime: &Runtime, most: u64) {
    let until = runtime.now() + Duration::from_millis(runtime.random() % (most + 1));
    runtime.sleep_until(Some(until)).await;
}

struct Fickle {
    stay: Stay,
}

impl Fickle {
    fn begin(&self, stamp: Stamp) {
        self.stay.ledger.0.lock().begin(self.stay.key, stamp);
    }

    fn done(&self, stamp: Stamp) {
        self.stay.ledger.0.lock().done(stamp);
    }
}

#[akt::grain(kind = "fickle", key = u64, passivate = "200ms", mailbox = bounded(8))]
impl Fickle {
    #[on(activate)]
    async fn open(key: &u64, cx: &mut Ctx<Self>) -> Result<Self, Fault> {
        let stay = Stay::begin(cx.dep(), *key);
        let runtime = cx.system().runtime().clone();
        pass(&runtime, 30).await;
        match runtime.random() % 12 {
            0 => Err(Fault::new("no activation today")),
            _ => Ok(Self { stay }),
        }
        .inspect_err(|_| cx.dep::<Ledger>().0.lock().failures += 1)
    }

    #[on(deactivate)]
    async fn close(&mut self, cx: &mut Ctx<Self>) {
        pass(cx.system().runtime(), 30).await;
    }

    #[handler]
    fn add(&mut self, stamp: Stamp) {
        self.begin(stamp);
        self.done(stamp);
    }

    #[handler]
    async fn work(&mut self, stamp: Stamp, cx: &mut Ctx<Self>) {
        self.begin(stamp);
        pass(cx.system().runtime(), 20).await;
        self.done(stamp);
    }

    #[handler]
    fn leave(&mut self, stamp: Stamp, cx: &mut Ctx<Self>) {
        self.begin(stamp);
        cx.deactivate();
        self.done(stamp);
    }

    #[handler]
    fn boom(&mut self, stamp: Stamp, cx: &mut Ctx<Self>) {
        self.begin(stamp);
        // Both fail it; a panic is slow to tell its place.
        assert!(!stamp.1.is_multiple_of(64), "as it was told");
        cx.fail(Fault::new("as it was told"));
    }
}

#[derive(Default)]
struct Caller;

#[akt::actor]
impl Caller {
    #[handler(timeout = "10m")]
    async fn run(&mut self, caller: u64, until: Instant, cx: &mut Ctx<Self>) {
        let (system, ledger) = (cx.system().clone(), cx.dep::<Ledger>());
        let runtime = system.runtime();
        let mut number = 0;
        while runtime.now() < until {
            pass(runtime, 800).await;
            let grain = Fickle::grain(&system, runtime.random() % KEYS);
            for _ in 0..=runtime.random() % 4 {
                number += 1;
                send(&grain, (caller, number), runtime, &ledger).await;
            }
        }
    }
}

async fn send(grain: &FickleRef, stamp: Stamp, runtime: &Runtime, ledger: &Ledger) {
    let outcome = match runtime.random() % 16 {
        0 => return grain.actor().stop(),
        1 => return grain.actor().kill(),
        2 => told(grain.boom(stamp).tell()),
        3 => told(grain.leave(stamp).tell()),
        4 => asked(grain.boom(stamp).await),
        5..=7 => told(grain.add(stamp).send().await),
        8..=10 => told(grain.work(stamp).tell()),
        11 | 12 => asked(grain.work(stamp).await),
        _ => asked(grain.add(stamp).await),
    };
    let mut book = ledger.0.lock();
    match outcome {
        Outcome::Told => _ = book.told.insert(stamp),
        Outcome::Answered => _ = book.answered.insert(stamp),
        Outcome::Refused => book.refused += 1,
    }
}

enum Outcome {
    Told,
    Answered,
    Refused,
}

fn told<M>(outcome: Result<(), TellError<M>>) -> Outcome {
    outcome.map_or(Outcome::Refused, |()| Outcome::Told)
}

fn asked(outcome: Result<(), AskError>) -> Outcome {
    match outcome {
        Ok(()) => Outcome::Answered,
        Err(AskError::Fault(_) | AskError::Stopped { .. }) => Outcome::Refused,
        Err(other) => panic!("an ask ended with {other}"),
    }
}

async fn minute(runtime: Runtime) -> Book {
    let ledger = Ledger::default();
    let builder = ActorSystem::builder("test").runtime(runtime.clone()).provide(ledger.clone());
    let system = builder.start().await.unwrap();
    let until = runtime.now() + Duration::from_secs(60);
    let mut callers = Vec::new();
    for caller in 0..CALLERS {
        let actor = system.spawn(format!("caller-{caller}"), Caller::default).await.unwrap();
        callers.push(actor.run(caller, until).start());
    }
    for caller in callers {
        caller.await.unwrap();
    }
    system.shutdown().await;

    let book = std::mem::take(&mut *ledger.0.lock());
    assert_eq!(book.wrong, [""; 0]);
    assert!(book.active.is_empty(), "activations outlive their system");
    assert!(book.answered.is_subset(&book.done), "an answer came from nowhere");
    let lost = book.told.difference(&book.done).count();
    assert_eq!(lost as u64, system.dead_letters(), "a message vanished, or is accounted for twice");
    book
}

#[test]
fn nothing_overlaps_overtakes_or_vanishes() {
    for seed in 0..SEEDS {
        let book = std::panic::catch_unwind(|| akt::sim::run(seed, minute));
        let book = book.unwrap_or_else(|_| panic!("seed {seed} failed; its cause is above"));

        assert!(book.activations > 1_000 && book.failures > 10, "seed {seed} tried too little");
        assert!(book.done.len() > 2_000 && book.refused > 100, "seed {seed} sent too little");
    }
}

/// Ends now and then; never fails.
struct Steady {
    stay: Stay,
}

#[akt::grain(kind = "steady", key = u64, mailbox = bounded(16))]
impl Steady {
    #[on(activate)]
    fn open(key: &u64, cx: &mut Ctx<Self>) -> Self {
        Self { stay: Stay::begin(cx.dep(), *key) }
    }

    #[handler]
    fn add(&mut self, stamp: Stamp, cx: &mut Ctx<Self>) {
        let mut book = self.stay.ledger.0.lock();
        book.begin(self.stay.key, stamp);
        book.done(stamp);
        if stamp.1.is_multiple_of(16) {
            cx.deactivate();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_threads_too_every_message_is_handled_in_its_senders_order() {
    const EACH: u64 = 4_000;
    let ledger = Ledger::default();
    let system = ActorSystem::builder("test").provide(ledger.clone()).start().await.unwrap();
    let senders: Vec<_> = (0..4)
        .map(|caller| {
            let steady = Steady::grain(&system, caller % 2);
            tokio::spawn(async move {
                for number in 1..=EACH {
                    match number % 4 {
                        0 => steady.add((caller, number)).await.unwrap(),
                        _ => steady.add((caller, number)).send().await.unwrap(),
                    }
                }
            })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
    for key in 0..2 {
        Steady::grain(&system, key).add((9 + key, 1)).await.unwrap();
    }
    system.shutdown().await;

    let book = ledger.0.lock();
    assert_eq!(book.wrong, [""; 0]);
    assert_eq!((book.done.len() as u64, system.dead_letters()), (4 * EACH + 2, 0));
    assert!(book.activations > 100, "{} activations", book.activations);
}
