//! Places by rank: the highest first, equal ones in the order of their acceptance.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::order::{MailboxPlace, MailboxQueue};

pub(super) struct Priority<K, F> {
    rank: Arc<F>,
    lines: BTreeMap<K, VecDeque<MailboxPlace>>,
}

impl<K, F> Priority<K, F> {
    pub(super) fn new(rank: Arc<F>) -> Self {
        Self { rank, lines: BTreeMap::new() }
    }
}

impl<M, K, F> MailboxQueue<M> for Priority<K, F>
where
    K: Ord + Send + 'static,
    F: Fn(&M) -> K + Send + Sync + 'static,
{
    fn push(&mut self, message: &M, place: MailboxPlace) {
        let rank = (self.rank)(message);
        self.lines.entry(rank).or_default().push_back(place);
    }

    fn pop(&mut self) -> Option<MailboxPlace> {
        let mut highest = self.lines.last_entry()?;
        let place = highest.get_mut().pop_front();
        if highest.get().is_empty() {
            highest.remove();
        }
        place
    }

    fn evict(&mut self) -> Option<MailboxPlace> {
        let mut lowest = self.lines.first_entry()?;
        let place = lowest.get_mut().pop_front();
        if lowest.get().is_empty() {
            lowest.remove();
        }
        place
    }
}
