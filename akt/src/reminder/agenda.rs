//! *Pure.* The reminders of a node that are due soon: when each is sent, when its time is moved on, when the store is read.
//!
//! Two clocks go in: times at which reminders are due are on the wall's, pauses after failures on the node's own.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::codec::Content;
use super::plan::Plan;
use super::shard::shard_of;
use crate::backoff::Backoff;
use crate::time::{Instant, Wall};

/// How far ahead the store is read, twice as often.
pub(super) const WINDOW: Duration = Duration::from_secs(300);

/// How often the clock on the wall is looked at, as nobody says when it is set.
const LOOK: Duration = Duration::from_secs(60);

/// How many are sent and not handled at most; others are late.
const AT_ONCE: usize = 1_024;

/// Until a reminder that was not handled is sent again, and until a store that failed is asked again.
const PAUSE: Backoff = Backoff { min: Duration::from_secs(1), max: Duration::from_secs(300), jitter: 0.0 };

/// A grain, by kind and key, and a name among its reminders.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) id: Arc<str>,
    pub(super) name: Arc<str>,
}

/// A reminder as its store has it.
#[derive(Clone)]
pub(super) struct Item {
    pub(super) version: u64,
    pub(super) due: Wall,
    /// Or in words why it cannot be read.
    pub(super) content: Result<Arc<Content>, Arc<str>>,
}

/// What happens.
pub(super) enum Input {
    /// It is set, or moved by somebody else.
    Put(Key, Item),
    /// It is deleted.
    Forget(Key),
    /// The store was read: what is due in a shard before the time that was asked for.
    Scanned {
        shard: u16,
        page: Vec<(Key, Item)>,
        is_last: bool,
    },
    NotScanned {
        shard: u16,
    },
    /// What the store has of one that is not as it was known to be.
    Loaded(Key, Option<Item>),
    /// What was sent was handled.
    Handled(Key, u64),
    /// It was not, or nobody knows.
    Failed(Key, u64),
    /// It cannot be sent by this program.
    Parked(Key, u64),
    /// The store has moved it on; the version that it has now, if there is more to come.
    Advanced(Key, u64, Option<u64>),
    /// It has another version there.
    Overtaken(Key, u64),
    NotAdvanced(Key, u64),
    /// Time has passed.
    Tick,
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// Read what is due before `to`.
    Scan {
        shard: u16,
        to: Wall,
    },
    Load(Key),
    Send {
        key: Key,
        version: u64,
        due: Wall,
    },
    /// What was sent must not be handled any more, if nobody has begun.
    Revoke(Key),
    Advance {
        key: Key,
        version: u64,
        next: Option<Wall>,
    },
}

pub(super) struct Agenda {
    items: BTreeMap<Key, Entry>,
    /// Those that wait for their time.
    waiting: BTreeSet<(Wall, Key)>,
    /// Those that wait after a failure.
    pauses: BTreeSet<(Instant, Key)>,
    /// How many were sent and are not handled.
    under_way: usize,
    shards: BTreeMap<u16, Shard>,
    /// Those whose row is being read.
    loading: BTreeSet<Key>,
}

struct Entry {
    item: Item,
    step: Step,
    failures: u32,
}

/// Where a reminder stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Waiting,
    Sent(Sending),
    Advancing(Option<Wall>),
    Paused(Instant, Again),
    Parked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sending {
    fire: Wall,
    next: Option<Wall>,
}

/// What is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Again {
    Send(Sending),
    Advance(Option<Wall>),
}

#[derive(Default)]
struct Shard {
    /// What is due before is known.
    horizon: Option<Wall>,
    /// What has changed while the store is read: what it says of that is out of date.
    reading: Option<BTreeSet<Key>>,
    /// The horizon when the store is read.
    ahead: Option<Wall>,
    failures: u32,
    pause: Option<Instant>,
}

impl Agenda {
    pub(super) fn new(shards: Range<u16>) -> Self {
        Self {
            items: BTreeMap::new(),
            waiting: BTreeSet::new(),
            pauses: BTreeSet::new(),
            under_way: 0,
            shards: shards.map(|shard| (shard, Shard::default())).collect(),
            loading: BTreeSet::new(),
        }
    }

    /// What one that is to be sent sends.
    pub(super) fn content(&self, key: &Key) -> Option<&Result<Arc<Content>, Arc<str>>> {
        self.items.get(key).map(|entry| &entry.item.content)
    }

