//! *Pure.* A value's fingerprint: 128 bits that are the same in every run.

use std::hash::{BuildHasherDefault, Hash, Hasher};

/// The fingerprint of `value`. Two values share one by accident only: once in about 10^26 pairs.
pub(super) fn fingerprint(value: &impl Hash) -> u128 {
    let mut hasher = Fingerprint::default();
    value.hash(&mut hasher);
    hasher.both()
}

/// Two sums with different factors, mixed at each word.
struct Fingerprint(u64, u64);

impl Default for Fingerprint {
    fn default() -> Self {
        Self(0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344)
    }
}

impl Fingerprint {
    fn both(&self) -> u128 {
        let (one, other) = (fold(self.0, 0x9e37_79b9_7f4a_7c15), fold(self.1, 0xd6e8_feb8_6659_fd93));
        (u128::from(one) << 64) | u128::from(other)
    }

    fn word(&mut self, word: u64) {
        self.0 = fold(self.0 ^ word, 0xa076_1d64_78bd_642f) ^ self.0.rotate_left(23);
        self.1 = fold(self.1.wrapping_add(word), 0xe703_7ed1_a0b4_28db) ^ self.1.rotate_left(41);
    }
}

/// Both halves of a product, folded into one.
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a ^ (b >> 7)) * u128::from(b);
    #[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
    let (low, high) = (product as u64, (product >> 64) as u64);
    low ^ high.rotate_left(32)
}

impl Hasher for Fingerprint {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.word(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, i: u8) {
        self.word(i.into());
    }

    fn write_u32(&mut self, i: u32) {
        self.word(i.into());
    }

    fn write_u64(&mut self, i: u64) {
        self.word(i);
    }

    fn write_usize(&mut self, i: usize) {
        self.word(i as u64);
    }

    fn finish(&self) -> u64 {
        self.0 ^ self.1
    }
}

/// Hashes what is a fingerprint already.
#[derive(Default)]
pub(super) struct Already(u64);

impl Hasher for Already {
    fn write(&mut self, _bytes: &[u8]) {
        unreachable!("only fingerprints are hashed with this");
    }

    fn write_u128(&mut self, i: u128) {
        #[expect(clippy::cast_possible_truncation, reason = "a half is as good as the whole")]
        let half = i as u64;
        self.0 = half;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

pub(super) type ByFingerprint = BuildHasherDefault<Already>;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn small_values_have_fingerprints_of_their_own() {
        let numbers =
            (0..40_u64).flat_map(|a| (0..40_u8).flat_map(move |b| (0..40_u32).map(move |c| (a, b, c))));
        let texts = (0..10_000).map(|n| format!("{n}"));
        let one: BTreeSet<_> = numbers.map(|value| fingerprint(&value)).collect();
        let other: BTreeSet<_> = texts.map(|text| fingerprint(&text)).collect();

        assert_eq!((one.len(), other.len()), (64_000, 10_000));
        assert_eq!(one.iter().map(|print| *print as u64).collect::<BTreeSet<_>>().len(), 64_000);
        assert_eq!(one.iter().map(|print| (*print >> 64) as u64).collect::<BTreeSet<_>>().len(), 64_000);
    }

    #[test]
    fn a_fingerprint_depends_on_order_and_on_length() {
        assert_ne!(fingerprint(&(1_u64, 2_u64)), fingerprint(&(2_u64, 1_u64)));
        assert_ne!(fingerprint(&vec![0_u8]), fingerprint(&vec![0_u8, 0]));
        assert_ne!(fingerprint(&Some(0_u8)), fingerprint(&None::<u8>));
        assert_eq!(fingerprint(&"same"), fingerprint(&String::from("same")));
    }
}
