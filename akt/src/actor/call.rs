//! One message on its way to an actor: a lazy value that asks, tells or waits for room.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::admission::{Admission, NoRoom};
use super::board::Alarm;
use super::error::{AskError, Delivery, NO_ROUTEES, Stage, TellError, TimeoutInfo};
use super::post::Post;
use super::reference::{Ref, Refusal, Refused, Target};
use super::reply::{Awaited, Progress, Reply};
use super::slot::{self, Asker, Seen, Share};
use super::traits::Request;
use crate::system::DeadLetterReason;
use crate::time::Instant;

/// A call of one handler: `.await` asks, `.tell()` sends now, `.send()` waits for room.
///
/// Nothing happens until one of them; messages are ordered by acceptance, not by creation. An ask waits
/// for room in a full mailbox within its time (5 s unless the system, the handler or [`timeout`](Self::timeout)
/// says otherwise). An actor that has nothing to do may be asked in the asker's own turn: its handler then runs
/// inside the first poll, unless it is async, and sees the asker's task-locals.
///
/// # Cancellation
///
/// Dropping it while it is awaited cancels: a message that is still queued is never executed, a running
/// handler is told through [`Ctx::cancelled`](crate::Ctx::cancelled).
#[must_use = "a call does nothing until it is awaited (ask), or sent with `.tell()` or `.send()`"]
pub struct Call<'a, Q: Request> {
    target: Holder<'a, Q>,
    timeout: Option<Duration>,
    state: State<Q>,
}

enum Holder<'a, Q: Request> {
    Borrowed(&'a Ref<Q::Message>),
    Owned(Ref<Q::Message>),
}

impl<Q: Request> Holder<'_, Q> {
    fn get(&self) -> &Ref<Q::Message> {
        match self {
            Self::Borrowed(reference) => reference,
            Self::Owned(reference) => reference,
        }
    }
}

enum State<Q: Request> {
    New(Q::Payload),
    /// The mailbox is full; the payload waits here.
    Waiting(Q::Payload, Admission),
    Asked(Asked<Q::Out>),
    Ready(Result<Q::Ok, AskError<Q::Err>>),
    Done,
}

impl<'a, Q: Request> Call<'a, Q> {
    #[doc(hidden)]
    pub fn new(target: &'a Ref<Q::Message>, payload: Q::Payload) -> Self {
        Self { target: Holder::Borrowed(target), timeout: None, state: State::New(payload) }
    }

    /// Waits at most `timeout` for the answer, or with [`send`](Self::send) for room.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sends now, without an answer.
    ///
    /// # Errors
    ///
    /// [`TellError`] with the message, if it was not accepted: full, stopped, unreachable, too large.
    pub fn tell(mut self) -> Result<(), TellError<Q::Payload>> {
        let payload = self.take_payload();
        self.target.get().push::<Q>(Q::wrap(payload, Reply::nobody()))
    }

    /// Sends as soon as there is room, in the order of waiting, without an answer.
    ///
    /// # Errors
    ///
    /// [`TellError`] with the message; `Full` when there was no room in time.
    ///
    /// # Cancellation
    ///
    /// Dropping it before it is ready sends nothing.
    pub async fn send(mut self) -> Result<(), TellError<Q::Payload>> {
        let payload = self.take_payload();
        let payload = match self.target.get().push::<Q>(Q::wrap(payload, Reply::nobody())) {
            Err(TellError::Full(payload)) => self.settle(payload),
            done => return done,
        };
        let target = self.target.get();
        let (since, deadline) = self.span();
        let mut place = Place { admission: Admission::new(since, deadline), target: &*target.0 };
        match std::future::poll_fn(|cx| place.admission.poll(place.target, cx)).await {
            Ok(()) => {}
            Err(NoRoom::Late { .. }) => return Err(TellError::Full(payload)),
            // Whatever it is, the push says it again, and hands the message back.
            Err(NoRoom::Refused(_)) => return target.push::<Q>(Q::wrap(payload, Reply::nobody())),
        }
        let message = Q::wrap(payload, Reply::nobody());
        target.0.push(message, true).map_err(Refused::into_tell_error::<Q>)
    }

