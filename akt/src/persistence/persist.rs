//! The turn of an event-sourced actor: what its handler decided is stored, then applied, then answered.

use std::fmt;

use super::event_sourced::{EventOf, EventSourced};
use super::journal::Journal;
use super::store::StoreError;
use crate::actor::{AskError, Ctx, Fault, JournalError, Reply};

/// What a handler of an event-sourced actor decides: the events to persist, and what is answered when they are applied.
///
/// ```
/// # use akt::persistence::Persist;
/// use akt::prelude::*;
///
/// #[derive(Default)]
/// struct Account { cents: u64 }
///
/// #[akt::actor(event_sourced(event = u64))]
/// impl Account {
///     #[handler]
///     fn deposit(&mut self, cents: u64) -> Persist<Self, Result<u64, String>> {
///         if cents == 0 {
///             return Persist::none(Err("nothing to deposit".to_owned()));
///         }
///         Persist::one(cents).then(|account| Ok(account.cents))
///     }
///
///     #[apply]
///     fn deposited(&mut self, cents: &u64) { self.cents += cents }
/// }
/// ```
#[must_use = "nothing is persisted until the handler returns it"]
pub struct Persist<A: EventSourced, R = ()> {
    events: Vec<A::Event>,
    answer: Answer<A, R>,
}

enum Answer<A, R> {
    Now(R),
    Then(Box<dyn FnOnce(&A) -> R + Send>),
}

impl<A: EventSourced, R> Persist<A, R> {
    /// Persists nothing and answers `reply`.
    pub const fn none(reply: R) -> Self {
        Self { events: Vec::new(), answer: Answer::Now(reply) }
    }
}

impl<A: EventSourced> Persist<A> {
    /// Persists one event.
    pub fn one<E: EventOf<A>>(event: E) -> Self
    where
        A: EventSourced<Event = E>,
    {
        Self::many([event])
    }

    /// Persists all of `events`, or none, in this order.
    pub fn many<E: EventOf<A>>(events: impl IntoIterator<Item = E>) -> Self
    where
        A: EventSourced<Event = E>,
    {
        Self { events: events.into_iter().collect(), answer: Answer::Now(()) }
    }

    /// Answers what `reply` says of the state to which the events were applied.
    pub fn then<R>(self, reply: impl FnOnce(&A) -> R + Send + 'static) -> Persist<A, R> {
        Persist { events: self.events, answer: Answer::Then(Box::new(reply)) }
    }
}

impl<A: EventSourced, R> fmt::Debug for Persist<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Persist({} events)", self.events.len())
    }
}

/// Why a decision was not carried out.
enum Unpersisted {
    /// The handler said `cx.fail(..)`.
    Failed,
    Store(StoreError),
}

/// Carries out what a handler decided, and answers by `answer`.
#[doc(hidden)]
pub async fn persist<A: EventSourced, R: Send + 'static>(
    actor: &mut A,
    cx: &mut Ctx<A>,
    reply: Reply<R>,
    decided: Persist<A, R>,
    answer: fn(&mut Ctx<A>, Reply<R>, R),
) {
    match carry_out(actor, cx, decided).await {
        Ok(out) => {
            answer(cx, reply, out);
            snapshot(actor, cx).await;
        }
        Err(Unpersisted::Failed) => cx.fail_answering(reply, None),
        Err(Unpersisted::Store(error)) => {
            let failure = (told(&error), Fault::from(error));
            cx.fail_answering(reply, Some(failure));
        }
    }
}

/// Carries out what a method of a contract decided that was called by hand.
///
/// # Panics
///
/// If the events are not stored: the handler that called cannot go on.
#[doc(hidden)]
pub async fn commit<A: EventSourced, R: Send>(actor: &mut A, cx: &mut Ctx<A>, decided: Persist<A, R>) -> R {
    match carry_out(actor, cx, decided).await {
        Ok(out) => out,
        Err(Unpersisted::Failed) => panic!("nothing is persisted after `cx.fail(..)`"),
        Err(Unpersisted::Store(error)) => panic!("{error}"),
    }
}

async fn carry_out<A: EventSourced, R>(
    actor: &mut A,
    cx: &mut Ctx<A>,
    Persist { events, answer }: Persist<A, R>,
) -> Result<R, Unpersisted> {
    if !events.is_empty() {
        if cx.has_failed() {
            return Err(Unpersisted::Failed);
        }
        // It is put back when the value is what its events say. If that fails, a restart makes both anew.
        let mut journal = Journal::take(cx);
        let stored = journal.append::<A>(&events);
        stored.await.map_err(Unpersisted::Store)?;
        events.iter().for_each(|event| actor.apply(event));
        journal.put_back(cx);
    }
    Ok(match answer {
        Answer::Now(reply) => reply,
        Answer::Then(reply) => reply(actor),
    })
}

/// Keeps a snapshot if it is time for one. Without it, there is more to be read at the next start, and no more.
async fn snapshot<A: EventSourced>(actor: &A, cx: &mut Ctx<A>) {
    let Some(snapshots) = A::snapshots() else { return };
    let mut journal = Journal::take(cx);
    if let Some(kept) = journal.snapshot(&snapshots, actor)
        && let Err(error) = kept.await
    {
        tracing::warn!(actor = %cx.path(), %error, "no snapshot was kept");
    }
    journal.put_back(cx);
}

/// What the asker is told.
pub(crate) fn told(error: &StoreError) -> AskError {
    if matches!(error, StoreError::StaleFence { .. }) {
        return AskError::Moved;
    }
    let problem = super::journal::whole(error).into();
    AskError::Journal(Box::new(JournalError { problem, delivered: error.persisted() }))
}
