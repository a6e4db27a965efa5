//! One schedule: its rhythm, what it sends, and whose life it ends with.

use std::sync::{Arc, Weak};
use std::time::SystemTime;

use parking_lot::{Mutex, MutexGuard};

use super::scheduler::{ScheduleKind, Scheduled};
use super::{ActorSystem, DeadLetterReason};
use crate::actor::{AnyRef, Letter, Member, Place, Rhythm, Scope, guard, guard_drop};
use crate::runtime::{Fire, TimerKey, from_wall};
use crate::time::Instant;

/// What a schedule sends.
pub(super) enum Content {
    Once(Box<dyn Letter>),
    /// Makes a message and sends it.
    Again(Box<dyn FnMut() + Send>),
}

/// Whether a schedule ends with the actor that it sends to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    OfTarget,
    Own,
}

/// Why a schedule ends.
#[derive(Clone, Copy)]
pub(super) enum Ended {
    Cancelled,
    WithTarget,
    WithSystem,
}

/// One name of the scheduler.
pub(super) struct Schedule {
    me: Weak<Self>,
    pub(super) name: Box<str>,
    pub(super) target: AnyRef,
    system: ActorSystem,
    life: Life,
    state: Mutex<State>,
}

struct State {
    rhythm: Rhythm,
    /// The moment that the rhythm gave out last, for which it is armed unless it is paused.
    pending: Option<Instant>,
    armed: Option<TimerKey>,
    /// Absent while it runs, and at the end.
    content: Option<Content>,
    seat: Option<(Weak<Scope>, Place)>,
    paused: bool,
    /// A tick waits for its target's turn.
    outstanding: bool,
    over: bool,
}

/// The dead letter of a tick whose target is gone, where the schedule is not.
const TICK: &str = "schedule";

impl Schedule {
    pub(super) fn new(
        system: &ActorSystem,
        name: &str,
        life: Life,
        target: AnyRef,
        (mut rhythm, content): (Rhythm, Content),
    ) -> Arc<Self> {
        let runtime = system.runtime();
        let pending = rhythm.next(runtime.now(), runtime.chance());
        let state = State {
            rhythm,
            pending,
            armed: None,
            content: Some(content),
            seat: None,
            paused: false,
            outstanding: false,
            over: false,
        };
        Arc::new_cyclic(|me| Self {
            me: me.clone(),
            name: name.into(),
            target,
            system: system.clone(),
            life,
            state: Mutex::new(state),
        })
    }

    /// Joins what ends with its target, and begins to tick.
    pub(super) fn begin(self: &Arc<Self>) {
        // Of an actor on another node the end is not known.
        if self.life == Life::OfTarget && self.target.target().core().is_some() {
            let mut joining = Joining(Some(self.clone()));
            let _ = self.target.target().on_turn(None, Box::new(move |scope| joining.join(scope)));
        }
        let mut state = self.state.lock();
        if state.armed.is_none() {
            let pending = state.pending;
            self.arm(&mut state, pending);
        }
    }

    /// Sends nothing until [`resume`](Self::resume), not even what waits for its target's turn.
    pub(super) fn pause(&self) {
        let mut state = self.state.lock();
        state.paused = true;
        let armed = state.armed.take();
        drop(state);
        self.disarm(armed);
    }

    pub(super) fn resume(&self) {
        let mut state = self.state.lock();
        if !std::mem::take(&mut state.paused) {
            return;
        }
        let runtime = self.system.runtime();
        let (pending, now, chance) = (state.pending, runtime.now(), runtime.chance());
        let next = state.rhythm.resume(pending, now, || runtime.wall(), chance);
        self.arm(&mut state, next);
    }

    /// Ends it, unless it has ended.
    pub(super) fn end(&self, how: Ended) {
        let content = self.close(self.state.lock());
        let reason = match how {
            Ended::Cancelled => None,
            Ended::WithTarget => Some(DeadLetterReason::of_stop(self.target.target().refusal())),
            Ended::WithSystem => Some(DeadLetterReason::Shutdown),
        };
        match (content, reason) {
            (Some(Content::Once(letter)), Some(reason)) => letter.bury(reason),
            (content, _) => drop(guard_drop(content)),
        }
    }

    /// What it is, for people.
    pub(super) fn describe(&self) -> Scheduled {
        let state = self.state.lock();
        let kind = match &state.rhythm {
            Rhythm::Once(_) | Rhythm::Over => ScheduleKind::Once,
            Rhythm::Every { interval, .. } => ScheduleKind::Every(*interval),
            Rhythm::On(dates) => ScheduleKind::Cron {
                expression: dates.calendar().expression().to_owned(),
                zone: dates.calendar().zone().to_owned(),
            },
        };
        let next = if state.paused { None } else { self.next(&state) };
        let (name, target) = (self.name.to_string(), self.target.path());
        Scheduled { name, kind, target, next, paused: state.paused }
    }

