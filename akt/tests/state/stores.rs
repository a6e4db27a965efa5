//! State stores: the one in memory keeps the rules, and one that breaks any of them is told which.

use akt::bytes::Bytes;
use akt::persistence::{Change, Fence, Kept, MemoryStateStore, StateStore, StoreError, Write};
use akt::testkit::{Failure, Faulty, check_state_store};
use akt::{Delivery, Runtime};
use async_trait::async_trait;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::error::Error as _;

#[tokio::test]
async fn the_store_in_memory_keeps_every_rule_of_stores() {
    check_state_store(&MemoryStateStore::new()).await.unwrap();
}

/// A way to be wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    ForgetsFences,
    MixesIds,
    LosesSchemas,
    NeverDeletes,
    CountsChangesOnly,
    AddsToRows,
    KeepsRows,
    KeepsTheFirstRow,
    TakesAnyVersion,
    CommitsInPart,
    CommitsTwice,
    TakesOldFences,
    SaysConflictBeforeStale,
    KnowsOnlyItsOwnFences,
    FindsEveryId,
    BeginsAgain,
}

/// The rule that each of them breaks.
const FLAWS: &[(Flaw, &str)] = &[
    (Flaw::ForgetsFences, "fences grow, each id's for itself"),
    (Flaw::MixesIds, "fences grow, each id's for itself"),
    (Flaw::LosesSchemas, "a state comes back as it was"),
    (Flaw::NeverDeletes, "a state comes back as it was"),
    (Flaw::CountsChangesOnly, "a state comes back as it was"),
    (Flaw::AddsToRows, "rows come back as they were, by name in order"),
    (Flaw::KeepsRows, "rows come back as they were, by name in order"),
    (Flaw::KeepsTheFirstRow, "rows come back as they were, by name in order"),
    (Flaw::TakesAnyVersion, "a commit follows the last version, or changes nothing"),
    (Flaw::CommitsInPart, "a commit follows the last version, or changes nothing"),
    (Flaw::CommitsTwice, "of two commits of one version, one is refused"),
    (Flaw::TakesOldFences, "an old fence is refused, and changes nothing"),
    (Flaw::SaysConflictBeforeStale, "an old fence is refused, and changes nothing"),
    (Flaw::KnowsOnlyItsOwnFences, "a higher fence is taken over"),
    (Flaw::FindsEveryId, "ids are found by their rows, in order, page after page"),
    (Flaw::BeginsAgain, "ids are found by their rows, in order, page after page"),
];

#[tokio::test]
async fn a_store_that_breaks_a_rule_is_told_which() {
    for (flaw, rule) in FLAWS {
        let store = Flawed { flaw: *flaw, inner: MemoryStateStore::new(), waiting: Mutex::default() };

        let broken = check_state_store(&store).await.expect_err(&format!("{flaw:?}"));

        assert_eq!(broken.rule, *rule, "{flaw:?}: {broken}");
    }
}

struct Flawed {
    flaw: Flaw,
    inner: MemoryStateStore,
    /// Who has looked at the version and not committed yet.
    waiting: Mutex<BTreeSet<String>>,
}

impl Flawed {
    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    fn id<'a>(&self, id: &'a str) -> &'a str {
        if self.is(Flaw::MixesIds) { id.rsplit_once('/').unwrap().0 } else { id }
    }

    async fn spoiled(&self, id: &str, write: &mut Write) {
        match self.flaw {
            Flaw::LosesSchemas => {
                if let Change::Save(state) = &mut write.state {
                    state.schema = 1;
                }
            }
            Flaw::NeverDeletes if write.state == Change::Delete => write.state = Change::Nothing,
            Flaw::KeepsRows => write.remove.clear(),
            Flaw::AddsToRows | Flaw::KeepsTheFirstRow => {
                let rows = self.inner.load(id).await.unwrap().rows;
                for row in &mut write.put {
                    let Some(known) = rows.iter().find(|known| known.name == row.name) else { continue };
                    row.bytes = match self.flaw {
                        Flaw::AddsToRows => Bytes::from([&*known.bytes, &*row.bytes].concat()),
                        _ => known.bytes.clone(),
                    };
                }
            }
            _ => {}
        }
    }
}

#[async_trait]
impl StateStore for Flawed {
    async fn fence(&self, id: &str) -> Result<Fence, StoreError> {
        if self.is(Flaw::ForgetsFences) { Ok(Fence(1)) } else { self.inner.fence(self.id(id)).await }
    }

    async fn load(&self, id: &str) -> Result<Kept, StoreError> {
        self.inner.load(self.id(id)).await
    }

    async fn commit(
        &self,
        id: &str,
        mut fence: Fence,
        mut expected: u64,
        mut write: Write,
    ) -> Result<u64, StoreError> {
        let id = self.id(id);
        self.spoiled(id, &mut write).await;
        let Kept { version, fence: newest, .. } = self.inner.load(id).await?;
        match self.flaw {
            Flaw::CountsChangesOnly if write.state == Change::Nothing && write.put.is_empty() => {
                return Ok(version);
            }
            Flaw::TakesAnyVersion => expected = version,
            Flaw::CommitsInPart if expected != version => {
                let rows = Write { state: Change::Nothing, ..write.clone() };
                self.inner.commit(id, fence, version, rows).await?;
            }
            Flaw::CommitsTwice => {
                self.waiting.lock().insert(id.to_owned());
                tokio::task::yield_now().await;
                if !self.waiting.lock().remove(id) {
                    return Ok(expected + 1);
                }
            }
            Flaw::TakesOldFences => fence = fence.max(newest),
            Flaw::SaysConflictBeforeStale if expected != version => {
                return Err(StoreError::Conflict { expected, found: version });
            }
            Flaw::KnowsOnlyItsOwnFences if fence >= Fence(10) => fence = Fence(1),
            _ => {}
        }
        self.inner.commit(id, fence, expected, write).await
    }

    async fn ids_with_row(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let prefix = if self.is(Flaw::FindsEveryId) { "akt-rule" } else { prefix };
        let after = after.filter(|_| !self.is(Flaw::BeginsAgain));
        self.inner.ids_with_row(prefix, after, limit).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_faulty_store_refuses_or_loses_the_answer_as_it_is_told() {
    let inner = MemoryStateStore::new();
    let store = Faulty::new(inner.clone(), &Runtime::current().unwrap());
    let fence = store.fence("a").await.unwrap();

    store.fail_next(1);
    let refused = store.commit("a", fence, 0, Write::default()).await.unwrap_err();
    assert_eq!((refused.persisted(), inner.load("a").await.unwrap().version), (Delivery::No, 0));

    store.lose_next_answers(1);
    let lost = store.commit("a", fence, 0, Write::default()).await.unwrap_err();
    assert_eq!((lost.persisted(), inner.load("a").await.unwrap().version), (Delivery::Maybe, 1));
    assert_eq!(lost.source().unwrap().downcast_ref(), Some(&Failure::AnswerLost));

    store.fail_next(2);
    assert!(store.load("a").await.is_err());
    assert!(store.ids_with_row("", None, 1).await.is_err());
}
