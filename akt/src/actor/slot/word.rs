//! The word of a slot: how far the ask has come, what is in the slot, how many share it.

use crate::sync::{AtomicU64, Ordering};

pub(super) type Word = u64;

pub(super) const PHASE: Word = 0b111;
pub(super) const QUEUED: Word = 0;
pub(super) const CONNECTING: Word = 1;
pub(super) const SENT: Word = 2;
pub(super) const HANDLING: Word = 3;
pub(super) const STASHED: Word = 4;
/// This and everything above it is the end.
pub(super) const ANSWERED: Word = 5;
pub(super) const TIMED_OUT: Word = 6;
pub(super) const DROPPED: Word = 7;
/// The time is up; the asker does not know yet.
pub(super) const DUE: Word = 1 << 3;
/// The waker in the header belongs to whoever set this.
pub(super) const TAKEN: Word = 1 << 4;
/// The asker has another waker by now, behind the lock.
pub(super) const MOVED: Word = 1 << 5;
/// The outcome is in the slot.
pub(super) const VALUE: Word = 1 << 6;
/// The outcome goes to a connection.
pub(super) const WIRE: Word = 1 << 7;
pub(super) const SHARE: Word = 1 << 16;

pub(super) fn is_over(word: Word) -> bool {
    word & PHASE >= ANSWERED
}

pub(super) fn shares(word: Word) -> Word {
    word / SHARE
}

pub(super) fn at(phase: Word, word: Word) -> Word {
    word & !PHASE | phase
}

pub(super) fn exchange(word: &AtomicU64, from: Word, to: Word) -> Result<(), Word> {
    word.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).map(|_| ())
}
