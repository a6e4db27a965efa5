//! Event-sourced actors: nothing is applied or answered that is not stored, and what is stored comes back.

mod contract;
mod crashes;
mod faulty;
mod store;

use std::sync::Arc;

use akt::bytes::Bytes;
use akt::persistence::{EventStore, Fence, MemoryEventStore, Persist, Record, Snapshot, StoreError};
use akt::prelude::*;
use akt::{Event, Router, StopReason};

use self::store::{Fails, Scripted};
use crate::support::{Log, settle, take, until};

/// Notes numbers.
#[derive(Default)]
struct Ledger {
    numbers: Vec<u64>,
    log: Log,
}

/// Applying it panics.
const POISON: u64 = 666;

#[akt::actor(event_sourced(event = u64), supervise(on(StoreError) = restart, on(panic) = resume, else = stop))]
impl Ledger {
    #[on(start)]
    fn started(&mut self) {
        self.note("started");
    }

    #[handler]
    fn add(&mut self, number: u64) -> Persist<Self, Result<usize, String>> {
        self.note(format!("decides {number}"));
        if number == 0 {
            return Persist::none(Err("nothing".to_owned()));
        }
        Persist::one(number).then(|ledger: &Self| {
            ledger.note("answers");
            Ok(ledger.numbers.len())
        })
    }

    #[handler]
    async fn add_all(&mut self, numbers: Vec<u64>) -> Persist<Self> {
        tokio::task::yield_now().await;
        Persist::many(numbers)
    }

    #[handler]
    fn add_and(&mut self, number: u64, what: &'static str, cx: &mut Ctx<Self>) -> Persist<Self, u8> {
        match what {
            "fail" => cx.fail(StoreError::unavailable("it failed by itself")),
            "stop" => cx.stop(),
            _ => {}
        }
        Persist::one(number).then(move |_: &Self| if what == "panic" { panic!("no answer") } else { 7 })
    }

    #[handler]
    fn all(&self) -> Vec<u64> {
        self.numbers.clone()
    }

    #[handler]
    async fn sum(&self) -> u64 {
        tokio::task::yield_now().await;
        self.numbers.iter().sum()
    }

    #[apply]
    fn noted(&mut self, number: &u64) {
        self.numbers.push(*number);
        assert_ne!(*number, POISON, "poison");
        self.note(format!("applies {number}"));
    }

    fn note(&self, what: impl Into<String>) {
        self.log.lock().push(what.into());
    }
}

async fn system(store: impl EventStore) -> ActorSystem {
    ActorSystem::builder("test").event_store(store).start().await.unwrap()
}

async fn ledger(system: &ActorSystem, log: &Log) -> LedgerRef {
    let log = log.clone();
    system.spawn("main", move || Ledger { log: log.clone(), ..Ledger::default() }).await.unwrap()
}

#[akt::test]
async fn a_decision_is_stored_then_applied_then_answered_and_a_read_persists_nothing() {
    let (log, store) = (Log::default(), Scripted::default());
    let system = system(store.noting(&log)).await;
    let ledger = ledger(&system, &log).await;
    assert_eq!(take(&log), ["fence", "read from 1", "started"]);

    assert_eq!(ledger.add(5).await.unwrap(), 1);
    assert_eq!(take(&log), ["decides 5", "append 1", "applies 5", "answers"]);

    ledger.add_all(vec![6, 7]).await.unwrap();
    assert_eq!(take(&log), ["append 2 3", "applies 6", "applies 7"]);
    let refused = ledger.add(0).await.unwrap_err();
    assert!(matches!(&refused, AskError::Handler(why) if why == "nothing"), "{refused}");
    assert_eq!((ledger.all().await.unwrap(), ledger.sum().await.unwrap()), (vec![5, 6, 7], 18));
    ledger.add_all(Vec::new()).await.unwrap();
    assert_eq!(take(&log), ["decides 0"]);
    system.shutdown().await;
}

