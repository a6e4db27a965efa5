//! Timers of an actor: messages that come later, once or again and again, and end with it.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;

use super::calendar::Calendar;
use super::cell::LocalCell;
use super::context::Ctx;
use super::panic::guard_drop;
use super::post::Post;
use super::rhythm::Rhythm;
use super::scope::{Member, Place, Scope};
use super::traits::{Actor, Message};
use crate::runtime::{Fire, TimerKey};
use crate::time::Instant;

impl<A: Actor> Ctx<A> {
    /// Sends `post` after `after`, unless the timer is cancelled or the actor's value is gone by then.
    ///
    /// The message comes on the control lane: a full mailbox does not refuse it, and it overtakes what is
    /// queued. It is up to two milliseconds late.
    ///
    /// ```
    /// use akt::prelude::*;
    /// use std::time::Duration;
    ///
    /// #[derive(Default)]
    /// struct Door {
    ///     closing: Option<akt::Timer>,
    /// }
    ///
    /// #[akt::actor]
    /// impl Door {
    ///     /// Each call begins the wait anew: the timer before is dropped.
    ///     #[handler]
    ///     fn open(&mut self, cx: &mut Ctx<Self>) {
    ///         self.closing = Some(cx.after(Duration::from_secs(5), cx.me().close()));
    ///     }
    ///
    ///     #[handler]
    ///     fn close(&mut self) {
    ///         self.closing = None;
    ///     }
    /// }
    /// ```
    pub fn after<M: Message>(&mut self, after: Duration, post: impl Into<Post<M>>) -> Timer {
        let mut post = Some(post.into());
        let rhythm = Rhythm::once(self.now(), after);
        self.timer(rhythm, Box::new(move |cx| post.take()?.claim(&cx.cell)))
    }

    /// Sends a post of `make` every `interval`, the first after one of them.
    ///
    /// `make` runs on the actor's turn, with its own reference: messages need not be `Clone`. Ticks keep to
    /// multiples of `interval`; while one is not handled yet, others are left out.
    ///
    /// ```
    /// # use akt::prelude::*;
    /// # use std::time::Duration;
    /// # struct Cache;
    /// #[akt::actor]
    /// impl Cache {
    ///     #[on(start)]
    ///     fn started(&mut self, cx: &mut Ctx<Self>) {
    ///         cx.every(Duration::from_secs(10), |me| me.evict(100).post()).detach();
    ///     }
    ///
    ///     #[handler]
    ///     fn evict(&mut self, keep: usize) {}
    /// }
    /// ```
    pub fn every<M: Message>(
        &mut self,
        interval: Duration,
        make: impl FnMut(&A::Ref) -> Post<M> + Send + 'static,
    ) -> Timer {
        self.repeat(Rhythm::every(self.now(), interval, Duration::ZERO), make)
    }

    /// Sends a post of `make` at each date of `calendar`.
    pub(crate) fn on_dates<M: Message>(
        &mut self,
        calendar: Box<dyn Calendar>,
        make: impl FnMut(&A::Ref) -> Post<M> + Send + 'static,
    ) -> Timer {
        let wall = self.system().runtime().wall();
        self.repeat(Rhythm::on(calendar, self.now(), wall), make)
    }

    fn repeat<M: Message>(
        &mut self,
        rhythm: Rhythm,
        mut make: impl FnMut(&A::Ref) -> Post<M> + Send + 'static,
    ) -> Timer {
        self.timer(rhythm, Box::new(move |cx| make(&cx.me()).claim(&cx.cell)))
    }

    fn timer(&mut self, rhythm: Rhythm, tick: Tick<A>) -> Timer {
        let cell = self.cell.clone();
        let scope = self.scope();
        let timer = Arc::new_cyclic(|me| Clockwork {
            me: me.clone(),
            cell,
            scope: Arc::downgrade(scope),
            state: Mutex::new(State { rhythm, tick: Some(tick), ..State::default() }),
        });
        timer.begin(scope);
        Timer(Some(timer))
    }
}

/// Sets the timer of an `#[every(..)]` handler.
#[doc(hidden)]
pub fn every<A: Actor, M: Message>(
    cx: &mut Ctx<A>,
    interval: Duration,
    jitter: Duration,
    make: impl FnMut(&A::Ref) -> Post<M> + Send + 'static,
) -> Timer {
    cx.repeat(Rhythm::every(cx.now(), interval, jitter), make)
}

/// A timer that ticks until it is dropped, has ticked for the last time, or its actor's value is gone.
///
/// A tick that has come and was not handled yet is taken back with it: after the drop, none comes.
#[must_use = "dropping a timer cancels it; `.detach()` lets it run"]
pub struct Timer(Option<Arc<dyn Handle>>);

impl Timer {
    /// Lets it run without a guard, until the actor restarts or stops.
    pub fn detach(mut self) {
        self.0 = None;
    }

    /// Its ticks count as messages: they keep an actor from being passivated, as those of other timers do not.
    #[must_use = "dropping a timer cancels it; `.detach()` lets it run"]
    pub fn keep_alive(self) -> Self {
        if let Some(timer) = &self.0 {
            timer.keep_alive();
        }
        self
    }

