//! The message lane: one short lock around a queue that its consumer swaps out whole.

use std::collections::VecDeque;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};

use super::idle::{Idle, Roused};
use super::items::Items;
use super::order::MailboxQueue;
use super::room::{Room, Ticket, Woken};
use super::tray::Tray;
use super::{Mailbox, Overflow};
use crate::actor::panic::guard_drop;
use crate::actor::reference::Refusal;
use crate::sync::{AtomicBool, Mutex, MutexGuard, Ordering};

/// Vectors above this many slots are freed once the actor has been idle for a while.
const KEPT_SLOTS: usize = 64;

/// Messages in the order of their acceptance.
pub(crate) struct Queue<M> {
    state: Mutex<State<M>>,
    /// The first consumer's: an actor's task keeps its waker.
    waker: OnceLock<Waker>,
}

struct State<M> {
    items: Items<M>,
    room: Room,
    idle: Idle,
    accepted: u64,
    closed: bool,
    /// The consumer is inside its home.
    inside: bool,
    overflow: Overflow,
    trim: Trim,
}

impl<M> State<M> {
    /// Takes in a message that has room.
    fn accept(&mut self, message: M) {
        self.items.put(message);
        self.accepted += 1;
    }

    /// Room for a message that is there already: nobody else's if another can be dropped for it.
    ///
    /// What the consumer has in hand holds room until it is given back, but does not wait any more.
    fn make_room(&mut self) -> Option<M> {
        let limit = self.room.limit();
        let dropped = self.items.tray().filter(|tray| tray.len() > limit).and_then(|tray| tray.displace());
        match &dropped {
            Some(_) => self.accepted -= 1,
            None => self.room.exceed(),
        }
        dropped
    }

    /// The consumer goes in, unless its part is lent: then it will be woken.
    fn enter(&mut self) -> bool {
        if self.idle.is_lent() {
            self.idle = Idle::Recalled;
            return false;
        }
        assert!(!self.inside, "there is one consumer");
        self.idle = Idle::No;
        self.inside = true;
        true
    }
}

