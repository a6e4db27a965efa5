//! The run loop of an actor: takes messages, dispatches, catches panics, obeys the verdict.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::attend::{Attend, yield_now};
use super::cell::LocalCell;
use super::context::Ctx;
use super::core::EndChildren;
use super::errand::Run;
use super::error::{Fault, Stage as WaitedIn, StopReason};
use super::fault::{Broken, Damage, Failure};
use super::lifecycle::Stage;
use super::mailbox::{Batch, Control, Errand};
use super::orphan;
use super::panic::{guard, guard_drop};
use super::reference::Target;
use super::regroup::Seat;
use super::reply::Begin;
use super::spawn::Factory;
use super::start::{Start, StartFailure};
use super::stash::Shelf;
use super::supervisor::{Supervise, Supervisor};
use super::traits::{Actor, Message};
use super::watch::Terminated;

/// Messages handled before other tasks get their turn.
const BATCH: u32 = 128;
/// How long a mailbox keeps the space of a burst while nothing comes.
const TRIM_AFTER: Duration = Duration::from_secs(1);
/// Messages started before their room is given back, unless the batch ends before: each time wakes senders
/// that wait, and a sender that is woken for a few messages soon waits again.
const GIVE_BACK: u32 = 256;

/// The task that owns one actor.
pub(super) struct Runner<A: Actor> {
    pub(super) cx: Ctx<A>,
    pub(super) cell: Arc<LocalCell<A>>,
    pub(super) factory: Factory<A>,
    /// Absent when any fault stops the actor and its start is tried once: most actors.
    pub(super) supervisor: Option<Box<Supervisor>>,
    batch: VecDeque<A::Msg>,
    /// Messages whose room is not given back yet.
    owed: u32,
    /// Messages handled since other tasks had their turn.
    turn: u32,
    /// How many messages may still be started: counts down from [`u64::MAX`], until a drain says when to stop.
    left: u64,
}

/// Why the loop left its messages.
enum End {
    Stop(StopReason),
    Killed,
    Failed(Box<Failure>),
    /// A sibling failed, and its policy includes this actor.
    Regroup(Seat),
}

/// What is left to do for one message, or for what the control lane says.
enum Step<M> {
    Next,
    End(End),
    /// Its handler is async; true for an ask.
    Await(M, bool),
    /// There is none.
    Idle,
    Terminated(Terminated),
    /// The actor is in another state.
    Enter,
}

impl<A: Actor> Runner<A> {
    pub(super) fn new(
        cell: Arc<LocalCell<A>>,
        factory: Factory<A>,
        policy: Option<Supervise>,
        start: Start,
    ) -> Self {
        let plain = policy.is_none() && start == Start::ONCE;
        let supervisor = || Box::new(Supervisor::new(policy.unwrap_or_default(), start));
        Self {
            cx: Ctx::new(cell.clone()),
            cell,
            factory,
            supervisor: (!plain).then(supervisor),
            batch: VecDeque::new(),
            owed: 0,
            turn: 0,
            left: u64::MAX,
        }
    }

    /// Lives the actor's life.
    #[allow(clippy::manual_async_fn, reason = "an `async fn` would hold the runner twice")]
    pub(super) fn run(mut self) -> impl Future<Output = ()> + Send {
        async move {
            let Some(mut actor) = Box::pin(self.first()).await else { return };
            self.cell.core.enter(Stage::Running);
            self.cell.core.started(A::NAME);
            loop {
                let end = self.serve(&mut actor).await;
                match Box::pin(self.conclude(actor, end)).await {
                    Some(next) => actor = next,
                    None => return,
                }
            }
        }
    }

