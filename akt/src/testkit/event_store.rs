//! The rules of event stores, checked: what an author of a store runs in a test.

use bytes::Bytes;

use super::rule::{BrokenRule, Checked, Rule};
use crate::persistence::{EventStore, Fence, Record};

/// Checks that `store`, which is empty, keeps each rule of [`EventStore`]; the first that it breaks is the error.
///
/// Every rule uses ids of its own, which begin with `akt-rule/`. What it cannot check is that the events outlive the process.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), akt::testkit::BrokenRule> {
/// akt::testkit::check_event_store(&akt::persistence::MemoryEventStore::new()).await
/// # }
/// ```
///
/// # Errors
///
/// [`BrokenRule`]: which one, what was expected, what was found.
pub async fn check_event_store(store: &impl EventStore) -> Result<(), BrokenRule> {
    fences_grow(Rule("fences grow, each id's for itself"), store).await?;
    events_come_back(Rule("events come back as they were, in order"), store).await?;
    pages_are_full(Rule("a page has its limit of events, unless there are no more"), store).await?;
    appends_follow(Rule("an append follows the last event, or changes nothing"), store).await?;
    one_append_wins(Rule("of two appends at one place, one is refused"), store).await?;
    old_fences_are_refused(Rule("an old fence is refused, and changes nothing"), store).await?;
    fences_may_come_from_elsewhere(Rule("a higher fence is taken over"), store).await?;
    snapshots_are_replaced(Rule("a snapshot replaces the one before"), store).await?;
    deleted_events_keep_their_numbers(Rule("what is deleted is gone, and its numbers with it"), store).await
}

async fn fences_grow(rule: Rule, store: &impl EventStore) -> Checked {
    let (one, other) = (rule.id("one"), rule.id("other"));
    let first = rule.done(store.fence(&one).await)?;
    let second = rule.done(store.fence(&one).await)?;
    rule.holds(second > first, "the second to be higher than the first", (first, second))?;
    rule.done(store.append(&one, second, events(1..=1)).await)?;
    let third = rule.done(store.fence(&one).await)?;
    rule.holds(third > second, "one after an append to be higher", (second, third))?;
    let fence = rule.done(store.fence(&other).await)?;
    rule.done(store.append(&other, fence, events(1..=1)).await)
}

async fn events_come_back(rule: Rule, store: &impl EventStore) -> Checked {
    let id = rule.id("one");
    reads(rule, store, &id, 1, &[]).await?;
    let fence = rule.done(store.fence(&id).await)?;
    let odd = Record { sequence: 3, schema: 7, bytes: Bytes::new() };
    let all = [events(1..=2), vec![odd]].concat();
    rule.done(store.append(&id, fence, all[..1].to_vec()).await)?;
    rule.done(store.append(&id, fence, all[1..].to_vec()).await)?;
    reads(rule, store, &id, 1, &all).await?;
    reads(rule, store, &id, 3, &all[2..]).await?;
    reads(rule, store, &id, 4, &[]).await?;
    reads(rule, store, &rule.id("other"), 1, &[]).await
}

async fn pages_are_full(rule: Rule, store: &impl EventStore) -> Checked {
    let id = rule.id("one");
    let fence = rule.done(store.fence(&id).await)?;
    rule.done(store.append(&id, fence, events(1..=7)).await)?;
    for (from, numbers) in [(1, 1..=3), (2, 2..=4), (6, 6..=7)] {
        let page = rule.done(store.read(&id, from, 3).await)?;
        rule.equal(&events(numbers), &page)?;
    }
    Ok(())
}

async fn appends_follow(rule: Rule, store: &impl EventStore) -> Checked {
    let id = rule.id("one");
    let fence = rule.done(store.fence(&id).await)?;
    rule.conflicts(&store.append(&id, fence, events(2..=2)).await, 2, 1)?;
    rule.done(store.append(&id, fence, events(1..=2)).await)?;
    rule.conflicts(&store.append(&id, fence, events(2..=3)).await, 2, 3)?;
    rule.conflicts(&store.append(&id, fence, events(4..=5)).await, 4, 3)?;
    reads(rule, store, &id, 1, &events(1..=2)).await
}

