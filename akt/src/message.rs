//! The bounds of what actors carry, and of what travels between nodes.

use std::cell::Cell;

use bytes::{Bytes, BytesMut};

// With lifetimes, so that generated code may ask for them where they do not hold: rustc takes a bound for every
// lifetime for granted, and only one assertion fails.

/// What a handler may take as an argument.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be carried by an actor message",
    label = "this argument cannot be sent to another thread",
    note = "message arguments are owned and `Send`; use `Arc` in place of `Rc`, `String` in place of `&str`"
)]
pub trait MessageArg<'a>: Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + 'static + ?Sized> MessageArg<'_> for T {}

/// What a handler may answer.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the reply of a handler",
    label = "this reply cannot be sent to another thread",
    note = "replies are owned and `Send`; use `Arc` in place of `Rc`"
)]
pub trait ReplyType<'a>: Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + 'static + ?Sized> ReplyType<'_> for T {}

/// What may be the state of an actor.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an actor",
    label = "its state cannot be sent to another thread",
    note = "an actor runs on any thread, so its fields are `Send`: `Arc` in place of `Rc`, no `&Cell` or `&RefCell`, no guard of a lock, no raw pointer"
)]
pub trait ActorState<'a>: Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + 'static> ActorState<'_> for T {}

/// The state of an actor whose handlers share it.
#[diagnostic::on_unimplemented(
    message = "the state of `{Self}` cannot be shared by handlers",
    label = "`&self` handlers run concurrently; use `&mut self`",
    note = "or `this: Turn<Self>`, or make the state `Sync`: `Mutex` in place of `RefCell`, an atomic in place of `Cell`"
)]
pub trait SharedState<'a>: Sync {}

#[diagnostic::do_not_recommend]
impl<T: Sync> SharedState<'_> for T {}

/// What a message may carry that goes to several actors.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `Clone`, and this router sends each message to several routees",
    label = "a handler of these routees takes a `{Self}`, which cannot be cloned",
    note = "derive `Clone` for it, carry it in an `Arc`, or take a router that sends each message to one routee"
)]
pub trait CloneArg<'a>: Sized {
    #[doc(hidden)]
    #[must_use]
    fn clone_arg(&self) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Clone> CloneArg<'_> for T {
    fn clone_arg(&self) -> Self {
        self.clone()
    }
}

/// What a rule of supervision may name as the cause of a fault.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an error type",
    label = "supervision matches errors: this type does not implement `std::error::Error`",
    note = "name the error that `cx.fail(error)` or a hook's `Err` carries; for panics say `on(panic)`"
)]
pub trait ErrorType: std::error::Error + 'static {}

#[diagnostic::do_not_recommend]
impl<T: std::error::Error + 'static> ErrorType for T {}

/// A protobuf message, as contracts carry it.
pub trait Travels: prost::Message + Default + 'static {}

impl<T: prost::Message + Default + 'static> Travels for T {}

/// Messages of at most so many bytes share an allocation with their neighbours.
const SMALL: usize = 256;

/// So much is allocated at once for small messages: no more than each counts for while it waits, so that one that keeps
/// its neighbours' room keeps within the bounds of what may wait.
const CHUNK: usize = 1 << 10;

thread_local! {
    static REST: Cell<BytesMut> = Cell::new(BytesMut::new());
}

/// Encodes `message`: what is on its way lives shortly, so that small ones need no allocation of their own.
pub(crate) fn encode<T: Travels>(message: &T) -> Bytes {
    let bytes = message.encoded_len();
    if bytes > SMALL {
        return Bytes::from(message.encode_to_vec());
    }
    // Taken: an encoder of the user's may panic, or encode another message.
    let mut rest = REST.take();
    if rest.capacity() < bytes {
        rest = BytesMut::with_capacity(CHUNK);
    }
    message.encode_raw(&mut rest);
    let body = rest.split().freeze();
    REST.set(rest);
    body
}

/// Decodes a whole body; the error is the decoder's own words.
pub(crate) fn decode<T: Travels>(body: Bytes) -> Result<T, Box<str>> {
    T::decode(body).map_err(|error| error.to_string().into())
}
