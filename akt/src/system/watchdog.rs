//! The watchdog: names handlers that block their threads. A thread of its own looks, since nobody else may be left to.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::spot::{Spot, Spots};
use super::{ActorSystem, Event, SystemBuilder};
use crate::actor::Target;
use crate::id::ActorId;
use crate::path::ActorPath;
use crate::time::Instant;

/// How often the watchdog looks within its limit.
const LOOKS: u32 = 4;

/// A handler that blocks its thread, and with it every actor that this thread would serve.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Blocked {
    /// The actor.
    pub actor: ActorPath,
    /// Its kind.
    pub kind: &'static str,
    /// The handler or hook; `factory` if it makes its value.
    pub message: &'static str,
    /// How long it has been seen without an end or an await; it began up to a quarter of the limit before.
    pub held: Duration,
    /// How often this message of this kind has been found to block so far, this time included.
    pub times: u64,
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { actor, kind, message, held, .. } = self;
        write!(f, "`{kind}::{message}` of {actor} has blocked its thread for {held:.0?}")
    }
}

/// What a system has of its watchdog: the places where handlers say that they run, and the thread that looks.
#[derive(Default)]
pub(super) struct Watchdog {
    pub(super) spots: Spots,
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Shared {
    stopped: Mutex<bool>,
    changed: Condvar,
}

impl Shared {
    /// Waits; false when it is over.
    fn wait(&self, time: Duration) -> bool {
        let mut stopped = self.stopped.lock();
        if !*stopped {
            self.changed.wait_for(&mut stopped, time);
        }
        !*stopped
    }
}

impl SystemBuilder {
    /// Names handlers that block their thread for longer than `limit`: a warning in the log and
    /// [`Event::Blocked`], once for each time. 100 ms; zero turns the watchdog off.
    ///
    /// It is told within a quarter of the limit, even if the handler never ends and the program has no other
    /// thread. An async handler that awaits does not block. Time is the system's own: on a paused clock
    /// nothing takes long.
    pub fn watchdog(mut self, limit: Duration) -> Self {
        self.config.watchdog = limit;
        self
    }
}

impl ActorSystem {
    /// Runs `work` of an actor, and lets the watchdog see it. It tells [`Spot::advance`] what has an end before.
    #[inline]
    pub(crate) fn watched<T>(&self, actor: ActorId, work: impl FnOnce(&Spot) -> T) -> T {
        self.0.watchdog.spots.occupied_by(actor, work)
    }

    pub(super) fn start_watchdog(&self) {
        let limit = self.0.config.watchdog;
        if limit.is_zero() {
            return;
        }
        let (inner, shared) = (Arc::downgrade(&self.0), self.0.watchdog.shared.clone());
        let thread = self.runtime().spawn_thread("akt-watchdog", move || {
            let mut patience = Patience::new(limit);
            while shared.wait(limit / LOOKS) {
                let Some(inner) = inner.upgrade() else { return };
                look(&Self(inner), &mut patience);
            }
        });
        *self.0.watchdog.thread.lock() = thread;
    }

    pub(super) fn stop_watchdog(&self) {
        let Watchdog { shared, thread, spots } = &self.0.watchdog;
        spots.close();
        *shared.stopped.lock() = true;
        shared.changed.notify_all();
        let thread = thread.lock().take();
        if let Some(Err(_)) = thread.map(JoinHandle::join) {
            tracing::error!(system = self.name(), "the watchdog panicked");
        }
    }
}

/// Looks at every thread once, and tells of those that are blocked.
fn look(system: &ActorSystem, patience: &mut Patience) {
    let now = system.runtime().now_elsewhere();
    let seen = system.0.watchdog.spots.seen();
    for (actor, held) in patience.look(now, &seen) {
        let Some(target) = find(&*system.user(), actor) else { continue };
        let Some(core) = target.core() else { continue };
        let (kind, message) = (core.kind().name(), target.doing().unwrap_or("factory"));
        let times = patience.count(kind, message);
        let blocked = Blocked { actor: core.path(), kind, message, held, times };
        tracing::warn!(actor = %blocked.actor, kind, message, ?held, times, "a handler blocks its thread");
        system.publish(|| Event::Blocked(blocked));
    }
}

/// The actor below `root` with this id.
fn find(root: &dyn Target, actor: ActorId) -> Option<Arc<dyn Target>> {
    root.core()?.children().into_iter().find_map(|child| match child.core()? {
        core if core.id == actor => Some(child),
        _ => find(&*child, actor),
    })
}

/// How long each thread has been seen in one and the same handler.
struct Patience {
    limit: Duration,
    threads: BTreeMap<u64, Held>,
    counts: BTreeMap<(&'static str, &'static str), u64>,
}

struct Held {
    beat: u64,
    since: Instant,
    told: bool,
}

/// What a thread was doing when it was looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sight {
    pub(super) thread: u64,
    /// Another one after each handler.
    pub(super) beat: u64,
    pub(super) actor: Option<ActorId>,
}

