//! One wheel per system: deadlines of asks and timers, without a task or an allocation each.
//!
//! A hierarchical timing wheel (Varghese and Lauck, 1987): six levels of 64 slots, one tick about a
//! millisecond. Entries live in a slab and are linked by index, so that adding and cancelling are O(1).

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::{Runtime, Ticks};
use crate::time::Instant;

const LEVELS: usize = 6;
const SLOTS: usize = 64;
const NIL: u32 = u32::MAX;
/// Space for so many timers is kept when there are fewer.
const KEPT: usize = 1_024;

/// What a timer does when its time has come.
pub(crate) trait Fire: Send + Sync {
    fn fire(&self, now: Instant);
}

/// Deadlines that are kept elsewhere, with the promise of the wheel: [`Ticks::is_due`] says when.
pub(crate) trait Alarms: Send + Sync {
    /// Fires what is due; the earliest [`Ticks::after`] of the rest.
    fn advance(&self, now: Instant, ticks: Ticks) -> u64;
}

/// Names one armed timer, so that it can be cancelled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimerKey {
    shard: u32,
    index: u32,
    generation: u32,
}

/// The timers of one system.
#[derive(Clone)]
pub(crate) struct Timers(Arc<Shared>);

struct Shared {
    shards: Box<[Mutex<Wheel>]>,
    ticks: Ticks,
    /// The moment for which the agent sleeps, in nanoseconds.
    wakes_at: AtomicU64,
    changed: Notify,
    stopped: AtomicBool,
}

impl Timers {
    pub(crate) fn new(ticks: Ticks) -> Self {
        Self(Arc::new(Shared {
            ticks,
            shards: (0..threads()).map(|_| Mutex::new(Wheel::default())).collect(),
            wakes_at: AtomicU64::new(u64::MAX),
            changed: Notify::new(),
            stopped: AtomicBool::new(false),
        }))
    }

    /// Calls `fire` at `deadline` or a little later, as [`Ticks`] says, unless cancelled.
    pub(crate) fn arm(&self, deadline: Instant, fire: Arc<dyn Fire>) -> TimerKey {
        let shard = thread_number() % self.0.shards.len();
        let (index, generation) = self.0.shards[shard].lock().insert(self.0.ticks.due(deadline), fire);
        self.expect(deadline);
        TimerKey { shard: u32::try_from(shard).expect("at most 8 shards"), index, generation }
    }

    /// Has the agent awake after `deadline`, for what it finds then.
    ///
    /// It is not called back when there is nothing left to find: most asks are answered long before, and an
    /// agent that looked each time would run beside them on another thread.
    pub(crate) fn expect(&self, deadline: Instant) {
        let at = self.0.ticks.after(deadline);
        if at < self.0.wakes_at.load(Ordering::SeqCst) && at < self.0.wakes_at.fetch_min(at, Ordering::SeqCst)
        {
            self.0.changed.notify_one();
        }
    }

    /// Disarms the timer; nothing happens if it has fired.
    pub(crate) fn cancel(&self, key: TimerKey) {
        let fire = self.0.shards[key.shard as usize].lock().remove(key.index, key.generation);
        drop(fire);
    }

    /// Ends [`run`](Self::run); what is armed never fires.
    pub(crate) fn stop(&self) {
        self.0.stopped.store(true, Ordering::SeqCst);
        self.0.changed.notify_one();
    }

    /// Forgets what is armed and never fires, which may keep its system.
    pub(crate) fn clear(&self) {
        for shard in &self.0.shards {
            let forgotten = std::mem::take(&mut *shard.lock());
            drop(forgotten);
        }
    }

    /// Fires what is due, for as long as the system runs.
    pub(crate) async fn run(self, runtime: Runtime, alarms: Arc<dyn Alarms>) {
        let (ticks, mut due) = (self.0.ticks, Vec::new());
        while !self.0.stopped.load(Ordering::SeqCst) {
            let at = self.0.wakes_at.load(Ordering::SeqCst);
            tokio::select! { biased;
                () = self.0.changed.notified() => continue,
                () = runtime.sleep_until((at != u64::MAX).then(|| Instant::from_nanos(at))) => {}
            }
            // What is set from here on calls for its own moment; what was set before is found.
            self.0.wakes_at.store(u64::MAX, Ordering::SeqCst);
            let now = runtime.now();
            let mut next = alarms.advance(now, ticks);
            for shard in &self.0.shards {
                let mut wheel = shard.lock();
                wheel.advance(ticks.of(now), &mut due);
                next = next.min(wheel.next_tick().map_or(u64::MAX, |tick| ticks.begin(tick)));
            }
            due.drain(..).for_each(|due| fire(&*due, now));
            due.shrink_to(KEPT);
            self.0.wakes_at.fetch_min(next, Ordering::SeqCst);
        }
    }
}

