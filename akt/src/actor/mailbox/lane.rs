//! The control lane: stop, drain, Terminated, escalation, errands. Looked at between messages.

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;

use parking_lot::Mutex;

use crate::actor::error::{FaultInfo, StopReason};
use crate::actor::regroup::Seat;
use crate::actor::watch::Terminated;

/// What an actor is told besides messages.
#[derive(Debug)]
pub(crate) enum Control {
    /// Stop after the current message.
    Stop(StopReason),
    /// Stop after everything that was accepted up to this count.
    Drain(u64),
    /// Restart after the current message.
    Restart,
    /// A watched actor is gone.
    Terminated(Terminated),
    /// A child's fault is now the actor's own.
    Escalated(Box<FaultInfo>),
    /// Something to do on the actor's turn: a tick, a post, the result of work.
    Errand(Errand),
    /// Restart together with a sibling that failed.
    Regroup(Seat),
}

/// A piece of an actor's own work, typed by the actor and therefore boxed: see [`Run`](crate::actor::errand::Run).
pub(crate) struct Errand {
    /// What it counts as when it cannot be run any more; a tick counts as nothing.
    pub(crate) message: Option<&'static str>,
    pub(crate) run: Box<dyn Any + Send>,
}

impl fmt::Debug for Errand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Errand({})", self.message.unwrap_or("tick"))
    }
}

/// Control messages, and the kill switch.
///
/// Unbounded: stop, drain and escalation come once per sender, Terminated once per watch, a call to restart
/// once per restart of a sibling, ticks one a timer, results one a piece of work that the actor began.
#[derive(Default)]
pub(crate) struct Lane {
    raised: AtomicBool,
    killed: AtomicBool,
    /// Errands are refused.
    sealed: AtomicBool,
    closed: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Absent in an actor that was never told anything but messages: most.
    #[allow(clippy::box_collection, reason = "one pointer in an idle actor, not four")]
    queue: Option<Box<VecDeque<Control>>>,
    /// The cell's, while it waits for a handler, hook, child or backoff.
    waker: Option<Waker>,
}

impl Lane {
    /// The caller wakes the queue's side too.
    pub(crate) fn push(&self, control: Control) {
        self.raise(|state| state.queue.get_or_insert_default().push_back(control));
    }

    /// As `push`, until the lane is sealed; after that the errand comes back.
    pub(crate) fn push_errand(&self, errand: Errand) -> Result<(), Errand> {
        let mut refused = Some(errand);
        self.raise(|state| {
            if let Some(errand) = refused.take_if(|_| !self.sealed.load(Ordering::SeqCst)) {
                state.queue.get_or_insert_default().push_back(Control::Errand(errand));
            }
        });
        refused.map_or(Ok(()), Err)
    }

    /// Refuses errands from now on and hands out those that were queued.
    pub(crate) fn seal(&self) -> Vec<Errand> {
        let mut state = self.state.lock();
        self.sealed.store(true, Ordering::SeqCst);
        let queued = state.queue.take().into_iter().flat_map(|queue| *queue);
        let (mut errands, mut rest) = (Vec::new(), VecDeque::new());
        for control in queued {
            match control {
                Control::Errand(errand) => errands.push(errand),
                control => rest.push_back(control),
            }
        }
        state.queue = (!rest.is_empty()).then(|| Box::new(rest));
        errands
    }

    /// Refuses errands from now on, if there is nothing to obey.
    pub(crate) fn seal_quiet(&self) -> bool {
        let _state = self.state.lock();
        let quiet = !self.raised.load(Ordering::SeqCst);
        self.sealed.fetch_or(quiet, Ordering::SeqCst);
        quiet
    }

    pub(crate) fn kill(&self) {
        self.killed.store(true, Ordering::SeqCst);
        self.raise(|_| ());
    }

    /// Has the actor look whether something came back.
    pub(crate) fn nudge(&self) {
        self.raise(|_| ());
    }

    fn raise(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock();
        if self.is_closed() {
            return;
        }
        change(&mut state);
        self.raised.store(true, Ordering::SeqCst);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The actor is gone: forgets everything, which may hold actors that hold this one, and takes no more.
    pub(crate) fn close(&self) {
        let mut state = self.state.lock();
        self.closed.store(true, Ordering::SeqCst);
        let forgotten = std::mem::take(&mut *state);
        drop(state);
        drop(forgotten);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// As [`is_raised`](Self::is_raised), in order with a push that came before.
    pub(crate) fn raised_now(&self) -> bool {
        self.raised.load(Ordering::SeqCst)
    }

    /// Whether there is something to take.
    pub(crate) fn is_raised(&self) -> bool {
        self.raised.load(Ordering::Relaxed)
    }

    /// Whether there is something to obey: a nudge alone is nothing.
    pub(crate) fn calls(&self) -> bool {
        if !self.is_raised() {
            return false;
        }
        let state = self.state.lock();
        let calls = state.queue.is_some() || self.is_killed();
        self.raised.store(calls, Ordering::SeqCst);
        calls
    }

    pub(crate) fn is_killed(&self) -> bool {
        self.killed.load(Ordering::SeqCst)
    }

    /// The reason of a kill or of a stop that waits to be obeyed.
    pub(crate) fn end_asked(&self) -> Option<StopReason> {
        if self.is_killed() {
            return Some(StopReason::Killed);
        }
        self.state.lock().queue.iter().flat_map(|queue| queue.iter()).find_map(|control| match control {
            Control::Stop(reason) => Some(*reason),
            _ => None,
        })
    }

    /// Whether a stop, or something else that is `as_good`, waits to be obeyed.
    pub(crate) fn has_asked(&self, as_good: fn(&Control) -> bool) -> bool {
        let state = self.state.lock();
        state
            .queue
            .iter()
            .flat_map(|queue| queue.iter())
            .any(|it| matches!(it, Control::Stop(_)) || as_good(it))
    }

    /// The next in order.
    pub(crate) fn next(&self) -> Option<Control> {
        let mut state = self.state.lock();
        let next = state.queue.as_mut().and_then(|queue| queue.pop_front());
        if state.queue.as_ref().is_none_or(|queue| queue.is_empty()) {
            state.queue = None;
            // A kill may have come since the caller looked: it stays raised.
            self.raised.store(self.is_killed(), Ordering::SeqCst);
        }
        next
    }

    /// The calls to restart that wait to be obeyed; everything else stays.
    pub(crate) fn take_calls(&self) -> Vec<Seat> {
        if !self.is_raised() {
            return Vec::new();
        }
        let mut state = self.state.lock();
        let queued = state.queue.take().into_iter().flat_map(|queue| *queue);
        let (mut calls, mut rest) = (Vec::new(), VecDeque::new());
        for control in queued {
            match control {
                Control::Regroup(seat) => calls.push(seat),
                control => rest.push_back(control),
            }
        }
        state.queue = (!rest.is_empty()).then(|| Box::new(rest));
        calls
    }

    /// Wakes `waker` at the next push; at once if something is there that was pushed since the last look.
    pub(crate) fn register(&self, waker: &Waker) {
        let mut state = self.state.lock();
        match &mut state.waker {
            Some(old) => old.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kill_beside_another_control_message_stays_raised() {
        let lane = Lane::default();
        lane.push(Control::Drain(0));
        lane.kill();

        assert!(lane.next().is_some());

        assert!(lane.is_raised(), "the kill is still to be obeyed");
    }
}
