//! The presence of an actor that may end by itself: told of its rests, its alarm and its eviction.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::cell::LocalCell;
use super::context::Ctx;
use super::core::Core;
use super::flight::Flights;
use super::passivation::{Passivate, Passivation, Rest, Usage};
use super::reference::Target;
use super::runner::Runner;
use super::traits::Actor;
use crate::id::ActorId;
use crate::runtime::{Fire, TimerKey};
use crate::system::{ActorSystem, Event, Evictor};
use crate::time::Instant;

/// What others may ask of the passivation of one actor.
pub(crate) struct Presence {
    me: Weak<Self>,
    id: ActorId,
    system: ActorSystem,
    actor: Weak<dyn Target>,
    /// Who may evict it beside its system.
    others: Option<Arc<[Evictor]>>,
    state: Mutex<State>,
}

struct State {
    passivation: Passivation,
    armed: Option<TimerKey>,
    /// How it was used when something kept it from leaving.
    kept: Option<Usage>,
    over: bool,
}

impl Presence {
    fn new<A: Actor>(
        cell: &Arc<LocalCell<A>>,
        passivate: Option<Passivate>,
        others: Option<Arc<[Evictor]>>,
    ) -> Arc<Self> {
        let actor: Arc<dyn Target> = cell.clone();
        let passivation = Passivation::new(passivate);
        let state = State { passivation, armed: None, kept: None, over: false };
        Arc::new_cyclic(|me| Self {
            me: me.clone(),
            id: cell.core.id,
            system: cell.core.system().clone(),
            actor: Arc::downgrade(&actor),
            others,
            state: Mutex::new(state),
        })
    }

    pub(crate) fn id(&self) -> ActorId {
        self.id
    }

    pub(crate) fn usage(&self) -> Usage {
        self.state.lock().passivation.usage()
    }

    /// Has the actor leave at its next rest, unless it is used before.
    pub(crate) fn evict(&self) {
        self.state.lock().passivation.evict();
        self.wake();
    }

    pub(super) fn pause(&self) {
        self.state.lock().passivation.pause();
        self.evictors().for_each(|evictor| evictor.leave(self.id));
    }

    fn hold(&self, until: Instant) {
        self.state.lock().passivation.hold(until);
    }

    pub(super) fn resume(&self) {
        let mut state = self.state.lock();
        let paused = state.passivation.resume();
        drop(state);
        if paused {
            self.begin();
        }
    }

    pub(super) fn count_post(&self) {
        self.state.lock().passivation.count_post();
    }

    pub(super) fn stir(&self) {
        self.state.lock().passivation.stir();
    }

    pub(super) fn begin_anew(&self, handled: u64) {
        self.state.lock().passivation.begin_anew(handled);
    }

    /// Takes part in the eviction, if there is one.
    fn begin(&self) {
        let mut state = self.state.lock();
        state.passivation.begin(self.system.runtime().now());
        let spared = state.over || state.passivation.is_paused();
        drop(state);
        if let Some(me) = self.me.upgrade().filter(|_| !spared) {
            self.evictors().for_each(|evictor| evictor.join(me.clone()));
        }
    }

    /// Goes on resting; the door is not held any more.
    pub(super) fn rests(&self, rest: Rest) {
        let (alarm, wanted) = match rest {
            Rest::Stay(alarm) => (alarm, false),
            Rest::Wanted(alarm) => (alarm, true),
            Rest::Leave { .. } => return,
        };
        let mut state = self.state.lock();
        // An alarm that rings too early is set again then.
        if let Some(at) = alarm.filter(|_| state.armed.is_none() && !state.over) {
            self.arm(&mut state, at);
        }
        let kept = state.kept == Some(state.passivation.usage());
        let spared = state.over || state.passivation.is_paused();
        drop(state);
        if !wanted {
            return self.tell_use();
        }
        if let Some(me) = self.me.upgrade().filter(|_| !spared) {
            self.evictors().for_each(|evictor| evictor.take_back(me.clone(), kept));
        }
    }

    /// Tells the evictors how it is used, if that matters now.
    fn tell_use(&self) {
        if self.evictors().next().is_none() {
            return;
        }
        let mut state = self.state.lock();
        let usage = state.passivation.usage();
        let kept = state.kept.take_if(|then| *then != usage).is_some();
        drop(state);
        for evictor in self.evictors().filter(|evictor| kept || evictor.follows_each_use()) {
            evictor.was_used(self.id, usage);
        }
    }

    /// The actor stops.
    pub(super) fn end(&self) {
        let mut state = self.state.lock();
        state.over = true;
        let armed = state.armed.take();
        drop(state);
        if let Some(key) = armed {
            self.system.timers().cancel(key);
        }
        self.evictors().for_each(|evictor| evictor.leave(self.id));
    }

    fn evictors(&self) -> impl Iterator<Item = &Evictor> {
        self.system.evictor().into_iter().chain(self.others.iter().flat_map(|others| &**others))
    }

