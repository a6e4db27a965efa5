//! Eviction: which actors leave when there are more than may be.

use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;

use super::ActorSystem;
use super::ranking::{Order, Ranking};
use crate::actor::{Presence, Usage};
use crate::id::ActorId;
use crate::runtime::{Fire, Runtime, Timers};
use crate::time::Instant;

/// How many actors are looked at in one go, however many are too many.
const LOOKS: usize = 64;
/// How long nothing is tried after an actor was in use that was to leave.
const PAUSE: Duration = Duration::from_millis(50);

/// How many actors may live, and which of them leave when there are more. Set by
/// [`SystemBuilder::evict`](crate::SystemBuilder::evict).
///
/// When an actor has started and there are more than the limit, others are told to leave, as if they were
/// [passivated](crate::Passivate) now: with [`StopReason::Passivated`](crate::StopReason::Passivated), each on
/// its own turn, and only if it rests and nothing is queued. One that is in use stays, and the next in order
/// leaves in its place. So there may be more than the limit for a while, and as long as all are in use.
///
/// Neither evicted nor counted are actors that say `passivate = never`, routers and their routees, and actors
/// whose passivation is paused. Actors with children stay as long as these do.
///
/// Each is told as [`Event::Evicted`](crate::Event::Evicted) and counted in
/// [`ActorSystem::evictions`](crate::ActorSystem::evictions). The work is bounded: in one go, 64 actors are
/// looked at, however many there are.
///
/// ```
/// use akt::{ActorSystem, Evict};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), akt::StartError> {
/// let evict = Evict::least_recently_used(100_000).percent(1);
/// let system = ActorSystem::builder("shop").evict(evict).start().await?;
/// # system.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evict {
    order: Order,
    limit: usize,
    percent: u8,
}

impl Evict {
    /// Above `limit` actors, those leave first that were not used for the longest time.
    #[must_use]
    pub const fn least_recently_used(limit: usize) -> Self {
        Self { order: Order::LeastRecent, limit, percent: 0 }
    }

    /// Above `limit` actors, those leave first that have handled the fewest messages.
    #[must_use]
    pub const fn least_frequently_used(limit: usize) -> Self {
        Self { order: Order::LeastFrequent, limit, percent: 0 }
    }

    /// Above `limit` actors, those leave first that were used last; not the one that has just started.
    ///
    /// Unlike the others, it takes a lock of the system at each rest of each actor.
    #[must_use]
    pub const fn most_recently_used(limit: usize) -> Self {
        Self { order: Order::MostRecent, limit, percent: 0 }
    }

    /// When there are too many, at least so many percent of them leave at once; at most 100.
    #[must_use]
    pub const fn percent(mut self, percent: u8) -> Self {
        self.percent = if percent > 100 { 100 } else { percent };
        self
    }

    /// How many are left when there are `total`.
    fn leaves(&self, total: usize) -> usize {
        if total <= self.limit {
            return total;
        }
        let share = total / 100 * usize::from(self.percent) + total % 100 * usize::from(self.percent) / 100;
        self.limit.min(total - share)
    }
}

/// Has actors leave when there are too many.
#[derive(Clone)]
pub(crate) struct Evictor(Arc<Shared>);

struct Shared {
    me: Weak<Self>,
    evict: Evict,
    timers: Timers,
    runtime: Runtime,
    state: Mutex<State>,
}

struct State {
    ranking: Ranking<Arc<Presence>>,
    /// So many are to be left, and there are more.
    goal: Option<usize>,
    armed: bool,
}

impl Evictor {
    pub(super) fn new(evict: Evict, timers: Timers, runtime: Runtime) -> Self {
        let state = State { ranking: Ranking::new(evict.order), goal: None, armed: false };
        let state = Mutex::new(state);
        Self(Arc::new_cyclic(|me| Shared { me: me.clone(), evict, timers, runtime, state }))
    }

    /// One of those who evict some actors of `system` beside it.
    pub(crate) fn of(evict: Evict, system: &ActorSystem) -> Self {
        Self::new(evict, system.timers().clone(), system.runtime().clone())
    }

    /// Makes room for an actor that is there now, and takes it in.
    pub(crate) fn join(&self, actor: Arc<Presence>) {
        let mut state = self.0.state.lock();
        let total = state.ranking.len() + 1;
        let goal = self.0.evict.leaves(total);
        if goal < total {
            state.goal = Some(state.goal.map_or(goal, |before| before.min(goal)));
        }
        let leaving = state.pick(1);
        state.ranking.insert(actor.id(), actor.usage(), actor);
        self.0.go_on(&mut state, Duration::ZERO);
        drop(state);
        leaving.iter().for_each(|actor| actor.evict());
    }

    /// An actor that was to leave is in use; `kept` by something else than its messages.
    pub(crate) fn take_back(&self, actor: Arc<Presence>, kept: bool) {
        let mut state = self.0.state.lock();
        match kept {
            true => state.ranking.insert_last(actor.id(), actor),
            false => state.ranking.insert(actor.id(), actor.usage(), actor),
        }
        let total = state.ranking.len();
        if total > self.0.evict.limit {
            state.goal.get_or_insert(self.0.evict.limit);
        }
        self.0.go_on(&mut state, PAUSE);
    }

    /// An actor is gone, or must not leave.
    pub(crate) fn leave(&self, id: ActorId) {
        let gone = self.0.state.lock().ranking.remove(id);
        drop(gone);
    }

    /// Whether the order is known only if each use is told.
    pub(crate) fn follows_each_use(&self) -> bool {
        self.0.evict.order == Order::MostRecent
    }

    pub(crate) fn was_used(&self, id: ActorId, usage: Usage) {
        self.0.state.lock().ranking.was_used(id, usage);
    }
}

impl State {
    /// Those that leave now; `more` come in beside those that are known.
    fn pick(&mut self, more: usize) -> Vec<Arc<Presence>> {
        let mut leaving = Vec::new();
        let Some(goal) = self.goal else { return leaving };
        for _ in 0..LOOKS {
            if self.ranking.len() + more <= goal || self.ranking.len() == 0 {
                self.goal = None;
                break;
            }
            leaving.extend(self.ranking.take_first(|actor| actor.usage()));
        }
        leaving
    }
}

impl Shared {
    /// Goes on later with what is left to do.
    fn go_on(&self, state: &mut State, after: Duration) {
        let Some(me) = self.me.upgrade().filter(|_| state.goal.is_some()) else { return };
        if !std::mem::replace(&mut state.armed, true) {
            self.timers.arm(self.runtime.now() + after, me);
        }
    }
}

/// The next go.
impl Fire for Shared {
    fn fire(&self, _now: Instant) {
        let mut state = self.state.lock();
        state.armed = false;
        let leaving = state.pick(0);
        self.go_on(&mut state, Duration::ZERO);
        drop(state);
        leaving.iter().for_each(|actor| actor.evict());
    }
}