    /// Handles messages until there is a reason not to.
    #[expect(clippy::manual_async_fn, reason = "an `async fn` holds its arguments twice")]
    fn serve(&mut self, actor: &mut A) -> impl Future<Output = End> + Send {
        async move {
            // `on(start)`, or the `on(stop)` before it, may have asked for the end.
            if let Some(reason) = self.cx.exit {
                return End::Stop(reason);
            }
            loop {
                match self.step(actor) {
                    Step::Idle => {
                        poll_fn(|cx| self.poll_batch(cx)).await;
                        continue;
                    }
                    Step::Terminated(terminated) => {
                        match Box::pin(self.terminated(actor, terminated)).await {
                            Some(end) => return end,
                            None => continue,
                        }
                    }
                    Step::Enter => {
                        if let Some(end) = Box::pin(self.enter(actor)).await {
                            return end;
                        }
                    }
                    Step::Next => {}
                    Step::End(end) => return end,
                    Step::Await(message, ask) => {
                        let lane = &self.cell.core.lane;
                        let attended = Attend::new(lane, actor.dispatch(message, &mut self.cx)).await;
                        if let Some(end) = self.handled(attended, ask) {
                            return end;
                        }
                    }
                }
                self.turn += 1;
                if self.turn == BATCH {
                    self.turn = 0;
                    yield_now().await;
                }
            }
        }
    }

    /// The next thing that there is to do: control first, then a message.
    #[inline]
    fn step(&mut self, actor: &mut A) -> Step<A::Msg> {
        if self.has_changed(actor) {
            return Step::Enter;
        }
        self.cx.shelf.begin();
        if self.cell.core.lane.is_raised()
            && let Some(step) = self.obey(actor)
        {
            return step;
        }
        if let Some(message) = self.cx.shelf.next() {
            return self.dispatch(actor, message);
        }
        if self.left == 0 {
            return Step::End(End::Stop(StopReason::Requested));
        }
        match self.batch.pop_front() {
            Some(message) => self.handle(actor, message),
            None => Step::Idle,
        }
    }

    /// Stops after the first `accepted` messages of its life; the first drain decides.
    fn drain(&mut self, accepted: u64) {
        let started = u64::MAX - self.left;
        // Nobody starts half as many messages as a counter has numbers: more is no drain yet.
        if started < u64::MAX / 2 {
            self.left = accepted.saturating_sub(started);
        }
    }

    pub(super) fn give_back(&mut self) {
        self.cell.queue.give_back(std::mem::take(&mut self.owed) as usize);
    }

    fn poll_batch(&mut self, cx: &Context<'_>) -> Poll<()> {
        let raised = self.cell.core.lane.raised();
        let owed = std::mem::take(&mut self.owed) as usize;
        match self.cell.queue.poll_batch(&mut self.batch, owed, raised, cx) {
            Batch::Ready => Poll::Ready(()),
            Batch::Idle => Poll::Pending,
            Batch::IdleAndLarge => {
                let system = self.cell.core.system();
                system.timers().arm(system.runtime().now() + TRIM_AFTER, self.cell.clone());
                Poll::Pending
            }
        }
    }

    /// Handles one message, if it needs no future.
    #[inline]
    fn handle(&mut self, actor: &mut A, message: A::Msg) -> Step<A::Msg> {
        self.left -= 1;
        self.owed += 1;
        if self.owed == GIVE_BACK {
            self.give_back();
        }
        self.dispatch(actor, message)
    }

    #[inline]
    fn dispatch(&mut self, actor: &mut A, message: A::Msg) -> Step<A::Msg> {
        self.cx.message = message.name();
        let mut ask = false;
        if let Some(slot) = message.reply() {
            let begin = slot.begin(self.cell.core.system().runtime().now());
            if begin != Begin::Go {
                self.skip(message, begin);
                return Step::Next;
            }
            ask = true;
        }
        let Some(message) = self.treat(actor, message) else { return Step::Next };
        match guard(|| actor.dispatch_sync(message, &mut self.cx)) {
            Ok(Ok(())) if self.cx.interrupted => self.interrupted(ask).map_or(Step::Next, Step::End),
            Ok(Ok(())) => Step::Next,
            Ok(Err(message)) => {
                self.give_back();
                self.cx.current = message.reply().map(|slot| slot.share()).unwrap_or_default();
                Step::Await(message, ask)
            }
            Err(panic) => self.failed(Broken::Panic(panic), ask).map_or(Step::Next, Step::End),
        }
    }

