//! What a message carries that opens a stream: the request, and the stream's queue.

use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Weak};

use super::channel::Channel;
use super::sink::StreamSink;
use crate::actor::context::Ctx;
use crate::actor::orphan;
use crate::actor::scope::Member;
use crate::actor::traits::Actor;

/// A request and where its answers go. Its sink is made when it is handled: a message that is dropped before does not
/// end its stream in order, but with the error that its reply gets.
#[doc(hidden)]
pub struct Opened<Q, T: Send + 'static, E: Send + 'static = Infallible> {
    request: Q,
    channel: Arc<Channel<T, E>>,
}

impl<Q, T: Send + 'static, E: Send + 'static> Opened<Q, T, E> {
    pub(super) fn new(request: Q, channel: Arc<Channel<T, E>>) -> Self {
        Self { request, channel }
    }

    /// What was asked for.
    pub fn request(&self) -> &Q {
        &self.request
    }

    /// The arguments of the handler.
    pub fn into_parts(self) -> (Q, StreamSink<T, E>) {
        (self.request, StreamSink::new(self.channel))
    }

    pub(super) fn into_inner(self) -> (Q, Arc<Channel<T, E>>) {
        (self.request, self.channel)
    }
}

/// Lets go of the sink that was kept for as long as the handler ran, after its answer: what the handler has returned
/// comes before the end in order.
#[doc(hidden)]
pub fn answered<A: Actor, T: Send + 'static, E: Send + 'static>(cx: &Ctx<A>, kept: StreamSink<T, E>) {
    if let Some(scope) = cx.known_scope().filter(|_| cx.presence().is_some() && kept.is_shared()) {
        scope.join_lasting(Arc::new(Feeding(Arc::downgrade(kept.channel()))));
    }
    match cx.fault.is_some() {
        true => orphan::collect(|| drop(kept)),
        false => drop(kept),
    }
}

/// A stream that its actor feeds beyond the handler that was given it.
struct Feeding<T, E>(Weak<Channel<T, E>>);

impl<T: Send, E: Send> Member for Feeding<T, E> {
    fn outlives_value(&self) -> bool {
        false
    }

    fn end(&self) {}

    fn keeps(&self) -> bool {
        self.0.upgrade().is_some_and(|channel| !channel.is_closed())
    }
}

/// In place of a copy, for a router that sends each message to several routees: a stream has one reader.
///
/// # Panics
///
/// Always, and quietly: the router refuses the message.
#[doc(hidden)]
pub fn one_reader<P>(_: &P) -> P {
    std::panic::resume_unwind(Box::new("a stream cannot go to several routees"))
}

impl<Q, T: Send + 'static, E: Send + 'static> fmt::Debug for Opened<Q, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opened")
    }
}