async fn one_append_wins(rule: Rule, store: &impl EventStore) -> Checked {
    let id = rule.id("one");
    let fence = rule.done(store.fence(&id).await)?;
    let (one, other) =
        tokio::join!(store.append(&id, fence, events(1..=2)), store.append(&id, fence, events(1..=2)));
    match (one, other) {
        (Ok(()), refused) | (refused, Ok(())) => rule.conflicts(&refused, 1, 3)?,
        (one, other) => return rule.broken("one to be done", (one, other)),
    }
    reads(rule, store, &id, 1, &events(1..=2)).await
}

async fn old_fences_are_refused(rule: Rule, store: &impl EventStore) -> Checked {
    let id = rule.id("one");
    let old = rule.done(store.fence(&id).await)?;
    rule.done(store.append(&id, old, events(1..=2)).await)?;
    let newest = rule.done(store.fence(&id).await)?;
    rule.is_stale(&store.append(&id, old, events(3..=3)).await, old, newest)?;
    rule.is_stale(&store.put_snapshot(&id, old, event(2)).await, old, newest)?;
    rule.is_stale(&store.delete_to(&id, old, 1).await, old, newest)?;
    reads(rule, store, &id, 1, &events(1..=2)).await?;
    rule.equal(&None, &rule.done(store.snapshot(&id).await)?)?;
    rule.done(store.append(&id, newest, events(3..=3)).await)
}

async fn fences_may_come_from_elsewhere(rule: Rule, store: &impl EventStore) -> Checked {
    let id = rule.id("one");
    let (low, high) = (Fence(10), Fence(20));
    rule.done(store.append(&id, high, events(1..=1)).await)?;
    rule.is_stale(&store.append(&id, low, events(2..=2)).await, low, high)?;
    let next = rule.done(store.fence(&id).await)?;
    rule.holds(next > high, "the next to be higher than the one from elsewhere", (high, next))
}

async fn snapshots_are_replaced(rule: Rule, store: &impl EventStore) -> Checked {
    let id = rule.id("one");
    rule.equal(&None, &rule.done(store.snapshot(&id).await)?)?;
    let fence = rule.done(store.fence(&id).await)?;
    rule.done(store.append(&id, fence, events(1..=2)).await)?;
    for number in [1, 2] {
        rule.done(store.put_snapshot(&id, fence, event(number)).await)?;
        rule.equal(&Some(event(number)), &rule.done(store.snapshot(&id).await)?)?;
    }
    rule.equal(&None, &rule.done(store.snapshot(&rule.id("other")).await)?)?;
    reads(rule, store, &id, 1, &events(1..=2)).await
}

async fn deleted_events_keep_their_numbers(rule: Rule, store: &impl EventStore) -> Checked {
    let id = rule.id("one");
    let fence = rule.done(store.fence(&id).await)?;
    rule.done(store.append(&id, fence, events(1..=3)).await)?;
    rule.done(store.delete_to(&id, fence, 2).await)?;
    reads(rule, store, &id, 1, &events(3..=3)).await?;
    rule.done(store.delete_to(&id, fence, 3).await)?;
    reads(rule, store, &id, 1, &[]).await?;
    rule.conflicts(&store.append(&id, fence, events(1..=1)).await, 1, 4)?;
    rule.done(store.append(&id, fence, events(4..=4)).await)?;
    reads(rule, store, &id, 1, &events(4..=4)).await
}

fn events(numbers: std::ops::RangeInclusive<u64>) -> Vec<Record> {
    numbers.map(event).collect()
}

fn event(sequence: u64) -> Record {
    Record { sequence, schema: 1, bytes: Bytes::from(format!("event {sequence}")) }
}

async fn reads(rule: Rule, store: &impl EventStore, id: &str, from: u64, expected: &[Record]) -> Checked {
    let found = rule.done(store.read(id, from, 100).await)?;
    rule.equal(expected, &found[..])
}
