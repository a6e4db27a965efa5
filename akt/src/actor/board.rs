//! The alarms of asks under way: a cell for each, claimed and cleared with one compare-and-swap.
//!
//! Most asks are answered long before their time is up, so an alarm is only put where the timers' agent
//! looks when it wakes. Each thread has cells of its own; when they are full, an ask goes to the wheel.
#![expect(unsafe_code, reason = "a cell owns a share of a slot as a tagged pointer")]

use std::ptr::{self, NonNull};
use std::sync::Arc;

use super::reference::Target;
use super::roll::Roll;
use super::slot::Share;
use crate::runtime::{Alarms, Ticks, TimerKey, Timers, fire, thread_number, threads};
use crate::sync::{AtomicPtr, AtomicU64, Ordering};
use crate::time::Instant;

const WORDS: usize = 4;
const CELLS: usize = 64 * WORDS;

/// The alarms of one system.
pub(crate) struct Board {
    shards: Arc<Shards>,
    timers: Timers,
    roll: Roll,
}

/// Where the alarm of an ask is.
#[derive(Clone, Copy)]
pub(crate) enum Alarm {
    Cell { shard: u16, cell: u16 },
    Wheel(TimerKey),
}

impl Board {
    pub(crate) fn new(timers: Timers) -> Self {
        Self {
            shards: Arc::new(Shards((0..threads()).map(|_| Shard::default()).collect())),
            timers,
            roll: Roll::default(),
        }
    }

    /// What the timers' agent looks at.
    pub(crate) fn alarms(&self) -> Arc<dyn Alarms> {
        self.shards.clone()
    }

    /// The asks under way, by name.
    pub(crate) fn roll(&self) -> &Roll {
        &self.roll
    }

    /// Fires `share`, that of an ask of `target`, at its alarm or a little later, unless cleared.
    pub(crate) fn set(&self, share: Share, target: &dyn Target, name: &'static str) -> Alarm {
        self.roll.add(share.as_raw().addr().get(), target, name);
        let deadline = share.alarm();
        let shard = thread_number() % self.shards.0.len();
        match self.shards.0[shard].put(share) {
            Ok(cell) => {
                self.timers.expect(deadline);
                Alarm::Cell { shard: narrow(shard), cell: narrow(cell) }
            }
            Err(share) => Alarm::Wheel(self.timers.arm(deadline, Arc::new(share))),
        }
    }

    /// Clears the alarm of the slot of which `mine` is a share; the alarm's share, if it is not under way.
    pub(crate) fn clear(&self, alarm: Alarm, mine: &Share) -> Option<Share> {
        self.roll.remove(mine.as_raw().addr().get());
        match alarm {
            Alarm::Cell { shard, cell } => self.shards.0[usize::from(shard)].take(usize::from(cell), mine),
            Alarm::Wheel(key) => {
                self.timers.cancel(key);
                None
            }
        }
    }
}

fn narrow(index: usize) -> u16 {
    u16::try_from(index).expect("few shards of few cells")
}

struct Shards(Box<[Shard]>);

impl Alarms for Shards {
    fn advance(&self, now: Instant, ticks: Ticks) -> u64 {
        self.0.iter().map(|shard| shard.advance(now, ticks)).min().unwrap_or(u64::MAX)
    }
}

/// The cells of one thread, or of a few.
#[repr(align(128))]
struct Shard {
    /// Which cells are taken. Only a hint, so that it needs no atomic change: the cell itself decides.
    taken: [AtomicU64; WORDS],
    /// A share, with its lowest bit set while the agent looks at it.
    cells: [AtomicPtr<()>; CELLS],
}

impl Default for Shard {
    fn default() -> Self {
        Self {
            taken: std::array::from_fn(|_| AtomicU64::new(0)),
            cells: std::array::from_fn(|_| AtomicPtr::new(ptr::null_mut())),
        }
    }
}

fn looked_at(share: *mut ()) -> *mut () {
    share.map_addr(|address| address | 1)
}

impl Shard {
    fn put(&self, share: Share) -> Result<usize, Share> {
        let raw = share.as_raw().as_ptr();
        for (group, taken) in self.taken.iter().enumerate() {
            let mut hint = taken.load(Ordering::Relaxed);
            while hint != u64::MAX {
                let bit = hint.trailing_ones();
                hint |= 1 << bit;
                taken.store(hint, Ordering::Relaxed);
                let cell = 64 * group + bit as usize;
                if exchange(&self.cells[cell], ptr::null_mut(), raw).is_ok() {
                    let _ = share.into_raw();
                    return Ok(cell);
                }
            }
        }
        Err(share)
    }

    fn take(&self, cell: usize, mine: &Share) -> Option<Share> {
        let raw = mine.as_raw();
        let mut expected = raw.as_ptr();
        loop {
            match exchange(&self.cells[cell], expected, ptr::null_mut()) {
                Ok(()) => break,
                Err(found) if found == raw.as_ptr() || found == looked_at(raw.as_ptr()) => expected = found,
                Err(_) => return None,
            }
        }
        let taken = &self.taken[cell / 64];
        taken.store(taken.load(Ordering::Relaxed) & !(1 << (cell % 64)), Ordering::Relaxed);
        // SAFETY: the cell owned the share, and is empty now. While the agent looks at it, it is the agent's.
        (expected == raw.as_ptr()).then(|| unsafe { Share::from_raw(raw) })
    }

    /// Fires what is due; the tick at which the next may be, in nanoseconds.
    fn advance(&self, now: Instant, ticks: Ticks) -> u64 {
        let mut next = u64::MAX;
        for (group, taken) in self.taken.iter().enumerate() {
            let mut hint = 0;
            for bit in 0..64 {
                let cell = &self.cells[64 * group + bit];
                let Some(found) = NonNull::new(cell.load(Ordering::SeqCst)) else { continue };
                hint |= 1 << bit;
                let (raw, marked) = (found.as_ptr(), looked_at(found.as_ptr()));
                if exchange(cell, raw, marked).is_err() {
                    continue;
                }
                // SAFETY: a marked cell's share is the agent's, of which there is one.
                let share = unsafe { Share::from_raw(found) };
                if ticks.is_due(share.alarm(), now) {
                    let _ = exchange(cell, marked, ptr::null_mut());
                    fire(&share, now);
                    continue;
                }
                next = next.min(ticks.after(share.alarm()));
                if exchange(cell, marked, raw).is_ok() {
                    let _ = share.into_raw();
                }
            }
            // What was lost between two threads that changed the hint at once is found here.
            taken.store(hint, Ordering::Relaxed);
        }
        next
    }
}

fn exchange(cell: &AtomicPtr<()>, from: *mut (), to: *mut ()) -> Result<(), *mut ()> {
    cell.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst).map(|_| ())
}

impl Drop for Shard {
    fn drop(&mut self) {
        for cell in &self.cells {
            if let Some(raw) = NonNull::new(cell.load(Ordering::Acquire)) {
                // SAFETY: the cell owns the share; the agent, which marks cells, holds the shard.
                drop(unsafe { Share::from_raw(raw) });
            }
        }
    }
}
