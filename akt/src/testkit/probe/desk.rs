//! Where a probe's messages wait for the test.

use std::collections::VecDeque;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::origin::Origin;
use crate::actor::{Message, Terminated};

/// How many messages wait; what comes then is a dead letter, and an asker is told so.
const ROOM: usize = 1024;

/// The messages of a probe, between its actor and its test.
pub(super) struct Desk<M> {
    state: Mutex<State<M>>,
    changed: Notify,
}

struct State<M> {
    queue: VecDeque<Came<M>>,
    rules: Vec<Rule<M>>,
    terminated: VecDeque<Terminated>,
    /// The test takes nothing any more.
    closed: bool,
}

/// A message, and where it came from.
pub(super) struct Came<M> {
    pub(super) message: M,
    pub(super) origin: Origin,
}

/// Takes a message, or gives it back.
pub(super) struct Rule<M> {
    pub(super) kind: RuleKind,
    pub(super) take: Box<dyn FnMut(M) -> Option<M> + Send>,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum RuleKind {
    Answer,
    Ignore,
}

impl<M> Default for Desk<M> {
    fn default() -> Self {
        let (queue, rules, terminated) = Default::default();
        Self { state: Mutex::new(State { queue, rules, terminated, closed: false }), changed: Notify::new() }
    }
}

impl<M: Message> Desk<M> {
    /// Takes in a message, on the probe's turn; gives it back if there is no room for it.
    pub(super) fn put(&self, message: M) -> Result<(), M> {
        let mut state = self.state.lock();
        if state.closed {
            return Ok(());
        }
        let origin = Origin::of(&message);
        let Some(message) = state.apply(message) else { return Ok(()) };
        if state.queue.len() >= ROOM {
            return Err(message);
        }
        state.queue.push_back(Came { message, origin });
        self.changed.notify_waiters();
        Ok(())
    }

    /// Adds a rule, also for what waits.
    pub(super) fn add(&self, rule: Rule<M>) {
        let mut state = self.state.lock();
        state.rules.push(rule);
        for Came { message, origin } in std::mem::take(&mut state.queue) {
            if let Some(message) = state.apply(message) {
                state.queue.push_back(Came { message, origin });
            }
        }
    }

    pub(super) fn names(&self) -> Vec<&'static str> {
        self.state.lock().queue.iter().map(|came| came.message.name()).collect()
    }
}

impl<M> Desk<M> {
    pub(super) fn remove(&self, kind: RuleKind) {
        let mut state = self.state.lock();
        let (gone, kept) = std::mem::take(&mut state.rules).into_iter().partition(|rule| rule.kind == kind);
        state.rules = kept;
        drop(state);
        drop::<Vec<_>>(gone);
    }

    /// Takes out the first message that `wanted` wants.
    pub(super) fn take(&self, mut wanted: impl FnMut(&M) -> bool) -> Option<Came<M>> {
        let mut state = self.state.lock();
        let place = state.queue.iter().position(|came| wanted(&came.message))?;
        state.queue.remove(place)
    }

    pub(super) fn waiting(&self) -> usize {
        self.state.lock().queue.len()
    }

    pub(super) fn clear(&self) {
        let forgotten = std::mem::take(&mut self.state.lock().queue);
        drop(forgotten);
    }

    pub(super) fn close(&self) {
        self.state.lock().closed = true;
        self.clear();
    }

    pub(super) fn terminated(&self, terminated: Terminated) {
        self.state.lock().terminated.push_back(terminated);
        self.changed.notify_waiters();
    }

    /// Takes out the first word of an end that `wanted` wants.
    pub(super) fn take_terminated(&self, mut wanted: impl FnMut(&Terminated) -> bool) -> Option<Terminated> {
        let mut state = self.state.lock();
        let place = state.terminated.iter().position(&mut wanted)?;
        state.terminated.remove(place)
    }

    /// Waits until `look` finds something; it looks at every change.
    pub(super) async fn find<T>(&self, mut look: impl FnMut() -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            if let Some(found) = look() {
                return found;
            }
            changed.await;
        }
    }
}

impl<M> State<M> {
    /// What no rule takes.
    fn apply(&mut self, message: M) -> Option<M> {
        self.rules.iter_mut().try_fold(message, |message, rule| (rule.take)(message))
    }
}