#[akt::test]
async fn the_next_message_waits_until_the_events_are_stored() {
    let (log, store) = (Log::default(), Scripted::default());
    let gate = store.hold_next_append();
    let system = system(store.clone()).await;
    let ledger = ledger(&system, &log).await;

    let (first, second) = (ledger.add(1).start(), ledger.add(2).start());
    settle().await;
    assert_eq!(take(&log), ["started", "decides 1"]);
    gate.send(()).unwrap();

    assert_eq!((first.await.unwrap(), second.await.unwrap()), (1, 2));
    assert_eq!(take(&log), ["applies 1", "answers", "decides 2", "applies 2", "answers"]);
    system.shutdown().await;
}

#[akt::test]
async fn a_second_system_finds_the_events_of_the_first() {
    let (log, store) = (Log::default(), MemoryEventStore::new());
    let first = system(store.clone()).await;
    ledger(&first, &log).await.add_all((1..=600).collect()).await.unwrap();
    first.shutdown().await;
    take(&log);

    let second = system(store).await;
    let again = ledger(&second, &log).await;

    assert_eq!(again.all().await.unwrap(), (1..=600).collect::<Vec<_>>());
    assert_eq!(take(&log).last().map(String::as_str), Some("started"), "after all events");
    second.shutdown().await;
}

#[akt::test]
async fn an_append_that_fails_applies_nothing_and_says_so_and_the_restart_reads_the_events() {
    let (log, store) = (Log::default(), Scripted::default());
    let system = system(store.clone()).await;
    let ledger = ledger(&system, &log).await;
    ledger.add(1).await.unwrap();
    take(&log);

    store.fail_next_append(Fails::Before);
    let (refused, next) = (ledger.add(2).start(), ledger.add(3).start());
    let refused = refused.await.unwrap_err();

    assert_eq!((refused.delivery(), refused.is_retryable()), (Delivery::No, true));
    let said = "the events were not stored: the store is unavailable, persisted: No: no disk";
    assert_eq!(refused.to_string(), said);
    assert_eq!(next.await.unwrap(), 2, "what waited is handled by the new value");
    let told = ["decides 2", "applies 1", "started", "decides 3", "applies 3", "answers"];
    assert_eq!(take(&log), told);
    system.shutdown().await;
}

#[akt::test]
async fn an_append_of_unknown_outcome_says_maybe_and_the_restart_finds_out() {
    let (log, store) = (Log::default(), Scripted::default());
    let system = system(store.clone()).await;
    let ledger = ledger(&system, &log).await;

    store.fail_next_append(Fails::After);
    let unknown = ledger.add(1).await.unwrap_err();

    assert_eq!((unknown.delivery(), unknown.is_retryable()), (Delivery::Maybe, false));
    assert!(matches!(unknown, AskError::Journal(_)), "{unknown}");
    assert_eq!(ledger.all().await.unwrap(), [1]);
    system.shutdown().await;
}

#[akt::test]
async fn who_tells_what_cannot_be_stored_loses_a_dead_letter() {
    let (log, store) = (Log::default(), Scripted::default());
    let system = system(store.clone()).await;
    let mut events = system.events();
    let ledger = ledger(&system, &log).await;

    store.fail_next_append(Fails::Before);
    ledger.add(1).tell().unwrap();

    let Event::Fault(info) = until(&mut events, |it| matches!(it, Event::Fault(_))).await else {
        unreachable!()
    };
    assert_eq!((&*info.message, &*info.text), ("add", "the store is unavailable, persisted: No"));
    until(&mut events, |it| matches!(it, Event::DeadLetter(_))).await;
    system.shutdown().await;
}

