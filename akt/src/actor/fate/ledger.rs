//! What is known of each message of the fate test, by its sender and by its receiver.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::actor::Delivery;

/// What senders and receivers wrote down, by message.
#[derive(Clone, Default)]
pub(super) struct Ledger(Arc<Mutex<Vec<Entry>>>);

#[derive(Debug)]
struct Entry {
    /// The handler it is for.
    name: &'static str,
    /// The handler it was first for: what its asker calls it.
    asked: &'static str,
    started: usize,
    completed: usize,
    end: End,
}

/// What the sender knows.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum End {
    /// Accepted, and nobody waits: a tell, or an ask that was dropped.
    Sent,
    Answered,
    /// An error; whether the message may have been executed.
    Returned {
        delivered: Delivery,
        fault: bool,
    },
    /// Dropped before it was accepted.
    NeverSent,
}

impl Ledger {
    pub(super) fn open(&self, name: &'static str) -> usize {
        let mut entries = self.0.lock();
        entries.push(Entry { name, asked: name, started: 0, completed: 0, end: End::Sent });
        entries.len() - 1
    }

    pub(super) fn rename(&self, id: usize, name: &'static str) {
        self.0.lock()[id].name = name;
    }

    pub(super) fn started(&self, id: usize) {
        self.0.lock()[id].started += 1;
    }

    pub(super) fn completed(&self, id: usize) {
        self.0.lock()[id].completed += 1;
    }

    pub(super) fn end(&self, id: usize, end: End) {
        self.0.lock()[id].end = end;
    }

    /// Compares what every message's sender and receiver know with the dead letters, counted by name.
    pub(super) fn settle(&self, mut letters: BTreeMap<&'static str, usize>) -> Result<Tally, String> {
        let mut tally = Tally::default();
        let entries = self.0.lock();
        let mut order: Vec<_> = entries.iter().enumerate().collect();
        // Those with one name first: the others take what is left under either.
        order.sort_by_key(|(_, entry)| entry.name != entry.asked);
        for (id, entry) in order {
            let Entry { name, asked, started, completed, end } = entry;
            let wrong = |what: &str| Err(format!("message {id}: {what}: {entry:?}"));
            if *started > 1 || completed > started {
                return wrong("executed twice");
            }
            match end {
                End::Answered if *completed == 0 => return wrong("answered and not handled"),
                End::Returned { delivered: Delivery::No, .. } if *started > 0 => {
                    return wrong("returned as not executed, and executed");
                }
                End::Returned { fault: true, .. } if *started == 0 || *completed > 0 => {
                    return wrong("a fault of a handler that did not fail");
                }
                End::NeverSent if *started > 0 => return wrong("not accepted, and executed"),
                End::Returned { .. } => tally.returned += 1,
                End::NeverSent => tally.never_sent += 1,
                End::Answered | End::Sent if *completed > 0 => tally.handled += 1,
                End::Answered | End::Sent => {
                    let found = [name, asked]
                        .into_iter()
                        .find(|name| letters.get(*name).is_some_and(|left| *left > 0));
                    let Some(left) = found.and_then(|name| letters.get_mut(name)) else {
                        return wrong("neither handled nor returned nor a dead letter");
                    };
                    *left -= 1;
                    tally.dead += 1;
                }
            }
        }
        match letters.into_iter().find(|(_, left)| *left > 0) {
            Some((name, left)) => Err(format!("{left} dead letters of `{name}` belong to no message")),
            None => Ok(tally),
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) handled: usize,
    pub(super) returned: usize,
    pub(super) dead: usize,
    pub(super) never_sent: usize,
}

impl Tally {
    pub(super) fn add(&mut self, other: &Self) {
        self.handled += other.handled;
        self.returned += other.returned;
        self.dead += other.dead;
        self.never_sent += other.never_sent;
    }
}
