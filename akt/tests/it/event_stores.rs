//! Event stores: the one in memory keeps the rules, and one that breaks any of them is told which.

use akt::bytes::Bytes;
use akt::persistence::{EventStore, Fence, MemoryEventStore, Record, StoreError};
use akt::testkit::{Failure, Faulty, check_event_store};
use akt::{Delivery, Runtime};
use async_trait::async_trait;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::error::Error as _;
use std::time::Duration;

#[akt::test]
async fn the_store_in_memory_keeps_every_rule_of_stores() {
    check_event_store(&MemoryEventStore::new()).await.unwrap();
}

/// A way to be wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    ForgetsFences,
    MixesIds,
    LosesSchemas,
    ReadsFromTheBeginning,
    ReadsTooMuch,
    ReadsHalfPages,
    AppendsAnywhere,
    AppendsInPart,
    AppendsTwice,
    TakesOldFences,
    SnapshotsUnderOldFences,
    DeletesUnderOldFences,
    KnowsOnlyItsOwnFences,
    KeepsTheFirstSnapshot,
    DeletesOneMore,
    DeletesNothing,
    BeginsAgainAtOne,
}

/// The rule that each of them breaks.
const FLAWS: &[(Flaw, &str)] = &[
    (Flaw::ForgetsFences, "fences grow, each id's for itself"),
    (Flaw::MixesIds, "fences grow, each id's for itself"),
    (Flaw::LosesSchemas, "events come back as they were, in order"),
    (Flaw::ReadsFromTheBeginning, "events come back as they were, in order"),
    (Flaw::ReadsTooMuch, "a page has its limit of events, unless there are no more"),
    (Flaw::ReadsHalfPages, "a page has its limit of events, unless there are no more"),
    (Flaw::AppendsAnywhere, "an append follows the last event, or changes nothing"),
    (Flaw::AppendsInPart, "an append follows the last event, or changes nothing"),
    (Flaw::AppendsTwice, "of two appends at one place, one is refused"),
    (Flaw::TakesOldFences, "an old fence is refused, and changes nothing"),
    (Flaw::SnapshotsUnderOldFences, "an old fence is refused, and changes nothing"),
    (Flaw::DeletesUnderOldFences, "an old fence is refused, and changes nothing"),
    (Flaw::KnowsOnlyItsOwnFences, "a higher fence is taken over"),
    (Flaw::KeepsTheFirstSnapshot, "a snapshot replaces the one before"),
    (Flaw::DeletesOneMore, "what is deleted is gone, and its numbers with it"),
    (Flaw::DeletesNothing, "what is deleted is gone, and its numbers with it"),
    (Flaw::BeginsAgainAtOne, "what is deleted is gone, and its numbers with it"),
];

#[akt::test]
async fn a_store_that_breaks_a_rule_is_told_which() {
    for (flaw, rule) in FLAWS {
        let store = Flawed { flaw: *flaw, inner: MemoryEventStore::new(), waiting: Mutex::default() };

        let broken = check_event_store(&store).await.expect_err(&format!("{flaw:?}"));

        assert_eq!(broken.rule, *rule, "{flaw:?}: {broken}");
    }
}

struct Flawed {
    flaw: Flaw,
    inner: MemoryEventStore,
    /// Who has looked at the end of the events and not appended yet.
    waiting: Mutex<BTreeSet<String>>,
}

impl Flawed {
    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    fn id<'a>(&self, id: &'a str) -> &'a str {
        if self.is(Flaw::MixesIds) { id.rsplit_once('/').unwrap().0 } else { id }
    }

    /// The highest fence, whoever asks.
    async fn newest(&self, id: &str, fence: Fence) -> Fence {
        match self.inner.append(id, fence, Vec::new()).await {
            Err(StoreError::StaleFence { newest, .. }) => newest,
            _ => fence,
        }
    }

    async fn last(&self, id: &str) -> u64 {
        self.inner.read(id, 1, 100).await.unwrap().last().map_or(0, |event| event.sequence)
    }
}

#[async_trait]
impl EventStore for Flawed {
    async fn fence(&self, id: &str) -> Result<Fence, StoreError> {
        if self.is(Flaw::ForgetsFences) { Ok(Fence(1)) } else { self.inner.fence(self.id(id)).await }
    }

    async fn append(&self, id: &str, mut fence: Fence, mut events: Vec<Record>) -> Result<(), StoreError> {
        let id = self.id(id);
        if self.is(Flaw::LosesSchemas) {
            events.iter_mut().for_each(|event| event.schema = 1);
        }
        if self.is(Flaw::TakesOldFences) {
            fence = self.newest(id, fence).await;
        }
        if self.is(Flaw::KnowsOnlyItsOwnFences) && fence >= Fence(10) {
            fence = Fence(1);
        }
        let last = self.last(id).await;
        if self.is(Flaw::AppendsAnywhere) {
            (1..).zip(&mut events).for_each(|(step, event)| event.sequence = last + step);
        }
        if self.is(Flaw::AppendsTwice) {
            self.waiting.lock().insert(id.to_owned());
            tokio::task::yield_now().await;
            if !self.waiting.lock().remove(id) {
                (1..).zip(&mut events).for_each(|(step, event)| event.sequence = last + step);
                return Ok(());
            }
        }
        if self.is(Flaw::AppendsInPart) && events[0].sequence != last + 1 {
            let rest: Vec<_> = events.into_iter().filter(|event| event.sequence == last + 1).collect();
            self.inner.append(id, fence, rest).await?;
            return Err(StoreError::Conflict { expected: last, found: last + 1 });
        }
        let begins = last == 0 && events[0].sequence == 1;
        match self.inner.append(id, fence, events).await {
            Err(StoreError::Conflict { .. }) if begins && self.is(Flaw::BeginsAgainAtOne) => Ok(()),
            done => done,
        }
    }