#[akt::test]
async fn a_newer_incarnation_fences_off_an_older_one() {
    let (log, store) = (Log::default(), MemoryEventStore::new());
    let (old, new) = (system(store.clone()).await, system(store).await);
    let stale = ledger(&old, &log).await;
    stale.add(1).await.unwrap();
    let newest = ledger(&new, &log).await;
    newest.add(2).await.unwrap();

    let moved = stale.add(3).await.unwrap_err();

    assert!(matches!(moved, AskError::Moved), "{moved}");
    assert_eq!(moved.delivery(), Delivery::No);
    // It has restarted, as its supervision says: now the other one is the older.
    assert_eq!(stale.add(4).await.unwrap(), 3);
    assert!(matches!(newest.add(5).await.unwrap_err(), AskError::Moved));
    assert_eq!(newest.all().await.unwrap(), [1, 2, 4]);
    old.shutdown().await;
    new.shutdown().await;
}

#[akt::test]
async fn events_of_somebody_else_under_ones_own_fence_are_a_conflict() {
    let (log, store) = (Log::default(), MemoryEventStore::new());
    let system = system(store.clone()).await;
    let ledger = ledger(&system, &log).await;
    let event = Record { sequence: 1, schema: 1, bytes: Bytes::from_static(&[8, 9]) };
    store.append("Ledger/main", Fence(1), vec![event]).await.unwrap();

    let conflict = ledger.add(1).await.unwrap_err();

    assert!(matches!(conflict, AskError::Journal(_)), "{conflict}");
    assert_eq!(conflict.delivery(), Delivery::No);
    assert_eq!(ledger.all().await.unwrap(), [9]);
    system.shutdown().await;
}

#[akt::test]
async fn a_fault_after_the_append_keeps_the_events_and_resume_is_a_restart_if_some_were_not_applied() {
    let (log, store) = (Log::default(), MemoryEventStore::new());
    let system = system(store.clone()).await;
    let ledger = ledger(&system, &log).await;

    let unanswered = ledger.add_and(1, "panic").await.unwrap_err();
    assert_eq!(unanswered.delivery(), Delivery::Maybe);
    assert_eq!(ledger.all().await.unwrap(), [1]);
    assert_eq!(take(&log), ["started", "applies 1"], "the value is what its events say, and resumes");

    // Once in the journal, it spoils every start.
    let poisoned = ledger.add(POISON).await.unwrap_err();
    assert!(poisoned.to_string().contains("poison"), "{poisoned}");
    assert_eq!(ledger.actor().stopped().await, StopReason::Fault);
    let error = system.spawn("main", Ledger::default).await.unwrap_err();
    assert!(error.to_string().contains("`recovery` of /user/main panicked"), "{error}");
    assert_eq!(store.read("Ledger/main", 1, 9).await.unwrap().len(), 2);
    system.shutdown().await;
}

#[akt::test]
async fn a_handler_that_fails_its_actor_persists_nothing_and_one_that_stops_it_does() {
    let (log, store) = (Log::default(), MemoryEventStore::new());
    let system = system(store.clone()).await;
    let ledger = ledger(&system, &log).await;

    let failed = ledger.add_and(1, "fail").await.unwrap_err();
    assert!(matches!(failed, AskError::Fault(_)), "{failed}");
    assert_eq!(store.read("Ledger/main", 1, 9).await.unwrap(), []);

    assert_eq!(ledger.add_and(2, "stop").await.unwrap(), 7);
    assert_eq!(ledger.actor().stopped().await, StopReason::Requested);
    assert_eq!(store.read("Ledger/main", 1, 9).await.unwrap().len(), 1);
    system.shutdown().await;
}

#[akt::test]
async fn a_kill_while_events_are_stored_says_maybe() {
    let (log, store) = (Log::default(), Scripted::default());
    let _gate = store.hold_next_append();
    let system = system(store.clone()).await;
    let ledger = ledger(&system, &log).await;

    let asked = ledger.add(1).start();
    settle().await;
    ledger.actor().kill();

    let killed = asked.await.unwrap_err();
    assert!(matches!(killed, AskError::Stopped { delivered: Delivery::Maybe, .. }), "{killed}");
    system.shutdown().await;
}

