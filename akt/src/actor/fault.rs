//! A failure on its way to its verdict: what broke, whom it hurt, what is said about it.

use super::core::Core;
use super::error::{AskError, Delivery, Directive, Fault, FaultInfo, Stage, StopReason};
use super::flight::Lost;
use super::orphan::{self, Orphans};
use super::panic::{Panic, guard};
use super::reference::Target;
use super::reply::AnyReply;
use super::supervisor::{Cause, Verdict};
use crate::system::{DeadLetterReason, Event};
use std::time::Duration;

/// How user code ended when it did not end well.
pub(super) enum Broken {
    Panic(Panic),
    Fault(Fault),
    /// A child's fault, escalated.
    Child(Box<FaultInfo>),
    Killed,
}

impl Broken {
    /// What supervision decides about; nothing is decided about a kill.
    pub(super) fn cause(&self) -> Option<Cause<'_>> {
        match self {
            Self::Panic(_) => Some(Cause::Panic),
            Self::Fault(fault) => Some(Cause::Failure(fault)),
            Self::Child(_) => Some(Cause::Child),
            Self::Killed => None,
        }
    }
}

/// What a failure leaves behind.
#[derive(Debug)]
pub(super) enum Damage {
    None,
    /// The message that was being handled, and the replies that it dropped.
    Message {
        orphans: Orphans,
        ask: bool,
    },
}

/// User code that failed.
pub(super) struct Failure {
    /// The handler, hook or factory.
    pub(super) message: &'static str,
    pub(super) broken: Broken,
    pub(super) damage: Damage,
    /// The handlers that end with it.
    pub(super) lost: Vec<Lost>,
}

impl Failure {
    /// A failure of something that is no message.
    pub(super) fn new(message: &'static str, broken: Broken) -> Self {
        Self { message, broken, damage: Damage::None, lost: Vec::new() }
    }
}

impl Core {
    /// Says what failed and what is done about it: to the asker, the dead letters, the event stream, the log.
    pub(super) fn note(&self, failure: Failure, verdict: Verdict) -> Box<FaultInfo> {
        let Failure { message, broken, damage, lost } = failure;
        let (text, place) = match broken {
            Broken::Panic(Panic { text, place }) => (text, place),
            Broken::Fault(fault) => (text_of(fault), None),
            Broken::Child(info) => (info.to_string(), None),
            Broken::Killed => ("killed before it had started".to_owned(), None),
        };
        let directive = verdict.directive();
        let info =
            Box::new(FaultInfo { actor: self.path(), message: message.into(), text, place, directive });
        tracing::error!(
            actor = %info.actor, message, place = info.place, text = info.text, ?directive, "actor failed"
        );
        self.system().publish(|| Event::Fault((*info).clone()));
        self.bury(message, damage, DeadLetterReason::Panicked, || AskError::Fault(info.clone()));
        self.bury_all(lost, DeadLetterReason::Panicked, || AskError::Fault(info.clone()));
        info
    }

    /// The handler of `message` was dropped by a kill.
    pub(super) fn killed_while_handling(&self, message: &'static str, ask: bool) {
        self.cut_short(message);
        let damage = Damage::Message { orphans: orphan::take(), ask };
        self.bury(message, damage, DeadLetterReason::Killed, killed);
    }

    /// Handlers that were under way beside each other were dropped by a kill.
    pub(super) fn killed_in_flight(&self, lost: Vec<Lost>) {
        lost.iter().for_each(|lost| self.cut_short(lost.message));
        self.bury_all(lost, DeadLetterReason::Killed, killed);
    }

    /// Handlers that were under way end with their value, which has not failed itself.
    pub(super) fn regrouped_in_flight(&self, lost: Vec<Lost>) {
        for Lost { message, damage } in lost {
            let info = self.regrouped(message);
            self.bury(message, damage, DeadLetterReason::Panicked, || {
                AskError::Fault(Box::new(info.clone()))
            });
        }
    }

    /// What is said of a restart whose cause was not the actor's own failure.
    pub(super) fn regrouped(&self, message: &'static str) -> FaultInfo {
        let text = "it was restarted, as it was told to or with a sibling that failed".to_owned();
        FaultInfo {
            actor: self.path(),
            message: message.into(),
            text,
            place: None,
            directive: Directive::Restart,
        }
    }

