//! *Pure.* Which routee takes a message.

use std::cmp::Reverse;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::gather::Gather;

/// The hash of a message's key.
pub(super) type KeyOf<M> = Box<dyn Fn(&M) -> u64 + Send + Sync>;

/// The user's choice among the routees.
pub(super) type Choose<M> = Box<dyn Fn(&M, &[Routee]) -> usize + Send + Sync>;

/// How a router picks among its routees.
pub(super) enum Strategy<M> {
    RoundRobin,
    Random,
    LeastLoaded,
    ConsistentHash(KeyOf<M>),
    Chosen(Choose<M>),
    /// Several routees get a message.
    Gather(Gather<M>),
    /// The routees pick their messages.
    Pull,
}

/// A routee, as the strategy of a [`Router::by`](super::Router::by) sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Routee {
    /// Its number, which no other routee of the router has; it is inherited by the one that replaces it.
    pub number: u64,
    /// How many messages wait in its mailbox.
    pub queued: usize,
}

/// The hash of a key, the same in every process of this build.
pub(super) fn hash_of(key: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// The places from `first` on, around.
pub(super) fn around(first: usize, len: usize) -> impl Iterator<Item = usize> {
    (0..len).map(move |step| (first % len + step) % len)
}

/// The places by their load, the lightest first; equal ones in the order of `turns`.
pub(super) fn lightest(turns: impl Iterator<Item = usize>, load: impl Fn(usize) -> usize) -> Vec<usize> {
    let mut places: Vec<_> = turns.map(|place| (load(place), place)).collect();
    places.sort_by_key(|(load, _)| *load);
    places.into_iter().map(|(_, place)| place).collect()
}

/// The places by the score of their numbers for `key`, the highest first: rendezvous hashing (Thaler and Ravishankar, "Using
/// name-based mappings to increase hit rates", IEEE/ACM Transactions on Networking, 1998). When a number goes,
/// only its keys move; when one comes, it takes its share from all.
pub(super) fn rendezvous(key: u64, numbers: impl Iterator<Item = (usize, u64)>) -> Vec<usize> {
    let mut scored: Vec<_> = numbers.map(|(place, number)| (Reverse(score(key, number)), place)).collect();
    scored.sort_unstable();
    scored.into_iter().map(|(_, place)| place).collect()
}

/// The finalizer of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) over both.
fn score(key: u64, number: u64) -> u64 {
    let mut mixed = key ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(key: u64, numbers: &[u64]) -> u64 {
        numbers[rendezvous(hash_of(&key), numbers.iter().copied().enumerate())[0]]
    }

    #[test]
    fn a_rotation_meets_every_place_once() {
        assert_eq!(around(7, 3).collect::<Vec<_>>(), [1, 2, 0]);
        assert_eq!(around(7, 0).count(), 0);
    }

    #[test]
    fn the_lightest_is_first_and_equals_take_turns() {
        let loads = [2, 0, 0];

        assert_eq!(lightest(around(1, 3), |place| loads[place]), [1, 2, 0]);
        assert_eq!(lightest(around(2, 3), |place| loads[place]), [2, 1, 0]);
    }

    #[test]
    fn keys_are_spread_evenly() {
        let numbers = [1, 2, 3, 4, 5];
        let mut counts = [0; 5];

        (0..10_000).for_each(|key| counts[usize::try_from(owner(key, &numbers) - 1).unwrap()] += 1);

        assert!(counts.iter().all(|count| (1_800..2_200).contains(count)), "{counts:?}");
    }

    #[test]
    fn only_the_keys_of_a_number_that_goes_move() {
        for key in 0..1_000 {
            let (before, after) = (owner(key, &[1, 2, 3, 4]), owner(key, &[1, 3, 4]));
            assert!(before == after || before == 2, "key {key} moved from {before} to {after}");
        }
    }

    #[test]
    fn a_number_that_comes_takes_only_its_share() {
        let moved = (0..10_000).filter(|key| owner(*key, &[1, 2, 3]) != owner(*key, &[1, 2, 3, 4]));

        assert!(moved.clone().all(|key| owner(key, &[1, 2, 3, 4]) == 4));
        assert!((2_200..2_800).contains(&moved.count()));
    }
}
