//! The values of an actor: made, started, retired when supervision says so, and made again.

use std::sync::Arc;
use std::time::Duration;

use super::attend::Attend;
use super::core::EndChildren;
use super::current;
use super::error::{Fault, FaultInfo, StopReason};
use super::face::ACTIVATE;
use super::fault::{Broken, Failure};
use super::flight::Flights;
use super::lifecycle::Stage;
use super::mailbox::Control;
use super::orphan::{self, Parting};
use super::panic::{guard, guard_drop};
use super::reference::Target;
use super::regroup::Seat;
use super::runner::Runner;
use super::spawn::RECOVERY;
use super::start::{Start, StartFailure};
use super::stash::Shelf;
use super::supervisor::{Strategy, Supervisor, Verdict};
use super::traits::Actor;
use crate::runtime::Fire;
use crate::time::Instant;

/// Why a grain that asks for its end in `#[on(activate)]` does not activate.
const LEFT_AT_ONCE: &str = "it was to end before its first message: `cx.deactivate()` or `cx.stop()` in `#[on(activate)]`; return an error instead";

/// Which value is made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Birth {
    First,
    /// After a restart: `on(restart)` runs too.
    Again,
}

/// Ends a first start whose time is up.
struct StartAlarm(Arc<dyn Target>);

impl Fire for StartAlarm {
    fn fire(&self, _now: Instant) {
        self.0.kill();
    }
}

impl<A: Actor> Runner<A> {
    // ---- the first value -------------------------------------------------------------------

    /// Makes and starts the first value, as often and as long as the spawn said.
    pub(super) async fn first(&mut self) -> Option<A> {
        let start = self.supervisor.as_deref().map_or(Start::ONCE, Supervisor::start);
        let system = self.cell.core.system().clone();
        let deadline = start.timeout.map(|timeout| system.runtime().now() + timeout);
        let alarm = deadline.map(|at| system.timers().arm(at, Arc::new(StartAlarm(self.cell.clone()))));
        let (mut attempts, mut last) = (1, None);
        let (failure, reason) = loop {
            let failure = match self.make(Birth::First).await {
                Ok(actor) => {
                    alarm.into_iter().for_each(|alarm| system.timers().cancel(alarm));
                    return Some(actor);
                }
                Err(failure) => failure,
            };
            if matches!(failure.broken, Broken::Killed) {
                break (failure, StopReason::Killed);
            }
            if attempts > start.retries || self.cx.exit.is_some() {
                break (failure, StopReason::Fault);
            }
            let after = start.backoff.wait(attempts - 1, system.runtime().chance());
            last = Some(self.cell.core.note(failure, Verdict::Restart { after }));
            if let Some(reason) = self.cell.core.pause(after).await {
                let broken = Broken::Fault(Fault::new("ended before the next attempt"));
                break (Failure::new("on(start)", broken), reason);
            }
            attempts += 1;
        };
        alarm.into_iter().for_each(|alarm| system.timers().cancel(alarm));
        let late = reason == StopReason::Killed && deadline.is_some_and(|at| system.runtime().now() >= at);
        let reason = if late { StopReason::Fault } else { reason };
        let timeout = start.timeout.filter(|_| late);
        self.never_started(failure, StartEnd { attempts, last, timeout, reason });
        None
    }

    fn never_started(&mut self, mut failure: Failure, end: StartEnd) {
        let StartEnd { attempts, last, timeout, reason } = end;
        if let Some(timeout) = timeout {
            failure.broken = Broken::Fault(Fault::new(format!("not started within {timeout:?}")));
        }
        let info = self.cell.core.note(failure, Verdict::Stop);
        let last = last.filter(|_| timeout.is_some()).unwrap_or(info);
        self.close_unborn(reason, &last);
        self.finish(reason, Some(Box::new(StartFailure { attempts, last, timeout })));
    }

    // ---- a new value -----------------------------------------------------------------------

    /// Does what the policy says about a failure; the actor to go on with, or none.
    pub(super) async fn supervise(&mut self, mut actor: Option<A>, mut failure: Failure) -> Option<A> {
        loop {
            if matches!(failure.broken, Broken::Killed) {
                self.stop(actor, StopReason::Killed).await;
                return None;
            }
            let (verdict, strategy) = self.judge(&failure, actor.is_some());
            if verdict != Verdict::Resume {
                failure.lost.extend(self.flight.lose());
            }
            let info = self.cell.core.note(failure, verdict);
            let after = match verdict {
                Verdict::Resume => return actor,
                Verdict::Restart { after } => after,
                Verdict::Stop | Verdict::Escalate => {
                    match self.cell.core.parent() {
                        Some(parent) if verdict == Verdict::Escalate => {
                            parent.control(Control::Escalated(info));
                        }
                        _ => self.cell.core.stop_siblings(strategy),
                    }
                    self.stop(actor, StopReason::Fault).await;
                    return None;
                }
            };
            let seats = self.cell.core.call_siblings(strategy).into_iter().collect();
            match self.restart(actor.take(), after, seats, &info).await {
                Ok(next) => return next,
                Err(again) => failure = again,
            }
        }
    }

