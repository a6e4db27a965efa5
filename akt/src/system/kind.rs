//! A kind of actor in one system: what its actors share, and what is counted and measured of them.

use std::collections::BTreeMap;
use std::ptr;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use parking_lot::Mutex;

use super::ActorSystem;
use super::count::Count;
use super::dead_letters::{DeadLetterReason, DeadLetters};
use super::histogram::Recorder;
use crate::actor::StopReason;
use crate::id::ActorId;
use crate::time::Instant;

/// How many messages of a kind are measured before only some are.
const ALL_OF: u64 = 256;
/// From then on, about one in so many.
const ONE_IN: u64 = 512;
/// Nothing is measured.
const NEVER: u64 = u64::MAX;
/// Names that a kind tells apart: handlers and hooks.
const NAMES: usize = 256;
/// The name of all further names.
const OTHERS: &str = "(others)";
/// Sampled messages under way that a kind remembers.
const STAMPS: usize = 64;

/// What every actor of a kind points to.
pub(crate) struct Kind {
    system: ActorSystem,
    tally: Arc<Tally>,
}

/// What is counted of a kind, for as long as its system runs.
pub(super) struct Tally {
    pub(super) name: &'static str,
    /// Which messages are measured: those whose mixed number has none of these bits.
    mask: AtomicU64,
    sampled: AtomicU64,
    pub(super) live: AtomicU64,
    pub(super) spawned: AtomicU64,
    pub(super) restarts: AtomicU64,
    /// Those that did not start.
    pub(super) unborn: AtomicU64,
    pub(super) stopped: Mutex<BTreeMap<StopReason, u64>>,
    pub(super) dead_letters: DeadLetters,
    messages: Box<[OnceLock<Box<Entry>>]>,
    stamps: Box<[Mutex<Option<Stamp>>]>,
}

/// One handler or hook.
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) handled: Count,
    pub(super) failed: AtomicU64,
    measured: OnceLock<Box<(Recorder, Recorder)>>,
}

/// When a message that is measured came, or its handler began.
struct Stamp {
    actor: ActorId,
    number: u64,
    at: Instant,
}

/// The handler or hook that an actor is in, for others to see.
#[derive(Default)]
pub(crate) struct Doing(AtomicU16);

impl Kind {
    pub(crate) fn system(&self) -> &ActorSystem {
        &self.system
    }

