//! A message that goes to several routees: a clone for each, and one answer out of theirs.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::verdict::Verdict;
use crate::actor::{
    AnyReply, AskError, Call, CloneMessage, Copying, Handling, Message, Opener, Ref, Refusal, Refused, Reply,
    Request, Target, guard, guard_drop, inherited, throughout, within,
};
use crate::system::DeadLetterReason;
use crate::time::Instant;

/// What a router does with an ask that goes to several routees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// All handle it, tells too; the answer comes when all have.
    All,
    /// All are asked at once, the first good answer counts.
    First { within: Duration },
    /// One is asked, then another after each interval, the first good answer counts.
    Chop { within: Duration, interval: Duration },
}

impl How {
    fn within(self) -> Option<Duration> {
        match self {
            Self::All => None,
            Self::First { within } | Self::Chop { within, .. } => Some(within),
        }
    }
}

/// How a router spreads messages whose type can be copied; that it can is known here only.
pub(super) struct Gather<M> {
    pub(super) how: How,
    open: fn(Spread<M>, M) -> Result<(), Refused<M>>,
}

impl<M: Message + CloneMessage> Gather<M> {
    pub(super) fn new(how: How) -> Self {
        Self { how, open: |spread, message| message.open(spread) }
    }
}

impl<M> Gather<M> {
    pub(super) fn spread(&self, spread: Spread<M>, message: M) -> Result<(), Refused<M>> {
        (self.open)(spread, message)
    }
}

/// Who gets the clones of one message.
pub(super) struct Spread<M> {
    pub(super) how: How,
    pub(super) router: Arc<dyn Target>,
    /// In the order in which they are asked.
    pub(super) routees: Vec<Ref<M>>,
    /// The one that has room for this message, if somebody waited for it.
    pub(super) held: Option<Ref<M>>,
    /// What is said when nobody is there.
    pub(super) nobody: Refusal,
}

impl<M: Message> Opener<M> for Spread<M> {
    type Out = Result<(), Refused<M>>;

    fn open<Q: Request<Message = M>>(
        self,
        payload: Q::Payload,
        reply: Reply<Q::Out>,
        copying: Copying<Q>,
    ) -> Self::Out {
        // The clones carry on what the message came with.
        let handling = Handling::beside(reply.meta());
        let system = self.router.system().clone();
        let refused = within(&system, handling, || match (self.how, reply.is_ask()) {
            (How::All, false) => self.tell_all::<Q>(payload, &copying).map_err(|refused| (refused, reply)),
            (How::All, true) => self.ask_all(payload, reply, copying),
            (How::First { .. }, _) => self.ask_any(payload, reply, copying),
            (How::Chop { .. }, _) => self.ask_one(payload, reply, copying),
        });
        refused.map_err(|((refusal, payload), reply)| Refused { refusal, message: Q::wrap(payload, reply) })
    }
}

/// Routees at which room is taken, and what each will get.
type Entered<Q> = Vec<(Ref<<Q as Request>::Message>, <Q as Request>::Payload)>;
/// Why nobody took it, and what comes back.
type NotTold<Q> = (Refusal, <Q as Request>::Payload);
type NotAsked<Q> = (NotTold<Q>, Reply<<Q as Request>::Out>);

impl<M: Message> Spread<M> {
    fn tell_all<Q: Request<Message = M>>(
        mut self,
        payload: Q::Payload,
        copying: &Copying<Q>,
    ) -> Result<(), NotTold<Q>> {
        let mut refused = None;
        let mut accepted = false;
        for (routee, payload) in self.enter(payload, copying)? {
            match routee.0.push(Q::wrap(payload, Reply::told(inherited())), true) {
                Ok(()) => accepted = true,
                Err(back) => refused = Some(back),
            }
        }
        // One that stops between the look and the push is none of the routees any more, unless all do.
        match refused {
            Some(Refused { refusal, message }) if !accepted => {
                Err((refusal, Q::unwrap(message).expect("what was wrapped is unwrapped").0))
            }
            _ => Ok(()),
        }
    }

