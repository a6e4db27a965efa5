//! One message on its way to an actor: a lazy value that asks, tells or waits for room.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::admission::{Admission, NoRoom};
use super::asked::{Asked, Terms, conclude, refused, timed_out};
use super::current;
use super::error::{AskError, Stage, TellError};
use super::extra::Extra;
use super::meta::{Headers, Meta, Way};
use super::post::Post;
use super::reference::{Lent, Ref, Refusal, Refused, Target};
use super::reply::Reply;
use super::slot;
use super::traits::{Message, Request};
use crate::system::ActorSystem;
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
    target: Holder<'a, Q::Message>,
    timeout: Option<Duration>,
    pub(super) extra: Option<Box<Extra>>,
    state: State<Q>,
}

pub(super) enum Holder<'a, M: Message> {
    Borrowed(&'a Ref<M>),
    Owned(Ref<M>),
}

impl<M: Message> Holder<'_, M> {
    pub(super) fn get(&self) -> &Ref<M> {
        match self {
            Self::Borrowed(reference) => reference,
            Self::Owned(reference) => reference,
        }
    }
}

/// A call whose rpc is not said in its type.
pub(super) struct Draft<'a, M: Message, P> {
    pub(super) target: Holder<'a, M>,
    pub(super) payload: P,
    pub(super) timeout: Option<Duration>,
    pub(super) extra: Option<Box<Extra>>,
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
    pub(super) fn of(draft: Draft<'a, Q::Message, Q::Payload>) -> Self {
        let Draft { target, payload, timeout, extra } = draft;
        Self { target, timeout, extra, state: State::New(payload) }
    }

    #[doc(hidden)]
    pub fn new(target: &'a Ref<Q::Message>, payload: Q::Payload) -> Self {
        Self { target: Holder::Borrowed(target), timeout: None, extra: None, state: State::New(payload) }
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
        // What is held back is never plain: part of a handler.
        if !self.is_plain()
            && let Some(hold) = current::hold()
        {
            hold.tell(self.target.get(), self.wrap(payload));
            return Ok(());
        }
        self.target.get().push::<Q>(self.wrap(payload))
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
        if current::hold().is_some() {
            return self.tell();
        }
        let payload = self.take_payload();
        let mut payload = match self.target.get().push::<Q>(self.wrap(payload)) {
            Err(TellError::Full(payload)) => self.settle(payload, None),
            done => return done,
        };
        let target = self.target.get();
        let (since, deadline) = self.span();
        loop {
            let mut place = Place { admission: Admission::new(since, deadline), target: &*target.0 };
            match std::future::poll_fn(|cx| place.admission.poll(place.target, cx)).await {
                Ok(()) => {}
                Err(NoRoom::Late { .. }) => return Err(TellError::Full(payload)),
                // Whatever it is, the push says it again, and hands the message back.
                Err(NoRoom::Refused(_)) => return target.push::<Q>(self.wrap(payload)),
            }
            match target.0.push(self.wrap(payload), true).map_err(Refused::into_tell_error::<Q>) {
                // Another of the routees that shall all take it is full.
                Err(TellError::Full(back)) => payload = back,
                done => return done,
            }
        }
    }

    /// Begins to ask at once; the answer can be awaited later, and elsewhere.
    ///
    /// If the mailbox is full, the call gets in line when it is first awaited: one that nobody polls holds up
    /// nobody.
    pub fn start(self) -> Call<'static, Q> {
        self.start_in(false)
    }

    /// [`start`](Self::start); `reserved` if [`Target::poll_room`] gave room for it.
    pub(crate) fn start_in(self, reserved: bool) -> Call<'static, Q> {
        let mut call = self.into_owned();
        match std::mem::replace(&mut call.state, State::Done) {
            State::New(payload) => {
                let meta = call.meta(current::for_tell);
                call.begin(payload, meta, reserved, &Context::from_waker(Waker::noop()));
            }
            under_way => call.state = under_way,
        }
        call
    }

    /// Takes it back as if its time were up: what is queued is skipped and no dead letter, a running handler is
    /// told.
    pub(crate) fn withdraw(mut self) {
        if let State::Asked(asked) = &self.state {
            asked.asker.share().pending().fire(self.target.get().0.system().runtime().now());
            let _ = Pin::new(&mut self).poll(&mut Context::from_waker(Waker::noop()));
        }
    }

    /// The message without its reply, for a timer, a pipe or a schedule to send.
    ///
    /// # Panics
    ///
    /// If the call was awaited before.
    pub fn post(mut self) -> Post<Q::Message> {
        let payload = self.take_payload();
        let message = self.wrap(payload);
        Post::new(self.target.get().clone(), message)
    }

    /// The same call, still lazy, with a reference of its own.
    pub fn into_owned(mut self) -> Call<'static, Q> {
        let state = std::mem::replace(&mut self.state, State::Done);
        let target = Holder::Owned(self.target.get().clone());
        Call { target, timeout: self.timeout, extra: self.extra.take(), state }
    }

    /// Where it goes and what it carries.
    pub(super) fn into_parts(mut self) -> (Ref<Q::Message>, Q::Payload) {
        let payload = self.take_payload();
        (self.target.get().clone(), payload)
    }

    /// Asks, or waits on for room; false while it waits.
    pub(super) fn poll_accepted(&mut self, cx: &Context<'_>) -> bool {
        match std::mem::replace(&mut self.state, State::Done) {
            State::New(payload) => {
                let meta = self.meta(current::for_ask);
                self.begin(payload, meta, false, cx);
            }
            state => self.state = state,
        }
        match std::mem::replace(&mut self.state, State::Done) {
            State::Waiting(payload, admission) => self.poll_room(payload, admission, cx),
            state => self.state = state,
        }
        !self.is_waiting()
    }

    pub(crate) fn was_accepted(&self) -> bool {
        matches!(self.state, State::Asked(_))
    }

    /// Whether it is in line for room, or will be when it is polled.
    pub(crate) fn is_waiting(&self) -> bool {
        matches!(self.state, State::Waiting(..))
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

    /// The message of a tell, with what it carries.
    #[inline]
    fn wrap(&self, payload: Q::Payload) -> Q::Message {
        let reply = match self.is_plain() {
            true => Reply::nobody(),
            false => self.told(),
        };
        Q::wrap(payload, reply)
    }

    #[inline]
    fn is_plain(&self) -> bool {
        self.extra.is_none() && current::is_plain()
    }

    #[cold]
    fn told(&self) -> Reply<Q::Out> {
        let mut meta = self.meta(current::for_tell);
        if let Some(time) = self.extra.as_ref().and_then(|extra| extra.expires) {
            let headers = meta.map(|meta| meta.headers.clone()).unwrap_or_default();
            let expires = Some(self.target.get().0.system().runtime().now() + time);
            meta = Some(Arc::new(Meta { headers, expires, ..Meta::default() }));
        }
        Reply::told(meta)
    }

    /// What it carries, sent now.
    #[inline]
    pub(super) fn meta(
        &self,
        of: fn(&ActorSystem, Option<&Headers>) -> Option<Arc<Meta>>,
    ) -> Option<Arc<Meta>> {
        if self.is_plain() {
            return None;
        }
        of(self.target.get().0.system(), self.extra.as_ref().map(|extra| &extra.headers))
    }

    fn span(&self) -> (Instant, Instant) {
        let system = self.target.get().0.system();
        let timeout = self.timeout.or(Q::TIMEOUT).unwrap_or_else(|| system.ask_timeout());
        let now = system.runtime().now();
        (now, (now + timeout).min(current::deadline()))
    }

    fn begin(&mut self, payload: Q::Payload, meta: Option<Arc<Meta>>, reserved: bool, cx: &Context<'_>) {
        let (since, deadline) = self.span();
        let target = self.target.get();
        let terms = Terms { since, deadline, meta: meta.clone() };
        self.state = match Asked::push::<Q>(target, payload, terms, reserved, cx) {
            Ok(asked) => State::Asked(asked),
            Err((Refusal::Full, payload)) => {
                State::Waiting(self.settle(payload, meta), Admission::new(since, deadline))
            }
            Err((refusal, _)) => State::Ready(Err(refused(&*target.0, refusal).widen())),
        };
    }

    /// Asks an actor whose own handler waits for the one that asks.
    #[cold]
    fn come_back(&mut self, payload: Q::Payload, meta: Option<Arc<Meta>>, cx: &Context<'_>) {
        let (since, deadline) = self.span();
        let target = self.target.get();
        let terms = Terms { since, deadline, meta };
        self.state =
            match Asked::push_by::<Q>(target, payload, terms, cx, |message| target.0.come_back(message)) {
                Ok(asked) => State::Asked(asked),
                Err((refusal, _)) => State::Ready(Err(refused(&*target.0, refusal).widen())),
            };
    }

    /// The actor rests, and is lent for this message: asks it in this turn.
    fn attend(
        &mut self,
        payload: Q::Payload,
        meta: Option<Arc<Meta>>,
        lent: Lent,
        cx: &Context<'_>,
    ) -> Poll<Result<Q::Ok, AskError<Q::Err>>> {
        let (since, deadline) = self.span();
        let target = self.target.get();
        // Who waits for the answer is awake; a reply that comes later finds the waker of the poll below.
        let (mut asker, reply, alarm) =
            slot::for_task(since, deadline, deadline, Waker::noop().clone(), meta);
        target.0.attend(Q::wrap(payload, Reply::to(reply)), since, lent);
        match asker.poll(cx) {
            Poll::Ready(seen) => {
                Poll::Ready(split::<Q>(conclude(asker, Some(alarm), &*target.0, Q::NAME, seen)))
            }
            Poll::Pending => {
                let alarm = target.0.system().board().set(alarm, &*target.0, Q::NAME);
                self.state = State::Asked(Asked { asker, alarm });
                Poll::Pending
            }
        }
    }

    /// A call to a router whose routees are full goes on with one of them.
    #[cold]
    fn settle(&mut self, payload: Q::Payload, meta: Option<Arc<Meta>>) -> Q::Payload {
        let (message, routee) = self.target.get().0.waits_at(Q::wrap(payload, Reply::told(meta)));
        if let Some(routee) = routee {
            self.retarget(routee);
        }
        Q::unwrap(message).expect("what was wrapped is unwrapped").0
    }

    pub(crate) fn target(&self) -> &Ref<Q::Message> {
        self.target.get()
    }

    pub(crate) fn retarget(&mut self, target: Ref<Q::Message>) {
        self.target = Holder::Owned(target);
    }

    fn poll_room(&mut self, payload: Q::Payload, mut admission: Admission, cx: &Context<'_>) {
        let target = self.target.get();
        self.state = match admission.poll(&*target.0, cx) {
            Poll::Pending => State::Waiting(payload, admission),
            Poll::Ready(Ok(())) => {
                let meta = self.meta(current::for_ask);
                let terms = Terms { since: admission.since, deadline: admission.deadline, meta };
                match Asked::push::<Q>(target, payload, terms, true, cx) {
                    Ok(asked) => State::Asked(asked),
                    // Another of the routees that shall all take it is full.
                    Err((Refusal::Full, payload)) => {
                        cx.waker().wake_by_ref();
                        State::Waiting(payload, Admission::new(admission.since, admission.deadline))
                    }
                    Err((refusal, _)) => State::Ready(Err(refused(&*target.0, refusal).widen())),
                }
            }
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
                let target = &*this.target.get().0;
                let back = match current::way(target, Q::SHARED) {
                    Way::Cycle(path) => return Poll::Ready(Err(AskError::Cycle { path: Box::new(path) })),
                    Way::Back => true,
                    Way::Free => false,
                };
                let meta = this.meta(current::for_ask);
                // In its turn, one whose handler runs beside others would queue, and count against limits.
                if back {
                    this.come_back(payload, meta, cx);
                } else if let Some(lent) = target.lend(cx) {
                    return this.attend(payload, meta, lent, cx);
                } else {
                    this.begin(payload, meta, false, cx);
                }
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

impl<Q: Request> Call<'_, Q> {
    /// Is not awaited any more.
    #[cold]
    fn abandon(&mut self) {
        match std::mem::replace(&mut self.state, State::Done) {
            State::Waiting(_, mut admission) => admission.leave(&*self.target.get().0),
            State::Asked(asked) => asked.give_up(&*self.target.get().0, Q::NAME),
            State::New(_) | State::Ready(_) | State::Done => {}
        }
    }
}

impl<Q: Request> Drop for Call<'_, Q> {
    #[inline]
    fn drop(&mut self) {
        if matches!(self.state, State::Waiting(..) | State::Asked(_)) {
            self.abandon();
        }
    }
}

impl<Q: Request> fmt::Debug for Call<'_, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Call({} of {})", Q::NAME, self.target.get().0.path())
    }
}

/// A place in line that is given up when its future is dropped.
pub(super) struct Place<'a> {
    pub(super) admission: Admission,
    pub(super) target: &'a dyn Target,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.admission.leave(self.target);
    }
}

fn split<Q: Request>(outcome: Result<Q::Out, AskError>) -> Result<Q::Ok, AskError<Q::Err>> {
    match outcome {
        Ok(out) => Q::split(out).map_err(AskError::Handler),
        Err(error) => Err(error.widen()),
    }
}