    /// Restarts because it was told to, or because a sibling failed, together with it.
    pub(super) async fn restart_anew(&mut self, actor: A, seat: Option<Seat>) -> Option<A> {
        let cause = self.cell.core.regrouped("restart");
        match self.restart(Some(actor), Duration::ZERO, seat.into_iter().collect(), &cause).await {
            Ok(next) => next,
            Err(failure) => self.supervise(None, failure).await,
        }
    }

    /// Ends the old value, if there is one, before it makes another; none if the actor was stopped meanwhile.
    async fn restart(
        &mut self,
        actor: Option<A>,
        after: Duration,
        mut seats: Vec<Seat>,
        cause: &FaultInfo,
    ) -> Result<Option<A>, Failure> {
        self.cell.core.enter(Stage::Restarting);
        self.give_back();
        self.cell.core.regrouped_in_flight(self.flight.lose());
        if let Some(actor) = actor {
            self.cell.core.end_children(EndChildren::Stop(StopReason::Parent)).await;
            self.retire(actor, Parting::Restart(cause)).await;
        }
        let mut end = match self.cx.exit {
            None => self.cell.core.pause(after).await,
            exit => exit,
        };
        if end.is_none() {
            end = self.cell.core.regroup(&mut seats).await;
        }
        if let Some(reason) = end {
            self.stop(None, reason).await;
            return Ok(None);
        }
        let fresh = self.make(Birth::Again).await?;
        drop(seats);
        if let Some(presence) = self.cx.presence() {
            presence.begin_anew(self.started());
        }
        self.cell.core.enter(Stage::Running);
        self.cell.core.restarted(A::NAME);
        Ok(Some(fresh))
    }

    fn judge(&mut self, failure: &Failure, has_value: bool) -> (Verdict, Strategy) {
        let nobody = (Verdict::Stop, Strategy::OneForOne);
        let Some(cause) = failure.broken.cause() else { return nobody };
        let Some(supervisor) = &mut self.supervisor else { return nobody };
        let runtime = self.cell.core.system().runtime();
        let verdict = match supervisor.decide(runtime.now(), cause, runtime.chance()) {
            // There is nothing to resume with when a restart has failed.
            Verdict::Resume if !has_value => Verdict::Stop,
            // It failed after `cx.stop()`.
            Verdict::Resume | Verdict::Restart { .. } if self.cx.exit.is_some() => Verdict::Stop,
            // The value is not what its events say.
            Verdict::Resume if A::RECOVERS && !self.cx.has_journal() => {
                Verdict::Restart { after: Duration::ZERO }
            }
            verdict => verdict,
        };
        (verdict, supervisor.strategy())
    }

    // ---- any value -------------------------------------------------------------------------

    /// Makes a value and starts it.
    async fn make(&mut self, birth: Birth) -> Result<A, Failure> {
        self.cell.core.begin_anew();
        let mut actor = match self.cx.face() {
            Some(_) => self.activate().await?,
            None => self.produce().map_err(|broken| Failure::new("factory", broken))?,
        };
        let Err(broken) = self.begin(&mut actor, birth).await else {
            A::set_timers(&mut self.cx);
            return Ok(actor);
        };
        Err(self.unmake(Some(actor), broken).await)
    }

    /// Has the factory make a value.
    fn produce(&mut self) -> Result<A, Broken> {
        let acting = current::act(&self.cell.core.lane);
        let made = guard(&mut self.factory);
        drop(acting);
        let made = made.map_err(Broken::Panic)?;
        made.ok_or_else(|| {
            let text = "`spawn_value` cannot make a second value";
            Broken::Fault(Fault::new(text))
        })
    }