/// What is left to do for an asker that has handled a message in the consumer's stead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Returned {
    /// The consumer rests again, or was woken.
    Alone,
    /// As `Alone`; but others came meanwhile, whom the asker kept waiting.
    Wanted,
    /// The consumer is gone for good, and what it left behind is the asker's to clear away.
    Left,
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
    /// A plain line, in which those for whom there is no room wait.
    pub(crate) fn new(limit: usize) -> Self {
        let state = State {
            items: Items::Line(VecDeque::new()),
            room: Room::new(limit),
            idle: Idle::No,
            accepted: 0,
            closed: false,
            inside: false,
            overflow: Overflow::Wait,
            trim: Trim::Off,
        };
        Self { state: Mutex::new(state), waker: OnceLock::new() }
    }

    /// The queue of a mailbox; without an `order`, in the order of acceptance.
    pub(crate) fn of(mailbox: Mailbox, order: Option<Box<dyn MailboxQueue<M>>>) -> Self {
        let queue = Self::new(mailbox.limit());
        let mut state = queue.state.lock();
        state.overflow = mailbox.overflow();
        if order.is_some() || state.overflow == Overflow::DropOldest {
            state.items = Items::Tray(Box::new(Tray::new(order)));
        }
        drop(state);
        queue
    }

    /// Accepts `message`, converted only once it has room; `reserved` if a ticket was granted for it.
    pub(crate) fn push<P: Into<M>>(&self, message: P, reserved: bool) -> Result<(), (Refusal, P)> {
        self.push_with(message, reserved, |_| {})
    }

    /// As [`push`](Self::push); tells `note`, under the lock, how many messages were accepted before this one.
    #[inline]
    pub(crate) fn push_with<P: Into<M>>(
        &self,
        message: P,
        reserved: bool,
        note: impl FnOnce(u64),
    ) -> Result<(), (Refusal, P)> {
        self.put(message, reserved, note).map(|roused| self.wake_consumer(roused.0))
    }

    /// As [`push_with`](Self::push_with), but leaves it to the caller to [`wake_roused`](Self::wake_roused).
    #[inline]
    pub(crate) fn put<P: Into<M>>(
        &self,
        message: P,
        reserved: bool,
        note: impl FnOnce(u64),
    ) -> Result<Roused, (Refusal, P)> {
        let mut state = self.state.lock();
        if state.closed {
            return Err((Refusal::Stopped, message));
        }
        if !reserved && !state.room.take() {
            return Err((Refusal::Full, message));
        }
        if let Items::Line(_) = state.items {
            note(state.accepted);
        }
        state.accept(message.into());
        Ok(Roused(state.idle.rouse()))
    }

    /// The consumer may run at once: not under a lock.
    pub(crate) fn wake_roused(&self, roused: Roused) {
        self.wake_consumer(roused.0);
    }

    /// What becomes of a message for which there was no room: accepted in place of another or dropped itself,
    /// or refused. The caller accounts for what was dropped.
    #[cold]
    pub(crate) fn overflow<P: Into<M>>(&self, message: P) -> Result<Option<M>, (Refusal, P)> {
        let mut state = self.state.lock();
        if state.closed {
            return Err((Refusal::Stopped, message));
        }
        let overflow = state.overflow;
        let mut dropped = None;
        match overflow {
            Overflow::Wait | Overflow::Reject => return Err((Refusal::Full, message)),
            Overflow::DropNewest if !state.room.take() => {
                drop(state);
                return Ok(Some(message.into()));
            }
            Overflow::DropNewest => state.accept(message.into()),
            Overflow::DropOldest => {
                state.accept(message.into());
                dropped = state.make_room();
            }
        }
        let idle = state.idle.rouse();
        drop(state);
        self.wake_consumer(idle);
        Ok(dropped)
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
        if ticket.is_none() && state.overflow != Overflow::Wait {
            return Poll::Ready(state.room.take().then_some(()).ok_or(Refusal::Full));
        }
        state.room.poll(ticket, cx)
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
        let mut look = self.look(cx);
        if look.take(batch, started) || control.load(Ordering::SeqCst) {
            return Batch::Ready;
        }
        look.rest(batch, cx)
    }

    /// As [`poll_batch`](Self::poll_batch), for a consumer that listens to its control lane by itself.
    pub(crate) fn poll_messages(&self, batch: &mut VecDeque<M>, started: usize, cx: &Context<'_>) -> Batch {
        let mut look = self.look(cx);
        if look.take(batch, started) { Batch::Ready } else { look.rest(batch, cx) }
    }

    /// The consumer's half in steps, for a consumer whose part may be lent.
    pub(super) fn look(&self, cx: &Context<'_>) -> Look<'_, M> {
        let first = self.waker.get_or_init(|| cx.waker().clone());
        Look { state: self.state.lock(), first, _woken: Woken::nobody() }
    }

    // ---- an asker in the consumer's stead ------------------------------------------------------

    /// Lends the consumer's part to an asker, if it rests: see [`Home::lend`](super::Home::lend).
    pub(super) fn lend(&self) -> bool {
        let mut state = self.state.lock();
        if !matches!(state.idle, Idle::First) || state.inside || state.closed || !state.room.take() {
            return false;
        }
        state.idle = Idle::Lent;
        state.accepted += 1;
        true
    }

    /// The asker is through: its message was handled, or is `kept` for the consumer.
    pub(super) fn take_back(&self, kept: Option<M>, wake: bool) -> Returned {
        let _woken;
        let mut state = self.state.lock();
        match kept {
            Some(message) => state.items.put_back(message),
            None => _woken = state.room.give_back(1),
        }
        let alone = state.items.len() == 0;
        match state.idle {
            Idle::Left => return Returned::Left,
            Idle::Lent if !wake && alone => state.idle = Idle::First,
            _ => {
                state.idle = Idle::No;
                drop(state);
                self.wake_consumer(Idle::First);
            }
        }
        if alone { Returned::Alone } else { Returned::Wanted }
    }

    /// The consumer goes for good; false if its part is lent: the asker cleans up.
    pub(super) fn leave(&self) -> bool {
        let mut state = self.state.lock();
        assert!(!state.inside, "the consumer leaves from outside");
        let lent = state.idle.is_lent();
        state.idle = if lent { Idle::Left } else { Idle::No };
        !lent
    }

    /// See [`State::enter`].
    pub(super) fn begin_stay(&self) -> bool {
        self.state.lock().enter()
    }

    /// The consumer was dropped while it was inside.
    pub(super) fn end_stay(&self) {
        self.state.lock().inside = false;
    }

    /// Lets the consumer give back the space of a burst, if nothing came since it was idle.
    pub(crate) fn trim(&self) {
        let mut state = self.state.lock();
        if let Trim::Set(then) = state.trim {
            state.trim = Trim::Due(then);
        }
        let idle = state.idle.rouse();
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
        let idle = self.state.lock().idle.rouse();
        self.wake_consumer(idle);
    }

    fn wake_consumer(&self, idle: Idle) {
        match idle {
            Idle::No | Idle::Lent | Idle::Recalled | Idle::Left => {}
            Idle::First => self.waker.get().expect("set before the consumer was idle").wake_by_ref(),
            Idle::Later(waker) => waker.wake(),
        }
    }

    /// Hands out what is queued and stays open; the caller gives its room back.
    #[allow(dead_code, reason = "only connections lose what waits for them, and they are a feature")]
    pub(crate) fn take_all(&self) -> VecDeque<M> {
        self.state.lock().items.empty().0
    }

    /// Accepts `left`, beyond the limit if need be.
    pub(crate) fn take_over(&self, left: Vec<M>) {
        let mut state = self.state.lock();
        for message in left {
            state.room.exceed();
            state.accept(message);
        }
        let idle = state.idle.rouse();
        drop(state);
        self.wake_consumer(idle);
    }

    /// Refuses everything from now on and hands out what was queued.
    pub(crate) fn close(&self) -> VecDeque<M> {
        self.shut().0
    }

    /// As [`close`](Self::close). Who waited for room is woken, and user code is dropped, with the second value.
    pub(crate) fn shut(&self) -> (VecDeque<M>, Shut<M>) {
        let mut state = self.state.lock();
        state.closed = true;
        let woken = state.room.close();
        let (queued, order) = state.items.empty();
        (queued, Shut { _woken: woken, order })
    }

    /// How many messages were accepted and not dropped for want of room. Those that come later are handed out
    /// later, whatever the order.
    pub(crate) fn drain(&self) -> u64 {
        let mut state = self.state.lock();
        if let Some(tray) = state.items.tray() {
            tray.seal();
        }
        state.accepted
    }

    /// Whether its consumer waits for something to come.
    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.state.lock().idle, Idle::First | Idle::Later(_))
    }

    /// How many messages may wait to be started, and one more unless the consumer rests.
    pub(crate) fn load(&self) -> usize {
        let state = self.state.lock();
        state.room.used() + usize::from(!matches!(state.idle, Idle::First | Idle::Later(_)))
    }

    /// Whether messages may wait to be started: their room has not been given back.
    pub(crate) fn is_used(&self) -> bool {
        self.state.lock().room.is_used()
    }

    /// How many messages wait in the queue, without those that the consumer has taken.
    pub(crate) fn depth(&self) -> usize {
        self.state.lock().items.len()
    }
}

