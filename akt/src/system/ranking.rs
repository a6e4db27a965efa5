//! *Pure.* The order in which actors are evicted, looked at only where it begins.

use std::collections::BTreeMap;

use crate::actor::Usage;
use crate::id::ActorId;

/// What is used how much goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    LeastRecent,
    LeastFrequent,
    MostRecent,
}

/// A place in the order. Use moves an actor away from the first place, but for the most recent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank(u64, u64, ActorId);

impl Rank {
    fn of(order: Order, usage: Usage, id: ActorId) -> Self {
        let (since, handled) = (usage.since.as_nanos(), usage.handled);
        match order {
            Order::LeastRecent => Self(since, handled, id),
            Order::LeastFrequent => Self(handled, since, id),
            Order::MostRecent => Self(u64::MAX - since, u64::MAX - handled, id),
        }
    }

    fn last(id: ActorId) -> Self {
        Self(u64::MAX, u64::MAX, id)
    }
}

/// Members in the order of their eviction, as they were used when they were last looked at.
pub(super) struct Ranking<T> {
    order: Order,
    members: BTreeMap<Rank, T>,
    ranks: BTreeMap<ActorId, Rank>,
}

impl<T> Ranking<T> {
    pub(super) fn new(order: Order) -> Self {
        Self { order, members: BTreeMap::new(), ranks: BTreeMap::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn insert(&mut self, id: ActorId, usage: Usage, member: T) {
        self.put(Rank::of(self.order, usage, id), member);
    }

    /// Behind all others, until it is used.
    pub(super) fn insert_last(&mut self, id: ActorId, member: T) {
        self.put(Rank::last(id), member);
    }

    fn put(&mut self, rank: Rank, member: T) {
        self.remove(rank.2);
        self.ranks.insert(rank.2, rank);
        self.members.insert(rank, member);
    }

    pub(super) fn remove(&mut self, id: ActorId) -> Option<T> {
        self.ranks.remove(&id).and_then(|rank| self.members.remove(&rank))
    }

    pub(super) fn was_used(&mut self, id: ActorId, usage: Usage) {
        if let Some(member) = self.remove(id) {
            self.insert(id, usage, member);
        }
    }

    /// Looks at the first: takes it out, unless it was used since it got its place. Then it gets another.
    pub(super) fn take_first(&mut self, usage: impl FnOnce(&T) -> Usage) -> Option<T> {
        let (rank, member) = self.members.pop_first()?;
        self.ranks.remove(&rank.2);
        let now = Rank::of(self.order, usage(&member), rank.2);
        if now <= rank {
            return Some(member);
        }
        self.put(now, member);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Instant;
    use proptest::prelude::*;

    fn usage(since: u64, handled: u64) -> Usage {
        Usage { since: Instant::from_nanos(since), handled }
    }

    fn evicted(order: Order) -> Vec<u64> {
        let mut ranking = Ranking::new(order);
        for (id, since, handled) in [(1, 30, 1), (2, 10, 9), (3, 20, 5)] {
            ranking.insert(ActorId::new(id), usage(since, handled), (id, usage(since, handled)));
        }
        std::iter::from_fn(|| ranking.take_first(|member| member.1)).map(|member| member.0).collect()
    }

    #[test]
    fn each_order_begins_where_it_says() {
        assert_eq!(evicted(Order::LeastRecent), [2, 3, 1]);
        assert_eq!(evicted(Order::LeastFrequent), [1, 3, 2]);
        assert_eq!(evicted(Order::MostRecent), [1, 3, 2]);
    }

    #[test]
    fn what_was_put_last_comes_last_until_it_is_used() {
        let mut ranking = Ranking::new(Order::LeastRecent);
        ranking.insert_last(ActorId::new(1), 1);
        ranking.insert(ActorId::new(2), usage(99, 99), 2);

        ranking.was_used(ActorId::new(1), usage(5, 5));

        assert_eq!(ranking.take_first(|_| usage(5, 5)), Some(1));
    }

    proptest! {
        #[test]
        fn whoever_is_taken_is_first_by_how_all_are_used_now(
            uses in prop::collection::vec((1..8_u64, 1..50_u64), 1..60),
            frequent in any::<bool>(),
        ) {
            let order = if frequent { Order::LeastFrequent } else { Order::LeastRecent };
            let mut now = [usage(0, 0); 8];
            let mut ranking = Ranking::new(order);
            for id in 0..8 {
                ranking.insert(ActorId::new(id), usage(0, 0), id);
            }
            let mut clock = 0;
            for (id, later) in uses {
                clock += later;
                let at = usize::try_from(id).unwrap();
                now[at] = usage(clock, now[at].handled + 1);
            }

            let of = |id: u64| now[usize::try_from(id).unwrap()];
            let mut taken = Vec::new();
            while ranking.len() > 0 {
                taken.extend(ranking.take_first(|id| of(*id)));
            }

            let mut sorted = taken.clone();
            sorted.sort_by_key(|id| Rank::of(order, of(*id), ActorId::new(*id)));
            prop_assert_eq!(taken, sorted);
        }
    }
}