#[akt::test]
async fn without_a_store_a_name_of_its_own_or_the_first_events_it_does_not_start() {
    let none = ActorSystem::builder("test").start().await.unwrap();
    let error = none.spawn("main", Ledger::default).await.unwrap_err();
    assert!(error.to_string().contains("say `.event_store(..)` on the builder"), "{error}");
    none.shutdown().await;

    let store = MemoryEventStore::new();
    let system = system(store.clone()).await;
    let ledger = ledger(&system, &Log::default()).await;
    ledger.add_all(vec![1, 2, 3]).await.unwrap();
    ledger.actor().stop();
    ledger.actor().stopped().await;
    store.delete_to("Ledger/main", Fence(1), 2).await.unwrap();
    let error = system.spawn("main", Ledger::default).await.unwrap_err();
    assert!(error.to_string().contains("`Ledger/main` have a gap: expected 1, found 3"), "{error}");
    system.shutdown().await;

    let store = Scripted::default();
    store.refuse_fences();
    let system = self::system(store).await;
    let error = system.spawn_router("routees", Router::round_robin(2), Ledger::default).await.unwrap_err();
    assert!(error.to_string().contains("a router numbers its routees; spawn it by name"), "{error}");
    let error = system.spawn("main", Ledger::default).await.unwrap_err();
    assert!(error.to_string().contains("the store is unavailable"), "{error}");
    system.shutdown().await;
}

/// As [`Ledger`], some versions later, with snapshots.
#[derive(Default)]
struct Total {
    sum: u64,
}

#[akt::actor(event_sourced(event = String, kind = "Total", schema = 2, upcast = words, snapshot_every = 3))]
impl Total {
    #[handler]
    fn add(&mut self, number: String) -> Persist<Self, u64> {
        Persist::one(number).then(|total| total.sum)
    }

    #[handler]
    fn sum(&self) -> u64 {
        self.sum
    }

    #[apply]
    fn added(&mut self, number: &String) {
        self.sum += number.parse::<u64>().unwrap();
    }
}

impl Snapshot for Total {
    type State = u64;

    fn snapshot(&self) -> u64 {
        self.sum
    }

    fn restore(&mut self, sum: u64) {
        self.sum = sum;
    }
}

/// In schema 1, numbers were words.
fn words(schema: u32, bytes: Bytes) -> Result<String, Fault> {
    assert_eq!(schema, 1);
    match &*String::from_utf8(bytes.into())? {
        "one" => Ok("1".to_owned()),
        "two" => Ok("2".to_owned()),
        other => Err(Fault::new(format!("{other} is no number"))),
    }
}

#[akt::test]
async fn a_snapshot_is_taken_after_so_many_events_and_those_before_it_are_not_read_again() {
    let (log, store) = (Log::default(), Scripted::default());
    let first = system(store.noting(&log)).await;
    let total = first.spawn("t", Total::default).await.unwrap();
    for number in ["1", "2", "3", "4"] {
        total.add(number.to_owned()).await.unwrap();
    }
    first.shutdown().await;
    let told = [
        "fence",
        "snapshot",
        "read from 1",
        "append 1",
        "append 2",
        "append 3",
        "put snapshot 3",
        "append 4",
    ];
    assert_eq!(take(&log), told);
    // Nobody needs them any more.
    store.delete_to("Total/t", Fence(1), 3).await.unwrap();

    let second = system(store.noting(&log)).await;
    let total = second.spawn("t", Total::default).await.unwrap();

    assert_eq!(total.sum().await.unwrap(), 10);
    assert_eq!(take(&log), ["fence", "snapshot", "read from 4"]);
    second.shutdown().await;
}