    /// Takes in what happened, and appends to `out` what is to be done.
    pub(super) fn handle(&mut self, now: Instant, wall: Wall, input: Input, out: &mut Vec<Output>) {
        match input {
            Input::Put(key, item) => self.put(key, item, out),
            Input::Forget(key) => {
                self.touch(&key);
                self.loading.remove(&key);
                self.remove(&key, out);
            }
            Input::Scanned { shard, page, is_last } => self.scanned(shard, page, is_last, out),
            Input::NotScanned { shard } => self.not_scanned(shard, now),
            Input::Loaded(key, item) => {
                if self.loading.remove(&key)
                    && let Some(item) = item
                {
                    self.put(key, item, out);
                }
            }
            Input::Handled(key, version) => self.handled(key, version, out),
            Input::Failed(key, version) => self.failed(&key, version, now),
            Input::Parked(key, version) => self.step(&key, version, Step::Parked),
            Input::Advanced(key, version, new) => self.advanced(&key, version, new, out),
            Input::Overtaken(key, version) => {
                if self.is(&key, version) {
                    self.remove(&key, out);
                    self.loading.insert(key.clone());
                    out.push(Output::Load(key));
                }
            }
            Input::NotAdvanced(key, version) => self.failed(&key, version, now),
            Input::Tick => {}
        }
        self.scan(now, wall, out);
        self.go_on(now, out);
        self.fire(wall, out);
    }

    /// When to [tick](Input::Tick), if nothing happens before.
    pub(super) fn deadline(&self, now: Instant, wall: Wall) -> Instant {
        let first = self.waiting.first().filter(|_| self.under_way < AT_ONCE);
        let due = first.map(|(due, _)| now + due.since(wall));
        let again = self.pauses.first().map(|(at, _)| *at);
        let idle = self.shards.values().filter(|shard| shard.reading.is_none());
        let scans = idle.map(|shard| shard.next(now, wall));
        scans.chain(due).chain(again).fold(now + LOOK, Instant::min)
    }

    fn put(&mut self, key: Key, item: Item, out: &mut Vec<Output>) {
        self.touch(&key);
        self.loading.remove(&key);
        self.remove(&key, out);
        self.wait(key, item);
    }

    /// Keeps it if it is due soon; what is due later is read in time.
    fn wait(&mut self, key: Key, item: Item) {
        let shard = self.shards.get(&shard_of(&key.id));
        let known = shard.and_then(|shard| shard.ahead.max(shard.horizon));
        if known.is_none_or(|known| item.due >= known) {
            return;
        }
        self.waiting.insert((item.due, key.clone()));
        self.items.insert(key, Entry { item, step: Step::Waiting, failures: 0 });
    }

    /// The store is being read, and does not know of this yet, or still.
    fn touch(&mut self, key: &Key) {
        let shard = self.shards.get_mut(&shard_of(&key.id));
        if let Some(changed) = shard.and_then(|shard| shard.reading.as_mut()) {
            changed.insert(key.clone());
        }
    }

    fn remove(&mut self, key: &Key, out: &mut Vec<Output>) {
        if let Some(Step::Sent(_)) = self.leave(key) {
            out.push(Output::Revoke(key.clone()));
        }
        self.items.remove(key);
    }

    /// It is no more where it stands.
    fn leave(&mut self, key: &Key) -> Option<Step> {
        let entry = self.items.get(key)?;
        match entry.step {
            Step::Waiting => _ = self.waiting.remove(&(entry.item.due, key.clone())),
            Step::Paused(until, _) => _ = self.pauses.remove(&(until, key.clone())),
            Step::Sent(_) => self.under_way -= 1,
            Step::Advancing(_) | Step::Parked => {}
        }
        Some(entry.step)
    }

    fn is(&self, key: &Key, version: u64) -> bool {
        self.items.get(key).is_some_and(|entry| entry.item.version == version)
    }

    /// Goes to where it stands next, if it is still the one that is meant.
    fn step(&mut self, key: &Key, version: u64, step: Step) {
        if !self.is(key, version) {
            return;
        }
        self.leave(key);
        match step {
            Step::Paused(until, _) => _ = self.pauses.insert((until, key.clone())),
            Step::Sent(_) => self.under_way += 1,
            Step::Waiting | Step::Advancing(_) | Step::Parked => {}
        }
        if let Some(entry) = self.items.get_mut(key) {
            entry.step = step;
        }
    }

    fn scanned(&mut self, shard: u16, page: Vec<(Key, Item)>, is_last: bool, out: &mut Vec<Output>) {
        let Some(state) = self.shards.get_mut(&shard) else { return };
        let Some(changed) = state.reading.clone() else { return };
        for (key, item) in page.into_iter().filter(|(key, _)| !changed.contains(key)) {
            let rests = |entry: &Entry| matches!(entry.step, Step::Waiting | Step::Parked);
            match self.items.get(&key) {
                Some(entry) if entry.item.version == item.version || !rests(entry) => {}
                _ => {
                    self.remove(&key, out);
                    self.wait(key, item);
                }
            }
        }
        let Some(state) = self.shards.get_mut(&shard) else { return };
        if is_last {
            *state = Shard { horizon: state.ahead, ..Shard::default() };
        }
    }

