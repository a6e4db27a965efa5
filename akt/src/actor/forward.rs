//! Forwarding: the handler of one actor leaves the answer to another.

use std::fmt;

use super::call::{Call, refused};
use super::context::Ctx;
use super::orphan;
use super::reference::{Ref, Refused};
use super::reply::Reply;
use super::traits::{Actor, Request};
use crate::system::DeadLetterReason;

/// A call that takes the place of a handler's answer. Made by [`Ctx::forward`], returned by the handler.
///
/// The other actor answers the asker, within the time that the asker has left. A forwarded tell is a tell.
/// When the other actor does not accept the message, the asker is told so at once; a tell becomes a dead letter.
#[must_use = "a forward does nothing unless the handler returns it"]
pub struct Forward<T: Send + 'static>(Box<dyn FnOnce(Reply<T>) + Send>);

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
        Forward(Box::new(move |reply| hand_on::<Q>(&target, payload, reply)))
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
    if cx.fault.is_none() {
        (to.0)(reply);
    } else {
        cx.current = reply.erase();
    }
}
