//! What a turn sends and must not leave before its end: held back until somebody lets it go.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, OnceLock, Weak};

use bytes::Bytes;
use parking_lot::Mutex;

use super::call::Call;
use super::context::Ctx;
use super::current;
use super::meta::Headers;
use super::reference::Ref;
use super::reply::Reply;
use super::traits::{Actor, Message, Protocol, Request};

/// What was sent in one turn, in order.
#[derive(Default)]
pub(crate) struct Hold(Mutex<HeldBack>);

#[derive(Default)]
pub(crate) struct HeldBack {
    tells: Vec<Box<dyn Tell>>,
    /// What is to outlive the process.
    pub(crate) lasting: Vec<Lasting>,
}

/// What is kept until it is done.
pub(crate) enum Lasting {
    Message(ToGrain),
    Reminder(OfReminder),
}

/// A reminder that is set, or forgotten.
pub(crate) struct OfReminder {
    /// The kind and the key of its grain.
    pub(crate) id: Box<str>,
    pub(crate) name: Box<str>,
    /// When it is due, in milliseconds from 1970; none if it is forgotten.
    pub(crate) due: Option<u64>,
    pub(crate) bytes: Bytes,
}

/// A message to a grain, as bytes.
pub(crate) struct ToGrain {
    pub(crate) kind: &'static str,
    pub(crate) key: String,
    pub(crate) name: &'static str,
    pub(crate) rpc: u32,
    pub(crate) body: Bytes,
    pub(crate) headers: Headers,
}

/// A message that was told, whatever it carries.
trait Tell: Send {
    fn release(self: Box<Self>);
}

struct Told<M: Message>(Ref<M>, M);

impl<M: Message> Tell for Told<M> {
    fn release(self: Box<Self>) {
        let Self(target, message) = *self;
        target.0.push_or_bury(message);
    }
}

/// Sets and forgets reminders as committed turns have said: what sends them, if something does.
pub(crate) trait KeepsReminders: Send + Sync {
    /// In words, why it was not done.
    fn carry_out(
        self: Arc<Self>,
        said: OfReminder,
    ) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;
}

/// Who keeps the reminders of a system.
#[derive(Default)]
pub(crate) struct ReminderKeeper(pub(crate) OnceLock<Weak<dyn KeepsReminders>>);

impl Hold {
    pub(super) fn tell<M: Message>(&self, target: &Ref<M>, message: M) {
        self.0.lock().tells.push(Box::new(Told(target.clone(), message)));
    }

    pub(crate) fn last(&self, lasting: Lasting) {
        self.0.lock().lasting.push(lasting);
    }

    /// All that was sent so far.
    pub(crate) fn take(&self) -> HeldBack {
        std::mem::take(&mut self.0.lock())
    }
}

impl HeldBack {
    /// Lets what was told go, in order.
    pub(crate) fn release(self) {
        self.tells.into_iter().for_each(|tell| tell.release());
    }
}

/// Polls `future` with what it sends held back in `hold`.
pub(crate) async fn holding<F: Future>(hold: &Arc<Hold>, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| current::holding(hold, || future.as_mut().poll(cx))).await
}

impl<A: Actor> Ctx<A> {
    /// Adds `call` to what the present turn delivers.
    ///
    /// # Panics
    ///
    /// Outside of a turn that holds back what it sends, and if `call` is of no grain.
    #[track_caller]
    pub(crate) fn deliver_by_hold<Q: Request>(&self, call: Call<'_, Q>)
    where
        Q::Message: Protocol,
    {
        let Some(hold) = current::hold() else {
            panic!(
                "`cx.deliver(..)` is for the handlers of a gated grain that take `&mut self`, where a turn is committed"
            )
        };
        let headers = call.headers();
        let (target, payload) = call.into_parts();
        let Some((kind, key)) = target.0.grain() else {
            panic!(
                "`cx.deliver(..)` is for grains, that are always there: {} is none; use `.tell()`",
                target.0.path()
            )
        };
        let outgoing = Q::wrap(payload, Reply::nobody()).encode();
        let (rpc, body) = (outgoing.rpc, outgoing.body);
        hold.last(Lasting::Message(ToGrain { kind, key, name: Q::NAME, rpc, body, headers }));
    }
}