    fn ask_all<Q: Request<Message = M>>(
        mut self,
        payload: Q::Payload,
        reply: Reply<Q::Out>,
        copying: Copying<Q>,
    ) -> Result<(), NotAsked<Q>> {
        let entered = match self.enter(payload, &copying) {
            Ok(entered) => entered,
            Err(refused) => return Err((refused, reply)),
        };
        let left = self.time_left(&reply);
        let ask = |(routee, payload)| Call::<Q>::new(&routee, payload).timeout(left).start_in(true);
        let calls = entered.into_iter().map(ask).collect();
        self.gather(calls, Others::default(), reply, copying);
        Ok(())
    }

    fn ask_any<Q: Request<Message = M>>(
        mut self,
        payload: Q::Payload,
        reply: Reply<Q::Out>,
        copying: Copying<Q>,
    ) -> Result<(), NotAsked<Q>> {
        let left = self.time_left(&reply);
        let mut calls = Vec::new();
        for routee in std::mem::take(&mut self.routees) {
            let Some(copy) = self.copy(&copying, &payload) else {
                drop(calls);
                return Err(((Refusal::Rejected(BAD_CLONE.into()), payload), reply));
            };
            calls.push(self.begin(Call::<Q>::new(&routee, copy).timeout(left)));
        }
        self.let_go();
        if !calls.iter().any(Call::was_accepted) {
            let refusal = if calls.iter().any(Call::is_waiting) { Refusal::Full } else { self.nobody };
            return Err(((refusal, payload), reply));
        }
        self.gather(calls, Others::default(), reply, copying);
        Ok(())
    }

    /// Asks the first that has room; the others are asked by the task.
    fn ask_one<Q: Request<Message = M>>(
        mut self,
        payload: Q::Payload,
        reply: Reply<Q::Out>,
        copying: Copying<Q>,
    ) -> Result<(), NotAsked<Q>> {
        let left = self.time_left(&reply);
        let mut others = VecDeque::from(std::mem::take(&mut self.routees));
        if let Some(held) = &self.held
            && let Some(at) = others.iter().position(|routee| routee.actor() == held.actor())
        {
            others.rotate_left(at);
        }
        let mut full = false;
        for _ in 0..others.len() {
            let Some(routee) = others.pop_front() else { break };
            let Some(copy) = self.copy(&copying, &payload) else {
                return Err(((Refusal::Rejected(BAD_CLONE.into()), payload), reply));
            };
            let call = self.begin(Call::<Q>::new(&routee, copy).timeout(left));
            if call.was_accepted() {
                self.let_go();
                let others = Others { routees: others, payload: Some(payload) };
                self.gather(vec![call], others, reply, copying);
                return Ok(());
            }
            if call.is_waiting() {
                full = true;
                others.push_back(routee);
            }
        }
        let refusal = if full { Refusal::Full } else { self.nobody };
        Err(((refusal, payload), reply))
    }