    /// Begins to ask at once; the answer can be awaited later, and elsewhere.
    ///
    /// If the mailbox is full, the call gets in line when it is first awaited: one that nobody polls holds up
    /// nobody.
    pub fn start(self) -> Call<'static, Q> {
        let mut call = self.into_owned();
        match std::mem::replace(&mut call.state, State::Done) {
            State::New(payload) => call.begin(payload, &Context::from_waker(Waker::noop())),
            under_way => call.state = under_way,
        }
        call
    }

    /// The message without its reply, for a timer, a pipe or a schedule to send.
    ///
    /// # Panics
    ///
    /// If the call was awaited before.
    pub fn post(self) -> Post<Q::Message> {
        let (target, payload) = self.into_parts();
        Post::new(target, Q::wrap(payload, Reply::nobody()))
    }

    /// The same call, still lazy, with a reference of its own.
    pub fn into_owned(mut self) -> Call<'static, Q> {
        let state = std::mem::replace(&mut self.state, State::Done);
        let target = Holder::Owned(self.target.get().clone());
        Call { target, timeout: self.timeout, state }
    }

    /// Where it goes and what it carries.
    pub(super) fn into_parts(mut self) -> (Ref<Q::Message>, Q::Payload) {
        let payload = self.take_payload();
        (self.target.get().clone(), payload)
    }

    #[cfg(test)]
    pub(super) fn was_accepted(&self) -> bool {
        matches!(self.state, State::Asked(_))
    }

    fn take_payload(&mut self) -> Q::Payload {
        match std::mem::replace(&mut self.state, State::Done) {
            State::New(payload) => payload,
            state => {
                // Its drop gives up its place in the line, or its answer.
                self.state = state;
                panic!("this call was awaited before: `tell`, `send` and `post` need a new one")
            }
        }
    }

    fn span(&self) -> (Instant, Instant) {
        let system = self.target.get().0.system();
        let timeout = self.timeout.or(Q::TIMEOUT).unwrap_or_else(|| system.ask_timeout());
        let now = system.runtime().now();
        (now, now + timeout)
    }

    fn begin(&mut self, payload: Q::Payload, cx: &Context<'_>) {
        let (since, deadline) = self.span();
        let target = self.target.get();
        self.state = match Asked::push::<Q>(target, payload, (since, deadline), false, cx) {
            Ok(asked) => State::Asked(asked),
            Err((Refusal::Full, payload)) => {
                State::Waiting(self.settle(payload), Admission::new(since, deadline))
            }
            Err((refusal, _)) => State::Ready(Err(refused(&*target.0, refusal).widen())),
        };
    }

    /// The actor rests, and is lent for this message: asks it in this turn.
    fn attend(&mut self, payload: Q::Payload, cx: &Context<'_>) -> Poll<Result<Q::Ok, AskError<Q::Err>>> {
        let (since, deadline) = self.span();
        let target = self.target.get();
        // Who waits for the answer is awake; a reply that comes later finds the waker of the poll below.
        let (mut asker, reply, alarm) = slot::for_task(since, deadline, deadline, Waker::noop().clone());
        target.0.attend(Q::wrap(payload, Reply::to(reply)), since);
        match asker.poll(cx) {
            Poll::Ready(seen) => {
                Poll::Ready(split::<Q>(conclude(asker, Some(alarm), &*target.0, Q::NAME, seen)))
            }
            Poll::Pending => {
                let alarm = target.0.system().board().set(alarm);
                self.state = State::Asked(Asked { asker, alarm });
                Poll::Pending
            }
        }
    }

    /// A call to a router whose routees are full goes on with one of them.
    #[cold]
    fn settle(&mut self, payload: Q::Payload) -> Q::Payload {
        let message = Q::wrap(payload, Reply::nobody());
        if let Some(routee) = self.target.get().0.waits_at(&message) {
            self.retarget(routee);
        }
        Q::unwrap(message).expect("what was wrapped is unwrapped")
    }

    pub(crate) fn target(&self) -> &Ref<Q::Message> {
        self.target.get()
    }

    pub(crate) fn retarget(&mut self, target: Ref<Q::Message>) {
        self.target = Holder::Owned(target);
    }

    fn poll_room(&mut self, payload: Q::Payload, mut admission: Admission, cx: &Context<'_>) {
        let target = self.target.get();
        let span = (admission.since, admission.deadline);
        self.state = match admission.poll(&*target.0, cx) {
            Poll::Pending => State::Waiting(payload, admission),
            Poll::Ready(Ok(())) => match Asked::push::<Q>(target, payload, span, true, cx) {
                Ok(asked) => State::Asked(asked),
                Err((refusal, _)) => State::Ready(Err(refused(&*target.0, refusal).widen())),
            },
            Poll::Ready(Err(NoRoom::Late { waited })) => {
                State::Ready(Err(timed_out(&*target.0, Q::NAME, waited, Stage::WaitingForRoom).widen()))
            }
            Poll::Ready(Err(NoRoom::Refused(refusal))) => {
                State::Ready(Err(refused(&*target.0, refusal).widen()))
            }
        };
    }
}

impl<Q: Request> Unpin for Call<'_, Q> {}

impl<Q: Request> Future for Call<'_, Q> {
    type Output = Result<Q::Ok, AskError<Q::Err>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        match std::mem::replace(&mut this.state, State::Done) {
            State::New(payload) => {
                if this.target.get().0.lend(cx) {
                    return this.attend(payload, cx);
                }
                this.begin(payload, cx);
                if matches!(this.state, State::Asked(_)) {
                    return Poll::Pending;
                }
            }
            state => this.state = state,
        }
        if let State::Waiting(..) = this.state
            && let State::Waiting(payload, admission) = std::mem::replace(&mut this.state, State::Done)
        {
            this.poll_room(payload, admission, cx);
        }
        match &mut this.state {
            State::Asked(asked) => {
                let Poll::Ready(seen) = asked.asker.poll(cx) else { return Poll::Pending };
                let State::Asked(asked) = std::mem::replace(&mut this.state, State::Done) else {
                    unreachable!("matched above")
                };
                Poll::Ready(split::<Q>(asked.conclude(&*this.target.get().0, Q::NAME, seen)))
            }
            State::Ready(_) => match std::mem::replace(&mut this.state, State::Done) {
                State::Ready(result) => Poll::Ready(result),
                _ => unreachable!("matched above"),
            },
            State::Waiting(..) => Poll::Pending,
            State::New(_) | State::Done => panic!("a call was polled after its answer"),
        }
    }
}

