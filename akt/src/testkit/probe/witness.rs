//! The actor of a probe: it passes on what it gets.

use std::marker::PhantomData;
use std::sync::Arc;

use super::desk::Desk;
use super::notes::{self, Note};
use crate::actor::{
    Actor, ActorRef, Ctx, Fault, Incoming, Message, NoFlight, NoStash, Protocol, Ref, Terminated, receive,
};
use crate::system::DeadLetterReason;

pub(super) struct Witness<R: ActorRef, W> {
    desk: Arc<Desk<R::Message>>,
    reach: PhantomData<fn() -> W>,
}

impl<R: ActorRef, W> Witness<R, W> {
    pub(super) fn new(desk: Arc<Desk<R::Message>>) -> Self {
        Self { desk, reach: PhantomData }
    }
}

/// From where messages come.
pub(super) trait Reach<M: Message>: 'static {
    fn receive<A: Actor<Msg = M>>(me: &Ref<M>, incoming: Incoming);
}

/// From this node.
pub(super) enum Local {}

/// From other nodes too.
pub(super) enum Wired {}

impl<M: Message> Reach<M> for Local {
    fn receive<A: Actor<Msg = M>>(_me: &Ref<M>, incoming: Incoming) {
        incoming.refuse_local();
    }
}

impl<M: Protocol> Reach<M> for Wired {
    fn receive<A: Actor<Msg = M>>(me: &Ref<M>, incoming: Incoming) {
        receive::<M, A>(me, incoming);
    }
}

impl<R: ActorRef, W: Reach<R::Message>> Actor for Witness<R, W> {
    type Msg = R::Message;
    type Ref = R;
    type Stash = NoStash;
    type Flight = NoFlight;
    const NAME: &'static str = "probe";

    fn dispatch_sync(&mut self, message: R::Message, cx: &mut Ctx<Self>) -> Result<(), R::Message> {
        notes::note(|| {
            let asked = message.reply().is_some_and(|reply| reply.is_ask());
            Note { to: cx.path(), message: message.name(), asked }
        });
        if let Err(message) = self.desk.put(message) {
            let probe = cx.actor();
            cx.system().dead_letter_for(&**probe.target(), message.name(), DeadLetterReason::MailboxFull);
        }
        Ok(())
    }

    async fn dispatch(&mut self, message: R::Message, _cx: &mut Ctx<Self>) {
        drop(message);
    }

    async fn on_terminated(&mut self, terminated: Terminated, _cx: &mut Ctx<Self>) -> Result<(), Fault> {
        self.desk.terminated(terminated);
        Ok(())
    }

    fn receive(me: &Ref<R::Message>, incoming: Incoming) {
        W::receive::<Self>(me, incoming);
    }
}
