//! The message lane: one short lock around a queue that its consumer swaps out whole.

use std::collections::VecDeque;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;

use super::room::{Room, Ticket};
use crate::actor::reference::Refusal;

/// Vectors above this many slots are freed once the actor has been idle for a while.
const KEPT_SLOTS: usize = 64;

/// Messages in the order of their acceptance.
pub(crate) struct Queue<M> {
    state: Mutex<State<M>>,
    /// The first consumer's: an actor's task keeps its waker.
    waker: OnceLock<Waker>,
}

struct State<M> {
    items: VecDeque<M>,
    room: Room,
    idle: Idle,
    accepted: u64,
    closed: bool,
    trim: Trim,
}

/// Whether the consumer waits, and how to wake it.
#[derive(Default)]
enum Idle {
    #[default]
    No,
    /// It is the first consumer.
    First,
    /// Another has taken over, as one connection does from another.
    Later(Box<Waker>),
}

/// When the space of a burst is given back: not at once, or every burst would allocate anew.
#[derive(Clone, Copy)]
enum Trim {
    /// No alarm is set.
    Off,
    /// An alarm is set; so many messages had been accepted by then.
    Set(u64),
    /// The alarm has rung.
    Due(u64),
}

/// What the consumer finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Batch {
    /// Messages, or a raised control lane.
    Ready,
    Idle,
    /// Idle with the space of a burst: call [`Queue::trim`] in a while.
    IdleAndLarge,
}

impl<M> Queue<M> {
    pub(crate) fn new(limit: usize) -> Self {
        let state = State {
            items: VecDeque::new(),
            room: Room::new(limit),
            idle: Idle::No,
            accepted: 0,
            closed: false,
            trim: Trim::Off,
        };
        Self { state: Mutex::new(state), waker: OnceLock::new() }
    }

    /// Accepts `message`, converted only once it has room; `reserved` if a ticket was granted for it.
    pub(crate) fn push<P: Into<M>>(&self, message: P, reserved: bool) -> Result<(), (Refusal, P)> {
        let mut state = self.state.lock();
        if state.closed {
            return Err((Refusal::Stopped, message));
        }
        if !reserved && !state.room.take() {
            return Err((Refusal::Full, message));
        }
        state.items.push_back(message.into());
        state.accepted += 1;
        let idle = std::mem::take(&mut state.idle);
        drop(state);
        self.wake_consumer(idle);
        Ok(())
    }

    /// Ready when room for one message is reserved, in the order of asking.
    pub(crate) fn poll_room(
        &self,
        ticket: &mut Option<Ticket>,
        cx: &Context<'_>,
    ) -> Poll<Result<(), Refusal>> {
        let mut state = self.state.lock();
        if state.closed {
            return Poll::Ready(Err(Refusal::Stopped));
        }
        match ticket {
            Some(ticket) => ticket.poll(cx).map(|granted| granted.then_some(()).ok_or(Refusal::Stopped)),
            None if state.room.take() => Poll::Ready(Ok(())),
            None => {
                *ticket = Some(state.room.wait(cx.waker()));
                Poll::Pending
            }
        }
    }

    /// Leaves the line; room that was granted goes to the next.
    pub(crate) fn abandon(&self, ticket: &Ticket) {
        let woken = self.state.lock().room.abandon(ticket);
        drop(woken);
    }

    /// The consumer's half: returns the room of `started` messages and swaps everything queued into the
    /// empty `batch`. Idle, until woken, while there is nothing and `control` is not raised.
    pub(crate) fn poll_batch(
        &self,
        batch: &mut VecDeque<M>,
        started: usize,
        control: &AtomicBool,
        cx: &Context<'_>,
    ) -> Batch {
        let first = self.waker.get_or_init(|| cx.waker().clone());
        let _woken;
        let mut state = self.state.lock();
        if started > 0 {
            _woken = state.room.give_back(started);
        }
        if !state.items.is_empty() {
            std::mem::swap(&mut state.items, batch);
            return Batch::Ready;
        }
        if control.load(Ordering::SeqCst) {
            return Batch::Ready;
        }
        state.idle = match first.will_wake(cx.waker()) {
            true => Idle::First,
            false => Idle::Later(Box::new(cx.waker().clone())),
        };
        if batch.capacity().max(state.items.capacity()) <= KEPT_SLOTS {
            return Batch::Idle;
        }
        match state.trim {
            Trim::Set(_) => return Batch::Idle,
            Trim::Due(then) if then == state.accepted => {
                state.trim = Trim::Off;
                state.items = VecDeque::new();
                *batch = VecDeque::new();
                return Batch::Idle;
            }
            Trim::Off | Trim::Due(_) => state.trim = Trim::Set(state.accepted),
        }
        Batch::IdleAndLarge
    }

    /// Lets the consumer give back the space of a burst, if nothing came since it was idle.
    pub(crate) fn trim(&self) {
        let mut state = self.state.lock();
        if let Trim::Set(then) = state.trim {
            state.trim = Trim::Due(then);
        }
        let idle = std::mem::take(&mut state.idle);
        drop(state);
        self.wake_consumer(idle);
    }

    /// Returns the room of `started` messages.
    pub(crate) fn give_back(&self, started: usize) {
        let woken = self.state.lock().room.give_back(started);
        drop(woken);
    }

    /// Wakes the consumer if it is idle.
    pub(crate) fn wake(&self) {
        let idle = std::mem::take(&mut self.state.lock().idle);
        self.wake_consumer(idle);
    }

    fn wake_consumer(&self, idle: Idle) {
        match idle {
            Idle::No => {}
            Idle::First => self.waker.get().expect("set before the consumer was idle").wake_by_ref(),
            Idle::Later(waker) => waker.wake(),
        }
    }

    /// Hands out what is queued and stays open; the caller gives its room back.
    #[allow(dead_code, reason = "only connections lose what waits for them, and they are a feature")]
    pub(crate) fn take_all(&self) -> VecDeque<M> {
        std::mem::take(&mut self.state.lock().items)
    }

    /// Refuses everything from now on and hands out what was queued.
    pub(crate) fn close(&self) -> VecDeque<M> {
        let _woken;
        let mut state = self.state.lock();
        state.closed = true;
        _woken = state.room.close();
        std::mem::take(&mut state.items)
    }

    /// How many messages were ever accepted.
    pub(crate) fn accepted(&self) -> u64 {
        self.state.lock().accepted
    }

    /// How many messages wait in the queue, without those that the consumer has taken.
    pub(crate) fn depth(&self) -> usize {
        self.state.lock().items.len()
    }
}
