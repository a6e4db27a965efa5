//! Function actors: a closure that handles messages of one type.

use std::any::Any;
use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;

use super::call::Call;
use super::context::{Ctx, answer};
use super::error::TellError;
use super::flight::NoFlight;
use super::reference::{AnyRef, Ref};
use super::reply::{AnyReply, Reply, Slot};
use super::spawn::Spawn;
use super::stash::NoStash;
use super::traits::{Accepts, Actor, ActorRef, AskedRpc, CloneMessage, Copying, Message, Opener, Request};
use crate::codegen::good;
use crate::system::ActorSystem;

type Handle<M, R> = Box<dyn FnMut(M, &mut Ctx<FnActor<M, R>>) -> R + Send>;

/// An actor that is a closure. Made by [`ActorSystem::spawn_fn`].
pub struct FnActor<M: Send + 'static, R: Send + 'static = ()>(Handle<M, R>);

impl ActorSystem {
    /// Describes an actor that handles messages of one type with `handle`; see [`spawn`](Self::spawn).
    ///
    /// What the closure returns is the reply. A restart begins anew with a clone of `handle` as it was given
    /// here, and so with what it had captured.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = akt::ActorSystem::builder("shop").start().await?;
    /// let mut sum = 0;
    /// let adder = system
    ///     .spawn_fn("adder", move |by: i64, _cx| {
    ///         sum += by;
    ///         sum
    ///     })
    ///     .await?;
    ///
    /// adder.tell(2)?;
    /// assert_eq!(adder.ask(3).await?, 5);
    /// # system.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn spawn_fn<M: Send + 'static, R: Send + 'static>(
        &self,
        name: impl Into<String>,
        handle: impl FnMut(M, &mut Ctx<FnActor<M, R>>) -> R + Clone + Send + 'static,
    ) -> Spawn<FnActor<M, R>> {
        self.spawn(name, move || FnActor(Box::new(handle.clone())))
    }
}

/// The reference of a function actor.
pub struct FnRef<M: Send + 'static, R: Send + 'static = ()>(Ref<FnMsg<M, R>>);

impl<M: Send + 'static, R: Send + 'static> FnRef<M, R> {
    /// The call that `message` stands for.
    pub fn ask(&self, message: M) -> Call<'_, FnCall<M, R>> {
        Call::new(&self.0, message)
    }

    /// Sends `message` now.
    ///
    /// # Errors
    ///
    /// [`TellError`] with the message, if it was not accepted.
    pub fn tell(&self, message: M) -> Result<(), TellError<M>> {
        self.ask(message).tell()
    }

    /// The actor behind the reference: its path, its life, its end.
    #[must_use]
    pub fn actor(&self) -> AnyRef {
        self.0.actor()
    }
}

impl<M: Send + 'static, R: Send + 'static> Clone for FnRef<M, R> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<M: Send + 'static, R: Send + 'static> fmt::Debug for FnRef<M, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<M: Send + 'static, R: Send + 'static> ActorRef for FnRef<M, R> {
    type Message = FnMsg<M, R>;

    fn from_ref(reference: Ref<FnMsg<M, R>>) -> Self {
        Self(reference)
    }

    fn as_ref(&self) -> &Ref<FnMsg<M, R>> {
        &self.0
    }
}

/// The messages of a function actor.
pub struct FnMsg<M, R: Send + 'static> {
    message: M,
    reply: Reply<R>,
}

/// The one handler of a function actor.
pub struct FnCall<M, R>(PhantomData<fn(M) -> R>);

impl<M: Send + 'static, R: Send + 'static> Message for FnMsg<M, R> {
    fn name(&self) -> &'static str {
        "call"
    }

    fn carried(&self) -> &dyn Any {
        &self.message
    }

    fn reply(&self) -> Option<&dyn Slot> {
        self.reply.slot()
    }

    fn into_reply(self) -> AnyReply {
        self.reply.erase()
    }
}

impl<M: Clone + Send + 'static, R: Send + 'static> CloneMessage for FnMsg<M, R> {
    fn open<O: Opener<Self>>(self, opener: O) -> O::Out {
        opener.open::<FnCall<M, R>>(self.message, self.reply, Copying { clone: M::clone, join: good })
    }
}

impl<M: Send + 'static, R: Send + 'static> Request for FnCall<M, R> {
    type Message = FnMsg<M, R>;
    type Payload = M;
    type Out = R;
    type Ok = R;
    type Err = Infallible;
    const NAME: &'static str = "call";

    fn wrap(message: M, reply: Reply<R>) -> FnMsg<M, R> {
        FnMsg { message, reply }
    }

    fn unwrap(message: FnMsg<M, R>) -> Option<(M, Reply<R>)> {
        Some((message.message, message.reply))
    }

    fn split(out: R) -> Result<R, Infallible> {
        Ok(out)
    }
}

impl<M: Send + 'static, R: Send + 'static> Accepts<FnMsg<M, R>> for M {
    type Request = FnCall<M, R>;
    type Answer = AskedRpc;
}

impl<M: Send + 'static, R: Send + 'static> Actor for FnActor<M, R> {
    type Msg = FnMsg<M, R>;
    type Ref = FnRef<M, R>;
    type Stash = NoStash;
    type Flight = NoFlight;
    const NAME: &'static str = "function";

    fn dispatch_sync(&mut self, message: FnMsg<M, R>, cx: &mut Ctx<Self>) -> Result<(), FnMsg<M, R>> {
        let FnMsg { message, reply } = message;
        let out = (self.0)(message, cx);
        answer(cx, reply, out);
        Ok(())
    }

    async fn dispatch(&mut self, message: FnMsg<M, R>, _cx: &mut Ctx<Self>) {
        drop(message);
    }
}

impl<M: Send + 'static, R: Send + 'static> fmt::Debug for FnActor<M, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FnActor")
    }
}

impl<M, R: Send + 'static> fmt::Debug for FnMsg<M, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FnMsg")
    }
}

impl<M, R> fmt::Debug for FnCall<M, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FnCall")
    }
}