    /// Has a grain make its value.
    async fn activate(&mut self) -> Result<A, Failure> {
        self.be_in(ACTIVATE);
        let (actor, attended) = match Attend::hook(&self.cell, A::activate(&mut self.cx)).await {
            Ok(Ok(actor)) => (Some(actor), Ok(Ok(()))),
            Ok(Err(fault)) => (None, Ok(Err(fault))),
            Err(broken) => (None, Err(broken)),
        };
        let broken = match (actor, self.hooked(attended)) {
            // Messages that wait for it would wait for ever, were it to end before the first of them each time.
            (actor, Ok(())) if self.cx.exit.is_some() => {
                return Err(self.unmake(actor, Broken::Fault(Fault::new(LEFT_AT_ONCE))).await);
            }
            (Some(actor), Ok(())) => return Ok(actor),
            (None, Ok(())) => Broken::Fault(Fault::new("it made no value")),
            (actor, Err(broken)) => return Err(self.unmake(actor, broken).await),
        };
        Err(self.unmake(None, broken).await)
    }

    /// Ends a value whose hook has failed, and what belongs to it.
    async fn unmake(&mut self, actor: Option<A>, broken: Broken) -> Failure {
        let message = self.cx.message;
        self.cx.interrupted = false;
        let _ = guard_drop(self.cx.fault.take());
        drop(orphan::take());
        // What its hooks had spawned belongs to a value that never was.
        self.cell.core.end_children(EndChildren::Stop(StopReason::Parent)).await;
        self.cx.end_value();
        let _ = orphan::let_go(actor, Parting::Stop(StopReason::Fault));
        Failure::new(message, broken)
    }

    /// Applies the events that there are; of a grain, that is part of its activation.
    async fn recover(&mut self, actor: &mut A) -> Result<(), Broken> {
        if !A::RECOVERS {
            return Ok(());
        }
        self.be_in(if self.cx.face().is_some() { ACTIVATE } else { RECOVERY });
        let attended = Attend::hook(&self.cell, actor.recover(&mut self.cx)).await;
        self.hooked(attended)
    }

    /// Runs the recovery, `on(start)`, then `on(restart)` unless it is the first value, then `on(enter)` of its first state.
    async fn begin(&mut self, actor: &mut A, birth: Birth) -> Result<(), Broken> {
        self.recover(actor).await?;
        self.be_in("on(start)");
        let attended = Attend::hook(&self.cell, actor.on_start(&mut self.cx)).await;
        self.hooked(attended)?;
        if birth == Birth::Again {
            self.be_in("on(restart)");
            let attended = Attend::hook(&self.cell, actor.on_restart(&mut self.cx)).await;
            self.hooked(attended)?;
            // The stash is the actor's, not the value's: the new one decides anew.
            self.cx.shelf.release();
        }
        if !A::BEHAVES || self.cx.exit.is_some() {
            return Ok(());
        }
        self.adopt_state(actor);
        self.be_in("on(enter)");
        let attended = Attend::hook(&self.cell, actor.on_enter(&mut self.cx)).await;
        self.hooked(attended)
    }

    fn hooked(&mut self, attended: Result<Result<(), Fault>, Broken>) -> Result<(), Broken> {
        if matches!(attended, Err(Broken::Killed)) {
            self.cell.core.cut_short(self.cx.message);
        }
        attended?.map_err(Broken::Fault)?;
        if self.cell.core.lane.is_killed() {
            return Err(Broken::Killed);
        }
        self.cx.fault.take().map_or(Ok(()), |fault| Err(Broken::Fault(*fault)))
    }

    /// Runs `on(stop)` and drops the value; its failures are noted and change nothing.
    pub(super) async fn retire(&mut self, mut actor: A, parting: Parting<'_>) {
        self.cx.end_value();
        let hook = if self.cx.face().is_some() { "on(deactivate)" } else { "on(stop)" };
        self.be_in(hook);
        let attended = Attend::hook(&self.cell, actor.on_stop(&mut self.cx)).await;
        if matches!(attended, Err(Broken::Killed)) {
            self.cell.core.cut_short(self.cx.message);
        }
        let dropped = orphan::let_go(actor, parting);
        self.cx.end_value();
        self.cx.interrupted = false;
        let _ = guard_drop(self.cx.fault.take());
        let broken = match (attended, dropped) {
            (Ok(Ok(())), Ok(())) | (Err(Broken::Killed), Ok(())) => return,
            (Ok(Ok(())) | Err(Broken::Killed), Err(panic)) => Broken::Panic(panic),
            (Ok(Err(fault)), _) => Broken::Fault(fault),
            (Err(broken), _) => broken,
        };
        self.cell.core.note(Failure::new(hook, broken), Verdict::Stop);
    }
}

/// How the tries of a first start ended.
struct StartEnd {
    attempts: u32,
    /// The failure of an earlier try.
    last: Option<Box<FaultInfo>>,
    timeout: Option<Duration>,
    reason: StopReason,
}
