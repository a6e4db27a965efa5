//! The resident of a cell: an actor's value and what runs it, at work in its own task or in an asker's turn.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use super::attend::yield_now;
use super::cell::LocalCell;
use super::current;
use super::error::StopReason;
use super::flight::{Deck, Flights};
use super::lifecycle::Stage;
use super::mailbox::{Batch, Visit};
use super::passivation::Rest;
use super::runner::Runner;
use super::step::{End, Matter, Step};
use super::traits::Actor;
use crate::runtime::Runtime;
use crate::system::Spot;
use crate::time::Instant;

/// How long a mailbox keeps the space of a burst while nothing comes.
const TRIM_AFTER: Duration = Duration::from_secs(1);
/// How long a message may take in its asker's turn: another worker, had it been woken, would not have been
/// there much earlier.
const BRISK: Duration = Duration::from_micros(20);
/// How many nanoseconds a busy actor may go on before timers, sockets and tasks that have yielded get their turn, as a
/// power of two: 131 µs. As long as tokio finds a task that was woken, it looks for them once in 61 turns only.
const LONG: u32 = 17;
/// How often an actor rests before it is lent again, when it was lent to no good.
const WARY: u32 = 256;

/// What lives in a cell.
pub(super) struct Resident<A: Actor> {
    runner: Runner<A>,
    /// Absent before the first start and in between two values.
    actor: Option<A>,
    /// What a message led to, for the actor's task to see to.
    matter: Option<Box<Matter>>,
    /// How often it rested since it was lent to no good: others had to wait, or the message took long.
    rests: u32,
    /// When it last left its turn to others although there was more to do, in [`LONG`] times.
    yielded: u32,
}

/// The actor's task inside its cell.
type Inside<'a, A> = Visit<'a, <A as Actor>::Msg, Resident<A>>;

impl<A: Actor> Resident<A> {
    /// Begins the actor's life.
    pub(super) fn settle(runner: Runner<A>, runtime: &Runtime) {
        let cell = runner.cell.clone();
        cell.core.kind().spawned();
        cell.home.move_in(Self { runner, actor: None, matter: None, rests: 0, yielded: 0 });
        runtime.spawn(A::NAME, Life(cell).live());
    }

    /// Handles messages as long as that needs no future.
    fn work(&mut self, spot: &Spot) -> Step {
        match self.matter.take() {
            None => {
                let _acting = current::act(&self.runner.cell.core.lane);
                self.runner.work(self.actor.as_mut().expect("it has started"), spot)
            }
            Some(matter) => Step::Matter(matter),
        }
    }

    /// Leaves its turn to others although there is more to do: to tasks, and if it is long ago, to everything.
    async fn make_way(&mut self) {
        let now = self.runner.cell.core.system().runtime().now();
        let now = (now.as_nanos() >> LONG) as u32;
        match std::mem::replace(&mut self.yielded, now) {
            before if before == now => yield_now().await,
            _ => tokio::task::yield_now().await,
        }
    }

    /// Whether a message led to something that comes before the next: another state, or what was put aside.
    #[inline]
    fn is_behind(&self) -> bool {
        self.actor.as_ref().is_some_and(|actor| self.runner.is_behind(actor))
    }

    /// Handles one message for its asker; hands it back if its handler is async.
    fn attend(&mut self, message: A::Msg, now: Instant) -> Option<A::Msg> {
        let actor = self.actor.as_mut().expect("it has started");
        match self.runner.handle_lent(actor, message, now) {
            Step::Await(_) => return self.runner.take_back(),
            Step::Matter(matter) => self.matter = Some(matter),
            _ => {}
        }
        None
    }

    /// Lets handlers go on that run beside others.
    fn poll_turns(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // What one of them led to comes before the others.
        if self.matter.is_some() {
            return Poll::Ready(());
        }
        self.on_deck(|deck| A::Flight::poll_turns(deck, cx))
    }

    /// Begins a handler that runs beside others.
    fn poll_start(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.on_deck(|deck| A::Flight::poll_start(deck, cx))
    }

    /// Runs `&self` handlers beside each other.
    async fn share(&mut self) {
        let mut deck = Deck::new(&mut self.runner, &mut self.actor);
        A::share(&mut deck).await;
        self.matter = deck.end.map(|end| Box::new(Matter::End(end)));
    }

    fn on_deck(&mut self, poll: impl FnOnce(&mut Deck<'_, A>) -> Poll<()>) -> Poll<()> {
        let mut deck = Deck::new(&mut self.runner, &mut self.actor);
        let polled = poll(&mut deck);
        self.matter = deck.end.map(|end| Box::new(Matter::End(end)));
        polled
    }

    /// Does what is rare; false if the actor's life is over.
    async fn see_to(&mut self, matter: Box<Matter>) -> bool {
        let mut actor = self.actor.take().expect("it has started");
        let end = match *matter {
            Matter::End(end) => Some(end),
            Matter::Terminated(terminated) => self.runner.terminated(&mut actor, terminated).await,
            Matter::Enter => self.runner.enter(&mut actor).await,
        };
        self.actor = match end {
            Some(end) => self.runner.conclude(actor, end).await,
            None => Some(actor),
        };
        self.actor.is_some()
    }
}

impl<A: Actor> LocalCell<A> {
    /// Handles `message` in the turn of its asker, who was lent the actor at `now`.
    pub(super) fn attend(&self, message: A::Msg, now: Instant) {
        let mut guest = self.home.guest();
        let resident = guest.resident();
        let acting = current::act(&self.core.lane);
        let kept = self.core.system().watched(self.core.id, |_| resident.attend(message, now));
        drop(acting);
        let (later, wake) = (kept.is_some(), resident.matter.is_some() || resident.is_behind());
        let wake = resident.runner.has_attended() || wake;
        let alone = guest.leave(kept, wake);
        if later || !alone || self.core.system().runtime().now().since(now) > BRISK {
            self.lends.store(false, Ordering::Relaxed);
        }
    }

