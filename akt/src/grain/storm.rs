//! Grains in a storm, for each seed a minute: 64 tasks call 10,000 keys, whose activations fail, end and are killed at any
//! moment, some of them event-sourced by a store that fails. What is promised of grains holds, and a catalog that begins an
//! activation before the one before is gone is found out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use akt::persistence::{EventStore, MemoryEventStore, Persist, Stored};
use akt::testkit::Faulty;
use akt::testkit::check::{Activations, Conservation, PairOrder, Violation};
use akt::{ActorSystem, AskError, Ctx, Delivery, Fault, Grain, Runtime, TellError};
use parking_lot::Mutex;
use tokio::sync::mpsc;

use crate::sim::each_seed;
use crate::system::Promise;

const CALLERS: u64 = 64;
const KEYS: u64 = 10_000;
/// Keys that everybody calls: one in so many calls goes to one of them.
const CROWDED: u64 = 12;
const MINUTE: Duration = Duration::from_secs(60);
/// How long a caller rests at most between two bursts.
const REST: u64 = 8_000;

/// Who sent a message, and its how manieth it is.
type Stamp = (u64, u64);

/// A caller, or a grain of one of the two kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Party {
    Caller(u64),
    Plain(u64),
    Account(u64),
}

/// What happened in one run.
#[derive(Clone, Default)]
struct Book(Arc<Mutex<Pages>>);

#[derive(Default)]
struct Pages {
    activations: Activations<Party, u64>,
    order: PairOrder<Party, Stamp>,
    begun: u64,
    failures: u64,
    handled: BTreeSet<Stamp>,
    twice: Vec<Stamp>,
    dropped: BTreeSet<Stamp>,
    outcomes: BTreeMap<Stamp, Outcome>,
    /// What was acknowledged as stored, and as not stored, by account.
    stored: BTreeMap<u64, Vec<u64>>,
    unstored: BTreeMap<u64, Vec<u64>>,
}

/// What a caller was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Told,
    Answered,
    Refused,
    Maybe,
}

/// A message that says what became of it.
struct Parcel {
    stamp: Stamp,
    book: Book,
    handled: bool,
}

impl Parcel {
    fn begin(&self, at: Party) {
        self.book.0.lock().order.handled(Party::Caller(self.stamp.0), at, self.stamp);
    }

    fn done(mut self) {
        self.handled = true;
        let mut pages = self.book.0.lock();
        if !pages.handled.insert(self.stamp) {
            pages.twice.push(self.stamp);
        }
    }
}

impl Drop for Parcel {
    fn drop(&mut self) {
        if !self.handled {
            self.book.0.lock().dropped.insert(self.stamp);
        }
    }
}

/// One activation, from the begin of `#[on(activate)]` to the end of its value.
struct Stay {
    book: Book,
    runtime: Runtime,
    at: Party,
    number: u64,
}

impl Stay {
    fn begin<G: Grain>(at: Party, cx: &Ctx<G>) -> Self {
        static NUMBERS: AtomicU64 = AtomicU64::new(0);
        let (book, runtime) = (cx.dep::<Book>(), cx.system().runtime().clone());
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        let mut pages = book.0.lock();
        pages.activations.began(at, number, runtime.now());
        pages.begun += 1;
        drop(pages);
        Self { book, runtime, at, number }
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        self.book.0.lock().activations.ended(self.at, self.number, self.runtime.now());
    }
}

async fn pass(runtime: &Runtime, most: u64) {
    let until = runtime.now() + Duration::from_millis(runtime.random() % (most + 1));
    runtime.sleep_until(Some(until)).await;
}

/// Begins in its time, or not at all.
async fn enter<G: Grain>(at: Party, cx: &mut Ctx<G>) -> Result<Stay, Fault> {
    let stay = Stay::begin(at, cx);
    pass(&stay.runtime, 30).await;
    if stay.runtime.random().is_multiple_of(12) {
        stay.book.0.lock().failures += 1;
        return Err(Fault::new("no activation today"));
    }
    Ok(stay)
}

struct Plain(Stay);

#[akt::grain(kind = "plain", key = u64, passivate = "200ms", mailbox = bounded(8))]
impl Plain {
    #[akt::on(activate)]
    async fn open(key: &u64, cx: &mut Ctx<Self>) -> Result<Self, Fault> {
        enter(Party::Plain(*key), cx).await.map(Self)
    }

    #[akt::on(deactivate)]
    async fn close(&mut self) {
        pass(&self.0.runtime, 30).await;
    }

    #[akt::handler]
    fn add(&mut self, parcel: Parcel) {
        parcel.begin(self.0.at);
        parcel.done();
    }

    #[akt::handler]
    async fn work(&mut self, parcel: Parcel) {
        parcel.begin(self.0.at);
        pass(&self.0.runtime, 20).await;
        parcel.done();
    }