    /// An async handler has ended, well or not.
    fn handled(&mut self, attended: Result<(), Broken>, ask: bool) -> Option<End> {
        let current = std::mem::take(&mut self.cx.current);
        match attended {
            Ok(()) if self.cx.interrupted => {
                if self.cx.fault.is_some() {
                    self.cx.current = current;
                }
                self.interrupted(ask)
            }
            Ok(()) => None,
            Err(Broken::Killed) => {
                self.cell.core.killed_while_handling(self.cx.message, ask);
                Some(End::Killed)
            }
            Err(broken) => self.failed(broken, ask),
        }
    }

    /// `cx.stop()` or `cx.fail()` was called.
    #[cold]
    fn interrupted(&mut self, ask: bool) -> Option<End> {
        if let Some(fault) = self.cx.fault.take() {
            return self.failed(Broken::Fault(*fault), ask);
        }
        self.cx.interrupted = false;
        self.cx.exit.take().map(End::Stop)
    }

    #[cold]
    fn failed(&mut self, broken: Broken, ask: bool) -> Option<End> {
        self.cx.interrupted = false;
        self.cx.fault = None;
        let mut orphans = orphan::take();
        let current = std::mem::take(&mut self.cx.current);
        if current.is_ask() {
            orphans.push(current);
        }
        let damage = Damage::Message { orphans, ask };
        Some(End::Failed(Box::new(Failure { message: self.cx.message, broken, damage })))
    }

    /// Ends a message that must not be handled any more.
    #[cold]
    fn skip(&self, message: A::Msg, begin: Begin) {
        let late = match begin {
            Begin::Expired { waited, in_stash: true } => Some((waited, WaitedIn::Stashed)),
            Begin::Expired { waited, .. } => Some((waited, WaitedIn::Queued { depth: self.cell.depth() })),
            _ => None,
        };
        let name = message.name();
        let reply = orphan::part(message);
        if begin != Begin::Returned {
            self.cell.core.skipped(&*self.cell, name, reply, late);
        }
    }

    /// Does what the control lane says, in order, until something ends the actor or needs its turn.
    #[cold]
    fn obey(&mut self, actor: &mut A) -> Option<Step<A::Msg>> {
        if self.cell.core.lane.is_killed() {
            return Some(Step::End(End::Killed));
        }
        while let Some(control) = self.cell.core.lane.next() {
            return Some(match control {
                Control::Stop(reason) => Step::End(End::Stop(reason)),
                Control::Drain(accepted) => {
                    self.drain(accepted);
                    continue;
                }
                Control::Terminated(terminated) => Step::Terminated(terminated),
                Control::Regroup(seat) => Step::End(End::Regroup(seat)),
                Control::Escalated(info) => {
                    let broken = Broken::Child(info);
                    let failure = Failure { message: "child", broken, damage: Damage::None };
                    Step::End(End::Failed(Box::new(failure)))
                }
                Control::Errand(errand) => self.errand(actor, errand),
            });
        }
        None
    }

    /// A tick, a post, or the result of work; what it leads to is handled at once.
    #[cold]
    fn errand(&mut self, actor: &mut A, errand: Errand) -> Step<A::Msg> {
        let Errand { message, run } = errand;
        let run: Box<Run<A>> = run.downcast().expect("an errand comes through its actor's own cell");
        self.cx.message = message.unwrap_or("timer");
        match guard(|| run(actor, &mut self.cx)) {
            Ok(Some(message)) => self.dispatch(actor, message),
            Ok(None) if self.cx.interrupted => self.interrupted(true).map_or(Step::Next, Step::End),
            Ok(None) => Step::Next,
            Err(panic) => self.failed(Broken::Panic(panic), message.is_none()).map_or(Step::Next, Step::End),
        }
    }

    async fn terminated(&mut self, actor: &mut A, terminated: Terminated) -> Option<End> {
        self.cx.message = "on(terminated)";
        self.give_back();
        let attended = Attend::new(&self.cell.core.lane, actor.on_terminated(terminated, &mut self.cx)).await;
        self.after_hook(attended)
    }

