//! Reminder stores: those of akt keep the rules, and one that breaks any of them is told which.

use crate::redb::fresh;
use akt::Runtime;
use akt::persistence::{
    KeptReminder, MemoryReminderStore, RedbStore, ReminderRow, ReminderStore, StoreError,
};
use akt::testkit::{Faulty, check_reminder_store};
use async_trait::async_trait;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::{Duration, SystemTime};

#[tokio::test]
async fn the_stores_of_akt_keep_every_rule() {
    check_reminder_store(&MemoryReminderStore::new()).await.unwrap();
    check_reminder_store(&RedbStore::open(fresh("reminder-rules")).unwrap()).await.unwrap();
    let faulty = Faulty::new(MemoryReminderStore::new(), &Runtime::current().unwrap());
    check_reminder_store(&faulty).await.unwrap();
}

#[tokio::test]
async fn reminders_outlive_the_store_in_a_file() {
    let path = fresh("reminders");
    let due = SystemTime::UNIX_EPOCH + Duration::from_secs(10);
    let row = |name: &str| ReminderRow {
        id: "cart/1".into(),
        name: name.into(),
        shard: 7,
        due,
        bytes: name.to_owned().into(),
    };
    let store = RedbStore::open(&path).unwrap();
    let versions = [store.put(row("a")).await.unwrap(), store.put(row("b")).await.unwrap()];
    store.delete("cart/1", "b").await.unwrap();
    drop(store);

    let store = RedbStore::open(&path).unwrap();

    let kept = [KeptReminder { version: versions[0], row: row("a") }];
    assert_eq!(store.list("cart/1").await.unwrap(), kept);
    assert_eq!(store.due(7, due..due + Duration::from_millis(1), None, 9).await.unwrap(), kept);
    assert!(store.put(row("b")).await.unwrap() > versions[1], "a version comes once");
}

/// A way to be wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    RoundsToSeconds,
    LosesBytes,
    FindsNothing,
    KeepsTheFirst,
    KeepsTheOldTimeInItsOrder,
    BeginsVersionsAgainWithEachPut,
    ListsByPrefix,
    ListsAsTheyCame,
    MixesShards,
    LeavesOutTheStart,
    TakesInTheEnd,
    OrdersByIdOnly,
    ReadsTooMuch,
    ReadsHalfPages,
    BeginsEachPageAnew,
    SkipsEqualTimes,
    DeletesNothing,
    SaysThatItDeleted,
    BeginsVersionsAgainAfterADelete,
    AdvancesInPlace,
    KeepsTheVersion,
    EndsNothing,
    TakesAnyVersion,
    SaysThatItRefused,
}

const BACK: &str = "a reminder comes back as it was";
const PUT: &str = "a put replaces the one before, under a version that it never had";
const LIST: &str = "the reminders of an id are listed by name, and no others";
const WINDOW: &str = "a page has what is due in its window and shard, in order";
const PAGES: &str = "pages follow one another, each with its limit";
const DELETE: &str = "what is deleted is gone, and its version with it";
const ADVANCE: &str = "an advance moves the time, or ends it";
const VERSION: &str = "an advance of another version is refused, and changes nothing";

/// The rule that each of them breaks.
const FLAWS: &[(Flaw, &str)] = &[
    (Flaw::RoundsToSeconds, BACK),
    (Flaw::LosesBytes, BACK),
    (Flaw::FindsNothing, BACK),
    (Flaw::KeepsTheFirst, PUT),
    (Flaw::KeepsTheOldTimeInItsOrder, PUT),
    (Flaw::BeginsVersionsAgainWithEachPut, PUT),
    (Flaw::ListsByPrefix, LIST),
    (Flaw::ListsAsTheyCame, LIST),
    (Flaw::MixesShards, WINDOW),
    (Flaw::LeavesOutTheStart, WINDOW),
    (Flaw::TakesInTheEnd, WINDOW),
    (Flaw::OrdersByIdOnly, WINDOW),
    (Flaw::ReadsTooMuch, PAGES),
    (Flaw::ReadsHalfPages, PAGES),
    (Flaw::BeginsEachPageAnew, PAGES),
    (Flaw::SkipsEqualTimes, PAGES),
    (Flaw::DeletesNothing, DELETE),
    (Flaw::SaysThatItDeleted, DELETE),
    (Flaw::BeginsVersionsAgainAfterADelete, DELETE),
    (Flaw::AdvancesInPlace, ADVANCE),
    (Flaw::KeepsTheVersion, ADVANCE),
    (Flaw::EndsNothing, ADVANCE),
    (Flaw::TakesAnyVersion, VERSION),
    (Flaw::SaysThatItRefused, VERSION),
];

#[tokio::test]
async fn a_store_that_breaks_a_rule_is_told_which() {
    for (flaw, rule) in FLAWS {
        let store = Flawed { flaw: *flaw, inner: MemoryReminderStore::new(), puts: Mutex::default() };

        let broken = check_reminder_store(&store).await.expect_err(&format!("{flaw:?}"));

        assert_eq!(broken.rule, *rule, "{flaw:?}: {broken}");
    }
}

struct Flawed {
    flaw: Flaw,
    inner: MemoryReminderStore,
    /// What was put, in order, and how often since its last delete.
    puts: Mutex<Puts>,
}

#[derive(Default)]
struct Puts {
    rows: Vec<ReminderRow>,
    since: BTreeMap<(Box<str>, Box<str>), u64>,
}

