//! The rules of reminder stores, checked: what an author of a store runs in a test.

use std::ops::Range;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::rule::{BrokenRule, Checked, Rule};
use crate::persistence::{KeptReminder, ReminderRow, ReminderStore};

/// Checks that `store`, which is empty, keeps each rule of [`ReminderStore`]; the first that it breaks is the error.
///
/// Every rule uses ids of its own, which begin with `akt-rule/`, and a shard of its own. What it cannot check is that the
/// reminders outlive the process.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), akt::testkit::BrokenRule> {
/// akt::testkit::check_reminder_store(&akt::persistence::MemoryReminderStore::new()).await
/// # }
/// ```
///
/// # Errors
///
/// [`BrokenRule`]: which one, what was expected, what was found.
pub async fn check_reminder_store(store: &impl ReminderStore) -> Result<(), BrokenRule> {
    they_come_back(Rule("a reminder comes back as it was"), store).await?;
    puts_replace(Rule("a put replaces the one before, under a version that it never had"), store).await?;
    lists_are_whole(Rule("the reminders of an id are listed by name, and no others"), store).await?;
    windows_are_exact(Rule("a page has what is due in its window and shard, in order"), store).await?;
    pages_follow(Rule("pages follow one another, each with its limit"), store).await?;
    deleted_ones_are_gone(Rule("what is deleted is gone, and its version with it"), store).await?;
    advances_move(Rule("an advance moves the time, or ends it"), store).await?;
    old_versions_are_refused(Rule("an advance of another version is refused, and changes nothing"), store)
        .await
}

async fn they_come_back(rule: Rule, store: &impl ReminderStore) -> Checked {
    let rows = [row(rule, "one", "a", 10), ReminderRow { bytes: Bytes::new(), ..row(rule, "one", "b", 0) }];
    rule.equal(&None, &rule.done(store.get(&rows[0].id, "a").await)?)?;
    for row in &rows {
        let version = rule.done(store.put(row.clone()).await)?;
        let kept = KeptReminder { version, row: row.clone() };
        rule.equal(&Some(kept), &rule.done(store.get(&row.id, &row.name).await)?)?;
    }
    rule.equal(&None, &rule.done(store.get(&rule.id("other"), "a").await)?)
}

async fn puts_replace(rule: Rule, store: &impl ReminderStore) -> Checked {
    let mut versions = Vec::new();
    for due in [10, 20, 5] {
        let row = row(rule, "one", "a", due);
        let version = rule.done(store.put(row.clone()).await)?;
        rule.holds(!versions.contains(&version), "a new version", (&versions, version))?;
        versions.push(version);
        rule.equal(
            &Some(KeptReminder { version, row: row.clone() }),
            &rule.done(store.get(&row.id, "a").await)?,
        )?;
        rule.has_due(store, &[row]).await?;
    }
    Ok(())
}

async fn lists_are_whole(rule: Rule, store: &impl ReminderStore) -> Checked {
    rule.equal(&Vec::new(), &rule.done(store.list(&rule.id("one")).await)?)?;
    let names = ["b", "a/1", "a", "a/10", ""];
    for (id, name) in ["one", "one/", "on", "one1"].into_iter().flat_map(|id| names.map(|name| (id, name))) {
        rule.done(store.put(row(rule, id, name, 10)).await)?;
    }
    let mut expected = names.map(|name| row(rule, "one", name, 10));
    expected.sort_by(|one, other| one.name.cmp(&other.name));
    let found = rule.done(store.list(&rule.id("one")).await)?;
    rule.equal(&expected[..], &rows(&found)[..])
}

async fn windows_are_exact(rule: Rule, store: &impl ReminderStore) -> Checked {
    let elsewhere = ReminderRow { shard: !shard(rule), ..row(rule, "elsewhere", "a", 15) };
    rule.done(store.put(elsewhere).await)?;
    let mut all =
        [(20, "d", "a"), (10, "b", "b"), (15, "a", "z"), (10, "b", "a"), (10, "a", "b"), (9, "c", "a")]
            .map(|(due, id, name)| row(rule, id, name, due));
    for row in &all {
        rule.done(store.put(row.clone()).await)?;
    }
    all.sort_by(|one, other| (one.due, &one.id, &one.name).cmp(&(other.due, &other.id, &other.name)));
    for (from, to, expected) in [(0, 99, &all[..]), (10, 20, &all[1..5]), (11, 15, &[]), (20, 21, &all[5..])]
    {
        let found = rule.done(store.due(shard(rule), at(from)..at(to), None, 99).await)?;
        rule.equal(expected, &rows(&found)[..])?;
    }
    Ok(())
}

