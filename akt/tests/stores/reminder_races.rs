//! Reminders under chance: whatever fails and whoever is lost, each comes, none early, none after it was forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use akt::persistence::MemoryReminderStore;
use akt::prelude::*;
use akt::testkit::Faulty;
use akt::{Missed, RemindError, Runtime};
use parking_lot::Mutex;

use crate::mill::mill::v1 as mill;

const SEEDS: u64 = 12;
const STEPS: u32 = 120;
const KEYS: u64 = 5;
const NAMES: [&str; 3] = ["a", "b", "c"];

/// What is set under one name: its number is what its messages carry.
#[derive(Clone, Copy, Debug)]
struct Set {
    first: SystemTime,
    period: Option<Duration>,
    /// Whether the store has said that it has it.
    certain: bool,
}

#[derive(Clone, Default)]
struct Ledger(Arc<Mutex<Book>>);

#[derive(Default)]
struct Book {
    sets: BTreeMap<u32, Set>,
    /// Of those, the ones that were forgotten or replaced for certain.
    over: BTreeSet<u32>,
    /// And those of which nobody knows.
    doubtful: BTreeSet<u32>,
    /// By number, the times that came.
    came: BTreeMap<u32, BTreeSet<SystemTime>>,
    faults: u32,
    wrong: Vec<String>,
}

async fn pass(runtime: &Runtime, time: Duration) {
    runtime.sleep_until(Some(runtime.now() + time)).await;
}

struct Sleeper;

#[akt::grain(kind = "sleeper", key = u64, passivate = "30s")]
impl mill::Mill for Sleeper {
    async fn grind(&mut self, grain: mill::Grain, cx: &mut Ctx<Self>) -> mill::Flour {
        let runtime = cx.system().runtime().clone();
        let ledger: Ledger = cx.dep();
        let reminder = cx.reminder().expect("only reminders are sent");
        ledger.begin(grain.grams, reminder.due, runtime.wall_clock());
        pass(&runtime, Duration::from_millis(runtime.random() % 2_000)).await;
        if runtime.random().is_multiple_of(10) {
            ledger.0.lock().faults += 1;
            cx.fail(Fault::new("as chance has it"));
            return mill::Flour::default();
        }
        let mut book = ledger.0.lock();
        book.came.entry(grain.grams).or_default().insert(reminder.due);
        mill::Flour::default()
    }

    fn weigh(&self, _: mill::Empty) -> mill::Flour {
        mill::Flour::default()
    }

    async fn watch(&self, _: mill::Grain) -> mill::Flour {
        mill::Flour::default()
    }

    async fn slow(&mut self, _: mill::Grain) -> mill::Flour {
        mill::Flour::default()
    }

    async fn order(_this: Turn<Self>, _: mill::Grain) -> Result<mill::Flour, mill::Broken> {
        Ok(mill::Flour::default())
    }

    #[on(activate)]
    fn activate() -> Result<Self, Fault> {
        Ok(Self)
    }
}

impl Ledger {
    fn begin(&self, number: u32, due: SystemTime, now: SystemTime) {
        let mut book = self.0.lock();
        let set = book.sets[&number];
        if now < due || due < set.first {
            book.wrong.push(format!("{number} came early: {set:?}, due {due:?}, now {now:?}"));
        }
        if let Some(period) = set.period
            && !due
                .duration_since(set.first)
                .unwrap_or_default()
                .as_millis()
                .is_multiple_of(period.as_millis())
        {
            book.wrong.push(format!("{number} came out of its rhythm: {set:?}, due {due:?}"));
        }
        if book.over.contains(&number) {
            book.wrong.push(format!("{number} came after it was over: {set:?}, due {due:?}"));
        }
    }

    /// What came before under that name is over; certainly, if the store has said so.
    fn end(&self, numbers: &[u32], certain: bool) {
        let mut book = self.0.lock();
        match certain {
            true => book.over.extend(numbers),
            false => book.doubtful.extend(numbers),
        }
    }
}

/// The user of one run: sets, forgets, sets clocks and pulls plugs.
struct User {
    runtime: Runtime,
    store: Faulty<MemoryReminderStore>,
    ledger: Ledger,
    node: Runtime,
    system: ActorSystem,
    /// What may be kept under a name.
    kept: BTreeMap<(u64, &'static str), Vec<u32>>,
    last: u32,
}

impl User {
    async fn new(runtime: Runtime) -> Self {
        let store = Faulty::new(MemoryReminderStore::new(), &runtime);
        let ledger = Ledger::default();
        let (node, system) = Self::boot(&runtime, &store, &ledger).await;
        Self { runtime, store, ledger, node, system, kept: BTreeMap::new(), last: 0 }
    }

    async fn boot(
        beside: &Runtime,
        store: &Faulty<MemoryReminderStore>,
        ledger: &Ledger,
    ) -> (Runtime, ActorSystem) {
        let node = beside.for_another_node();
        let builder = ActorSystem::builder("sleepers").runtime(node.clone()).provide(ledger.clone());
        let system = builder.reminder_store(store.clone()).grain::<Sleeper>().start().await.unwrap();
        (node, system)
    }

    fn chance(&self, below: u64) -> u64 {
        self.runtime.random() % below
    }

    fn pick(&self) -> (u64, &'static str) {
        (self.chance(KEYS), NAMES[usize::try_from(self.chance(3)).unwrap()])
    }