    pub(crate) fn name(&self) -> &'static str {
        self.tally.name
    }

    // ---- what is counted -------------------------------------------------------------------

    pub(crate) fn spawned(&self) {
        self.tally.live.fetch_add(1, Ordering::Relaxed);
        self.tally.spawned.fetch_add(1, Ordering::Relaxed);
    }

    /// One is gone for this reason; for none, if it never was there.
    pub(crate) fn gone(&self, reason: Option<StopReason>) {
        self.tally.live.fetch_sub(1, Ordering::Relaxed);
        match reason {
            Some(reason) => *self.tally.stopped.lock().entry(reason).or_default() += 1,
            None => _ = self.tally.unborn.fetch_add(1, Ordering::Relaxed),
        }
    }

    pub(crate) fn restarted(&self) {
        self.tally.restarts.fetch_add(1, Ordering::Relaxed);
    }

    /// A message for one of its actors has become a dead letter.
    pub(crate) fn buried(&self, reason: DeadLetterReason) {
        self.tally.dead_letters.count(reason);
    }

    /// An actor is in `name` from now on.
    pub(crate) fn enter(&self, doing: &Doing, name: &'static str) {
        doing.0.store(self.tally.place_of(name), Ordering::Relaxed);
    }

    /// What an actor is in, or was in last; none if it was never in any.
    pub(crate) fn name_of(&self, doing: &Doing) -> Option<&'static str> {
        self.tally.entry(doing).map(|entry| entry.name)
    }

    /// Handlers have ended, all of the name that the actor is in.
    pub(crate) fn handled(&self, doing: &Doing, times: u16) {
        if self.tally.is_measured()
            && let Some(entry) = self.tally.entry(doing)
        {
            entry.handled.add(times.into());
        }
    }

    #[cold]
    pub(crate) fn failed(&self, doing: &Doing) {
        if let Some(entry) = self.tally.entry(doing) {
            entry.failed.fetch_add(1, Ordering::Relaxed);
        }
    }

    // ---- what is measured ------------------------------------------------------------------

    /// Whether the message that `actor` accepts, and later starts, as number `number` is measured.
    ///
    /// One in each 512, and not always at the same place of them: messages may come in turns.
    #[inline]
    pub(crate) fn measures(&self, actor: ActorId, number: u64) -> bool {
        let number = number.wrapping_add(actor.as_u64());
        (number ^ (number >> 9)) & self.tally.mask.load(Ordering::Relaxed) == 0
    }

    /// Remembers when something happened to a message that is measured; forgets what was in its place.
    #[cold]
    pub(crate) fn stamp(&self, actor: ActorId, number: u64) {
        if self.tally.is_measured() {
            let at = self.system.runtime().now();
            *self.tally.place_of_stamp(actor, number).lock() = Some(Stamp { actor, number, at });
        }
    }

    /// When it happened, if that is remembered.
    pub(crate) fn stamped(&self, actor: ActorId, number: u64) -> Option<Instant> {
        let mut place = self.tally.place_of_stamp(actor, number).lock();
        place.take_if(|stamp| stamp.actor == actor && stamp.number == number).map(|stamp| stamp.at)
    }

    /// A message has waited so long for its turn.
    #[cold]
    pub(crate) fn waited(&self, name: &'static str, time: Duration) {
        if self.tally.is_measured()
            && let Some(entry) = self.tally.at(self.tally.place_of(name))
        {
            entry.measured().0.record(time);
        }
    }

    /// The handler that the actor was in took so long.
    #[cold]
    pub(crate) fn took(&self, doing: &Doing, time: Duration) {
        let Some(entry) = self.tally.entry(doing).filter(|_| self.tally.is_measured()) else { return };
        entry.measured().1.record(time);
        if self.tally.sampled.fetch_add(1, Ordering::Relaxed) == ALL_OF {
            self.tally.mask.store(ONE_IN - 1, Ordering::Relaxed);
        }
    }
}

impl Tally {
    fn new(name: &'static str, measured: bool) -> Self {
        Self {
            name,
            mask: AtomicU64::new(if measured { 0 } else { NEVER }),
            sampled: AtomicU64::new(0),
            live: AtomicU64::new(0),
            spawned: AtomicU64::new(0),
            restarts: AtomicU64::new(0),
            unborn: AtomicU64::new(0),
            stopped: Mutex::default(),
            dead_letters: DeadLetters::new(),
            messages: (0..=NAMES).map(|_| OnceLock::new()).collect(),
            stamps: (0..STAMPS).map(|_| Mutex::default()).collect(),
        }
    }

    fn is_measured(&self) -> bool {
        self.mask.load(Ordering::Relaxed) != NEVER
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.messages.iter().filter_map(|entry| entry.get().map(|entry| &**entry))
    }

    /// Where `name` is kept, from 1 on. A name that the compiler made two copies of has two places, which are
    /// one to readers.
    fn place_of(&self, name: &'static str) -> u16 {
        let address = name.as_ptr().addr();
        let first = address ^ (address >> 7) ^ name.len();
        let mut places = (0..NAMES).map(|step| first.wrapping_add(step) % NAMES);
        let place = places.find(|place| {
            let entry = self.messages[*place].get_or_init(|| Box::new(Entry::new(name)));
            ptr::eq(entry.name, name)
        });
        let place = place.unwrap_or_else(|| {
            self.messages[NAMES].get_or_init(|| Box::new(Entry::new(OTHERS)));
            NAMES
        });
        u16::try_from(place + 1).expect("there are few places")
    }

