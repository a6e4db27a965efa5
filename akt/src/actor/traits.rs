//! What the macros implement: actors, their messages, their handlers, their references.

use std::any::Any;
use std::fmt;
use std::future::ready;
use std::time::Duration;

use bytes::Bytes;

use super::behavior::{State, Treatment};
use super::context::Ctx;
use super::error::Fault;
use super::flight::{Deck, Flights, Mode};
use super::mailbox::MailboxOrder;
use super::outbound::{Incoming, Outgoing, Undecoded, WireReply};
use super::reference::Ref;
use super::reply::{AnyReply, Reply, Slot};
use super::spawn::ActorOptions;
use super::stash::Shelf;
use super::turn::{Turn, TurnCtx};
use super::watch::Terminated;

/// Something with state that handles one message at a time. Implemented by `#[akt::actor]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an actor",
    label = "no `#[akt::actor]` on an impl block of this type",
    note = "put `#[akt::actor]` on the `impl` block that has its `#[handler]` methods, or on `impl its_contract::Service for {Self}`"
)]
pub trait Actor: Sized + Send + 'static {
    /// Everything it can be sent.
    type Msg: Message;
    /// How it is addressed.
    type Ref: ActorRef<Message = Self::Msg>;
    /// Its kind, as logs and events name it.
    const NAME: &'static str;

    /// What the attribute says; the spawn builder may override it.
    #[must_use]
    fn options() -> ActorOptions {
        ActorOptions::new()
    }

    /// The order that the attribute says; the spawn builder may override it.
    #[doc(hidden)]
    #[must_use]
    fn mailbox_order() -> Option<MailboxOrder<Self::Msg>> {
        None
    }

    /// Where it keeps what it puts aside.
    #[doc(hidden)]
    type Stash: Shelf<Self::Msg>;

    /// Its handlers that are under way beside each other.
    #[doc(hidden)]
    type Flight: Flights<Self>;

    #[doc(hidden)]
    #[must_use]
    fn mode(_message: &Self::Msg) -> Mode {
        Mode::Exclusive
    }

    /// Runs `&self` handlers beside each other.
    #[doc(hidden)]
    fn share(_deck: &mut Deck<'_, Self>) -> impl Future<Output = ()> + Send {
        ready(())
    }

    #[doc(hidden)]
    fn shared(&self, _message: Self::Msg, cx: Ctx<Self>) -> impl Future<Output = Ctx<Self>> + Send {
        ready(cx)
    }

    #[doc(hidden)]
    fn turn(
        _this: Turn<Self>,
        _message: Self::Msg,
        cx: TurnCtx<Self>,
    ) -> impl Future<Output = Ctx<Self>> + Send + 'static {
        ready(cx.finish())
    }

    /// What it does with a message depends on its state.
    #[doc(hidden)]
    const BEHAVES: bool = false;

    #[doc(hidden)]
    fn state(&self) -> State {
        State::default()
    }

    #[doc(hidden)]
    fn treatment(&self, _message: &Self::Msg) -> Treatment {
        Treatment::Handle
    }

    #[doc(hidden)]
    fn dispatch_sync(&mut self, message: Self::Msg, cx: &mut Ctx<Self>) -> Result<(), Self::Msg>;

    #[doc(hidden)]
    fn dispatch(&mut self, message: Self::Msg, cx: &mut Ctx<Self>) -> impl Future<Output = ()> + Send;

    /// Makes the value of a grain's activation.
    #[doc(hidden)]
    fn activate(_cx: &mut Ctx<Self>) -> impl Future<Output = Result<Self, Fault>> + Send {
        ready(Err(Fault::new("it is not a grain")))
    }

    /// Its value is what its events say.
    #[doc(hidden)]
    const RECOVERS: bool = false;

    /// Applies the events that there are, before anything else.
    #[doc(hidden)]
    fn recover(&mut self, _cx: &mut Ctx<Self>) -> impl Future<Output = Result<(), Fault>> + Send {
        ready(Ok(()))
    }

    #[doc(hidden)]
    fn on_start(&mut self, _cx: &mut Ctx<Self>) -> impl Future<Output = Result<(), Fault>> + Send {
        ready(Ok(()))
    }

    #[doc(hidden)]
    fn on_restart(&mut self, _cx: &mut Ctx<Self>) -> impl Future<Output = Result<(), Fault>> + Send {
        ready(Ok(()))
    }

    #[doc(hidden)]
    fn on_stop(&mut self, _cx: &mut Ctx<Self>) -> impl Future<Output = Result<(), Fault>> + Send {
        ready(Ok(()))
    }

    #[doc(hidden)]
    fn on_terminated(
        &mut self,
        _terminated: Terminated,
        _cx: &mut Ctx<Self>,
    ) -> impl Future<Output = Result<(), Fault>> + Send {
        ready(Ok(()))
    }

    #[doc(hidden)]
    fn on_enter(&mut self, _cx: &mut Ctx<Self>) -> impl Future<Output = Result<(), Fault>> + Send {
        ready(Ok(()))
    }

    /// Its reference for those who know its contract only, a [`Ref`], if it has messages of its own too.
    #[doc(hidden)]
    #[must_use]
    fn contract(_me: &Ref<Self::Msg>) -> Option<Box<dyn Any + Send>> {
        None
    }

    #[doc(hidden)]
    fn set_timers(_cx: &mut Ctx<Self>) {}

    /// The contract that it serves, if it serves one.
    #[doc(hidden)]
    const CONTRACT: Option<&'static str> = None;

    #[doc(hidden)]
    const CONTRACT_DIGEST: u64 = 0;

    #[doc(hidden)]
    fn receive(_me: &Ref<Self::Msg>, incoming: Incoming) {
        incoming.refuse_local();
    }
}

