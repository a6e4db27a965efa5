//! A contract actor that has messages of its own, as those see it who know the contract only.

use std::any::{Any, type_name};
use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::core::Core;
use super::error::StopReason;
use super::mailbox::{Control, Ticket};
use super::outbound::Incoming;
use super::reference::{Lent, OnTurn, Ref, Refusal, Refused, Sink, Target};
use super::reply::Reply;
use super::traits::{CloneMessage, Copying, Message, Opener, Request};
use crate::path::ActorPath;
use crate::system::ActorSystem;
use crate::time::Instant;

/// Messages of an actor among which are those of its contract. Generated.
#[doc(hidden)]
pub trait Wraps<P>: Sized {
    fn wrap(message: P) -> Self;

    /// Hands back a message that the contract does not know.
    fn unwrap(self) -> Result<P, Self>;
}

impl<P> Wraps<P> for P {
    fn wrap(message: P) -> Self {
        message
    }

    fn unwrap(self) -> Result<P, Self> {
        Ok(self)
    }
}

/// The same actor, for messages of its contract.
#[doc(hidden)]
pub fn narrow<M: Message + Wraps<P>, P: Message>(whole: &Ref<M>) -> Ref<P> {
    Ref::new(Arc::new(Narrow { whole: whole.clone(), contract: PhantomData }))
}

/// What [`Wraps::unwrap`] gives back for what was wrapped just before.
const SAME: &str = "a message that was wrapped is unwrapped";

struct Narrow<M, P> {
    whole: Ref<M>,
    contract: PhantomData<fn(P)>,
}

impl<M: Message + Wraps<P>, P: Message> Narrow<M, P> {
    fn back(refused: Refused<M>) -> Refused<P> {
        let message = refused.message.unwrap().ok().expect(SAME);
        Refused { refusal: refused.refusal, message }
    }
}

impl<M: Message + Wraps<P>, P: Message> Sink<P> for Narrow<M, P> {
    fn push(&self, message: P, reserved: bool) -> Result<(), Refused<P>> {
        self.whole.0.push(M::wrap(message), reserved).map_err(Self::back)
    }

    fn come_back(&self, message: P) -> Result<(), Refused<P>> {
        self.whole.0.come_back(M::wrap(message)).map_err(Self::back)
    }

    fn attend(&self, message: P, now: Instant, lent: Lent) {
        self.whole.0.attend(M::wrap(message), now, lent);
    }

    fn post(&self, message: P) {
        self.whole.0.post(M::wrap(message));
    }

    fn routee_of(&self, key: u64) -> Option<Ref<P>> {
        self.whole.0.routee_of(key).as_ref().map(narrow)
    }

    fn waits_at(&self, message: P) -> (P, Option<Ref<P>>) {
        let (message, routee) = self.whole.0.waits_at(M::wrap(message));
        (message.unwrap().ok().expect(SAME), routee.as_ref().map(narrow))
    }
}

impl<M: Message + Wraps<P>, P: Message> Target for Narrow<M, P> {
    fn path(&self) -> ActorPath {
        self.whole.0.path()
    }

    fn system(&self) -> &ActorSystem {
        self.whole.0.system()
    }

    fn core(&self) -> Option<&Core> {
        self.whole.0.core()
    }

    fn grain(&self) -> Option<(&'static str, String)> {
        self.whole.0.grain()
    }

    fn tenant(&self) -> Option<Arc<dyn Target>> {
        self.whole.0.tenant()
    }

    fn lend(&self, cx: &mut Context<'_>) -> Option<Lent> {
        self.whole.0.lend(cx)
    }

    fn poll_room(&self, ticket: &mut Option<Ticket>, cx: &Context<'_>) -> Poll<Result<(), Refusal>> {
        self.whole.0.poll_room(ticket, cx)
    }

    fn abandon(&self, ticket: &Ticket) {
        self.whole.0.abandon(ticket);
    }

    fn unreserve(&self) {
        self.whole.0.unreserve();
    }

    fn depth(&self) -> usize {
        self.whole.0.depth()
    }

    fn doing(&self) -> Option<&'static str> {
        self.whole.0.doing()
    }

    fn refusal(&self) -> StopReason {
        self.whole.0.refusal()
    }

    fn wake(&self) {
        self.whole.0.wake();
    }

    fn grace(&self) -> Duration {
        self.whole.0.grace()
    }

    fn control(&self, control: Control) {
        self.whole.0.control(control);
    }

    fn drain(&self) {
        self.whole.0.drain();
    }

    fn kill(&self) {
        self.whole.0.kill();
    }

    fn typed(self: Arc<Self>) -> Box<dyn Any + Send> {
        Box::new(Ref::<P>::new(self))
    }

    fn accepts(&self) -> &'static str {
        type_name::<P>()
    }

    fn receive(self: Arc<Self>, incoming: Incoming) {
        self.whole.0.clone().receive(incoming);
    }

    fn on_turn(&self, message: Option<&'static str>, work: OnTurn) -> Result<(), OnTurn> {
        self.whole.0.on_turn(message, work)
    }

    fn router(&self) -> Option<Box<dyn Any + Send>> {
        self.whole.0.router()
    }
}

/// An rpc of the contract as a request of the whole actor.
struct Nested<M, Q>(PhantomData<fn() -> (M, Q)>);

impl<M: Message + Wraps<Q::Message>, Q: Request> Request for Nested<M, Q> {
    type Message = M;
    type Payload = Q::Payload;
    type Out = Q::Out;
    type Ok = Q::Ok;
    type Err = Q::Err;
    const NAME: &'static str = Q::NAME;
    const TIMEOUT: Option<Duration> = Q::TIMEOUT;
    const SHARED: bool = Q::SHARED;

    fn wrap(payload: Q::Payload, reply: Reply<Q::Out>) -> M {
        M::wrap(Q::wrap(payload, reply))
    }

    fn unwrap(message: M) -> Option<(Q::Payload, Reply<Q::Out>)> {
        Q::unwrap(message.unwrap().ok()?)
    }

    fn split(out: Q::Out) -> Result<Q::Ok, Q::Err> {
        Q::split(out)
    }
}

/// Opens a message of the contract for an opener of the whole actor's messages.
#[doc(hidden)]
pub fn open_nested<M, P, O>(message: P, opener: O) -> O::Out
where
    M: Message + Wraps<P>,
    P: Message + CloneMessage,
    O: Opener<M>,
{
    message.open(Nesting { opener, whole: PhantomData })
}

struct Nesting<M, O> {
    opener: O,
    whole: PhantomData<fn() -> M>,
}

impl<M: Message + Wraps<P>, P: Message, O: Opener<M>> Opener<P> for Nesting<M, O> {
    type Out = O::Out;

    fn open<Q: Request<Message = P>>(
        self,
        payload: Q::Payload,
        reply: Reply<Q::Out>,
        copying: Copying<Q>,
    ) -> O::Out {
        let copying = Copying { clone: copying.clone, join: copying.join };
        self.opener.open::<Nested<M, Q>>(payload, reply, copying)
    }
}
