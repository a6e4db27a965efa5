//! The rules of state stores, checked: what an author of a store runs in a test.

use bytes::Bytes;

use super::rule::{BrokenRule, Checked, Rule};
use crate::persistence::{Change, Fence, Kept, Row, Saved, StateStore, Write};

/// Checks that `store`, which is empty, keeps each rule of [`StateStore`]; the first that it breaks is the error.
///
/// Every rule uses ids of its own, which begin with `akt-rule/`. What it cannot check is that the states outlive the process.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), akt::testkit::BrokenRule> {
/// akt::testkit::check_state_store(&akt::persistence::MemoryStateStore::new()).await
/// # }
/// ```
///
/// # Errors
///
/// [`BrokenRule`]: which one, what was expected, what was found.
pub async fn check_state_store(store: &impl StateStore) -> Result<(), BrokenRule> {
    fences_grow(Rule("fences grow, each id's for itself"), store).await?;
    states_come_back(Rule("a state comes back as it was"), store).await?;
    rows_come_back(Rule("rows come back as they were, by name in order"), store).await?;
    versions_follow(Rule("a commit follows the last version, or changes nothing"), store).await?;
    one_commit_wins(Rule("of two commits of one version, one is refused"), store).await?;
    old_fences_are_refused(Rule("an old fence is refused, and changes nothing"), store).await?;
    fences_may_come_from_elsewhere(Rule("a higher fence is taken over"), store).await?;
    ids_are_found(Rule("ids are found by their rows, in order, page after page"), store).await
}

async fn fences_grow(rule: Rule, store: &impl StateStore) -> Checked {
    let (one, other) = (rule.id("one"), rule.id("other"));
    let first = rule.done(store.fence(&one).await)?;
    let second = rule.done(store.fence(&one).await)?;
    rule.holds(second > first, "the second to be higher than the first", (first, second))?;
    rule.equal(&0, &rule.done(store.load(&one).await)?.version)?;
    rule.done(store.commit(&one, second, 0, save("a")).await)?;
    let third = rule.done(store.fence(&one).await)?;
    rule.holds(third > second, "one after a commit to be higher", (second, third))?;
    rule.equal(&third, &rule.done(store.load(&one).await)?.fence)?;
    let fence = rule.done(store.fence(&other).await)?;
    rule.done(store.commit(&other, fence, 0, save("b")).await).map(drop)
}

async fn states_come_back(rule: Rule, store: &impl StateStore) -> Checked {
    let id = rule.id("one");
    rule.equal(&Kept::default(), &rule.done(store.load(&id).await)?)?;
    let fence = rule.done(store.fence(&id).await)?;
    let odd = Saved { schema: 7, bytes: Bytes::new() };
    let changes = [
        (Change::Nothing, None),
        (Change::Save(state("a")), Some(state("a"))),
        (Change::Save(odd.clone()), Some(odd.clone())),
        (Change::Nothing, Some(odd)),
        (Change::Delete, None),
        (Change::Delete, None),
        (Change::Save(state("b")), Some(state("b"))),
    ];
    for ((change, expected), version) in changes.into_iter().zip(1..) {
        let write = Write { state: change, ..Write::default() };
        rule.equal(&version, &rule.done(store.commit(&id, fence, version - 1, write).await)?)?;
        let kept = Kept { version, fence, state: expected, rows: Vec::new() };
        rule.equal(&kept, &rule.done(store.load(&id).await)?)?;
    }
    rule.equal(&Kept::default(), &rule.done(store.load(&rule.id("other")).await)?)
}

async fn rows_come_back(rule: Rule, store: &impl StateStore) -> Checked {
    let id = rule.id("one");
    let fence = rule.done(store.fence(&id).await)?;
    let steps: [(&[&str], &[&str], &[&str]); 4] = [
        (&[], &["out/2", "in/b", "out/1"], &["in/b", "out/1", "out/2"]),
        (&["out/1", "out/7"], &["in/b", "out/10"], &["in/b", "out/10", "out/2"]),
        (&["in/b"], &["in/b"], &["in/b", "out/10", "out/2"]),
        (&["in/b", "out/10", "out/2"], &[], &[]),
    ];
    for ((remove, put, expected), version) in steps.into_iter().zip(1..) {
        // Each version of a row is told from the one before.
        let put = put.iter().map(|name| row(name, version)).collect();
        let write = Write { remove: remove.iter().map(|&name| name.into()).collect(), put, ..save("a") };
        let before = rule.done(store.load(&id).await)?.rows;
        rule.done(store.commit(&id, fence, version - 1, write.clone()).await)?;
        let kept = rule.done(store.load(&id).await)?;
        let names: Vec<_> = kept.rows.iter().map(|row| &*row.name).collect();
        rule.equal(expected, &names[..])?;
        let known = write.put.iter().chain(&before);
        let right = |row: &Row| known.clone().find(|known| known.name == row.name) == Some(row);
        rule.holds(kept.rows.iter().all(right), "each row to be the last that was put", &kept.rows)?;
    }
    Ok(())
}