/// A message enum: everything one kind of actor can be sent. Generated.
pub trait Message: Send + Sized + 'static {
    /// The handler or rpc that it is for.
    fn name(&self) -> &'static str;

    /// What it carries, if that is a `T`: for an rpc, its request.
    fn payload<T: Any>(&self) -> Option<&T> {
        self.carried().downcast_ref()
    }

    #[doc(hidden)]
    fn carried(&self) -> &dyn Any;

    #[doc(hidden)]
    fn reply(&self) -> Option<&dyn Slot>;

    #[doc(hidden)]
    fn into_reply(self) -> AnyReply;
}

/// One handler or rpc. Generated.
pub trait Request: Sized + Send + 'static {
    /// The enum it is a variant of.
    type Message: Message;
    /// What is sent.
    type Payload: Send + 'static;
    /// What the handler returns.
    type Out: Send + 'static;
    /// What an ask yields: `T` for a handler that returns `Result<T, E>`.
    type Ok: Send + 'static;
    /// The domain error: `E` for a handler that returns `Result<T, E>`.
    type Err: Send + 'static;
    /// The handler's or rpc's name.
    const NAME: &'static str;
    /// How long an ask waits, unless it says otherwise.
    const TIMEOUT: Option<Duration> = None;

    /// Its handler takes `&self`.
    #[doc(hidden)]
    const SHARED: bool = false;

    #[doc(hidden)]
    fn wrap(payload: Self::Payload, reply: Reply<Self::Out>) -> Self::Message;

    #[doc(hidden)]
    fn unwrap(message: Self::Message) -> Option<(Self::Payload, Reply<Self::Out>)>;

    #[doc(hidden)]
    fn split(out: Self::Out) -> Result<Self::Ok, Self::Err>;
}

/// How the rpc ends that takes a message by type: [`AskedRpc`] or [`ToldRpc`].
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "this call is one-way: it has no reply to await; use `.tell()`",
    label = "nobody answers this rpc",
    note = "`(akt.rpc).oneway` in the contract says that the rpc is only told: `.tell()` sends it now, `.send()` waits for room"
)]
pub trait Answered {}