    fn bury_all(&self, lost: Vec<Lost>, reason: DeadLetterReason, error: impl Fn() -> AskError) {
        lost.into_iter().for_each(|Lost { message, damage }| self.bury(message, damage, reason, &error));
    }

    /// A kill has ended `message`; the report of a shutdown names it.
    pub(super) fn cut_short(&self, message: &'static str) {
        if self.system().is_stopping() {
            self.system().cut_short(self.id, message);
        }
    }

    /// A message that was being handled is lost: returned to its asker, or a dead letter.
    fn bury(
        &self,
        message: &'static str,
        damage: Damage,
        reason: DeadLetterReason,
        error: impl FnMut() -> AskError,
    ) {
        let Damage::Message { orphans, ask } = damage else { return };
        if !self.system().switches().accounts_for(reason) {
            return;
        }
        // An ask whose reply lives on elsewhere is answered from there.
        let kept = ask && orphans.is_silent();
        if !orphan::fail(orphans, error) && !kept {
            self.system().dead_letter(self, message, reason);
        }
    }

    /// A queued message that will not be handled because the actor stops.
    pub(crate) fn refuse(&self, message: &'static str, reply: AnyReply, reason: StopReason) {
        let letter = DeadLetterReason::of_stop(reason);
        if !self.system().switches().accounts_for(letter) {
            return;
        }
        if !reply.fail(AskError::Stopped { reason, delivered: Delivery::No }) {
            self.system().dead_letter(self, message, letter);
        }
    }

    /// A queued message of a grain that does not activate.
    pub(crate) fn refuse_with(&self, message: &'static str, reply: AnyReply, info: &FaultInfo) {
        if !reply.fail(AskError::Fault(Box::new(info.clone()))) {
            self.system().dead_letter(self, message, DeadLetterReason::of_stop(StopReason::Fault));
        }
    }

    /// A message that was dropped for want of room, its own or another's.
    #[cold]
    pub(super) fn displaced(&self, message: &'static str, reply: AnyReply) {
        if !reply.fail(AskError::Full) {
            self.system().dead_letter(self, message, DeadLetterReason::MailboxFull);
        }
    }

    /// A message whose asker has given up (`late` absent) or whose time is up.
    pub(super) fn skipped(
        &self,
        me: &dyn Target,
        message: &'static str,
        reply: AnyReply,
        late: Option<(Duration, Stage)>,
    ) {
        let Some((waited, stage)) = late else {
            return self.system().dead_letter(self, message, DeadLetterReason::Cancelled);
        };
        if !reply.fail(super::asked::timed_out(me, message, waited, stage)) {
            self.system().dead_letter(self, message, DeadLetterReason::Expired);
        }
    }

    /// The failure of a start that its runtime did not outlive.
    pub(super) fn never_ran(&self, message: &'static str) -> Box<FaultInfo> {
        let text = "its runtime ended before it had started".to_owned();
        let (actor, directive) = (self.path(), Directive::Stop);
        Box::new(FaultInfo { actor, message: message.into(), text, place: None, directive })
    }

    pub(super) fn started(&self, kind: &'static str) {
        tracing::debug!(kind, name = self.name(), id = %self.id, "actor started");
        self.system().publish(|| Event::Started { actor: self.path(), kind });
    }

    pub(super) fn restarted(&self, kind: &'static str) {
        self.kind().restarted();
        tracing::debug!(kind, name = self.name(), id = %self.id, "actor restarted");
        self.system().publish(|| Event::Restarted { actor: self.path(), kind });
    }

    /// It is gone; `born`, if it had started.
    pub(super) fn ended(&self, kind: &'static str, reason: StopReason, born: bool) {
        self.kind().gone(born.then_some(reason));
        tracing::debug!(kind, name = self.name(), id = %self.id, ?reason, "actor stopped");
        self.system().publish(|| Event::Stopped { actor: self.path(), kind, reason });
    }
}

/// What an asker is told whose handler was dropped by a kill.
fn killed() -> AskError {
    AskError::Stopped { reason: StopReason::Killed, delivered: Delivery::Maybe }
}

/// What `fault` says; or else that its text, or its destructor, panicked.
fn text_of(fault: Fault) -> String {
    let text = guard(move || fault.to_string());
    text.unwrap_or_else(|panic| format!("an error that panicked when it was told: {}", panic.text))
}
