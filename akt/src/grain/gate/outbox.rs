//! *Pure.* The messages that a gated grain has committed and not delivered: in order for each of their targets.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::codec::{self, Parcel};
use crate::persistence::{Row, Write};

/// What is to be delivered, and what was and is not deleted yet.
#[derive(Default)]
pub(super) struct Outbox {
    lines: BTreeMap<Arc<Place>, VecDeque<(u64, Parcel)>>,
    /// Rows that the next commit deletes.
    done: Vec<Box<str>>,
    /// Rows that it puts: what cannot be delivered.
    parked: Vec<Row>,
}

/// A target, by kind and key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) kind: String,
    pub(super) key: String,
}

impl Outbox {
    /// Adds what was committed, in the order of its number; the places to which nothing was under way before.
    pub(super) fn add(&mut self, parcels: impl IntoIterator<Item = (u64, Parcel)>) -> Vec<Arc<Place>> {
        let mut new = Vec::new();
        for (number, parcel) in parcels {
            let place = Place { kind: parcel.kind.clone(), key: parcel.key.clone() };
            let line = match self.lines.get_mut(&place) {
                Some(line) => line,
                None => {
                    let place = Arc::new(place);
                    new.push(place.clone());
                    self.lines.entry(place).or_default()
                }
            };
            line.push_back((number, parcel));
        }
        new
    }

    /// The next for `place`; without one, nothing is under way there any more.
    pub(super) fn next(&mut self, place: &Place) -> Option<(u64, Parcel)> {
        let next = self.lines.get(place).and_then(|line| line.front().cloned());
        if next.is_none() {
            self.lines.remove(place);
        }
        next
    }

    /// The next for `place` was handled.
    pub(super) fn delivered(&mut self, place: &Place) {
        let Some((number, _)) = self.lines.get_mut(place).and_then(VecDeque::pop_front) else { return };
        self.done.push(codec::out_name(number));
    }

    /// The next for `place` is not tried any more, for this reason.
    pub(super) fn park(&mut self, place: &Place, problem: String) {
        let Some((number, parcel)) = self.lines.get_mut(place).and_then(VecDeque::pop_front) else { return };
        self.done.push(codec::out_name(number));
        self.parked.push(codec::parked(number, &Parcel { problem, ..parcel }));
    }

    /// Whether something is to be written of it.
    pub(super) fn has_news(&self) -> bool {
        !self.done.is_empty() || !self.parked.is_empty()
    }

    /// What is to be written of it; if that is not done, it is given [`back`](Self::back).
    pub(super) fn take(&mut self) -> Write {
        let (remove, put) = (std::mem::take(&mut self.done), std::mem::take(&mut self.parked));
        Write { remove, put, ..Write::default() }
    }

    pub(super) fn back(&mut self, write: Write) {
        self.done.extend(write.remove);
        self.parked.extend(write.put);
    }
}