async fn pages_follow(rule: Rule, store: &impl ReminderStore) -> Checked {
    let all: Vec<_> = (0..7).map(|number| row(rule, &number.to_string(), "a", 10 + number / 4)).collect();
    for row in &all {
        rule.done(store.put(row.clone()).await)?;
    }
    let mut last = None;
    for expected in all.chunks(3).chain([&[][..]]) {
        let found = rule.done(store.due(shard(rule), at(0)..at(99), last.as_ref(), 3).await)?;
        rule.equal(expected, &rows(&found)[..])?;
        last = found.last().cloned().or(last);
    }
    // Its place is what counts, not whether it is there still.
    let third = rule.done(store.get(&all[2].id, "a").await)?;
    rule.done(store.delete(&all[2].id, "a").await)?;
    let found = rule.done(store.due(shard(rule), at(0)..at(99), third.as_ref(), 9).await)?;
    rule.equal(&all[3..], &rows(&found)[..])
}

async fn deleted_ones_are_gone(rule: Rule, store: &impl ReminderStore) -> Checked {
    let row = row(rule, "one", "a", 10);
    rule.equal(&false, &rule.done(store.delete(&row.id, "a").await)?)?;
    let mut versions = Vec::new();
    for _ in 0..3 {
        let version = rule.done(store.put(row.clone()).await)?;
        rule.holds(!versions.contains(&version), "a new version", (&versions, version))?;
        versions.push(version);
        rule.equal(&true, &rule.done(store.delete(&row.id, "a").await)?)?;
        rule.equal(&false, &rule.done(store.delete(&row.id, "a").await)?)?;
        rule.equal(&None, &rule.done(store.get(&row.id, "a").await)?)?;
        rule.has_due(store, &[]).await?;
    }
    Ok(())
}

async fn advances_move(rule: Rule, store: &impl ReminderStore) -> Checked {
    let before = row(rule, "one", "a", 10);
    let old = rule.done(store.put(before.clone()).await)?;
    let version = rule.done(store.advance(&before.id, "a", old, Some(at(30))).await)?;
    let Some(version) = version.filter(|version| *version != old) else {
        return rule.broken("a new version", version);
    };
    let moved = ReminderRow { due: at(30), ..before.clone() };
    let kept = KeptReminder { version, row: moved.clone() };
    rule.equal(&Some(kept), &rule.done(store.get(&before.id, "a").await)?)?;
    rule.has_due(store, &[moved]).await?;
    rule.equal(&None, &rule.done(store.advance(&before.id, "a", version, None).await)?)?;
    rule.equal(&None, &rule.done(store.get(&before.id, "a").await)?)?;
    rule.has_due(store, &[]).await
}

async fn old_versions_are_refused(rule: Rule, store: &impl ReminderStore) -> Checked {
    let row = row(rule, "one", "a", 10);
    rule.conflicts(&store.advance(&row.id, "a", 1, None).await, 1, 0)?;
    let old = rule.done(store.put(row.clone()).await)?;
    let version = rule.done(store.put(row.clone()).await)?;
    for next in [None, Some(at(30))] {
        rule.conflicts(&store.advance(&row.id, "a", old, next).await, old, version)?;
        let kept = KeptReminder { version, row: row.clone() };
        rule.equal(&Some(kept), &rule.done(store.get(&row.id, "a").await)?)?;
    }
    let (one, other) = tokio::join!(
        store.advance(&row.id, "a", version, Some(at(30))),
        store.advance(&row.id, "a", version, Some(at(40)))
    );
    match (one, other) {
        (Ok(Some(new)), refused) | (refused, Ok(Some(new))) => rule.conflicts(&refused, version, new),
        (one, other) => rule.broken("one to be done", (one, other)),
    }
}

impl Rule {
    /// What is due in the rule's shard, ever.
    async fn has_due(self, store: &impl ReminderStore, expected: &[ReminderRow]) -> Checked {
        let ever: Range<SystemTime> = at(0)..at(1_000);
        let found = self.done(store.due(shard(self), ever, None, 100).await)?;
        self.equal(expected, &rows(&found)[..])
    }
}

fn row(rule: Rule, id: &str, name: &str, due: u64) -> ReminderRow {
    let bytes = Bytes::from(format!("{id} {name}"));
    ReminderRow { id: rule.id(id).into(), name: name.into(), shard: shard(rule), due: at(due), bytes }
}

fn rows(kept: &[KeptReminder]) -> Vec<ReminderRow> {
    kept.iter().map(|kept| kept.row.clone()).collect()
}

fn at(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
}

/// Each rule has another one, made of its words.
fn shard(rule: Rule) -> u16 {
    rule.0.bytes().fold(0, |made: u16, byte| made.rotate_left(5) ^ u16::from(byte))
}