impl Patience {
    fn new(limit: Duration) -> Self {
        Self { limit, threads: BTreeMap::new(), counts: BTreeMap::new() }
    }

    /// Takes in what all threads do at `now`; those that have become blocked, and for how long.
    fn look(&mut self, now: Instant, seen: &[Sight]) -> Vec<(ActorId, Duration)> {
        let mut before = std::mem::take(&mut self.threads);
        let mut blocked = Vec::new();
        for Sight { thread, beat, actor } in seen.iter().copied() {
            let Some(actor) = actor else { continue };
            let known = before.remove(&thread).filter(|held| held.beat == beat);
            let mut held = known.unwrap_or(Held { beat, since: now, told: false });
            let time = now.since(held.since);
            if time >= self.limit && !held.told {
                held.told = true;
                blocked.push((actor, time));
            }
            self.threads.insert(thread, held);
        }
        blocked
    }

    fn count(&mut self, kind: &'static str, message: &'static str) -> u64 {
        let count = self.counts.entry((kind, message)).or_default();
        *count += 1;
        *count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_millis(100);

    fn at(millis: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(millis)
    }

    fn busy(thread: u64, beat: u64) -> Sight {
        Sight { thread, beat, actor: Some(ActorId::new(thread)) }
    }

    #[test]
    fn who_is_in_one_handler_for_the_limit_is_named_once() {
        let mut patience = Patience::new(LIMIT);

        assert_eq!(patience.look(at(0), &[busy(1, 7)]), []);
        assert_eq!(patience.look(at(99), &[busy(1, 7)]), []);
        assert_eq!(patience.look(at(100), &[busy(1, 7)]), [(ActorId::new(1), LIMIT)]);
        assert_eq!(patience.look(at(900), &[busy(1, 7)]), [], "once for each time");
        assert_eq!(patience.look(at(950), &[busy(1, 8)]), [], "the next handler begins anew");
        assert_eq!(patience.look(at(1_050), &[busy(1, 8)]), [(ActorId::new(1), LIMIT)]);
    }

    #[test]
    fn many_short_handlers_and_a_pause_are_no_block() {
        let mut patience = Patience::new(LIMIT);

        for tick in 0..100 {
            assert_eq!(patience.look(at(tick * 25), &[busy(1, tick), busy(2, tick)]), []);
        }
        patience.look(at(5_000), &[busy(1, 7)]);
        patience.look(at(5_050), &[Sight { actor: None, ..busy(1, 7) }]);

        assert_eq!(patience.look(at(5_100), &[busy(1, 7)]), []);
    }

    #[test]
    fn each_thread_is_seen_for_itself() {
        let mut patience = Patience::new(LIMIT);
        patience.look(at(0), &[busy(1, 1)]);
        patience.look(at(60), &[busy(1, 1), busy(2, 1)]);

        assert_eq!(patience.look(at(120), &[busy(1, 1), busy(2, 1)]).len(), 1);
        assert_eq!(patience.look(at(160), &[busy(1, 1), busy(2, 1)]).len(), 1);
    }

    #[test]
    fn repeats_are_counted_for_each_message_of_a_kind() {
        let mut patience = Patience::new(LIMIT);

        let counts =
            [("A", "x"), ("A", "x"), ("A", "y"), ("B", "x")].map(|(kind, m)| patience.count(kind, m));

        assert_eq!(counts, [1, 2, 1, 1]);
    }
}