impl Flawed {
    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    /// As it shows a reminder that it has.
    fn show(&self, mut kept: KeptReminder) -> KeptReminder {
        let puts = self.puts.lock();
        match self.flaw {
            Flaw::BeginsVersionsAgainWithEachPut => kept.version = 1,
            Flaw::BeginsVersionsAgainAfterADelete => {
                kept.version =
                    puts.since.get(&(kept.row.id.clone(), kept.row.name.clone())).copied().unwrap_or(0);
            }
            _ => {}
        }
        kept
    }
}

#[async_trait]
impl ReminderStore for Flawed {
    async fn put(&self, mut row: ReminderRow) -> Result<u64, StoreError> {
        let key = (row.id.clone(), row.name.clone());
        if self.is(Flaw::RoundsToSeconds) {
            row.due = SystemTime::UNIX_EPOCH;
        }
        if self.is(Flaw::LosesBytes) {
            row.bytes.clear();
        }
        if self.is(Flaw::KeepsTheFirst)
            && let Some(first) = self.inner.get(&row.id, &row.name).await?
        {
            row = first.row;
        }
        let version = self.inner.put(row.clone()).await?;
        let mut puts = self.puts.lock();
        puts.rows.push(row);
        let since = puts.since.entry(key).or_default();
        *since += 1;
        Ok(match self.flaw {
            Flaw::BeginsVersionsAgainWithEachPut => 1,
            Flaw::BeginsVersionsAgainAfterADelete => *since,
            _ => version,
        })
    }

    async fn get(&self, id: &str, name: &str) -> Result<Option<KeptReminder>, StoreError> {
        let found = self.inner.get(id, name).await?.filter(|_| !self.is(Flaw::FindsNothing));
        Ok(found.map(|kept| self.show(kept)))
    }

    async fn list(&self, id: &str) -> Result<Vec<KeptReminder>, StoreError> {
        let rows = self.puts.lock().rows.clone();
        let mut all = self.inner.list(id).await?;
        if self.is(Flaw::ListsByPrefix) {
            for row in rows.iter().filter(|row| row.id.starts_with(id) && *row.id != *id) {
                all.extend(self.inner.get(&row.id, &row.name).await?);
            }
        }
        if self.is(Flaw::ListsAsTheyCame) {
            all.sort_by_key(|kept| kept.version);
        }
        Ok(all)
    }

    async fn delete(&self, id: &str, name: &str) -> Result<bool, StoreError> {
        self.puts.lock().since.remove(&(id.into(), name.into()));
        match self.flaw {
            Flaw::DeletesNothing => Ok(self.inner.get(id, name).await?.is_some()),
            Flaw::SaysThatItDeleted => self.inner.delete(id, name).await.map(|_| true),
            _ => self.inner.delete(id, name).await,
        }
    }

    async fn due(
        &self,
        shard: u16,
        mut window: Range<SystemTime>,
        after: Option<&KeptReminder>,
        limit: usize,
    ) -> Result<Vec<KeptReminder>, StoreError> {
        let milli = Duration::from_millis(1);
        let old = self.puts.lock().rows.iter().find(|row| row.shard == shard).cloned();
        match self.flaw {
            Flaw::LeavesOutTheStart => window.start += milli,
            Flaw::TakesInTheEnd => window.end += milli,
            Flaw::SkipsEqualTimes if after.is_some() => window.start = after.unwrap().row.due + milli,
            _ => {}
        }
        let after = after.filter(|_| !matches!(self.flaw, Flaw::BeginsEachPageAnew | Flaw::SkipsEqualTimes));
        let limit = match self.flaw {
            Flaw::ReadsTooMuch => limit + 1,
            Flaw::ReadsHalfPages => limit.div_ceil(2),
            _ => limit,
        };
        let mut page = self.inner.due(shard, window.clone(), after, limit).await?;
        if self.is(Flaw::MixesShards) {
            page.extend(self.inner.due(!shard, window.clone(), after, limit).await?);
        }
        if self.is(Flaw::OrdersByIdOnly) {
            page.sort_by(|one, other| one.row.id.cmp(&other.row.id));
        }
        if self.is(Flaw::KeepsTheOldTimeInItsOrder)
            && let Some(old) = old
        {
            page.iter_mut().for_each(|kept| kept.row.due = old.due);
        }
        Ok(page.into_iter().map(|kept| self.show(kept)).collect())
    }

    async fn advance(
        &self,
        id: &str,
        name: &str,
        version: u64,
        next: Option<SystemTime>,
    ) -> Result<Option<u64>, StoreError> {
        let kept = self.inner.get(id, name).await?;
        match (self.flaw, next, kept) {
            (Flaw::AdvancesInPlace, Some(_), Some(kept)) if kept.version == version => {
                self.put(kept.row).await.map(Some)
            }
            (Flaw::KeepsTheVersion, Some(_), _) => {
                self.inner.advance(id, name, version, next).await.map(|_| Some(version))
            }
            (Flaw::EndsNothing, None, Some(kept)) if kept.version == version => Ok(None),
            (Flaw::TakesAnyVersion, _, Some(kept)) => self.inner.advance(id, name, kept.version, next).await,
            (Flaw::SaysThatItRefused, _, Some(kept)) => {
                let done = self.inner.advance(id, name, kept.version, next).await;
                if kept.version == version {
                    done
                } else {
                    Err(StoreError::Conflict { expected: version, found: kept.version })
                }
            }
            _ => self.inner.advance(id, name, version, next).await,
        }
    }
}