    /// Leaves, until there is something to do for the actor's task.
    fn rest<'a>(self: &'a Arc<Self>, inside: Inside<'a, A>) -> impl Future<Output = Inside<'a, A>> {
        let mut inside = Some(inside);
        poll_fn(move |cx| self.poll_rest(&mut inside, cx))
    }

    fn poll_rest<'a>(
        self: &'a Arc<Self>,
        inside: &mut Option<Inside<'a, A>>,
        cx: &Context<'_>,
    ) -> Poll<Inside<'a, A>> {
        let mut door = self.home.door(cx);
        let Some(mut visit) = inside.take().or_else(|| door.enter()) else { return Poll::Pending };
        visit.runner.flight.listen(cx.waker());
        let has_more = visit.matter.is_some() || visit.is_behind() || visit.runner.flight.is_woken();
        let Resident { runner, rests, .. } = &mut *visit;
        let (batch, owed) = runner.supply();
        if door.take(batch, owed) || self.core.lane.raised_now() || has_more {
            return Poll::Ready(visit);
        }
        if !self.lends.load(Ordering::Relaxed) {
            *rests = (*rests + 1) % WARY;
            self.lends.store(*rests == 0, Ordering::Relaxed);
        }
        let rest = runner.rest();
        if let Some((_, Rest::Leave { evicted })) = rest {
            door.close();
            drop(door);
            if evicted {
                self.core.evicted(A::NAME);
            }
            visit.matter = Some(Box::new(Matter::End(End::Stop(StopReason::Passivated))));
            return Poll::Ready(visit);
        }
        let (batch, _) = runner.supply();
        let idle = door.rest(batch, cx);
        door.leave(visit);
        drop(door);
        if let Some((presence, rest)) = rest {
            presence.rests(rest);
        }
        if idle == Batch::IdleAndLarge {
            self.trim_later();
        }
        Poll::Pending
    }

    /// Gives back the space of a burst, if nothing comes for a while.
    pub(super) fn trim_later(self: &Arc<Self>) {
        let system = self.core.system();
        system.timers().arm(system.runtime().now() + TRIM_AFTER, self.clone());
    }
}

/// The task of one actor.
struct Life<A: Actor>(Arc<LocalCell<A>>);

impl<A: Actor> Life<A> {
    #[allow(clippy::manual_async_fn, reason = "an `async fn` would hold the cell twice")]
    fn live(self) -> impl Future<Output = ()> + Send {
        async move {
            let mut inside = self.0.home.enter();
            inside.actor = Box::pin(inside.runner.first()).await;
            if inside.actor.is_none() {
                return;
            }
            self.0.core.enter(Stage::Running);
            self.0.core.started(A::NAME);
            inside.runner.has_started();
            loop {
                if !A::Flight::ALONE {
                    poll_fn(|cx| inside.poll_turns(cx)).await;
                }
                match self.0.core.system().watched(self.0.core.id, |spot| inside.work(spot)) {
                    Step::Next => {}
                    Step::Yield => inside.make_way().await,
                    Step::Idle => inside = self.0.rest(inside).await,
                    Step::Await(span) => {
                        let Resident { runner, actor, matter, .. } = &mut *inside;
                        let attended =
                            runner.handle_first(actor.as_mut().expect("it has started"), span).await;
                        let end = runner.handled(attended);
                        *matter = end.map(|end| Box::new(Matter::End(end)));
                    }
                    Step::Start if inside.runner.flight.next_shares() => Box::pin(inside.share()).await,
                    Step::Start => poll_fn(|cx| inside.poll_start(cx)).await,
                    Step::Matter(matter) => {
                        if !Box::pin(inside.see_to(matter)).await {
                            return;
                        }
                    }
                }
            }
        }
    }
}

/// At its end, or dropped before, as its runtime was.
impl<A: Actor> Drop for Life<A> {
    fn drop(&mut self) {
        drop(self.0.home.move_out());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Counter(u64);

    #[akt::actor]
    impl Counter {
        #[akt::handler]
        fn add(&mut self, by: u64) -> u64 {
            self.0 += by;
            self.0
        }
    }

    fn size_of_output<A, F>(_: impl FnOnce(A) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn an_idle_actor_is_small() {
        let (task, cell) = (size_of_output(Life::<Counter>::live), size_of::<LocalCell<Counter>>());

        // With what tokio adds; its tasks come in multiples of 128 bytes.
        assert!(task <= 144, "the task takes {task} bytes: is something held twice?");
        assert!(cell <= 480, "the cell takes {cell} bytes");
    }
}