    /// Begins one call, in the room that is held if it is at its routee.
    fn begin<Q: Request<Message = M>>(&mut self, call: Call<'_, Q>) -> Call<'static, Q> {
        let is_held = |held: &mut Ref<M>| held.actor() == call.target().actor();
        match self.held.take_if(is_held) {
            Some(_) => call.start_in(true),
            None => call.start(),
        }
    }

    /// Takes room at every routee, or at none; and makes a payload for each.
    fn enter<Q: Request<Message = M>>(
        &mut self,
        payload: Q::Payload,
        copying: &Copying<Q>,
    ) -> Result<Entered<Q>, NotTold<Q>> {
        let mut entered = Vec::new();
        for routee in std::mem::take(&mut self.routees) {
            let is_held = |held: &mut Ref<M>| held.actor() == routee.actor();
            if self.held.take_if(is_held).is_some() {
                entered.push(routee);
                continue;
            }
            let mut ticket = None;
            match routee.0.poll_room(&mut ticket, &Context::from_waker(Waker::noop())) {
                Poll::Ready(Ok(())) => entered.push(routee),
                Poll::Ready(Err(refusal)) if !matches!(refusal, Refusal::Full) => {}
                Poll::Ready(Err(_)) | Poll::Pending => {
                    ticket.iter().for_each(|ticket| routee.0.abandon(ticket));
                    entered.iter().for_each(|routee| routee.0.unreserve());
                    return Err((Refusal::Full, payload));
                }
            }
        }
        self.let_go();
        if entered.is_empty() {
            return Err((self.nobody.clone(), payload));
        }
        let copies: Option<Vec<_>> = (1..entered.len()).map(|_| self.copy(copying, &payload)).collect();
        let Some(mut payloads) = copies else {
            entered.iter().for_each(|routee| routee.0.unreserve());
            return Err((Refusal::Rejected(BAD_CLONE.into()), payload));
        };
        payloads.push(payload);
        Ok(entered.into_iter().zip(payloads).collect())
    }

    /// Gives up the room that was held at a routee which has left.
    fn let_go(&mut self) {
        if let Some(held) = self.held.take() {
            held.0.unreserve();
        }
    }

    fn copy<Q: Request<Message = M>>(
        &self,
        copying: &Copying<Q>,
        payload: &Q::Payload,
    ) -> Option<Q::Payload> {
        copy(&*self.router, copying, payload)
    }

    fn time_left<R: Send + 'static>(&self, reply: &Reply<R>) -> Duration {
        let now = self.router.system().runtime().now();
        let left = reply.deadline().map_or(Duration::MAX, |deadline| deadline.since(now));
        self.how.within().map_or(left, |within| within.min(left))
    }

    fn gather<Q: Request<Message = M>>(
        self,
        calls: Vec<Call<'static, Q>>,
        others: Others<Q>,
        reply: Reply<Q::Out>,
        copying: Copying<Q>,
    ) {
        let now = self.router.system().runtime().now();
        // From here on it may be handled: an asker whose time is up must not hear that it was not.
        let asker = reply.slot().map(|slot| {
            slot.begin(now);
            slot.share()
        });
        let until = now + self.time_left(&reply);
        let calls = calls.into_iter().map(Some).collect();
        let (asker, verdict) = (asker.unwrap_or_default(), Verdict::default());
        let system = self.router.system().clone();
        let runtime = system.runtime().clone();
        let gathering =
            Gathering { how: self.how, router: self.router, asker, calls, others, until, verdict, copying };
        let handling = Handling::beside(reply.meta());
        runtime.spawn("gather", throughout(system, handling, gathering.run(reply)));
    }
}

const BAD_CLONE: &str = "the message could not be cloned: its `Clone` panicked";

/// A clone; none if the user's `Clone` panics, which is no fault of the sender's.
fn copy<Q: Request>(router: &dyn Target, copying: &Copying<Q>, payload: &Q::Payload) -> Option<Q::Payload> {
    guard(|| (copying.clone)(payload))
        .map_err(|panic| {
            let (text, place) = (panic.text, panic.place);
            tracing::error!(router = %router.path(), message = Q::NAME, text, place, "a clone panicked");
        })
        .ok()
}

/// The routees that are asked when the ones before do not answer.
struct Others<Q: Request> {
    routees: VecDeque<Ref<Q::Message>>,
    payload: Option<Q::Payload>,
}

impl<Q: Request> Default for Others<Q> {
    fn default() -> Self {
        Self { routees: VecDeque::new(), payload: None }
    }
}

/// One ask under way at several routees.
struct Gathering<Q: Request> {
    how: How,
    router: Arc<dyn Target>,
    asker: AnyReply,
    /// In the order of the routees; absent those that have ended.
    calls: Vec<Option<Call<'static, Q>>>,
    others: Others<Q>,
    /// When nobody is asked any more.
    until: Instant,
    verdict: Verdict<Q>,
    copying: Copying<Q>,
}

/// Why nothing more is waited for.
enum End {
    Decided,
    GivenUp,
}

impl<Q: Request> Gathering<Q> {
    async fn run(mut self, reply: Reply<Q::Out>) {
        let mut pause = self.pause();
        let end = poll_fn(|cx| self.poll(&mut pause, cx)).await;
        drop(pause);
        match end {
            End::Decided => {
                self.answer(reply);
                self.calls.drain(..).flatten().for_each(take_back);
            }
            End::GivenUp => self.give_up(reply),
        }
        // What the routees said besides may panic when it is dropped.
        let _ = guard_drop(self);
    }