    fn next(&self, state: &State) -> Option<SystemTime> {
        if let Rhythm::On(dates) = &state.rhythm {
            return dates.due().map(from_wall);
        }
        let runtime = self.system.runtime();
        let left = state.pending?.since(runtime.now());
        runtime.wall_clock().checked_add(left)
    }

    /// Nothing comes from it any more; what it would have sent, the first time.
    fn close(&self, mut state: MutexGuard<'_, State>) -> Option<Content> {
        if std::mem::replace(&mut state.over, true) {
            return None;
        }
        let (armed, content, seat) = (state.armed.take(), state.content.take(), state.seat.take());
        drop(state);
        self.disarm(armed);
        if let Some((scope, place)) = seat
            && let Some(scope) = scope.upgrade()
        {
            scope.leave(place);
        }
        self.system.schedules().forget(self);
        content
    }

    // ---- ticks -----------------------------------------------------------------------------

    fn arm(&self, state: &mut State, next: Option<Instant>) {
        state.pending = next;
        if state.over || state.paused {
            return;
        }
        state.armed = next.zip(self.me.upgrade()).map(|(at, me)| self.system.timers().arm(at, me));
    }

    fn disarm(&self, armed: Option<TimerKey>) {
        if let Some(key) = armed {
            self.system.timers().cancel(key);
        }
    }

    /// Has the message made where user code may run: on the turn of the target, or in a task of its own.
    fn tick(&self) {
        let Some(me) = self.me.upgrade() else { return };
        let tick = Outstanding(me);
        let message = (self.life == Life::Own).then_some(TICK);
        let Err(tick) = self.target.target().on_turn(message, Box::new(move |_| tick.0.run())) else {
            return;
        };
        self.system.runtime().spawn(TICK, async move { tick(&Arc::default()) });
    }

    fn run(&self) {
        let mut state = self.state.lock();
        if state.over || state.paused {
            return;
        }
        let Some(Content::Again(mut make)) = state.content.take() else { return };
        drop(state);
        if let Err(panic) = guard(&mut make) {
            let (text, place) = (panic.text, panic.place);
            tracing::error!(schedule = &*self.name, text, place, "the message of a schedule panicked");
        }
        let mut state = self.state.lock();
        if !state.over {
            state.content = Some(Content::Again(make));
            return;
        }
        drop(state);
        let _ = guard_drop(make);
    }

    fn take_seat(self: &Arc<Self>, scope: &Arc<Scope>) {
        let Some(place) = scope.join(self.clone()) else { return self.end(Ended::WithTarget) };
        let mut state = self.state.lock();
        if !state.over {
            state.seat = Some((Arc::downgrade(scope), place));
            return;
        }
        drop(state);
        scope.leave(place);
    }
}

impl Fire for Schedule {
    fn fire(&self, now: Instant) {
        let mut state = self.state.lock();
        // An alarm that was under way when it was paused, or resumed, is not the one that is waited for.
        if state.over || state.paused || state.pending.is_none_or(|at| at > now) {
            return;
        }
        state.armed = None;
        if matches!(state.content, Some(Content::Once(_))) {
            if let Some(Content::Once(letter)) = self.close(state) {
                letter.deliver();
            }
            return;
        }
        let runtime = self.system.runtime();
        let due = state.rhythm.is_due(now, || runtime.wall());
        let next = state.rhythm.next(now, runtime.chance());
        self.arm(&mut state, next);
        if !due || std::mem::replace(&mut state.outstanding, true) {
            return;
        }
        drop(state);
        self.tick();
    }
}

impl Member for Schedule {
    fn outlives_value(&self) -> bool {
        true
    }

    fn end(&self) {
        Self::end(self, Ended::WithTarget);
    }
}

/// A tick on its way: run or not, the next one may come.
struct Outstanding(Arc<Schedule>);

impl Drop for Outstanding {
    fn drop(&mut self) {
        self.0.state.lock().outstanding = false;
    }
}

/// A schedule on its way to the turn of its target: if that never comes, the target is gone.
struct Joining(Option<Arc<Schedule>>);

impl Joining {
    fn join(&mut self, scope: &Arc<Scope>) {
        if let Some(schedule) = self.0.take() {
            schedule.take_seat(scope);
        }
    }
}

impl Drop for Joining {
    fn drop(&mut self) {
        if let Some(schedule) = self.0.take() {
            schedule.end(Ended::WithTarget);
        }
    }
}
