//! What is known of each message of the fate test, by its sender and by its receiver.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use crate::actor::Delivery;

/// What senders and receivers wrote down, by message.
#[derive(Clone, Default)]
pub(super) struct Ledger {
    entries: Arc<Mutex<Vec<Entry>>>,
    /// Two routees may get a message.
    copied: Arc<AtomicBool>,
}

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
    pub(super) fn copies(&self) {
        self.copied.store(true, Ordering::Relaxed);
    }

    pub(super) fn open(&self, name: &'static str) -> usize {
        let mut entries = self.entries.lock();
        entries.push(Entry { name, asked: name, started: 0, completed: 0, end: End::Sent });
        entries.len() - 1
    }

    pub(super) fn rename(&self, id: usize, name: &'static str) {
        self.entries.lock()[id].name = name;
    }

    pub(super) fn started(&self, id: usize) {
        self.entries.lock()[id].started += 1;
    }

    pub(super) fn completed(&self, id: usize) {
        self.entries.lock()[id].completed += 1;
    }

    pub(super) fn end(&self, id: usize, end: End) {
        self.entries.lock()[id].end = end;
    }

    /// Compares what every message's sender and receiver know with the dead letters, counted by name.
    pub(super) fn settle(&self, letters: BTreeMap<&'static str, usize>) -> Result<Tally, String> {
        let mut tally = Tally::default();
        let copied = self.copied.load(Ordering::Relaxed);
        let entries = self.entries.lock();
        let mut order: Vec<_> = entries.iter().enumerate().collect();
        // Those with one name first: the others take what is left under either.
        order.sort_by_key(|(_, entry)| entry.name != entry.asked);
        // The other clone of a tell has a fate of its own.
        let others: Vec<_> = order.iter().map(|(_, entry)| *entry).collect();
        let others = others.into_iter().filter(|entry| copied && entry.end == End::Sent);
        let mut letters = Letters::new(letters, others.clone());
        for (id, entry) in order {
            let Entry { name, asked, started, completed, end } = entry;
            let wrong = |what: &str| Err(format!("message {id}: {what}: {entry:?}"));
            if *started > 1 + usize::from(copied) || completed > started {
                return wrong("executed twice");
            }
            match end {
                End::Answered if *completed == 0 => return wrong("answered and not handled"),
                End::Returned { delivered: Delivery::No, .. } if *started > 0 => {
                    return wrong("returned as not executed, and executed");
                }
                End::Returned { fault: true, .. } if *started == 0 || *completed > 0 && !copied => {
                    return wrong("a fault of a handler that did not fail");
                }
                End::NeverSent if *started > 0 => return wrong("not accepted, and executed"),
                End::Returned { .. } => tally.returned += 1,
                End::NeverSent => tally.never_sent += 1,
                End::Answered | End::Sent if *completed > 0 => tally.handled += 1,
                End::Answered | End::Sent if letters.take([name, asked]) => tally.dead += 1,
                End::Answered | End::Sent => return wrong("neither handled nor returned nor a dead letter"),
            }
        }
        for entry in others {
            letters.take([entry.name, entry.asked]);
        }
        // A reply that was kept is lost with its actor: handled, and a letter if its asker goes before it looks.
        let kept = |entry: &&Entry| entry.name == "keep" && entry.end == End::Sent && entry.completed > 0;
        for entry in entries.iter().filter(kept) {
            letters.take([entry.name, entry.asked]);
        }
        match letters.left.into_iter().find(|(_, left)| *left > 0) {
            Some((name, left)) => Err(format!("{left} dead letters of `{name}` belong to no message")),
            None => Ok(tally),
        }
    }
}

/// Dead letters by name.
struct Letters {
    left: BTreeMap<&'static str, usize>,
    /// How many of a name the other clones of messages with one name may take.
    spare: BTreeMap<&'static str, usize>,
}

impl Letters {
    fn new<'a>(left: BTreeMap<&'static str, usize>, others: impl Iterator<Item = &'a Entry>) -> Self {
        let mut spare = BTreeMap::new();
        for entry in others.filter(|entry| entry.name == entry.asked) {
            *spare.entry(entry.name).or_default() += 1;
        }
        Self { left, spare }
    }

    /// Takes one of either name, if there is one left: of that which others can take least of.
    fn take(&mut self, names: [&'static str; 2]) -> bool {
        let left = |name: &&str| self.left.get(name).copied().unwrap_or_default();
        let spare = |name: &&str| self.spare.get(name).copied().unwrap_or_default();
        let names = names.into_iter().filter(|name| left(name) > 0);
        let Some(name) = names.max_by_key(|name| left(name).saturating_sub(spare(name))) else {
            return false;
        };
        self.left.entry(name).and_modify(|left| *left -= 1);
        true
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