    fn at(&self, place: u16) -> Option<&Entry> {
        let entry = self.messages.get(usize::from(place).checked_sub(1)?)?;
        entry.get().map(|entry| &**entry)
    }

    fn entry(&self, doing: &Doing) -> Option<&Entry> {
        self.at(doing.0.load(Ordering::Relaxed))
    }

    fn place_of_stamp(&self, actor: ActorId, number: u64) -> &Mutex<Option<Stamp>> {
        let place = actor.as_u64().wrapping_add(number) % STAMPS as u64;
        &self.stamps[usize::try_from(place).unwrap_or(0)]
    }
}

impl Entry {
    fn new(name: &'static str) -> Self {
        Self { name, handled: Count::new(), failed: AtomicU64::new(0), measured: OnceLock::new() }
    }

    fn measured(&self) -> &(Recorder, Recorder) {
        self.measured.get_or_init(|| Box::new((Recorder::new(), Recorder::new())))
    }

    /// Waits and times, if any were measured.
    pub(super) fn recorders(&self) -> Option<&(Recorder, Recorder)> {
        self.measured.get().map(|measured| &**measured)
    }
}

/// The kinds of a system. What is counted stays when the last actor of a kind is gone.
#[derive(Default)]
pub(super) struct Kinds(Mutex<BTreeMap<&'static str, Known>>);

/// Weak, since a kind keeps its system.
type Known = (Arc<Tally>, Weak<Kind>);

impl Kinds {
    pub(super) fn tallies(&self) -> Vec<Arc<Tally>> {
        self.0.lock().values().map(|(tally, _)| tally.clone()).collect()
    }
}

impl ActorSystem {
    /// The kind of actors that is called `name`. Types of one name are one kind.
    pub(crate) fn kind(&self, name: &'static str) -> Arc<Kind> {
        let mut kinds = self.0.kinds.0.lock();
        let measured = self.0.config.metrics;
        let (tally, kind) =
            kinds.entry(name).or_insert_with(|| (Arc::new(Tally::new(name, measured)), Weak::new()));
        kind.upgrade().unwrap_or_else(|| {
            let fresh = Arc::new(Kind { system: self.clone(), tally: tally.clone() });
            *kind = Arc::downgrade(&fresh);
            fresh
        })
    }

    /// A kind of akt's own, which nobody wants to know of.
    pub(crate) fn hidden_kind(&self, name: &'static str) -> Arc<Kind> {
        Arc::new(Kind { system: self.clone(), tally: Arc::new(Tally::new(name, false)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_with_more_names_than_it_tells_apart_loses_no_count() {
        static TEXT: &str = include_str!("kind.rs");
        let kind = Tally::new("Hub", true);
        let names: Vec<_> = (0..300).map(|at| &TEXT[at..=at]).collect();

        let places: Vec<_> = names.iter().map(|name| kind.place_of(name)).collect();

        assert!(names.iter().zip(&places).all(|(name, place)| kind.place_of(name) == *place), "they stay");
        assert_eq!(kind.at(places[255]).map(|entry| entry.name), Some(names[255]));
        assert_eq!(kind.at(places[299]).map(|entry| entry.name), Some(OTHERS));
    }

    #[akt::test]
    async fn one_message_in_512_is_measured_wherever_an_actor_begins() {
        let system = ActorSystem::builder("test").start().await.unwrap();
        let kind = system.kind("Hub");
        kind.tally.mask.store(ONE_IN - 1, Ordering::Relaxed);

        for actor in [1, 7, 100_000].map(ActorId::new) {
            let measured = |from: u64| (from..from + 512 * 512).filter(|n| kind.measures(actor, *n)).count();
            assert!(measured(0).abs_diff(512) <= 1, "{}", measured(0));
            let even = (0..512 * 512).filter(|n| n % 2 == 0 && kind.measures(actor, *n)).count();
            assert!(even.abs_diff(256) <= 1, "messages that take turns are measured alike: {even}");
        }
        system.shutdown().await;
    }
}