    #[akt::handler]
    fn leave(&mut self, parcel: Parcel, cx: &mut Ctx<Self>) {
        parcel.begin(self.0.at);
        cx.deactivate();
        parcel.done();
    }

    #[akt::handler]
    fn boom(&mut self, parcel: Parcel, cx: &mut Ctx<Self>) {
        parcel.begin(self.0.at);
        cx.fail(Fault::new("as it was told"));
    }
}

/// Keeps what it was sent, by a store that fails.
struct Account {
    stay: Stay,
    known: Vec<u64>,
}

#[akt::grain(kind = "account", key = u64, passivate = "500ms", mailbox = bounded(8), event_sourced(event = u64))]
impl Account {
    #[akt::on(activate)]
    async fn open(key: &u64, cx: &mut Ctx<Self>) -> Result<Self, Fault> {
        Ok(Self { stay: enter(Party::Account(*key), cx).await?, known: Vec::new() })
    }

    #[akt::handler]
    fn add(&mut self, parcel: Parcel) -> Persist<Self> {
        parcel.begin(self.stay.at);
        Persist::one(code(parcel.stamp)).then(move |_: &Self| parcel.done())
    }

    #[akt::apply]
    fn added(&mut self, code: &u64) {
        self.known.push(*code);
    }
}

fn code((caller, number): Stamp) -> u64 {
    caller << 32 | number
}

/// One of the 64, until its minute is over.
struct Caller {
    system: ActorSystem,
    book: Book,
    me: u64,
    sent: u64,
}

impl Caller {
    async fn call(mut self, until: akt::Instant) {
        let system = self.system.clone();
        let runtime = system.runtime();
        while runtime.now() < until {
            pass(runtime, REST).await;
            let among = if runtime.random().is_multiple_of(2) { CROWDED } else { KEYS };
            let key = runtime.random() % among;
            for _ in 0..=runtime.random() % 4 {
                if key.is_multiple_of(4) { self.deposit(key).await } else { self.send(key).await }
            }
        }
    }

    fn parcel(&mut self, to: Party) -> (Parcel, Stamp) {
        self.sent += 1;
        let stamp = (self.me, self.sent);
        self.book.0.lock().order.sent(Party::Caller(self.me), to, stamp);
        (Parcel { stamp, book: self.book.clone(), handled: false }, stamp)
    }

    async fn send(&mut self, key: u64) {
        let grain = Plain::grain(&self.system, key);
        let what = self.system.runtime().random() % 16;
        match what {
            0 => return grain.actor().stop(),
            1 => return grain.actor().kill(),
            _ => {}
        }
        let (parcel, stamp) = self.parcel(Party::Plain(key));
        let outcome = match what {
            2 => told(grain.boom(parcel).tell()),
            3 => told(grain.leave(parcel).tell()),
            4 => asked(&grain.boom(parcel).await),
            5..=7 => told(grain.add(parcel).send().await),
            8..=10 => told(grain.work(parcel).tell()),
            11 | 12 => asked(&grain.work(parcel).await),
            _ => asked(&grain.add(parcel).await),
        };
        self.book.0.lock().outcomes.insert(stamp, outcome);
    }

    async fn deposit(&mut self, key: u64) {
        let account = Account::grain(&self.system, key);
        let what = self.system.runtime().random() % 8;
        if what == 0 {
            return account.actor().kill();
        }
        let (parcel, stamp) = self.parcel(Party::Account(key));
        let outcome = match what {
            1 | 2 => told(account.add(parcel).tell()),
            _ => asked(&account.add(parcel).await),
        };
        let mut pages = self.book.0.lock();
        pages.outcomes.insert(stamp, outcome);
        let known = match outcome {
            Outcome::Answered => &mut pages.stored,
            Outcome::Refused => &mut pages.unstored,
            Outcome::Told | Outcome::Maybe => return,
        };
        known.entry(key).or_default().push(code(stamp));
    }
}

fn told<M>(outcome: Result<(), TellError<M>>) -> Outcome {
    outcome.map_or(Outcome::Refused, |()| Outcome::Told)
}

fn asked(outcome: &Result<(), AskError>) -> Outcome {
    match outcome {
        Ok(()) => Outcome::Answered,
        Err(error) if error.delivery() == Delivery::No => Outcome::Refused,
        Err(_) => Outcome::Maybe,
    }
}

/// What is left of a run.
struct Run {
    pages: Pages,
    dead_letters: u64,
    store: MemoryEventStore,
}