async fn versions_follow(rule: Rule, store: &impl StateStore) -> Checked {
    let id = rule.id("one");
    let fence = rule.done(store.fence(&id).await)?;
    rule.conflicts(&store.commit(&id, fence, 1, save("a")).await, 1, 0)?;
    rule.done(store.commit(&id, fence, 0, save("a")).await)?;
    for expected in [0, 2] {
        let write = Write { put: vec![row("out/1", 1)], ..save("b") };
        rule.conflicts(&store.commit(&id, fence, expected, write).await, expected, 1)?;
    }
    is_kept(rule, store, &id, 1, "a").await
}

async fn one_commit_wins(rule: Rule, store: &impl StateStore) -> Checked {
    let id = rule.id("one");
    let fence = rule.done(store.fence(&id).await)?;
    let (one, other) =
        tokio::join!(store.commit(&id, fence, 0, save("one")), store.commit(&id, fence, 0, save("other")));
    match (one, other) {
        (Ok(1), refused) => {
            rule.conflicts(&refused, 0, 1)?;
            is_kept(rule, store, &id, 1, "one").await
        }
        (refused, Ok(1)) => {
            rule.conflicts(&refused, 0, 1)?;
            is_kept(rule, store, &id, 1, "other").await
        }
        (one, other) => rule.broken("one to be done", (one, other)),
    }
}

async fn old_fences_are_refused(rule: Rule, store: &impl StateStore) -> Checked {
    let id = rule.id("one");
    let old = rule.done(store.fence(&id).await)?;
    rule.done(store.commit(&id, old, 0, save("a")).await)?;
    let newest = rule.done(store.fence(&id).await)?;
    for expected in [1, 5] {
        let write = Write { put: vec![row("out/1", 1)], ..save("b") };
        rule.is_stale(&store.commit(&id, old, expected, write).await, old, newest)?;
    }
    is_kept(rule, store, &id, 1, "a").await?;
    rule.done(store.commit(&id, newest, 1, save("c")).await).map(drop)
}

async fn fences_may_come_from_elsewhere(rule: Rule, store: &impl StateStore) -> Checked {
    let id = rule.id("one");
    let (low, high) = (Fence(10), Fence(20));
    rule.done(store.commit(&id, high, 0, save("a")).await)?;
    rule.is_stale(&store.commit(&id, low, 1, save("b")).await, low, high)?;
    let next = rule.done(store.fence(&id).await)?;
    rule.holds(next > high, "the next to be higher than the one from elsewhere", (high, next))
}

async fn ids_are_found(rule: Rule, store: &impl StateStore) -> Checked {
    let id = |name: &str| rule.id(name);
    let (prefix, other) = ("akt-rule-row/", "akt-rule-other/");
    for (name, rows) in
        [("a", [prefix, other]), ("b", [other, other]), ("c", [prefix, prefix]), ("d", [prefix, other])]
    {
        let fence = rule.done(store.fence(&id(name)).await)?;
        let put = rows.iter().zip(1..).map(|(row_prefix, n)| row(&format!("{row_prefix}{n}"), n)).collect();
        rule.done(store.commit(&id(name), fence, 0, Write { put, ..Write::default() }).await)?;
    }
    let first = rule.done(store.ids_with_row(prefix, None, 2).await)?;
    rule.equal(&vec![id("a"), id("c")], &first)?;
    let second = rule.done(store.ids_with_row(prefix, Some(&id("c")), 2).await)?;
    rule.equal(&vec![id("d")], &second)?;
    let remove = vec![format!("{prefix}1").into(), format!("{prefix}2").into()];
    let fence = rule.done(store.fence(&id("c")).await)?;
    rule.done(store.commit(&id("c"), fence, 1, Write { remove, ..Write::default() }).await)?;
    rule.equal(&vec![id("a"), id("d")], &rule.done(store.ids_with_row(prefix, None, 10).await)?)
}

async fn is_kept(rule: Rule, store: &impl StateStore, id: &str, version: u64, text: &str) -> Checked {
    let Kept { version: found, state: kept, rows, .. } = rule.done(store.load(id).await)?;
    rule.equal(&(version, Some(state(text)), Vec::new()), &(found, kept, rows))
}

fn state(text: &str) -> Saved {
    Saved { schema: 1, bytes: Bytes::from(text.to_owned()) }
}

fn save(text: &str) -> Write {
    Write { state: Change::Save(state(text)), ..Write::default() }
}

fn row(name: &str, version: u64) -> Row {
    Row { name: name.into(), bytes: Bytes::from(format!("{name} of {version}")) }
}