#[akt::test]
async fn a_snapshot_that_cannot_be_kept_harms_nobody() {
    let store = Scripted::default();
    store.refuse_snapshots();
    let system = system(store.clone()).await;
    let total = system.spawn("t", Total::default).await.unwrap();

    for number in ["1", "2", "3", "4"] {
        total.add(number.to_owned()).await.unwrap();
    }

    assert_eq!(total.sum().await.unwrap(), 10);
    system.shutdown().await;
}

#[akt::test]
async fn older_schemas_are_read_and_newer_ones_refused() {
    let store = MemoryEventStore::new();
    let record =
        |sequence, schema, text: &'static [u8]| Record { sequence, schema, bytes: Bytes::from_static(text) };
    let old = vec![record(1, 1, b"one"), record(2, 1, b"two"), record(3, 2, b"\x0a\x014")];
    store.append("Total/old", Fence(1), old).await.unwrap();
    store.put_snapshot("Total/old", Fence(1), record(3, 1, b"of another time")).await.unwrap();
    store.append("Total/new", Fence(1), vec![record(1, 3, b"I")]).await.unwrap();
    store.append("Total/odd", Fence(1), vec![record(1, 1, b"three")]).await.unwrap();
    let system = system(store).await;

    let total = system.spawn("old", Total::default).await.unwrap();
    assert_eq!(total.sum().await.unwrap(), 7, "a snapshot of another schema is passed over");
    let newer = system.spawn("new", Total::default).await.unwrap_err();
    let said = "event 1 of `Total/new` has schema 3, and this program knows up to 2; run the newer one";
    assert!(newer.to_string().contains(said), "{newer}");
    let odd = system.spawn("odd", Total::default).await.unwrap_err();
    assert!(odd.to_string().contains("event 1 of `Total/odd` cannot be read"), "{odd}");
    system.shutdown().await;
}

/// An event-sourced grain.
#[derive(Default)]
struct Seen(Vec<u64>);

#[akt::grain(kind = "seen", key = String, event_sourced(event = u64))]
impl Seen {
    #[handler]
    fn see(&mut self, number: u64, cx: &mut Ctx<Self>) -> Persist<Self, usize> {
        cx.deactivate();
        Persist::one(number).then(|seen: &Self| seen.0.len())
    }

    #[apply]
    fn saw(&mut self, number: &u64) {
        self.0.push(*number);
    }
}

#[akt::test]
async fn a_grain_finds_its_events_at_each_activation_by_its_kind_and_key() {
    let store = Scripted::default();
    let system = system(store.clone()).await;
    let (anna, ben) = (Seen::grain(&system, "a/b"), Seen::grain(&system, "ben"));

    assert_eq!(anna.see(1).await.unwrap(), 1);
    assert_eq!(anna.see(2).await.unwrap(), 2, "by the next activation");
    assert_eq!(ben.see(1).await.unwrap(), 1);
    assert_eq!(store.read("seen/a%2Fb", 1, 9).await.unwrap().len(), 2);

    ben.actor().stopped().await;
    store.refuse_fences();
    let failed = ben.see(2).await.unwrap_err();
    assert!(failed.to_string().contains("`on(activate)`"), "{failed}");
    assert_eq!(failed.delivery(), Delivery::No);
    system.shutdown().await;
}

#[akt::test]
async fn actors_read_the_store_that_their_system_has() {
    let (store, log) = (MemoryEventStore::new(), Log::default());
    let system = system(store).await;
    ledger(&system, &log).await.add(4).await.unwrap();

    let store = system.dependency::<Arc<dyn EventStore>>().unwrap();

    assert_eq!(store.read("Ledger/main", 1, 9).await.unwrap().len(), 1);
    system.shutdown().await;
}

#[test]
fn errors_say_what_was_expected_found_and_what_to_do() {
    let stale = StoreError::StaleFence { fence: Fence(1), newest: Fence(2) };
    assert_eq!(
        stale.to_string(),
        "fence 1 is older than fence 2: a newer incarnation has taken over; stop this one"
    );
}
