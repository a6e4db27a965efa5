//! The queue of a pull pool: shared by its routees, each of which takes a message when it is free.

use std::any::{Any, type_name};
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use parking_lot::Mutex;

use super::cell::{Place, Table};
use super::pool::{Pool, Routees};
use crate::actor::{
    Actor, Asker, Control, Core, Ctx, Incoming, LocalCell, Message, Ref, Refusal, Refused, Room, Sink,
    StopReason, Target, Ticket, is_there, part,
};
use crate::path::ActorPath;
use crate::system::ActorSystem;

/// Messages that no routee has begun, and the routees that have nothing to do.
///
/// A routee looks into it on its own turn, as it looks at its timers: what is here is nobody's yet, and outlives
/// whichever of them fails.
pub(super) struct Shared<A: Actor> {
    state: Mutex<State<A>>,
    table: Arc<Table<A::Msg>>,
}

struct State<A: Actor> {
    items: VecDeque<A::Msg>,
    room: Room,
    /// Routees that found nothing.
    idle: VecDeque<Arc<LocalCell<A>>>,
    open: Open,
}

/// Whether messages may come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Yes,
    /// What is there is still handled.
    Draining,
    No(StopReason),
}

impl<A: Actor> Shared<A> {
    pub(super) fn new(limit: usize, table: Arc<Table<A::Msg>>) -> Self {
        let (items, idle) = (VecDeque::new(), VecDeque::new());
        let state = State { items, room: Room::new(limit), idle, open: Open::Yes };
        Self { state: Mutex::new(state), table }
    }

    fn push(self: &Arc<Self>, message: A::Msg, reserved: bool) -> Result<(), Refused<A::Msg>> {
        let mut state = self.state.lock();
        if state.open != Open::Yes {
            return Err(Refused { refusal: Refusal::Stopped, message });
        }
        if !reserved && !state.room.take() {
            return Err(Refused { refusal: Refusal::Full, message });
        }
        state.items.push_back(message);
        let free = state.free();
        drop(state);
        self.give_turns(free);
        Ok(())
    }

    /// A new routee begins to take.
    pub(super) fn enlist(self: &Arc<Self>, routee: Arc<LocalCell<A>>) {
        self.give_turns([routee]);
    }

    /// Forgets routees that are gone.
    pub(super) fn sweep(&self) {
        self.state.lock().idle.retain(|idle| idle.core.is_alive());
    }

    /// Whether it has not left: who leaves takes no more.
    fn is_routee(&self, routee: &Core) -> bool {
        let is_it = |place: &Place<A::Msg>| place.routee.0.core().is_some_and(|core| core.id == routee.id);
        self.table.places.read().iter().any(is_it)
    }

    fn give_turns(self: &Arc<Self>, routees: impl IntoIterator<Item = Arc<LocalCell<A>>>) {
        for routee in routees {
            self.give_turn(&routee, 0);
        }
    }

    fn give_turn(self: &Arc<Self>, routee: &LocalCell<A>, streak: u32) {
        let turn = Turn { shared: self.clone(), streak, taken: false };
        routee.errand(None, move |_, cx| turn.take(cx));
    }

    /// Takes no more; what is there is refused if nobody will handle it.
    pub(super) fn close(&self, core: &Core, reason: StopReason) {
        let mut state = self.state.lock();
        if !matches!(state.open, Open::No(_)) {
            state.open = Open::No(reason);
        }
        let (items, woken) = (std::mem::take(&mut state.items), state.room.close());
        state.idle.clear();
        drop(state);
        drop(woken);
        for message in items {
            core.refuse(message.name(), part(message), reason);
        }
    }

    /// Lets the routees handle what is there, and then stop.
    fn drain(self: &Arc<Self>) {
        let mut state = self.state.lock();
        if state.open == Open::Yes {
            state.open = Open::Draining;
        }
        let woken = state.room.close();
        let idle = std::mem::take(&mut state.idle);
        drop(state);
        drop(woken);
        self.give_turns(idle);
    }
}

impl<A: Actor> State<A> {
    /// Who shall look for a message that has come: one that does nothing at all, or else all that are listed, for
    /// each of them may be busy with messages of its own.
    fn free(&mut self) -> VecDeque<Arc<LocalCell<A>>> {
        match self.idle.iter().position(|routee| routee.queue().is_idle()) {
            Some(at) => self.idle.remove(at).into_iter().collect(),
            None => std::mem::take(&mut self.idle),
        }
    }
}

/// A routee's turn to look into the queue; it passes to another if the routee ends before.
struct Turn<A: Actor> {
    shared: Arc<Shared<A>>,
    /// How many of its turns the routee has had without a look at anything else.
    streak: u32,
    taken: bool,
}

/// Turns that a routee has before it looks at its own mailbox, where a drain is noticed.
const STREAK: u32 = 32;

impl<A: Actor> Turn<A> {
    fn take(mut self, cx: &mut Ctx<A>) -> Option<A::Msg> {
        let me = cx.cell();
        if !self.shared.is_routee(&me.core) {
            return None;
        }
        let mut state = self.shared.state.lock();
        if state.items.front().is_some_and(|next| me.is_held_up(next.name())) {
            // What it took and could not begin would be kept from the others.
            let free = state.free();
            drop(state);
            self.shared.give_turns(free);
            me.clone().park(Box::new(move || self.later(&me)));
            return None;
        }
        self.taken = true;
        let Some(message) = state.items.pop_front() else {
            match state.open {
                Open::Yes => state.idle.push_back(me),
                Open::Draining => cx.stop(),
                Open::No(_) => {}
            }
            return None;
        };
        let woken = state.room.give_back(1);
        drop(state);
        drop(woken);
        self.again(me);
        Some(message)
    }