    fn poll(&mut self, pause: &mut Option<Pause>, cx: &mut Context<'_>) -> Poll<End> {
        if self.asker.poll_cancelled(cx).is_ready() {
            return Poll::Ready(End::GivenUp);
        }
        loop {
            let failed = self.poll_calls(cx);
            if self.how != How::All && self.verdict.has_good() {
                return Poll::Ready(End::Decided);
            }
            let is_due = pause.as_mut().is_some_and(|pause| pause.as_mut().poll(cx).is_ready());
            if is_due {
                *pause = None;
            }
            let next = (failed || is_due).then(|| self.ask_next()).flatten();
            let Some(call) = next else { break };
            self.calls.push(Some(call));
            *pause = self.pause();
        }
        match self.calls.iter().all(Option::is_none) {
            true => Poll::Ready(End::Decided),
            false => Poll::Pending,
        }
    }

    /// Whether one of them has ended badly.
    fn poll_calls(&mut self, cx: &mut Context<'_>) -> bool {
        let mut failed = false;
        for (place, slot) in self.calls.iter_mut().enumerate() {
            let Some(call) = slot else { continue };
            let Poll::Ready(answer) = Pin::new(call).poll(cx) else { continue };
            *slot = None;
            failed |= answer.is_err();
            // What it replaces is dropped, which may panic.
            let _ = guard(|| self.verdict.heard(place, answer));
        }
        failed
    }

    /// Until the next routee is asked, if there is one.
    fn pause(&self) -> Option<Pause> {
        let How::Chop { interval, .. } = self.how else { return None };
        if self.others.routees.is_empty() {
            return None;
        }
        let runtime = self.router.system().runtime().clone();
        Some(Box::pin(async move { runtime.sleep(interval).await }))
    }

    fn ask_next(&mut self) -> Option<Call<'static, Q>> {
        let routee = self.others.routees.pop_front()?;
        let copy = copy(&*self.router, &self.copying, self.others.payload.as_ref()?)?;
        let left = self.until.since(self.router.system().runtime().now());
        Some(Call::<Q>::new(&routee, copy).timeout(left).start())
    }

    fn answer(&mut self, reply: Reply<Q::Out>) {
        let verdict = std::mem::take(&mut self.verdict);
        let answer = if self.how == How::All { verdict.of_all() } else { verdict.of_any() };
        match answer {
            Ok(out) => reply.send((self.copying.join)(out)),
            Err(error) => self.refuse(reply, error),
        }
    }

    /// Refuses; a dead letter if nobody hears it, unless somebody has handled it.
    fn refuse(&self, reply: Reply<Q::Out>, error: AskError) {
        let reason = match error {
            AskError::Partly(_) => None,
            _ => Some(DeadLetterReason::of_error(&error)),
        };
        if !reply.erase().fail(error)
            && let Some(reason) = reason
        {
            self.router.system().dead_letter_at(|| self.router.path(), Q::NAME, reason);
        }
    }

    /// The asker has gone. Each clone that was accepted is accounted for where it is.
    fn give_up(&mut self, reply: Reply<Q::Out>) {
        let is_accounted_for = self.calls.iter().flatten().any(Call::was_accepted) || self.verdict.has_good();
        if is_accounted_for {
            let in_time = reply.erase().fail(AskError::Cancelled);
            let calls = self.calls.drain(..).flatten();
            // An asker whose time was up has its answer: what it asked is no dead letter.
            if in_time {
                calls.for_each(take_back);
            } else {
                drop(calls);
            }
            return;
        }
        match std::mem::take(&mut self.verdict).of_any() {
            Ok(_) => {}
            Err(AskError::Unanswered) => self.refuse(reply, AskError::Cancelled),
            Err(error) => self.refuse(reply, error),
        }
    }
}

/// An answer that nobody wants any more may panic when it is dropped.
fn take_back<Q: Request>(call: Call<'static, Q>) {
    let _ = guard(|| call.withdraw());
}

type Pause = Pin<Box<dyn Future<Output = ()> + Send>>;
