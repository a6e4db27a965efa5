//! The control lane: stop, drain, Terminated, escalation. Never refused, looked at between messages.

use std::collections::VecDeque;
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
    /// A watched actor is gone.
    Terminated(Terminated),
    /// A child's fault is now the actor's own.
    Escalated(Box<FaultInfo>),
    /// Restart together with a sibling that failed.
    Regroup(Seat),
}

/// Control messages, and the kill switch.
///
/// Unbounded: stop, drain and escalation come once per sender, Terminated once per watch, a call to restart
/// once per restart of a sibling.
#[derive(Default)]
pub(crate) struct Lane {
    raised: AtomicBool,
    killed: AtomicBool,
    closed: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    queue: Vec<Control>,
    /// The cell's, while it waits for a handler, hook, child or backoff.
    waker: Option<Waker>,
}

impl Lane {
    /// The caller wakes the queue's side too.
    pub(crate) fn push(&self, control: Control) {
        self.raise(|state| state.queue.push(control));
    }

    pub(crate) fn kill(&self) {
        self.killed.store(true, Ordering::SeqCst);
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

    /// Raised when there is something to take.
    pub(crate) fn raised(&self) -> &AtomicBool {
        &self.raised
    }

    pub(crate) fn is_raised(&self) -> bool {
        self.raised.load(Ordering::Relaxed)
    }

    pub(crate) fn is_killed(&self) -> bool {
        self.killed.load(Ordering::SeqCst)
    }

    /// The reason of a kill or of a stop that waits to be obeyed.
    pub(crate) fn end_asked(&self) -> Option<StopReason> {
        if self.is_killed() {
            return Some(StopReason::Killed);
        }
        self.state.lock().queue.iter().find_map(|control| match control {
            Control::Stop(reason) => Some(*reason),
            _ => None,
        })
    }

    /// Everything there is, in order.
    pub(crate) fn take(&self) -> Vec<Control> {
        let mut state = self.state.lock();
        // A kill may have come since the caller looked: it stays raised.
        self.raised.store(self.is_killed(), Ordering::SeqCst);
        std::mem::take(&mut state.queue)
    }

    /// The calls to restart that wait to be obeyed; everything else stays.
    pub(crate) fn take_calls(&self) -> Vec<Seat> {
        if !self.is_raised() {
            return Vec::new();
        }
        let mut state = self.state.lock();
        let (calls, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut state.queue)
            .into_iter()
            .partition(|control| matches!(control, Control::Regroup(_)));
        state.queue = rest;
        calls
            .into_iter()
            .filter_map(|control| match control {
                Control::Regroup(seat) => Some(seat),
                _ => None,
            })
            .collect()
    }

    /// Puts back what was taken and not obeyed, before everything newer.
    pub(crate) fn put_back(&self, rest: VecDeque<Control>) {
        if rest.is_empty() {
            return;
        }
        let mut state = self.state.lock();
        state.queue.splice(0..0, rest);
        self.raised.store(true, Ordering::SeqCst);
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

        assert_eq!(lane.take().len(), 1);

        assert!(lane.is_raised(), "the kill is still to be obeyed");
    }
}