    async fn read(&self, id: &str, from: u64, limit: usize) -> Result<Vec<Record>, StoreError> {
        let from = if self.is(Flaw::ReadsFromTheBeginning) { 1 } else { from };
        let limit = match self.flaw {
            Flaw::ReadsTooMuch => limit + 1,
            Flaw::ReadsHalfPages => limit.div_ceil(2),
            _ => limit,
        };
        self.inner.read(self.id(id), from, limit).await
    }

    async fn put_snapshot(&self, id: &str, mut fence: Fence, snapshot: Record) -> Result<(), StoreError> {
        if self.is(Flaw::KeepsTheFirstSnapshot) && self.inner.snapshot(id).await?.is_some() {
            return Ok(());
        }
        if self.is(Flaw::SnapshotsUnderOldFences) {
            fence = self.newest(id, fence).await;
        }
        self.inner.put_snapshot(id, fence, snapshot).await
    }

    async fn snapshot(&self, id: &str) -> Result<Option<Record>, StoreError> {
        self.inner.snapshot(id).await
    }

    async fn delete_to(&self, id: &str, mut fence: Fence, to: u64) -> Result<(), StoreError> {
        if self.is(Flaw::DeletesUnderOldFences) {
            fence = self.newest(id, fence).await;
        }
        match self.flaw {
            Flaw::DeletesNothing => self.inner.delete_to(id, fence, 0).await,
            Flaw::DeletesOneMore => self.inner.delete_to(id, fence, to + 1).await,
            _ => self.inner.delete_to(id, fence, to).await,
        }
    }
}

#[akt::test]
async fn a_store_that_can_be_faulty_keeps_every_rule_as_long_as_it_is_not_told_to_fail() {
    let runtime = Runtime::current().unwrap();
    let store = Faulty::new(MemoryEventStore::new(), &runtime);
    check_event_store(&store).await.unwrap();

    let slow = Faulty::new(MemoryEventStore::new(), &runtime);
    slow.slow(Duration::from_millis(1)..Duration::from_millis(20));
    check_event_store(&slow).await.unwrap();
}

#[akt::test]
async fn a_call_that_fails_did_nothing_and_one_whose_answer_is_lost_did_all() {
    let store = Faulty::new(MemoryEventStore::new(), &Runtime::current().unwrap());
    let event = |sequence| vec![Record { sequence, schema: 1, bytes: Bytes::new() }];
    let fence = store.fence("a").await.unwrap();
    let clone = store.clone();

    clone.fail_next(1);
    let failed = store.append("a", fence, event(1)).await.unwrap_err();
    assert_eq!(failed.persisted(), Delivery::No);
    assert_eq!(failed.source().unwrap().downcast_ref(), Some(&Failure::Refused));
    assert_eq!(store.read("a", 1, 9).await.unwrap(), []);

    clone.lose_next_answers(2);
    let lost = store.append("a", fence, event(1)).await.unwrap_err();
    assert_eq!(lost.persisted(), Delivery::Maybe);
    assert_eq!(lost.source().unwrap().downcast_ref(), Some(&Failure::AnswerLost));
    let unread = store.read("a", 1, 9).await.unwrap_err();
    assert_eq!(unread.persisted(), Delivery::No, "a read persists nothing");
    assert_eq!(store.read("a", 1, 9).await.unwrap(), event(1));
}

#[akt::test]
async fn chance_and_time_of_a_faulty_store_come_from_its_seed() {
    let runtime = Runtime::current().unwrap();
    let run = async |seed| {
        let store = Faulty::seeded(MemoryEventStore::new(), &runtime, seed);
        store.slow(Duration::from_millis(1)..Duration::from_millis(50));
        store.fail(0.3);
        store.lose_answers(0.3);
        let mut said = Vec::new();
        for _ in 0..40 {
            let began = runtime.now();
            let failed = store.fence("a").await.map(|fence| fence.0).map_err(|error| error.persisted());
            said.push((failed, (runtime.now() - began).as_millis()));
        }
        said
    };

    let one = run(1).await;
    assert_eq!(one, run(1).await);
    assert_ne!(one, run(2).await);
    let fails = |how| one.iter().filter(|(failed, _)| *failed == Err(how)).count();
    assert!(fails(Delivery::No) > 5 && fails(Delivery::Maybe) > 3, "{one:?}");
    assert!(one.iter().all(|(_, millis)| (1..=51).contains(millis)), "{one:?}");
}