    fn not_scanned(&mut self, shard: u16, now: Instant) {
        let Some(state) = self.shards.get_mut(&shard) else { return };
        let pause = Some(now + PAUSE.wait(state.failures, 0.0));
        let failures = state.failures.saturating_add(1);
        *state = Shard { horizon: state.horizon, failures, pause, ..Shard::default() };
    }

    fn handled(&mut self, key: Key, version: u64, out: &mut Vec<Output>) {
        let Some(Entry { step: Step::Sent(Sending { next, .. }), .. }) = self.items.get(&key) else { return };
        self.advance(key, version, *next, out);
    }

    fn advance(&mut self, key: Key, version: u64, next: Option<Wall>, out: &mut Vec<Output>) {
        if self.is(&key, version) {
            self.step(&key, version, Step::Advancing(next));
            out.push(Output::Advance { key, version, next });
        }
    }

    fn advanced(&mut self, key: &Key, version: u64, new: Option<u64>, out: &mut Vec<Output>) {
        let Some(entry) = self.items.get(key).filter(|entry| entry.item.version == version) else { return };
        let Step::Advancing(next) = entry.step else { return };
        let content = entry.item.content.clone();
        self.touch(key);
        self.remove(key, out);
        if let Some((version, due)) = new.zip(next) {
            self.wait(key.clone(), Item { version, due, content });
        }
    }

    fn failed(&mut self, key: &Key, version: u64, now: Instant) {
        let Some(entry) = self.items.get_mut(key).filter(|entry| entry.item.version == version) else {
            return;
        };
        let again = match entry.step {
            Step::Sent(sending) => Again::Send(sending),
            Step::Advancing(next) => Again::Advance(next),
            Step::Waiting | Step::Paused(..) | Step::Parked => return,
        };
        let until = now + PAUSE.wait(entry.failures, 0.0);
        entry.failures = entry.failures.saturating_add(1);
        self.step(key, version, Step::Paused(until, again));
    }

    /// Reads the store where what is known reaches less than half a window ahead.
    fn scan(&mut self, now: Instant, wall: Wall, out: &mut Vec<Output>) {
        for (shard, state) in &mut self.shards {
            if state.reading.is_some() || state.next(now, wall) > now {
                continue;
            }
            let to = wall + WINDOW;
            (state.ahead, state.reading) = (Some(to), Some(BTreeSet::new()));
            out.push(Output::Scan { shard: *shard, to });
        }
    }

    /// Tries again what has failed.
    fn go_on(&mut self, now: Instant, out: &mut Vec<Output>) {
        while let Some((until, key)) = self.pauses.first().cloned().filter(|(until, _)| *until <= now) {
            let Some(Entry { item, step: Step::Paused(_, again), .. }) = self.items.get(&key) else {
                self.pauses.remove(&(until, key));
                continue;
            };
            let (version, again) = (item.version, *again);
            match again {
                Again::Send(sending) => self.send(key, version, sending, out),
                Again::Advance(next) => self.advance(key, version, next, out),
            }
        }
    }

    /// Sends what is due.
    fn fire(&mut self, wall: Wall, out: &mut Vec<Output>) {
        while self.under_way < AT_ONCE {
            let Some((due, key)) = self.waiting.first().cloned().filter(|(due, _)| *due <= wall) else {
                return;
            };
            let Some(Entry { item, .. }) = self.items.get(&key) else { return };
            let Plan { fire, next } = match &item.content {
                Ok(content) => content.schedule.plan(content.missed, due, wall),
                Err(_) => Plan { fire: Some(due), next: None },
            };
            let version = item.version;
            match fire {
                Some(fire) => self.send(key, version, Sending { fire, next }, out),
                None => self.advance(key, version, next, out),
            }
        }
    }

    fn send(&mut self, key: Key, version: u64, sending: Sending, out: &mut Vec<Output>) {
        self.step(&key, version, Step::Sent(sending));
        out.push(Output::Send { key, version, due: sending.fire });
    }
}

impl Shard {
    /// When the store is to be read next.
    fn next(&self, now: Instant, wall: Wall) -> Instant {
        let half_known = self.horizon.map_or(Duration::ZERO, |known| known.since(wall + WINDOW / 2));
        (now + half_known).max(self.pause.unwrap_or(Instant::ZERO))
    }
}