    async fn step(&mut self) {
        pass(&self.runtime, Duration::from_millis(self.chance(120_000))).await;
        match self.chance(12) {
            0 => self.crash().await,
            1 => self.stop().await,
            2 => {
                let ahead = Duration::from_secs(self.chance(20_000));
                self.node.set_wall_clock(self.node.wall_clock() + ahead);
            }
            3 | 4 => self.forget().await,
            _ => self.set().await,
        }
    }

    async fn crash(&mut self) {
        let before = self.node.clone();
        before.kill().unwrap();
        pass(&self.runtime, Duration::from_secs(self.chance(2_000))).await;
        (self.node, self.system) = Self::boot(&before, &self.store, &self.ledger).await;
    }

    async fn stop(&mut self) {
        self.system.shutdown().await;
        pass(&self.runtime, Duration::from_secs(self.chance(2_000))).await;
        (self.node, self.system) = Self::boot(&self.node.clone(), &self.store, &self.ledger).await;
    }

    async fn set(&mut self) {
        let (key, name) = self.pick();
        self.last += 1;
        let (number, after) = (self.last, Duration::from_millis(1 + self.chance(3_000_000)));
        let missed =
            [Missed::Once, Missed::All { max: 3 }, Missed::Skip][usize::try_from(self.chance(3)).unwrap()];
        let period = (self.chance(2) == 0).then_some(after);
        // One that comes once and is missed is gone under this policy.
        let missed = if period.is_none() { Missed::Once } else { missed };
        let first = self.node.wall_clock() + after;
        // Stores keep milliseconds: it may be due a little later.
        let first = SystemTime::UNIX_EPOCH
            + Duration::from_millis(
                u64::try_from(
                    first.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos().div_ceil(1_000_000),
                )
                .unwrap(),
            );
        self.ledger.0.lock().sets.insert(number, Set { first, period, certain: false });
        let sleeper = Sleeper::grain(&self.system, key);
        let remind =
            self.system.reminders(&sleeper).remind(name, sleeper.grind(mill::Grain { grams: number }));
        let reminding = match period {
            Some(period) => remind.every(period),
            None => remind.after(after),
        };
        let done = self.impatiently(reminding.missed(missed).into_future()).await;
        let before = self.kept.entry((key, name)).or_default();
        if let Some(certain) = done {
            self.ledger.end(before, certain);
            if certain {
                before.clear();
                self.ledger.0.lock().sets.get_mut(&number).unwrap().certain = true;
            }
            before.push(number);
        }
    }

    async fn forget(&mut self) {
        let (key, name) = self.pick();
        let reminders = self.system.reminders(&Sleeper::grain(&self.system, key));
        let done = self.impatiently(async { reminders.forget(name).await.map(drop) }).await;
        let before = self.kept.entry((key, name)).or_default();
        if let Some(certain) = done {
            self.ledger.end(before, certain);
            if certain {
                before.clear();
            }
        }
    }

    /// Whether it is done for certain, or may be.
    async fn impatiently(&self, work: impl Future<Output = Result<(), RemindError>>) -> Option<bool> {
        let patience = Duration::from_millis(match self.chance(4) {
            0 => self.chance(60),
            _ => 60_000,
        });
        tokio::select! { biased;
            done = work => return Some(done.is_ok()),
            () = pass(&self.runtime, patience) => {}
        }
        // It is carried out all the same: what comes next is not to be overtaken by it.
        pass(&self.runtime, Duration::from_secs(1)).await;
        Some(false)
    }
}

async fn run(runtime: Runtime) -> (Ledger, SystemTime) {
    let mut user = User::new(runtime.clone()).await;
    user.store.slow(Duration::ZERO..Duration::from_millis(100));
    user.store.fail(0.1);
    user.store.lose_answers(0.1);
    for _ in 0..STEPS {
        user.step().await;
    }
    user.store.fail(0.0);
    user.store.lose_answers(0.0);
    // All that was set comes within this time, and what failed last is sent again.
    pass(&runtime, Duration::from_secs(3_000 + 1_200)).await;
    let end = user.node.wall_clock();
    user.system.shutdown().await;
    (user.ledger, end)
}

#[test]
fn each_reminder_comes_none_early_none_after_its_end() {
    let (mut came, mut faults) = (0, 0);
    for seed in 0..SEEDS {
        let (ledger, end) = akt::sim::run(seed, run);

        let book = ledger.0.lock();
        assert_eq!(book.wrong, [""; 0], "seed {seed}");
        for (number, set) in book.sets.iter().filter(|(number, set)| {
            set.certain && !book.over.contains(number) && !book.doubtful.contains(number)
        }) {
            let came = book.came.get(number).and_then(BTreeSet::last);
            let wanted = match set.period {
                // What is under way at the end, or comes again after a fault, is not there yet.
                Some(period) => end - period - Duration::from_secs(600),
                None => set.first,
            };
            assert!(
                came.is_some_and(|came| *came >= wanted.max(set.first)),
                "seed {seed}: {number} of {set:?} came last at {came:?}, end {end:?}"
            );
        }
        came += book.came.values().map(BTreeSet::len).sum::<usize>();
        faults += book.faults;
    }
    assert!(came > 100 * usize::try_from(SEEDS).unwrap() && faults > 100, "{came}, {faults}");
}