    /// A handler of the routee has ended.
    fn later(mut self, me: &Arc<LocalCell<A>>) {
        self.taken = true;
        self.shared.give_turn(me, self.streak);
    }

    /// The next turn comes after this message; now and then, after those of the routee's own mailbox, too.
    fn again(&self, me: Arc<LocalCell<A>>) {
        if self.streak < STREAK && !me.queue().is_used() {
            return self.shared.give_turn(&me, self.streak + 1);
        }
        let (shared, runtime) = (self.shared.clone(), me.core.system().runtime().clone());
        runtime.spawn("pull", async move { shared.give_turns([me]) });
    }
}

impl<A: Actor> Drop for Turn<A> {
    fn drop(&mut self) {
        if self.taken {
            return;
        }
        let mut state = self.shared.state.lock();
        let free = if state.items.is_empty() { VecDeque::new() } else { state.free() };
        drop(state);
        self.shared.give_turns(free);
    }
}

/// What the references of a pull pool point to.
pub(super) struct PullCell<A: Actor> {
    pub(super) keeper: Arc<LocalCell<Pool<A>>>,
    pub(super) shared: Arc<Shared<A>>,
}

impl<A: Actor> PullCell<A> {
    fn close(&self, reason: StopReason) {
        self.shared.close(&self.keeper.core, reason);
    }

    /// Why nobody would ever take it.
    fn refusal_of(&self, message: &A::Msg) -> Option<Refusal> {
        let places = self.shared.table.places.read();
        if places.is_empty() {
            return self.keeper.core.is_alive().then_some(Refusal::NoRoutees);
        }
        let (asker, mut back) = (Asker::of::<A>(message), None);
        for place in places.iter().filter(|place| is_there(&place.routee)) {
            back = Some(asker.cycle(&place.routee)?);
        }
        back.map(Refusal::cycle)
    }
}

impl<A: Actor> Sink<A::Msg> for PullCell<A> {
    fn push(&self, message: A::Msg, reserved: bool) -> Result<(), Refused<A::Msg>> {
        let Some(refusal) = self.refusal_of(&message) else {
            return self.shared.push(message, reserved);
        };
        if reserved {
            self.unreserve();
        }
        Err(Refused { refusal, message })
    }
}

impl<A: Actor> Target for PullCell<A> {
    fn path(&self) -> ActorPath {
        self.keeper.core.path()
    }

    fn system(&self) -> &ActorSystem {
        self.keeper.core.system()
    }

    fn core(&self) -> Option<&Core> {
        Some(&self.keeper.core)
    }

    fn poll_room(&self, ticket: &mut Option<Ticket>, cx: &Context<'_>) -> Poll<Result<(), Refusal>> {
        let mut state = self.shared.state.lock();
        if state.open != Open::Yes {
            return Poll::Ready(Err(Refusal::Stopped));
        }
        state.room.poll(ticket, cx)
    }

    fn abandon(&self, ticket: &Ticket) {
        let woken = self.shared.state.lock().room.abandon(ticket);
        drop(woken);
    }

    fn unreserve(&self) {
        let woken = self.shared.state.lock().room.give_back(1);
        drop(woken);
    }

    fn depth(&self) -> usize {
        self.shared.state.lock().items.len()
    }

    fn refusal(&self) -> StopReason {
        match self.shared.state.lock().open {
            Open::No(reason) => reason,
            Open::Yes | Open::Draining => self.keeper.core.refusal(),
        }
    }

    fn grace(&self) -> Duration {
        Duration::ZERO
    }

    /// What is queued is refused first: no asker waits for the routees to stop.
    fn control(&self, control: Control) {
        if let Control::Stop(reason) = control {
            self.close(reason);
        }
        self.keeper.control(control);
    }

    fn drain(&self) {
        self.shared.table.draining.store(true, std::sync::atomic::Ordering::SeqCst);
        if self.keeper.core.children().is_empty() {
            return self.control(Control::Stop(StopReason::Requested));
        }
        self.shared.drain();
    }

    fn kill(&self) {
        self.close(StopReason::Killed);
        self.keeper.kill();
    }

    fn typed(self: Arc<Self>) -> Box<dyn Any + Send> {
        Box::new(Ref::<A::Msg>::new(self))
    }

    fn contract(self: Arc<Self>) -> Option<Box<dyn Any + Send>> {
        A::contract(&Ref::new(self))
    }

    fn served(&self) -> Option<&'static str> {
        A::CONTRACT
    }

    fn accepts(&self) -> &'static str {
        type_name::<A::Msg>()
    }

    fn receive(self: Arc<Self>, incoming: Incoming) {
        A::receive(&Ref::new(self), incoming);
    }

    fn router(&self) -> Option<Box<dyn Any + Send>> {
        Some(Box::new(Routees::new(Ref::new(self.keeper.clone()), self.shared.table.clone())))
    }
}