async fn minute(runtime: Runtime, broken: Option<Promise>) -> Run {
    let (book, memory) = (Book::default(), MemoryEventStore::new());
    let store = Faulty::new(memory.clone(), &runtime);
    store.slow(Duration::ZERO..Duration::from_millis(20));
    store.fail(0.03);
    store.lose_answers(0.02);
    let mut builder =
        ActorSystem::builder("test").runtime(runtime.clone()).provide(book.clone()).event_store(store);
    if let Some(promise) = broken {
        builder = builder.break_promise(promise);
    }
    let system = builder.start().await.unwrap();
    let until = runtime.now() + MINUTE;
    let (at_work, mut all_done) = mpsc::channel::<()>(1);
    for me in 0..CALLERS {
        let caller = Caller { system: system.clone(), book: book.clone(), me, sent: 0 };
        let at_work = at_work.clone();
        runtime.spawn("caller", async move {
            caller.call(until).await;
            drop(at_work);
        });
    }
    drop(at_work);
    assert_eq!(all_done.recv().await, None, "all have gone");
    system.shutdown().await;

    let dead_letters = system.dead_letters();
    drop(system);
    Run { pages: std::mem::take(&mut *book.0.lock()), dead_letters, store: memory }
}

impl Run {
    /// Whether everything that is promised held.
    fn check(&self) -> Result<(), Violation> {
        self.pages.activations.check()?;
        self.pages.order.check()?;
        self.conservation().check().map(|_| ())
    }

    fn conservation(&self) -> Conservation<Stamp> {
        let mut messages = Conservation::new();
        for (stamp, outcome) in &self.pages.outcomes {
            let handled = self.pages.handled.contains(stamp);
            match outcome {
                // Whoever was refused has it back, or knows that it is gone: then nobody handles it.
                Outcome::Refused if !handled => continue,
                Outcome::Maybe if !handled => messages.maybe(*stamp),
                Outcome::Told if !handled && self.pages.dropped.contains(stamp) => {
                    messages.dead_letter(*stamp, "dropped");
                }
                Outcome::Refused => messages.returned(*stamp),
                _ => {}
            }
            messages.accepted(*stamp);
            if handled {
                messages.handled(*stamp);
            }
        }
        messages
    }

    /// What the checkers do not know of.
    async fn verify(&self, seed: u64) {
        let Pages { twice, outcomes, stored, unstored, .. } = &self.pages;
        assert_eq!(*twice, [], "seed {seed}: handled twice");
        let lost = outcomes
            .iter()
            .filter(|(stamp, outcome)| **outcome == Outcome::Told && !self.pages.handled.contains(stamp));
        assert_eq!(lost.count() as u64, self.dead_letters, "seed {seed}: every message that is lost is told");
        let none = Vec::new();
        for key in (0..KEYS).step_by(4) {
            let (stored, unstored) = (stored.get(&key).unwrap_or(&none), unstored.get(&key).unwrap_or(&none));
            let mut events = self.events(key).await;
            assert!(
                stored.iter().all(|code| events.contains(code)),
                "seed {seed}: acknowledged, and not stored"
            );
            assert!(!unstored.iter().any(|code| events.contains(code)), "seed {seed}: refused, and stored");
            let all = events.len();
            events.sort_unstable();
            events.dedup();
            assert_eq!(events.len(), all, "seed {seed}: stored twice");
        }
    }

    async fn events(&self, account: u64) -> Vec<u64> {
        let events = self.store.read(&format!("account/{account}"), 1, usize::MAX).await.unwrap();
        events.into_iter().map(|event| <u64 as Stored>::from_bytes(event.bytes).unwrap()).collect()
    }

    fn tried_enough(&self) -> bool {
        let Pages { begun, failures, handled, outcomes, stored, .. } = &self.pages;
        let refused = outcomes.values().filter(|outcome| **outcome == Outcome::Refused).count();
        *begun > 500 && *failures > 10 && handled.len() > 500 && refused > 10 && stored.len() > 50
    }
}

#[test]
fn a_minute_of_64_callers_of_10_000_keys_keeps_what_is_promised_of_grains() {
    let seeds = std::env::var("AKT_STORM_SEEDS").map_or(40, |seeds| seeds.parse().expect("a number"));
    each_seed(0..seeds, |seed| {
        akt::sim::run(seed, |runtime| async move {
            let run = minute(runtime, None).await;
            if let Err(violation) = run.check() {
                panic!("seed {seed}: {violation}");
            }
            run.verify(seed).await;
            assert!(run.tried_enough(), "seed {seed} tried too little");
        });
    });
}

#[test]
fn without_the_single_flight_of_the_catalog_the_checker_finds_two_activations() {
    for seed in 0..3 {
        let run = akt::sim::run(seed, |runtime| minute(runtime, Some(Promise::SingleFlight)));

        let violation = run.pages.activations.check().expect_err("they do not overlap");

        assert!(violation.to_string().contains("to be active once at a time"), "{violation}");
        assert!(run.check().is_err());
    }
}