/// It is answered.
#[doc(hidden)]
#[derive(Debug)]
pub enum AskedRpc {}

/// Nobody answers it.
#[doc(hidden)]
#[derive(Debug)]
pub enum ToldRpc {}

impl Answered for AskedRpc {}

/// Messages that can be sent to several actors: all arguments of all handlers are `Clone`. Generated.
///
/// Replies need not be. Only a router that sends one message to several routees asks for it, where it is made:
/// [`Router::fan_out`](crate::Router::fan_out).
pub trait CloneMessage: Sized {
    #[doc(hidden)]
    fn open<O: Opener<Self>>(self, opener: O) -> O::Out;
}

/// Looks into a message whose handler is not known.
#[doc(hidden)]
pub trait Opener<M> {
    type Out;

    fn open<Q: Request<Message = M>>(
        self,
        payload: Q::Payload,
        reply: Reply<Q::Out>,
        copying: Copying<Q>,
    ) -> Self::Out;
}

/// How a message is copied, and the answers to its copies made one.
#[doc(hidden)]
pub struct Copying<Q: Request> {
    pub clone: fn(&Q::Payload) -> Q::Payload,
    /// The opposite of [`Request::split`].
    pub join: Join<Q>,
}

#[doc(hidden)]
pub type Join<Q> = fn(Result<<Q as Request>::Ok, <Q as Request>::Err>) -> <Q as Request>::Out;

impl<Q: Request> fmt::Debug for Copying<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Copying({})", Q::NAME)
    }
}

/// `M` accepts `Self` in exactly one handler, so that `reference.ask(message)` knows which.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a message of `{M}`, or more than one handler takes it",
    note = "call the reference's method of the handler's name instead"
)]
pub trait Accepts<M: Message>: Sized {
    /// The handler that takes it.
    type Request: Request<Message = M, Payload = Self>;

    #[doc(hidden)]
    type Answer;
}

/// A typed reference: `CounterRef`, `shop::CartRef`. Generated.
pub trait ActorRef: Clone + Send + Sync + 'static {
    /// What it can be sent.
    type Message: Message;

    /// Wraps an untyped handle on the same messages.
    fn from_ref(reference: Ref<Self::Message>) -> Self;

    /// The wrapped reference.
    fn as_ref(&self) -> &Ref<Self::Message>;
}

/// Messages that travel between nodes: those of a contract in a `.proto`. Generated by akt-build.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot leave this node",
    note = "only the messages of a contract travel: declare the service in a `.proto` and implement it with `#[akt::actor] impl shop::Cart for MyCart`"
)]
pub trait Protocol: Message {
    /// The service's full name, `shop.v1.Cart`.
    const NAME: &'static str;
    /// A number for its shape on the wire: nodes that know different ones are told so. 0 if there is none.
    const DIGEST: u64 = 0;
    /// Its rpcs, in the order of the file.
    const RPCS: &'static [RpcInfo];
    /// By what its grains are found, if it may be a grain's.
    const KEY: Option<ContractKey> = None;

    #[doc(hidden)]
    fn encoded_len(&self) -> usize;

    #[doc(hidden)]
    fn encode(self) -> Outgoing;

    #[doc(hidden)]
    fn decode(rpc: u32, body: Bytes, reply: WireReply) -> Result<Self, Undecoded>;
}

/// One rpc of a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RpcInfo {
    /// Its name in the `.proto`.
    pub name: &'static str,
    /// Its id on the wire: xxh32 of `/package.Service/Method`, unless the contract gives another.
    pub id: u32,
}

/// The type of the key of a contract's grains: `(akt.contract).key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContractKey {
    /// `STRING`
    String,
    /// `INT64`
    Int64,
    /// `UINT64`
    Uint64,
    /// `UUID`
    Uuid,
}
