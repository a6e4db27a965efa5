//! The run loop of an actor: takes messages, dispatches, catches panics, obeys the verdict.

use std::collections::VecDeque;
use std::ptr;
use std::sync::Arc;

use tracing::Span;

use super::attend::Attend;
use super::cell::LocalCell;
use super::context::Ctx;
use super::core::EndChildren;
use super::current::{self, Handling, Within};
use super::errand::Run;
use super::error::{AskError, Fault, Stage as WaitedIn, StopReason};
use super::fault::{Broken, Damage, Failure};
use super::flight::{Flights, Next, Returning, runs_beside};
use super::lifecycle::Stage;
use super::mailbox::{Control, Errand};
use super::meta::{Meta, Receiver};
use super::orphan::{self, Parting};
use super::panic::{guard, guard_drop};
use super::reference::Target;
use super::reply::{Begin, Slot};
use super::spawn::Factory;
use super::start::{Start, StartFailure};
use super::stash::Shelf;
use super::step::{End, Matter, Step};
use super::supervisor::{Supervise, Supervisor};
use super::traits::{Actor, Message};
use super::watch::Terminated;
use crate::system::{DeadLetterReason, Spot};
use crate::time::Instant;

/// Messages handled before other tasks get their turn.
const BATCH: u32 = 128;
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
    pub(super) flight: A::Flight,
    pub(super) batch: VecDeque<A::Msg>,
    /// Messages whose room is not given back yet.
    owed: u32,
    /// Messages handled, and handlers polled again, since other tasks had their turn.
    turn: u32,
    /// How many messages may still be started: counts down from [`u64::MAX`], until a drain says when to stop.
    pub(super) left: u64,
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
            flight: A::Flight::default(),
            batch: VecDeque::new(),
            owed: 0,
            turn: 0,
            left: u64::MAX,
        }
    }

    /// Handles messages as long as that needs no future.
    pub(super) fn work(&mut self, actor: &mut A, spot: &Spot) -> Step {
        let step = self.work_on(actor, spot);
        self.count();
        step
    }

    fn work_on(&mut self, actor: &mut A, spot: &Spot) -> Step {
        // `on(start)`, or the `on(stop)` before it, may have asked for the end.
        if let Some(reason) = self.cx.exit {
            return End::Stop(reason).into();
        }
        loop {
            if self.turn >= BATCH {
                self.turn = 0;
                return Step::Yield;
            }
            let step = self.step(actor);
            spot.advance();
            self.turn += u32::from(matches!(step, Step::Next | Step::Await(_) | Step::Start));
            if !matches!(step, Step::Next) {
                return step;
            }
        }
    }

    /// Handles the first message of the batch, whose handler is async.
    pub(super) fn handle_first<'a>(
        &'a mut self,
        actor: &'a mut A,
        span: Option<Box<Span>>,
    ) -> impl Future<Output = Result<(), Broken>> + Send + 'a {
        self.give_back();
        let message = self.batch.pop_front().expect("it was left there");
        let meta = message.reply().and_then(Slot::meta).map(|came| came.0);
        self.cx.current = message.reply().map(Slot::share).unwrap_or_default();
        let deadline = self.cx.current.deadline();
        let handler = actor.dispatch(message, &mut self.cx);
        Attend::handler(&self.cell, deadline, meta, handler).within(span)
    }

    /// The next thing that there is to do: control first, then a message.
    #[inline]
    fn step(&mut self, actor: &mut A) -> Step {
        if self.has_changed(actor) {
            return Step::Matter(Box::new(Matter::Enter));
        }
        self.cx.shelf.begin();
        if self.cell.core.lane.is_raised()
            && let Some(step) = self.obey(actor)
        {
            return step;
        }
        if let Some(step) = self.step_in_flight(actor) {
            return step;
        }
        if let Some(message) = self.cx.shelf.next() {
            return self.take_up(actor, message);
        }
        if self.left == 0 {
            // Handlers under way may be asked back, and bring back what was put aside: they end first.
            return if self.flight.is_empty() {
                End::Stop(StopReason::Requested).into()
            } else {
                Step::Start
            };
        }
        match self.batch.pop_front() {
            Some(message) => self.handle(actor, message),
            None => Step::Idle,
        }
    }

    /// Counts a message of the batch as started; whether it is measured.
    #[inline]
    pub(super) fn start(&mut self) -> bool {
        let measured = self.measures_next();
        self.left -= 1;
        self.owed += 1;
        if self.owed == GIVE_BACK {
            self.give_back();
        }
        measured
    }

    /// Counts what is done beside messages that have the actor to themselves.
    pub(super) fn count_turn(&mut self) {
        self.turn = self.turn.saturating_add(1);
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
        self.cell.home.queue.give_back(std::mem::take(&mut self.owed) as usize);
    }

    /// How many messages from its mailbox were started; any number once it drains.
    pub(super) fn started(&self) -> u64 {
        u64::MAX - self.left
    }

    /// Where messages go, and how many were started whose room is to be given back.
    pub(super) fn supply(&mut self) -> (&mut VecDeque<A::Msg>, usize) {
        let owed = std::mem::take(&mut self.owed) as usize;
        (&mut self.batch, owed)
    }

    /// Handles one message in the turn of its asker; one whose handler is async is to be taken back.
    #[inline]
    pub(super) fn handle_lent(&mut self, actor: &mut A, message: A::Msg, now: Instant) -> Step {
        if runs_beside::<A>(&message) {
            self.left -= 1;
            self.batch.push_front(message);
            return Step::Await(None);
        }
        let measured = self.measures_next();
        self.left -= 1;
        self.cx.shelf.begin();
        let step = match measured {
            true => self.handle_measured(actor, message, Some(now)),
            false => self.dispatch_lent(actor, message, now),
        };
        self.count();
        step
    }

    /// Leaves a message for later.
    #[inline]
    pub(super) fn hand_back(&mut self, message: A::Msg) -> Step {
        self.batch.push_front(message);
        Step::Await(None)
    }

    /// The message that `handle_lent` could not handle.
    pub(super) fn take_back(&mut self) -> Option<A::Msg> {
        self.left += 1;
        self.batch.pop_front()
    }

    /// Handles one message, if it needs no future.
    #[inline]
    fn handle(&mut self, actor: &mut A, message: A::Msg) -> Step {
        let measured = self.start();
        if runs_beside::<A>(&message) {
            let number = measured.then(|| self.number());
            self.flight.line_up(Next::new(message, number));
            return Step::Start;
        }
        if measured {
            return self.handle_measured(actor, message, None);
        }
        self.dispatch(actor, message, None)
    }

    #[inline]
    pub(super) fn dispatch_plainly(&mut self, actor: &mut A, message: A::Msg, now: Option<Instant>) -> Step {
        let name = message.name();
        if !ptr::eq(self.cx.message, name) {
            self.be_in(name);
        }
        let (mut ask, mut within) = (false, None);
        if let Some(slot) = message.reply() {
            let begin = slot.begin(now.unwrap_or_else(|| self.cell.core.system().runtime().now()));
            if begin != Begin::Go {
                self.cx.measured = false;
                self.skip(message, begin);
                return Step::Next;
            }
            ask = slot.is_ask();
            within = slot.meta().map(|came| self.carry_on(slot.share().deadline(), came.0));
        }
        let Some(message) = self.treat(actor, message) else {
            self.cx.measured = false;
            return Step::Next;
        };
        let handled = guard(|| actor.dispatch_sync(message, &mut self.cx));
        drop(within);
        match handled {
            Ok(Ok(())) => {
                self.cx.uncounted += 1;
                if self.cx.interrupted { self.interrupted(ask).into() } else { Step::Next }
            }
            Ok(Err(message)) => self.hand_back(message),
            Err(panic) => {
                self.cx.uncounted += 1;
                self.failed(Broken::Panic(panic), ask).into()
            }
        }
    }

    /// What the handler sends carries on what came with its message.
    #[cold]
    fn carry_on(&self, deadline: Instant, meta: Arc<Meta>) -> Box<Within> {
        let actor: Arc<dyn Target> = self.cell.clone();
        let handling = Handling {
            actor: Some(actor),
            receiver: Receiver::Exclusive,
            deadline,
            meta: Some(meta),
            hold: None,
        };
        // A pointer: messages that came with nothing pay for no more than that.
        Box::new(current::enter(self.cell.core.system(), handling))
    }

    /// An async handler has ended, well or not.
    pub(super) fn handled(&mut self, attended: Result<(), Broken>) -> Option<End> {
        self.measure_async();
        if !matches!(attended, Err(Broken::Killed)) {
            self.cx.uncounted = 1;
            self.count();
        }
        let current = std::mem::take(&mut self.cx.current);
        let ask = current.is_ask();
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
    pub(super) fn failed(&mut self, broken: Broken, ask: bool) -> Option<End> {
        let mut orphans = orphan::take();
        let _ = guard_drop(self.cx.fault.take());
        let current = std::mem::take(&mut self.cx.current);
        if current.is_ask() {
            orphans.push(current);
        }
        self.failed_with(broken, Damage::Message { orphans, ask })
    }

    #[cold]
    pub(super) fn failed_with(&mut self, broken: Broken, damage: Damage) -> Option<End> {
        self.cell.core.kind().failed(&self.cell.doing);
        self.cx.interrupted = false;
        self.cx.fault = None;
        Some(End::Failed(Box::new(Failure { damage, ..Failure::new(self.cx.message, broken) })))
    }

    /// Ends a message that must not be handled any more.
    #[cold]
    pub(super) fn skip(&self, message: A::Msg, begin: Begin) {
        if let Begin::Unknown { contract, id } = begin {
            let rpc = format!("id {id:#010x}, unknown to {contract}").into();
            let error = AskError::Unimplemented { rpc };
            return self.cell.core.decline(message, error, DeadLetterReason::Undecodable);
        }
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
    fn obey(&mut self, actor: &mut A) -> Option<Step> {
        if self.cell.core.lane.is_killed() {
            return Some(End::Killed.into());
        }
        while let Some(control) = self.cell.core.lane.next() {
            return Some(match control {
                Control::Stop(reason) => End::Stop(reason).into(),
                Control::Drain(accepted) => {
                    self.drain(accepted);
                    continue;
                }
                Control::Terminated(terminated) => Step::Matter(Box::new(Matter::Terminated(terminated))),
                Control::Restart => End::Restart.into(),
                Control::Regroup(seat) => End::Regroup(seat).into(),
                Control::Escalated(info) => {
                    End::Failed(Box::new(Failure::new("child", Broken::Child(info)))).into()
                }
                Control::Errand(errand) => self.errand(actor, errand),
            });
        }
        None
    }

    /// A tick, a post, or the result of work; what it leads to is handled at once.
    #[cold]
    fn errand(&mut self, actor: &mut A, errand: Errand) -> Step {
        let Errand { message, run } = errand;
        let run: Box<Run<A>> = run.downcast().expect("an errand comes through its actor's own cell");
        if let (Some(_), Some(presence)) = (message, self.cx.presence()) {
            presence.count_post();
        }
        self.be_in(message.unwrap_or("timer"));
        self.cell.returns.hold_up(|| self.flight.full());
        match guard(|| run(actor, &mut self.cx)) {
            Ok(Some(message)) => self.take_up(actor, message),
            Ok(None) if self.cx.interrupted => self.interrupted(true).into(),
            Ok(None) => Step::Next,
            Err(panic) => self.failed(Broken::Panic(panic), message.is_none()).into(),
        }
    }

    pub(super) async fn terminated(&mut self, actor: &mut A, terminated: Terminated) -> Option<End> {
        self.be_in("on(terminated)");
        self.give_back();
        let attended = Attend::hook(&self.cell, actor.on_terminated(terminated, &mut self.cx)).await;
        self.after_hook(attended)
    }

    /// A change of behaviour: `#[on(enter)]` before anything else.
    pub(super) async fn enter(&mut self, actor: &mut A) -> Option<End> {
        self.adopt_state(actor);
        self.be_in("on(enter)");
        self.give_back();
        let attended = Attend::hook(&self.cell, actor.on_enter(&mut self.cx)).await;
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
    pub(super) async fn conclude(&mut self, actor: A, end: End) -> Option<A> {
        let reason = match end {
            End::Failed(failure) => return self.supervise(Some(actor), *failure).await,
            End::Restart => return self.restart_anew(actor, None).await,
            End::Regroup(seat) => return self.restart_anew(actor, Some(seat)).await,
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
        let actor = if A::Flight::ALONE { actor } else { self.land(actor, killed).await };
        let how = if killed { EndChildren::Kill } else { EndChildren::Stop(reason.of_children()) };
        self.cell.core.end_children(how).await;
        match actor {
            Some(actor) if killed => drop(orphan::let_go(actor, Parting::Stop(reason))),
            Some(actor) => self.retire(actor, Parting::Stop(reason)).await,
            None => {}
        }
        self.finish(reason, None);
    }

    pub(super) fn finish(&mut self, reason: StopReason, start_failure: Option<Box<StartFailure>>) {
        let me: Arc<dyn Target> = self.cell.clone();
        self.cx.end_scope();
        self.cell.core.ended(A::NAME, reason, start_failure.is_none());
        let _ = guard_drop(std::mem::replace(&mut self.factory, Box::new(|| None)));
        let failure = start_failure.as_ref().map(|failure| failure.last.clone());
        self.cell.core.finish(&me, reason, start_failure);
        if let Some(face) = self.cx.face() {
            face.over(self.cell.core.id, failure);
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
        if let Some(face) = self.cx.face() {
            face.abandon();
        }
        self.close(StopReason::Killed);
        self.cell.core.killed_in_flight(self.flight.lose());
        self.finish(StopReason::Killed, start_failure);
    }
}
