//! *Pure.* The parts that all reminders are in, so that several nodes can share the work.

use std::ops::Range;

/// How many there are, for good: stores know them by number.
const SHARDS: u16 = 64;

/// The shards that a node takes care of: all, as long as it is alone.
pub(super) const OURS: Range<u16> = 0..SHARDS;

/// The shard of the reminders of `id`: FNV-1a, the same in every build and on every machine.
pub(super) fn shard_of(id: &str) -> u16 {
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    // Neither half alone spreads ids that differ at their end only.
    u16::try_from((hash ^ (hash >> 32)) % u64::from(SHARDS)).expect("it is below 64")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_spread_over_all_shards_and_stay_in_theirs() {
        let mut found = [0; SHARDS as usize];
        (0..64_000).for_each(|number| found[usize::from(shard_of(&format!("cart/user-{number}")))] += 1);

        assert!(found.iter().all(|ids| (800..1_200).contains(ids)), "{found:?}");
        assert_eq!(shard_of("cart/user-1"), 54, "what is in stores is found no more");
    }
}