    /// A change of behaviour: `#[on(enter)]` before anything else.
    async fn enter(&mut self, actor: &mut A) -> Option<End> {
        self.adopt_state(actor);
        self.cx.message = "on(enter)";
        self.give_back();
        let attended = Attend::new(&self.cell.core.lane, actor.on_enter(&mut self.cx)).await;
        self.after_hook(attended)
    }

    /// A hook between messages has ended, well or not.
    fn after_hook(&mut self, attended: Result<Result<(), Fault>, Broken>) -> Option<End> {
        match attended {
            Ok(Ok(())) if self.cx.interrupted => self.interrupted(true),
            Ok(Ok(())) => None,
            Ok(Err(fault)) => self.failed(Broken::Fault(fault), true),
            Err(Broken::Killed) => {
                self.cell.core.cut_short(self.cx.message);
                Some(End::Killed)
            }
            Err(broken) => self.failed(broken, true),
        }
    }

    /// Acts on the end of serving; the actor to go on with, or none.
    async fn conclude(&mut self, actor: A, end: End) -> Option<A> {
        let reason = match end {
            End::Failed(failure) => return self.supervise(Some(actor), *failure).await,
            End::Regroup(seat) => return self.restart_with_siblings(actor, seat).await,
            End::Stop(reason) => reason,
            End::Killed => StopReason::Killed,
        };
        self.stop(Some(actor), reason).await;
        None
    }

    /// The way out: no more messages, children first, `on(stop)`, the name, the watchers.
    pub(super) async fn stop(&mut self, actor: Option<A>, reason: StopReason) {
        self.cell.core.enter(Stage::Stopping(reason));
        self.close(reason);
        let killed = reason == StopReason::Killed;
        let how = if killed { EndChildren::Kill } else { EndChildren::Stop(reason.of_children()) };
        self.cell.core.end_children(how).await;
        match actor {
            Some(actor) if killed => drop(orphan::let_go(actor, Some(reason))),
            Some(actor) => self.retire(actor, Some(reason)).await,
            None => {}
        }
        self.finish(reason, None);
    }

    pub(super) fn finish(&mut self, reason: StopReason, start_failure: Option<Box<StartFailure>>) {
        let me: Arc<dyn Target> = self.cell.clone();
        self.cx.end_scope();
        self.cell.core.ended(A::NAME, reason);
        let _ = guard_drop(std::mem::replace(&mut self.factory, Box::new(|| None)));
        self.cell.core.finish(&me, reason, start_failure);
    }

    /// Closes the mailbox: askers are answered, tells become dead letters.
    pub(super) fn close(&mut self, reason: StopReason) {
        self.cx.end_scope();
        let errands = self.cell.core.lane.seal();
        errands.into_iter().for_each(|errand| self.cell.core.abandon(errand));
        let queued = self.cell.queue.close();
        let taken = std::mem::take(&mut self.batch);
        for message in self.cx.shelf.take_all().into_iter().chain(taken).chain(queued) {
            self.cell.core.refuse(message.name(), orphan::part(message), reason);
        }
    }
}

/// The task was dropped before its end, as its runtime was: nobody may wait for it any longer.
impl<A: Actor> Drop for Runner<A> {
    fn drop(&mut self) {
        if self.cell.core.stop_reason().is_some() {
            return;
        }
        let start_failure = self.cell.core.is_starting().then(|| {
            let last = self.cell.core.never_ran(self.cx.message);
            Box::new(StartFailure { attempts: 1, last, timeout: None })
        });
        self.close(StopReason::Killed);
        self.finish(StopReason::Killed, start_failure);
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
    fn the_task_of_an_idle_actor_fits_384_bytes() {
        let size = size_of_output(Runner::<Counter>::run);

        // With what tokio adds; its tasks come in multiples of 128 bytes.
        assert!(size <= 272, "{size} bytes: is something held twice?");
    }
}