/// What is left of a queue that was closed.
#[must_use = "dropped under a lock, it wakes under that lock"]
pub(crate) struct Shut<M> {
    _woken: Woken,
    order: Option<Box<dyn MailboxQueue<M>>>,
}

impl<M> Drop for Shut<M> {
    fn drop(&mut self) {
        if let Err(panic) = guard_drop(self.order.take()) {
            tracing::error!(text = panic.text, place = panic.place, "the order of a mailbox panicked");
        }
    }
}

/// The consumer's look into its queue, under the lock.
pub(super) struct Look<'a, M> {
    state: MutexGuard<'a, State<M>>,
    first: &'a Waker,
    /// Dropped after the lock.
    _woken: Woken,
}

impl<M> Look<'_, M> {
    /// See [`State::enter`].
    pub(super) fn enter(&mut self) -> bool {
        self.state.enter()
    }

    /// The consumer goes out.
    pub(super) fn leave(&mut self) {
        self.state.inside = false;
    }

    /// Returns the room of `started` messages and swaps everything queued into the empty `batch`, if there
    /// is something; one message, if each has its turn.
    pub(super) fn take(&mut self, batch: &mut VecDeque<M>, started: usize) -> bool {
        if started > 0 {
            self._woken = self.state.room.give_back(started);
        }
        self.state.idle = Idle::No;
        self.state.items.take(batch)
    }

    /// Refuses everything from now on; the caller found nothing to take. Who waits for room is told at
    /// [`Queue::close`], which must follow.
    pub(super) fn close(&mut self) {
        self.state.closed = true;
    }

    /// Waits from now on.
    pub(super) fn rest(&mut self, batch: &mut VecDeque<M>, cx: &Context<'_>) -> Batch {
        let state = &mut *self.state;
        state.idle = match self.first.will_wake(cx.waker()) {
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
                state.items.trim();
                *batch = VecDeque::new();
                return Batch::Idle;
            }
            Trim::Off | Trim::Due(_) => state.trim = Trim::Set(state.accepted),
        }
        Batch::IdleAndLarge
    }
}
