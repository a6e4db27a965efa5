//! An ask that was accepted: what its asker holds, and how it ends.

use std::borrow::Cow;
use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

use super::board::Alarm;
use super::error::{AskError, Delivery, NO_ROUTEES, Stage, TimeoutInfo};
use super::meta::Meta;
use super::reference::{Ref, Refusal, Refused, Target};
use super::reply::{Awaited, Progress, Reply};
use super::slot::{self, Asker, Seen, Share};
use super::traits::Request;
use super::unknown::UnknownRpc;
use crate::system::DeadLetterReason;
use crate::time::Instant;

/// What an ask is sent with.
pub(super) struct Terms {
    pub(super) since: Instant,
    pub(super) deadline: Instant,
    pub(super) meta: Option<Arc<Meta>>,
}

/// An ask that was accepted.
pub(super) struct Asked<R> {
    pub(super) asker: Asker<R>,
    pub(super) alarm: Alarm,
}

impl<R: Send + 'static> Asked<R> {
    pub(super) fn push<Q: Request<Out = R>>(
        target: &Ref<Q::Message>,
        payload: Q::Payload,
        terms: Terms,
        reserved: bool,
        cx: &Context<'_>,
    ) -> Result<Self, (Refusal, Q::Payload)> {
        Self::push_by::<Q>(target, payload, terms, cx, |message| target.0.push(message, reserved))
    }

    /// As [`push`](Self::push), the way that `push` goes.
    pub(super) fn push_by<Q: Request<Out = R>>(
        target: &Ref<Q::Message>,
        payload: Q::Payload,
        terms: Terms,
        cx: &Context<'_>,
        push: impl FnOnce(Q::Message) -> Result<(), Refused<Q::Message>>,
    ) -> Result<Self, (Refusal, Q::Payload)> {
        let Terms { since, deadline, meta } = terms;
        let alarm = deadline + target.0.grace();
        let (asker, reply, share) = slot::for_task(since, deadline, alarm, cx.waker().clone(), meta);
        match push(Q::wrap(payload, Reply::to(reply))) {
            Ok(()) => Ok(Self { asker, alarm: target.0.system().board().set(share, &*target.0, Q::NAME) }),
            Err(Refused { refusal, message }) => {
                Err((refusal, Q::unwrap(message).expect("a refused message is the one that was sent").0))
            }
        }
    }

    pub(super) fn conclude(self, target: &dyn Target, name: &'static str, seen: Seen) -> Result<R, AskError> {
        let alarm = target.system().board().clear(self.alarm, self.asker.share());
        conclude(self.asker, alarm, target, name, seen)
    }

    /// The call is dropped. A message that was returned to it meanwhile is a dead letter: nobody has it.
    pub(super) fn give_up(self, target: &dyn Target, name: &'static str) {
        let alarm = target.system().board().clear(self.alarm, self.asker.share());
        self.asker.give_up();
        let reason = match self.asker.leave(alarm) {
            // It was handled, if it was not answered.
            None | Some(Awaited::Outcome(Ok(_) | Err(AskError::Unanswered))) => return,
            Some(Awaited::Outcome(Err(error))) => DeadLetterReason::of_error(&error),
            Some(Awaited::Due(_)) => DeadLetterReason::Expired,
        };
        target.system().dead_letter_for(target, name, reason);
    }
}

/// The end of an ask; `alarm` is its share of the slot, if it is back.
pub(super) fn conclude<R: Send + 'static>(
    asker: Asker<R>,
    alarm: Option<Share>,
    target: &dyn Target,
    name: &'static str,
    seen: Seen,
) -> Result<R, AskError> {
    if let Seen::Due(_) = seen {
        asker.give_up();
    }
    let (since, outcome) = (asker.since(), asker.leave(alarm));
    let progress = match (outcome, seen) {
        (Some(Awaited::Outcome(Err(AskError::Unimplemented { rpc }))), _) => {
            return Err(AskError::Unimplemented { rpc: named(name, rpc) });
        }
        (Some(Awaited::Outcome(outcome)), _) => return outcome,
        (Some(Awaited::Due(progress)), _) | (None, Seen::Due(progress)) => progress,
        (None, Seen::Outcome) => unreachable!("an ask ends with an outcome or by its time"),
    };
    let stage = match progress {
        Progress::Connecting => Stage::Connecting,
        Progress::Sent => Stage::ReplyLost,
        Progress::Stashed => Stage::Stashed,
        progress => match progress.handling() {
            Some(elapsed) => Stage::Handling { elapsed },
            None => Stage::Queued { depth: target.depth() },
        },
    };
    let waited = target.system().runtime().now().since(since);
    Err(timed_out(target, name, waited, stage))
}

pub(super) fn refused(target: &dyn Target, refusal: Refusal) -> AskError {
    match refusal {
        Refusal::Full => AskError::Full,
        Refusal::NoRoutees => AskError::Rejected(NO_ROUTEES.into()),
        Refusal::Rejected(why) => AskError::Rejected(why),
        Refusal::Cycle(path) => AskError::Cycle { path },
        Refusal::Fault(info) => AskError::Fault(info),
        Refusal::Stopped => AskError::Stopped { reason: target.refusal(), delivered: Delivery::No },
        Refusal::Unreachable(source) => AskError::Unreachable { delivered: Delivery::No, source },
        Refusal::TooLarge(size) => AskError::TooLarge { bytes: size.bytes, limit: size.limit },
    }
}

pub(crate) fn timed_out(
    target: &dyn Target,
    name: &'static str,
    elapsed: Duration,
    stage: Stage,
) -> AskError {
    let delivered = match stage {
        Stage::Resolving
        | Stage::Connecting
        | Stage::WaitingForRoom
        | Stage::Queued { .. }
        | Stage::Stashed => Delivery::No,
        Stage::Handling { .. } | Stage::ReplyLost => Delivery::Maybe,
    };
    let target = target.path();
    AskError::Timeout(Box::new(TimeoutInfo { target, message: name.into(), elapsed, stage, delivered }))
}

/// What another node says of an rpc, behind the name that it has here.
fn named(name: &'static str, said: Cow<'static, str>) -> Cow<'static, str> {
    match &*said {
        "" => name.into(),
        _ if name == UnknownRpc::NAME => said,
        // A router between has named it.
        named if named.starts_with(name) => said,
        said => format!("{name} ({said})").into(),
    }
}