/// Fires one timer. It wakes: an executor that panics then must not cost all others their deadlines.
pub(crate) fn fire(due: &dyn Fire, now: Instant) {
    let _ = catch_unwind(AssertUnwindSafe(|| due.fire(now)));
}

/// Over how many shards threads are spread.
pub(crate) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get().min(8))
}

/// A small number of the calling thread, to spread threads over shards.
pub(crate) fn thread_number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static NUMBER: Cell<usize> = const { Cell::new(usize::MAX) });
    NUMBER.with(|number| {
        if number.get() == usize::MAX {
            number.set(NEXT.fetch_add(1, Ordering::Relaxed));
        }
        number.get()
    })
}

struct Wheel {
    /// The last tick that was worked off.
    elapsed: u64,
    entries: Vec<Entry>,
    free: u32,
    armed: usize,
    /// How many were armed so far, so that a key does not name a later timer in its place.
    generation: u32,
    levels: [Level; LEVELS],
}

struct Level {
    occupied: u64,
    heads: [u32; SLOTS],
}

struct Entry {
    fire: Option<Arc<dyn Fire>>,
    tick: u64,
    generation: u32,
    next: u32,
    previous: u32,
}

impl Default for Wheel {
    fn default() -> Self {
        let levels = std::array::from_fn(|_| Level { occupied: 0, heads: [NIL; SLOTS] });
        Self { elapsed: 0, entries: Vec::new(), free: NIL, armed: 0, generation: 0, levels }
    }
}

impl Wheel {
    fn insert(&mut self, tick: u64, fire: Arc<dyn Fire>) -> (u32, u32) {
        self.generation = self.generation.wrapping_add(1);
        self.armed += 1;
        let generation = self.generation;
        let entry = Entry { fire: Some(fire), tick, generation, next: NIL, previous: NIL };
        let mut index = self.free;
        if index == NIL {
            index = u32::try_from(self.entries.len()).expect("fewer than 2^32 timers");
            self.entries.push(entry);
        } else {
            let place = &mut self.entries[index as usize];
            self.free = place.next;
            *place = entry;
        }
        self.link(index);
        (index, generation)
    }

    fn remove(&mut self, index: u32, generation: u32) -> Option<Arc<dyn Fire>> {
        let entry = self.entries.get(index as usize).filter(|entry| entry.generation == generation)?;
        entry.fire.as_ref()?;
        self.unlink(index);
        let fire = self.release(index);
        self.trim();
        fire
    }

    fn release(&mut self, index: u32) -> Option<Arc<dyn Fire>> {
        let entry = &mut self.entries[index as usize];
        entry.next = self.free;
        self.free = index;
        self.armed -= 1;
        entry.fire.take()
    }

    /// Gives back the space of a burst, once nothing is armed.
    fn trim(&mut self) {
        if self.armed == 0 && self.entries.len() > KEPT {
            (self.entries, self.free) = (Vec::new(), NIL);
        }
    }

    /// Moves to `tick` and appends everything due until then.
    fn advance(&mut self, tick: u64, due: &mut Vec<Arc<dyn Fire>>) {
        while let Some((level, slot, start)) = self.next_slot().filter(|(.., start)| *start <= tick) {
            self.elapsed = self.elapsed.max(start);
            let mut index = std::mem::replace(&mut self.levels[level].heads[slot], NIL);
            self.levels[level].occupied &= !(1 << slot);
            while index != NIL {
                let next = self.entries[index as usize].next;
                if self.entries[index as usize].tick <= self.elapsed {
                    due.extend(self.release(index));
                } else {
                    self.link(index);
                }
                index = next;
            }
        }
        self.elapsed = self.elapsed.max(tick);
        self.trim();
    }

    fn next_tick(&self) -> Option<u64> {
        self.next_slot().map(|(.., start)| start)
    }

    /// The first occupied slot and the tick at which it begins; lower levels come first.
    fn next_slot(&self) -> Option<(usize, usize, u64)> {
        let level = self.levels.iter().position(|level| level.occupied != 0)?;
        let shift = 6 * u32::try_from(level).expect("six levels");
        let here = (self.elapsed >> shift) & 63;
        let ahead = self.levels[level].occupied.rotate_right(u32::try_from(here).expect("below 64"));
        let slot = (u64::from(ahead.trailing_zeros()) + here) & 63;
        let round = self.elapsed >> shift >> 6;
        let mut start = ((round << 6) + slot) << shift;
        if slot < here {
            start += 64 << shift;
        }
        Some((level, usize::try_from(slot).expect("below 64"), start))
    }