    /// Lets it run without a guard, until the actor stops: restarts do not end it.
    pub fn keep(mut self) {
        if let Some(timer) = self.0.take() {
            timer.keep();
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(timer) = self.0.take() {
            timer.cancel();
        }
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Timer")
    }
}

/// What the guard needs of a timer.
trait Handle: Send + Sync {
    fn cancel(&self);
    fn keep(&self);
    fn keep_alive(&self);
}

/// What a timer does on its actor's turn: the message to handle, if it is the actor's own.
type Tick<A> = Box<dyn FnMut(&mut Ctx<A>) -> Option<<A as Actor>::Msg> + Send>;

/// One timer of one actor.
struct Clockwork<A: Actor> {
    me: Weak<Self>,
    cell: Arc<LocalCell<A>>,
    scope: Weak<Scope>,
    state: Mutex<State<A>>,
}

struct State<A: Actor> {
    rhythm: Rhythm,
    /// Absent while it runs, and at the end.
    tick: Option<Tick<A>>,
    /// When it comes next.
    armed: Option<(Instant, TimerKey)>,
    place: Option<Place>,
    /// A tick is on the control lane.
    outstanding: bool,
    kept: bool,
    /// Its ticks count as messages.
    active: bool,
    over: bool,
}

impl<A: Actor> Default for State<A> {
    fn default() -> Self {
        Self {
            rhythm: Rhythm::Over,
            tick: None,
            armed: None,
            place: None,
            outstanding: false,
            kept: false,
            active: false,
            over: false,
        }
    }
}

impl<A: Actor> Clockwork<A> {
    fn begin(self: &Arc<Self>, scope: &Scope) {
        let place = scope.join(self.clone());
        let mut state = self.state.lock();
        state.place = place;
        state.over |= place.is_none();
        self.arm(&mut state, self.cell.core.system().runtime().now());
    }

    fn arm(&self, state: &mut State<A>, now: Instant) {
        if state.over {
            return;
        }
        let system = self.cell.core.system();
        let chance = system.runtime().chance();
        let next = state.rhythm.next(now, chance);
        state.armed = next.zip(self.me.upgrade()).map(|(at, me)| (at, system.timers().arm(at, me)));
    }

    /// The tick, on the actor's turn.
    fn tick(&self, cx: &mut Ctx<A>) -> Option<A::Msg> {
        let mut state = self.state.lock();
        state.outstanding = false;
        let tick = state.tick.take().filter(|_| !state.over)?;
        let active = state.active;
        drop(state);
        if let Some(presence) = cx.presence().filter(|_| active) {
            presence.count_post();
        }
        let mut running = Running { timer: self, tick: Some(tick) };
        running.tick.as_mut().and_then(|tick| tick(cx))
    }

    fn end(&self) -> Option<Place> {
        let mut state = self.state.lock();
        state.over = true;
        let (armed, place, tick) = (state.armed.take(), state.place.take(), state.tick.take());
        drop(state);
        if let Some((_, key)) = armed {
            self.cell.core.system().timers().cancel(key);
        }
        // A restart or a stop goes on, whatever its closure holds.
        let _ = guard_drop(tick);
        place
    }

    fn leave(&self) {
        if let Some((place, scope)) = self.end().zip(self.scope.upgrade()) {
            scope.leave(place);
        }
    }
}

/// A tick that runs: put back afterwards even if it panics, or let go with the last one.
struct Running<'a, A: Actor> {
    timer: &'a Clockwork<A>,
    tick: Option<Tick<A>>,
}

impl<A: Actor> Drop for Running<'_, A> {
    fn drop(&mut self) {
        let mut state = self.timer.state.lock();
        if !state.over && state.armed.is_some() {
            state.tick = self.tick.take();
            return;
        }
        drop(state);
        self.timer.leave();
    }
}

impl<A: Actor> Fire for Clockwork<A> {
    fn fire(&self, now: Instant) {
        let mut state = self.state.lock();
        state.armed = None;
        let due = state.rhythm.is_due(now, || self.cell.core.system().runtime().wall());
        self.arm(&mut state, now);
        if state.over || !due || std::mem::replace(&mut state.outstanding, true) {
            return;
        }
        drop(state);
        if let Some(me) = self.me.upgrade() {
            self.cell.errand(None, move |_, cx| me.tick(cx));
        }
    }
}

impl<A: Actor> Handle for Clockwork<A> {
    fn cancel(&self) {
        self.leave();
    }

    fn keep(&self) {
        self.state.lock().kept = true;
    }

    fn keep_alive(&self) {
        self.state.lock().active = true;
    }
}

impl<A: Actor> Member for Clockwork<A> {
    fn outlives_value(&self) -> bool {
        self.state.lock().kept
    }

    fn end(&self) {
        Self::end(self);
    }

    fn due(&self) -> Option<Instant> {
        self.state.lock().armed.map(|(at, _)| at)
    }
}
