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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reminder::plan::{Missed, Schedule};
    use proptest::prelude::*;

    const START: u64 = 1_000_000;

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    fn wall(at: u64) -> Wall {
        Wall::from_nanos(0) + secs(START + at)
    }

    fn now(at: u64) -> Instant {
        Instant::ZERO + secs(at)
    }

    fn key(name: &str) -> Key {
        Key { id: "cart/1".into(), name: name.into() }
    }

    fn item(version: u64, due: u64, every: Option<u64>) -> Item {
        let schedule = every.map_or(Schedule::Once, |every| Schedule::Every(secs(every)));
        let (contract, body) = ("shop.v1.Cart".into(), bytes::Bytes::new());
        let content = Content { contract, rpc: 0, body, schedule, missed: Missed::Once };
        Item { version, due: wall(due), content: Ok(Arc::new(content)) }
    }

    fn shard() -> u16 {
        shard_of("cart/1")
    }

    /// An agenda of one shard, whose store is being read.
    fn agenda() -> Agenda {
        let mut agenda = Agenda::new(shard()..shard() + 1);
        assert_eq!(take(&mut agenda, 0, Input::Tick), [Output::Scan { shard: shard(), to: wall(300) }]);
        agenda
    }

    fn take(agenda: &mut Agenda, at: u64, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        agenda.handle(now(at), wall(at), input, &mut out);
        out
    }

    fn scanned(rows: Vec<(Key, Item)>) -> Input {
        Input::Scanned { shard: shard(), page: rows, is_last: true }
    }

    fn send(name: &str, version: u64, due: u64) -> Output {
        Output::Send { key: key(name), version, due: wall(due) }
    }

    #[test]
    fn what_is_read_is_sent_when_it_is_due_and_moved_on_when_it_was_handled() {
        let mut agenda = agenda();
        take(&mut agenda, 0, scanned(vec![(key("a"), item(1, 10, Some(20)))]));
        assert_eq!(agenda.deadline(now(0), wall(0)), now(10));

        assert_eq!(take(&mut agenda, 9, Input::Tick), []);
        assert_eq!(take(&mut agenda, 10, Input::Tick), [send("a", 1, 10)]);
        let next = Some(wall(30));
        assert_eq!(
            take(&mut agenda, 11, Input::Handled(key("a"), 1)),
            [Output::Advance { key: key("a"), version: 1, next }]
        );
        assert_eq!(take(&mut agenda, 12, Input::Advanced(key("a"), 1, Some(2))), []);
        assert_eq!(take(&mut agenda, 30, Input::Tick), [send("a", 2, 30)]);
    }

    #[test]
    fn what_changes_while_the_store_is_read_is_newer_than_what_was_read() {
        let mut agenda = agenda();
        take(&mut agenda, 0, Input::Forget(key("gone")));
        take(&mut agenda, 0, Input::Put(key("moved"), item(2, 200, None)));

        take(
            &mut agenda,
            0,
            scanned(vec![(key("gone"), item(1, 10, None)), (key("moved"), item(1, 10, None))]),
        );

        assert_eq!(take(&mut agenda, 100, Input::Tick), []);
        assert_eq!(take(&mut agenda, 140, Input::Tick), []);
        let out = take(&mut agenda, 200, Input::Tick);
        assert!(out.contains(&send("moved", 2, 200)) && !out.contains(&send("gone", 1, 10)), "{out:?}");
    }

    #[test]
    fn what_was_sent_and_is_forgotten_or_replaced_is_revoked_and_its_answer_counts_no_more() {
        let mut agenda = agenda();
        take(&mut agenda, 0, scanned(vec![(key("a"), item(1, 10, None)), (key("b"), item(2, 10, None))]));
        take(&mut agenda, 10, Input::Tick);

        assert_eq!(take(&mut agenda, 11, Input::Forget(key("a"))), [Output::Revoke(key("a"))]);
        let put = Input::Put(key("b"), item(3, 50, None));
        assert_eq!(take(&mut agenda, 11, put), [Output::Revoke(key("b"))]);
        assert_eq!(take(&mut agenda, 12, Input::Handled(key("a"), 1)), []);
        assert_eq!(take(&mut agenda, 12, Input::Failed(key("b"), 2)), []);
        assert_eq!(take(&mut agenda, 50, Input::Tick), [send("b", 3, 50)]);
    }

    #[test]
    fn a_failure_is_tried_again_after_a_pause_that_grows() {
        let mut agenda = agenda();
        take(&mut agenda, 0, scanned(vec![(key("a"), item(1, 10, None))]));
        take(&mut agenda, 10, Input::Tick);

        for (at, again) in [(10, 11), (11, 13), (13, 17)] {
            assert_eq!(take(&mut agenda, at, Input::Failed(key("a"), 1)), []);
            assert_eq!(agenda.deadline(now(at), wall(at)), now(again));
            assert_eq!(take(&mut agenda, again, Input::Tick), [send("a", 1, 10)]);
        }
        take(&mut agenda, 17, Input::Handled(key("a"), 1));
        assert_eq!(take(&mut agenda, 17, Input::NotAdvanced(key("a"), 1)), []);
        let again = Output::Advance { key: key("a"), version: 1, next: None };
        assert_eq!(take(&mut agenda, 25, Input::Tick), [again], "it is not sent again");
    }

    #[test]
    fn a_store_that_knows_another_version_is_asked_for_it() {
        let mut agenda = agenda();
        take(&mut agenda, 0, scanned(vec![(key("a"), item(1, 10, Some(20)))]));
        take(&mut agenda, 10, Input::Tick);
        take(&mut agenda, 10, Input::Handled(key("a"), 1));

        assert_eq!(take(&mut agenda, 10, Input::Overtaken(key("a"), 1)), [Output::Load(key("a"))]);
        take(&mut agenda, 10, Input::Loaded(key("a"), Some(item(2, 30, Some(20)))));
        assert_eq!(take(&mut agenda, 30, Input::Tick), [send("a", 2, 30)]);

        take(&mut agenda, 30, Input::Handled(key("a"), 2));
        take(&mut agenda, 30, Input::Overtaken(key("a"), 2));
        take(&mut agenda, 30, Input::Forget(key("a")));
        take(&mut agenda, 30, Input::Loaded(key("a"), Some(item(3, 30, None))));
        assert_eq!(take(&mut agenda, 31, Input::Tick), [], "it was read before it was forgotten");
    }

    #[test]
    fn a_store_that_fails_is_read_again_and_one_that_was_read_when_half_the_window_has_passed() {
        let mut agenda = agenda();
        assert_eq!(take(&mut agenda, 0, Input::NotScanned { shard: shard() }), []);
        assert_eq!(agenda.deadline(now(0), wall(0)), now(1));
        let scan = |at: u64| [Output::Scan { shard: shard(), to: wall(at + 300) }];
        assert_eq!(take(&mut agenda, 1, Input::Tick), scan(1));
        take(&mut agenda, 1, scanned(Vec::new()));

        assert_eq!(take(&mut agenda, 150, Input::Tick), []);
        assert_eq!(take(&mut agenda, 151, Input::Tick), scan(151));
        take(&mut agenda, 151, scanned(Vec::new()));
        let mut out = Vec::new();
        agenda.handle(now(152), wall(90_000), Input::Tick, &mut out);
        assert_eq!(out, scan(90_000), "the clock was set");
    }

    #[test]
    fn no_more_than_so_many_are_under_way_and_the_others_follow() {
        let mut agenda = agenda();
        let rows = (0..AT_ONCE + 5).map(|number| (key(&format!("{number:05}")), item(1, 10, None)));
        take(&mut agenda, 0, scanned(rows.collect()));

        assert_eq!(take(&mut agenda, 10, Input::Tick).len(), AT_ONCE);
        assert_eq!(take(&mut agenda, 10, Input::Tick), []);
        let out = take(&mut agenda, 10, Input::Handled(key("00000"), 1));
        assert!(matches!(&out[..], [Output::Advance { .. }, Output::Send { .. }]), "{out:?}");
    }

    #[derive(Clone, Debug)]
    enum Event {
        Put(u8, u64, Option<u64>),
        Forget(u8),
        /// Answers the oldest or the newest of what is asked for, well or badly.
        Answer(bool, bool),
        Pass(u64),
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            (0..3_u8, 0..400_u64, proptest::option::of(1..100_u64)).prop_map(|(a, b, c)| Event::Put(a, b, c)),
            (0..3_u8).prop_map(Event::Forget),
            any::<(bool, bool)>().prop_map(|(newest, well)| Event::Answer(newest, well)),
            (0..200_u64).prop_map(Event::Pass),
        ]
    }

    /// A store, and what was asked of it and of grains and is not answered.
    #[derive(Default)]
    struct Around {
        rows: BTreeMap<Key, (u64, u64, Option<u64>)>,
        last: u64,
        asked: Vec<(Output, Vec<(Key, Item)>)>,
        sent: BTreeMap<(Key, u64), u64>,
    }

    impl Around {
        fn hear(&mut self, out: Vec<Output>, at: u64) -> Result<(), TestCaseError> {
            for output in out {
                let rows = self.rows.iter();
                let rows =
                    rows.map(|(key, (version, due, every))| (key.clone(), item(*version, *due, *every)));
                if let Output::Send { key, version, due } = &output {
                    prop_assert!(*due <= wall(at), "early: {output:?}");
                    prop_assert!(self.rows.contains_key(key), "after it was forgotten: {output:?}");
                    prop_assert_eq!(self.rows[key].0, *version, "after it was replaced");
                    *self.sent.entry((key.clone(), *version)).or_default() += 1;
                }
                if let Output::Revoke(gone) = &output {
                    self.asked.retain(|(asked, _)| !matches!(asked, Output::Send { key, .. } if key == gone));
                    continue;
                }
                let rows = match &output {
                    Output::Scan { to, .. } => rows.filter(|(_, item)| item.due < *to).collect(),
                    Output::Load(wanted) => rows.filter(|(key, _)| key == wanted).collect(),
                    _ => Vec::new(),
                };
                self.asked.push((output, rows));
            }
            Ok(())
        }

        /// What is found out, some time after the store has been read or written.
        fn answer(&mut self, newest: bool, well: bool) -> Option<Input> {
            let place = if newest { self.asked.len().checked_sub(1)? } else { 0 };
            if self.asked.is_empty() {
                return None;
            }
            let (asked, rows) = self.asked.remove(place);
            Some(match (asked, well) {
                (Output::Scan { shard, .. }, true) => Input::Scanned { shard, page: rows, is_last: true },
                (Output::Scan { shard, .. }, false) => Input::NotScanned { shard },
                (Output::Load(key), _) => Input::Loaded(key, rows.into_iter().next().map(|(_, item)| item)),
                (Output::Send { key, version, .. }, true) => Input::Handled(key, version),
                (Output::Send { key, version, .. }, false) => Input::Failed(key, version),
                (Output::Advance { key, version, .. }, false) => Input::NotAdvanced(key, version),
                (Output::Advance { key, version, next }, true) => self.advance(key, version, next),
                (Output::Revoke(_), _) => return None,
            })
        }

        fn advance(&mut self, key: Key, version: u64, next: Option<Wall>) -> Input {
            match self.rows.get(&key) {
                Some((found, _, every)) if *found == version => {
                    let Some(next) = next else {
                        self.rows.remove(&key);
                        return Input::Advanced(key, version, None);
                    };
                    self.last += 1;
                    let due = next.as_nanos() / 1_000_000_000 - START;
                    let row = (self.last, due, *every);
                    self.rows.insert(key.clone(), row);
                    Input::Advanced(key, version, Some(self.last))
                }
                _ => Input::Overtaken(key, version),
            }
        }
    }

    proptest! {
        #[test]
        fn nothing_is_early_or_comes_after_its_end_and_nothing_is_left(
            events in proptest::collection::vec(event(), 1..80),
        ) {
            let (mut agenda, mut around, mut at) = (Agenda::new(shard()..shard() + 1), Around::default(), 0);
            around.hear(take(&mut agenda, at, Input::Tick), at)?;
            for event in events {
                let input = match event {
                    Event::Put(name, after, every) => {
                        around.last += 1;
                        let (key, due) = (key(&name.to_string()), at + after);
                        around.rows.insert(key.clone(), (around.last, due, every));
                        Some(Input::Put(key, item(around.last, due, every)))
                    }
                    Event::Forget(name) => {
                        around.rows.remove(&key(&name.to_string()));
                        Some(Input::Forget(key(&name.to_string())))
                    }
                    Event::Answer(newest, well) => around.answer(newest, well),
                    Event::Pass(time) => {
                        at += time;
                        Some(Input::Tick)
                    }
                };
                if let Some(input) = input {
                    around.hear(take(&mut agenda, at, input), at)?;
                }
            }
            // From now on all goes well, and whoever comes only once has come.
            let end = at + 2_000;
            while at < end {
                at += 5;
                while let Some(input) = around.answer(false, true) {
                    around.hear(take(&mut agenda, at, input), at)?;
                }
                around.hear(take(&mut agenda, at, Input::Tick), at)?;
            }
            let left: Vec<_> = around.rows.values().filter(|(_, due, _)| *due + 20 < at).collect();
            prop_assert!(left.is_empty(), "{left:?} at {at}");
        }
    }
}