    fn link(&mut self, index: u32) {
        let (level, slot) = self.place(index);
        let Level { occupied, heads } = &mut self.levels[level];
        let head = std::mem::replace(&mut heads[slot], index);
        *occupied |= 1 << slot;
        if head != NIL {
            self.entries[head as usize].previous = index;
        }
        let entry = &mut self.entries[index as usize];
        entry.next = head;
        entry.previous = NIL;
    }

    fn unlink(&mut self, index: u32) {
        let Entry { next, previous, .. } = self.entries[index as usize];
        if next != NIL {
            self.entries[next as usize].previous = previous;
        }
        if previous != NIL {
            self.entries[previous as usize].next = next;
            return;
        }
        let (level, slot) = self.place_of_head(index);
        self.levels[level].heads[slot] = next;
        if next == NIL {
            self.levels[level].occupied &= !(1 << slot);
        }
    }

    /// The slot for the entry's tick, seen from now. A tick that has passed is due at the next one.
    fn place(&mut self, index: u32) -> (usize, usize) {
        let entry = &mut self.entries[index as usize];
        entry.tick = entry.tick.max(self.elapsed + 1).min(self.elapsed + (1 << (6 * LEVELS)) - 1);
        let apart = (self.elapsed ^ entry.tick) | 63;
        let level = (63 - apart.leading_zeros()) as usize / 6;
        let level = level.min(LEVELS - 1);
        (level, (entry.tick >> (6 * level)) as usize & 63)
    }

    /// Where a linked entry is: its level was chosen at an earlier `elapsed`, so look for its head.
    fn place_of_head(&self, index: u32) -> (usize, usize) {
        let tick = self.entries[index as usize].tick;
        (0..LEVELS)
            .map(|level| (level, (tick >> (6 * level)) as usize & 63))
            .find(|&(level, slot)| self.levels[level].heads[slot] == index)
            .expect("a linked entry without predecessor is the head of its slot")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Recorder(u64, Arc<Mutex<Vec<u64>>>);

    impl Fire for Recorder {
        fn fire(&self, _: Instant) {
            self.1.lock().push(self.0);
        }
    }

    #[test]
    fn a_wheel_gives_back_the_space_of_a_burst_and_no_old_key_names_a_new_timer() {
        let fired = Arc::new(Mutex::new(Vec::new()));
        let mut wheel = Wheel::default();
        let arm = |wheel: &mut Wheel| wheel.insert(7, Arc::new(Recorder(7, fired.clone())));
        let old: Vec<_> = (0..10_000).map(|_| arm(&mut wheel)).collect();

        wheel.advance(7, &mut Vec::new());

        assert_eq!(wheel.entries.capacity(), 0);
        let new: Vec<_> = (0..10_000).map(|_| arm(&mut wheel)).collect();
        assert!(old.into_iter().all(|(index, generation)| wheel.remove(index, generation).is_none()));
        assert!(new.into_iter().all(|(index, generation)| wheel.remove(index, generation).is_some()));
        assert_eq!(wheel.entries.capacity(), 0);
    }

    proptest! {
        #[test]
        fn every_armed_timer_fires_once_at_its_tick_and_a_cancelled_one_never(
            timers in prop::collection::vec((0_u64..400_000, any::<bool>()), 0..200),
            steps in prop::collection::vec(1_u64..9_000, 1..80),
        ) {
            let fired = Arc::new(Mutex::new(Vec::new()));
            let mut wheel = Wheel::default();
            let keys: Vec<_> = timers
                .iter()
                .map(|(tick, _)| wheel.insert(*tick, Arc::new(Recorder(*tick, fired.clone()))))
                .collect();
            for ((_, cancelled), (index, generation)) in timers.iter().zip(keys) {
                if *cancelled {
                    prop_assert!(wheel.remove(index, generation).is_some());
                    prop_assert!(wheel.remove(index, generation).is_none());
                }
            }

            let mut now = 0;
            for step in steps {
                let before = now;
                now += step;
                let mut due = Vec::new();
                wheel.advance(now, &mut due);
                due.iter().for_each(|fire| fire.fire(Instant::ZERO));
                let mut got = std::mem::take(&mut *fired.lock());
                got.sort_unstable();
                let mut expected: Vec<_> = timers
                    .iter()
                    .filter(|(tick, cancelled)| !cancelled && (before < *tick || before == 0) && *tick <= now)
                    .map(|(tick, _)| *tick)
                    .collect();
                expected.sort_unstable();
                prop_assert_eq!(got, expected);
                if let Some(next) = wheel.next_tick() {
                    prop_assert!(next > now);
                }
            }
        }
    }
}
