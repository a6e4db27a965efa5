//! A message that is sent later, by something else than its sender, and answered to nobody.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::call::Call;
use super::cell::LocalCell;
use super::panic::guard_drop;
use super::reference::{AnyRef, Ref, Target};
use super::traits::{Actor, Message, Request};
use crate::system::DeadLetterReason;

/// A call without its reply: what timers and pipes carry. Made by [`Call::post`], or from a call by `into()`.
///
/// It knows its target, which need not be the actor that the timer or pipe belongs to. Posts are taken in
/// on the target's control lane: a full mailbox does not refuse them, and they overtake what is queued there.
/// A post whose target is gone is a dead letter.
#[must_use = "a post does nothing until a timer, a pipe or a schedule sends it"]
pub struct Post<M: Message> {
    target: Ref<M>,
    message: M,
}

impl<M: Message> Post<M> {
    pub(super) fn new(target: Ref<M>, message: M) -> Self {
        Self { target, message }
    }

    /// The actor's own message; what is for others is sent to them.
    pub(super) fn claim<A: Actor>(self, cell: &Arc<LocalCell<A>>) -> Option<A::Msg> {
        if !self.is_for(cell) {
            self.deliver();
            return None;
        }
        let Self { target, message } = self;
        let mut message = Some(message);
        match (&mut message as &mut dyn Any).downcast_mut::<Option<A::Msg>>() {
            Some(mine) => mine.take(),
            // A protocol of the actor that is not its own enum.
            None => {
                message.into_iter().for_each(|message| target.0.post(message));
                None
            }
        }
    }

    pub(crate) fn into_message(self) -> M {
        self.message
    }

    /// Whether it goes to the actor of `cell`, as that knows itself.
    fn is_for<A: Actor>(&self, cell: &Arc<LocalCell<A>>) -> bool {
        let target = &self.target.0;
        let same = |tenant: Arc<dyn Target>| tenant.core().is_some_and(|core| core.id == cell.core.id);
        std::ptr::addr_eq(Arc::as_ptr(target), Arc::as_ptr(cell)) || target.tenant().is_some_and(same)
    }

    /// Sends it to its target.
    pub(crate) fn deliver(self) {
        self.target.0.post(self.message);
    }
}

/// A post, whatever it carries.
pub(crate) trait Letter: Send {
    fn target(&self) -> AnyRef;
    fn deliver(self: Box<Self>);
    /// Becomes a dead letter: it was not sent.
    fn bury(self: Box<Self>, reason: DeadLetterReason);
}

impl<M: Message> Letter for Post<M> {
    fn target(&self) -> AnyRef {
        self.target.actor()
    }

    fn deliver(self: Box<Self>) {
        Self::deliver(*self);
    }

    fn bury(self: Box<Self>, reason: DeadLetterReason) {
        let Self { target, message } = *self;
        let name = message.name();
        let _ = guard_drop(message);
        target.0.system().dead_letter_for(&*target.0, name, reason);
    }
}

impl<Q: Request> From<Call<'_, Q>> for Post<Q::Message> {
    fn from(call: Call<'_, Q>) -> Self {
        call.post()
    }
}

impl<M: Message> fmt::Debug for Post<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Post({} to {})", self.message.name(), self.target.0.path())
    }
}