    fn arm(&self, state: &mut State, at: Instant) {
        state.armed = self.me.upgrade().map(|me| self.system.timers().arm(at, me));
    }

    fn wake(&self) {
        if let Some(actor) = self.actor.upgrade() {
            actor.wake();
        }
    }
}

/// The alarm: sets itself again for what is left of the time, or wakes the actor to decide.
impl Fire for Presence {
    fn fire(&self, now: Instant) {
        let mut state = self.state.lock();
        state.armed = None;
        let Some(at) = state.passivation.alarm().filter(|_| !state.over) else { return };
        if at > now {
            return self.arm(&mut state, at);
        }
        drop(state);
        self.wake();
    }
}

impl<A: Actor> Runner<A> {
    /// Before the actor begins: `passivate` is what was said, if anything.
    pub(super) fn be_present(&mut self, passivate: Option<Passivate>) {
        let others = self.cx.face().and_then(|face| face.evictors());
        let evictable = others.is_some() || self.cell.core.system().evictor().is_some();
        let passivates = passivate.map_or(evictable, |passivate| !passivate.is_never());
        if passivates {
            let presence = Presence::new(&self.cell, passivate, others);
            self.cx.scope().set_presence(presence);
        }
    }

    pub(super) fn has_started(&self) {
        if let Some(face) = self.cx.face() {
            face.began();
        }
        if let Some(presence) = self.cx.presence() {
            presence.begin();
        }
    }

    /// The actor has nothing to do, which its door, that is held, keeps true: it rests, or leaves for good.
    pub(super) fn rest(&self) -> Option<(Arc<Presence>, Rest)> {
        let presence = self.cx.presence()?;
        let now = self.cell.core.system().runtime().now();
        let mut state = presence.state.lock();
        let mut rest = state.passivation.rest(now, self.started());
        if matches!(rest, Rest::Wanted(_)) && state.passivation.is_held(now) {
            state.kept = Some(state.passivation.usage());
        }
        drop(state);
        if matches!(rest, Rest::Leave { .. }) && (self.is_kept() || !self.cell.core.take_leave()) {
            state = presence.state.lock();
            rest = state.passivation.keep(now);
            state.kept = Some(state.passivation.usage());
        }
        Some((presence.clone(), rest))
    }

    fn is_kept(&self) -> bool {
        self.cx.is_kept() || !self.flight.is_empty()
    }

    /// A message was handled in its asker's turn; whether the actor's task must see to its end.
    #[inline]
    pub(super) fn has_attended(&self) -> bool {
        self.cx.presence().is_some_and(|presence| self.was_attended(presence))
    }

    #[cold]
    fn was_attended(&self, presence: &Presence) -> bool {
        let now = self.cell.core.system().runtime().now();
        let mut state = presence.state.lock();
        state.passivation.note(now, self.started());
        let called = state.passivation.is_called(now);
        drop(state);
        presence.tell_use();
        called
    }
}

impl Core {
    /// The actor leaves, as there are too many.
    pub(super) fn evicted(&self, kind: &'static str) {
        tracing::debug!(kind, name = self.name(), id = %self.id, "actor evicted");
        self.system().count_eviction();
        self.system().publish(|| Event::Evicted { actor: self.path(), kind });
    }
}

impl<A: Actor> Ctx<A> {
    pub(crate) fn stay_until(&self, until: Instant) {
        if let Some(presence) = self.presence() {
            presence.hold(until);
        }
    }

    /// Keeps this actor from being passivated or evicted, until
    /// [`resume_passivation`](Self::resume_passivation), also across restarts. Nothing for an actor that is
    /// neither.
    ///
    /// For an actor that holds something which nobody sees: a reply that is to come later, a lock elsewhere.
    /// Pauses are not counted: one resume takes all of them back.
    ///
    /// ```
    /// use akt::prelude::*;
    ///
    /// #[derive(Default)]
    /// struct Till(Vec<Reply<u64>>);
    ///
    /// #[akt::actor(passivate = "5m")]
    /// impl Till {
    ///     #[handler(defer)]
    ///     fn pay(&mut self, reply: Reply<u64>, cx: &mut Ctx<Self>) {
    ///         cx.pause_passivation();
    ///         self.0.push(reply);
    ///     }
    ///
    ///     #[handler]
    ///     fn paid(&mut self, cents: u64, cx: &mut Ctx<Self>) {
    ///         self.0.drain(..).for_each(|reply| reply.send(cents));
    ///         cx.resume_passivation();
    ///     }
    /// }
    /// ```
    pub fn pause_passivation(&self) {
        if let Some(presence) = self.presence() {
            presence.pause();
        }
    }

    /// Takes [`pause_passivation`](Self::pause_passivation) back: the idle time begins anew, and an actor that
    /// has handled its number of messages is passivated when it next rests.
    pub fn resume_passivation(&self) {
        if let Some(presence) = self.presence() {
            presence.resume();
        }
    }
}
