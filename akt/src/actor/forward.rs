//! Forwarding: a handler leaves the answer to another actor, or to a later turn of its own.

use std::any::Any;
use std::fmt;

use super::asked::refused;
use super::call::Call;
use super::context::{Ctx, answer, answer_result};
use super::orphan;
use super::reference::{Ref, Refused};
use super::reply::Reply;
use super::traits::{Actor, Request};
use crate::system::DeadLetterReason;

/// A call that takes the place of a handler's answer. Made by [`Ctx::forward`] or [`Ctx::stash`], returned by the
/// handler.
///
/// The other actor answers the asker, within the time that the asker has left. A forwarded tell is a tell.
/// When the other actor does not accept the message, the asker is told so at once; a tell becomes a dead letter.
#[must_use = "a forward does nothing unless the handler returns it"]
pub struct Forward<T: Send + 'static>(To<T>);

enum To<T: Send + 'static> {
    Another(Box<dyn FnOnce(Reply<T>) + Send>),
    /// The actor's stash: makes a message of it.
    Stash(Box<dyn FnOnce(Reply<T>) -> Box<dyn Any> + Send>),
    /// The asker, at once.
    Asker(T),
}

impl<T: Send + 'static> Forward<T> {
    /// Answers with `out`: for a handler that forwards, or stashes, only sometimes.
    pub fn answer(out: T) -> Self {
        Self(To::Asker(out))
    }

    /// Puts what `wrap` makes of the reply into the stash.
    pub(super) fn aside<M: Send + 'static>(wrap: impl FnOnce(Reply<T>) -> M + Send + 'static) -> Self {
        Self(To::Stash(Box::new(move |reply| Box::new(wrap(reply)))))
    }
}

impl<A: Actor> Ctx<A> {
    /// Lets `call` answer the message that is being handled; its own timeout does not count.
    ///
    /// ```
    /// use akt::prelude::*;
    /// # struct Worker;
    /// # #[akt::actor]
    /// # impl Worker {
    /// #     #[handler]
    /// #     fn run(&mut self, job: String) -> usize { job.len() }
    /// # }
    /// struct Router {
    ///     worker: WorkerRef,
    /// }
    ///
    /// #[akt::actor]
    /// impl Router {
    ///     #[handler]
    ///     fn route(&mut self, job: String, cx: &mut Ctx<Self>) -> Forward<usize> {
    ///         cx.forward(self.worker.run(job))
    ///     }
    /// }
    /// ```
    pub fn forward<Q: Request>(&self, call: Call<'_, Q>) -> Forward<Q::Out> {
        let (target, payload) = call.into_parts();
        Forward(To::Another(Box::new(move |reply| hand_on::<Q>(&target, payload, reply))))
    }
}

/// Sends with the reply of another message, which the target shall answer.
fn hand_on<Q: Request>(target: &Ref<Q::Message>, payload: Q::Payload, reply: Reply<Q::Out>) {
    reply.requeue();
    let Err(Refused { refusal, message }) = target.0.push(Q::wrap(payload, reply), false) else { return };
    let error = refused(&*target.0, refusal);
    let reason = DeadLetterReason::of_error(&error);
    if !orphan::part(message).fail(error) {
        target.0.system().dead_letter_for(&*target.0, Q::NAME, reason);
    }
}

impl<T: Send + 'static> fmt::Debug for Forward<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Forward")
    }
}

/// Hands the reply on to where a handler wants it to be.
#[doc(hidden)]
pub fn forward<A: Actor, T: Send + 'static>(cx: &mut Ctx<A>, reply: Reply<T>, to: Forward<T>) {
    if let Some((reply, out)) = leave(cx, reply, to) {
        answer(cx, reply, out);
    }
}

/// As [`forward`]; an error that nobody asked for is an event.
#[doc(hidden)]
pub fn forward_result<A: Actor, T: Send + 'static, E: Send + 'static>(
    cx: &mut Ctx<A>,
    reply: Reply<Result<T, E>>,
    to: Forward<Result<T, E>>,
) {
    if let Some((reply, out)) = leave(cx, reply, to) {
        answer_result(cx, reply, out);
    }
}

/// What an rpc answers to its own actor, which called it by its contract's trait.
///
/// # Panics
///
/// If it forwards: nobody asks.
#[doc(hidden)]
pub fn answer_of<T: Send + 'static>(Forward(to): Forward<T>) -> T {
    match to {
        To::Asker(out) => out,
        To::Another(_) | To::Stash(_) => {
            panic!("an rpc forwards, and was called by its trait, where nobody asks: ask it by a reference")
        }
    }
}

/// Lets the reply go, unless it is to be answered at once.
fn leave<A: Actor, T: Send + 'static>(
    cx: &mut Ctx<A>,
    reply: Reply<T>,
    Forward(to): Forward<T>,
) -> Option<(Reply<T>, T)> {
    match to {
        To::Asker(out) => return Some((reply, out)),
        _ if cx.fault.is_some() => cx.current = reply.erase(),
        To::Another(hand_on) => hand_on(reply),
        To::Stash(wrap) => cx.put_aside_any(wrap(reply)),
    }
    None
}
