//! *Pure.* The search of Wing and Gong for an order of operations, which remembers where it has been.

use std::collections::BTreeSet;

use super::Sequential;

/// One operation, as a search sees it. What has no reply may happen at any time from its beginning, and need not.
pub(super) struct Item<'a, S: Sequential> {
    pub(super) op: &'a S::Op,
    pub(super) invoked: u64,
    pub(super) replied: Option<(u64, &'a S::Reply)>,
}

/// What a search came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Order,
    None,
    /// The bound was reached.
    Unknown,
}

/// Which operations have happened: all below a number, and some above it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Done {
    below: usize,
    /// Sorted.
    others: Vec<usize>,
}

/// Looks for an order of `items`, which are sorted by when they were invoked, in which each has its reply.
pub(super) fn search<S: Sequential>(
    spec: &S,
    begin: &S::State,
    items: &[Item<'_, S>],
    bound: usize,
) -> Outcome {
    visit(spec, begin, items, bound, |_| true)
}

/// The states after all of `items`, each of which has a reply; none if there are too many ways to look at.
pub(super) fn states_after<S: Sequential>(
    spec: &S,
    begin: &BTreeSet<S::State>,
    items: &[Item<'_, S>],
    bound: usize,
) -> Option<BTreeSet<S::State>> {
    let mut after = BTreeSet::new();
    for begin in begin {
        let outcome = visit(spec, begin, items, bound, |state| {
            after.insert(state.clone());
            false
        });
        if outcome == Outcome::Unknown {
            return None;
        }
    }
    Some(after)
}

/// Shows `is_enough` each state in which every operation that has a reply has happened, until it is.
fn visit<S: Sequential>(
    spec: &S,
    begin: &S::State,
    items: &[Item<'_, S>],
    bound: usize,
    mut is_enough: impl FnMut(&S::State) -> bool,
) -> Outcome {
    let mut seen = BTreeSet::new();
    let mut next = vec![(Done { below: 0, others: Vec::new() }, begin.clone())];
    while let Some((done, state)) = next.pop() {
        let Some(first) = done.first_reply(items) else {
            if is_enough(&state) {
                return Outcome::Order;
            }
            continue;
        };
        if seen.len() > bound {
            return Outcome::Unknown;
        }
        let begun = done.left(items.len()).take_while(|number| items[*number].invoked < first);
        let from = next.len();
        for number in begun {
            let item = &items[number];
            let (after, reply) = spec.apply(&state, item.op);
            if item.replied.is_none_or(|(_, replied)| *replied == reply) {
                let way = (done.with(number), after);
                if seen.insert(way.clone()) {
                    next.push(way);
                }
            }
        }
        // The order of their beginnings is the likeliest.
        next[from..].reverse();
    }
    Outcome::None
}

impl Done {
    fn left(&self, count: usize) -> impl Iterator<Item = usize> {
        (self.below..count).filter(|number| self.others.binary_search(number).is_err())
    }

    /// When the first reply came of those that have not happened: nothing that began later happens before it.
    fn first_reply<S: Sequential>(&self, items: &[Item<'_, S>]) -> Option<u64> {
        let mut first = None;
        for number in self.left(items.len()) {
            let Item { invoked, replied, .. } = items[number];
            if first.is_some_and(|first| first < invoked) {
                break;
            }
            let reply = replied.map(|(at, _)| at);
            first = first.into_iter().chain(reply).min();
        }
        first
    }

    fn with(&self, number: usize) -> Self {
        let mut with = self.clone();
        let place = with.others.partition_point(|other| *other < number);
        with.others.insert(place, number);
        let joined =
            with.others.iter().zip(with.below..).take_while(|(other, below)| *other == below).count();
        with.others.drain(..joined);
        with.below += joined;
        with
    }
}