impl<Q: Request> Drop for Call<'_, Q> {
    fn drop(&mut self) {
        match std::mem::replace(&mut self.state, State::Done) {
            State::Waiting(_, mut admission) => admission.leave(&*self.target.get().0),
            State::Asked(asked) => asked.give_up(&*self.target.get().0, Q::NAME),
            State::New(_) | State::Ready(_) | State::Done => {}
        }
    }
}

impl<Q: Request> fmt::Debug for Call<'_, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Call({} of {})", Q::NAME, self.target.get().0.path())
    }
}

/// A place in line that is given up when its future is dropped.
struct Place<'a> {
    admission: Admission,
    target: &'a dyn Target,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.admission.leave(self.target);
    }
}

/// An ask that was accepted.
struct Asked<R> {
    asker: Asker<R>,
    alarm: Alarm,
}

impl<R: Send + 'static> Asked<R> {
    fn push<Q: Request<Out = R>>(
        target: &Ref<Q::Message>,
        payload: Q::Payload,
        (since, deadline): (Instant, Instant),
        reserved: bool,
        cx: &Context<'_>,
    ) -> Result<Self, (Refusal, Q::Payload)> {
        let alarm = deadline + target.0.grace();
        let (asker, reply, share) = slot::for_task(since, deadline, alarm, cx.waker().clone());
        match target.0.push(Q::wrap(payload, Reply::to(reply)), reserved) {
            Ok(()) => Ok(Self { asker, alarm: target.0.system().board().set(share) }),
            Err(Refused { refusal, message }) => {
                Err((refusal, Q::unwrap(message).expect("a refused message is the one that was sent")))
            }
        }
    }

    fn conclude(self, target: &dyn Target, name: &'static str, seen: Seen) -> Result<R, AskError> {
        let alarm = target.system().board().clear(self.alarm, self.asker.share());
        conclude(self.asker, alarm, target, name, seen)
    }

    /// The call is dropped. A message that was returned to it meanwhile is a dead letter: nobody has it.
    fn give_up(self, target: &dyn Target, name: &'static str) {
        let alarm = target.system().board().clear(self.alarm, self.asker.share());
        self.asker.give_up();
        let reason = match self.asker.leave(alarm) {
            None | Some(Awaited::Outcome(Ok(_))) => return,
            Some(Awaited::Outcome(Err(error))) => DeadLetterReason::of_error(&error),
            Some(Awaited::Due(_)) => DeadLetterReason::Expired,
        };
        target.system().dead_letter_for(target, name, reason);
    }
}

/// The end of an ask; `alarm` is its share of the slot, if it is back.
fn conclude<R: Send + 'static>(
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
        (Some(Awaited::Outcome(Err(AskError::Unimplemented { .. }))), _) => {
            return Err(AskError::Unimplemented { rpc: name });
        }
        (Some(Awaited::Outcome(outcome)), _) => return outcome,
        (Some(Awaited::Due(progress)), _) | (None, Seen::Due(progress)) => progress,
        (None, Seen::Outcome) => unreachable!("an ask ends with an outcome or by its time"),
    };
    let stage = match progress {
        Progress::Connecting => Stage::Connecting,
        Progress::Sent => Stage::ReplyLost,
        progress => match progress.handling() {
            Some(elapsed) => Stage::Handling { elapsed },
            None => Stage::Queued { depth: target.depth() },
        },
    };
    let waited = target.system().runtime().now().since(since);
    Err(timed_out(target, name, waited, stage))
}

fn split<Q: Request>(outcome: Result<Q::Out, AskError>) -> Result<Q::Ok, AskError<Q::Err>> {
    match outcome {
        Ok(out) => Q::split(out).map_err(AskError::Handler),
        Err(error) => Err(error.widen()),
    }
}

pub(super) fn refused(target: &dyn Target, refusal: Refusal) -> AskError {
    match refusal {
        Refusal::Full => AskError::Full,
        Refusal::NoRoutees => AskError::Rejected(NO_ROUTEES.into()),
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
        Stage::Resolving | Stage::Connecting | Stage::WaitingForRoom | Stage::Queued { .. } => Delivery::No,
        Stage::Handling { .. } | Stage::ReplyLost => Delivery::Maybe,
    };
    let target = target.path();
    AskError::Timeout(Box::new(TimeoutInfo { target, message: name.into(), elapsed, stage, delivered }))
}
