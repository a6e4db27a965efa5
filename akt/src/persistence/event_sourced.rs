//! What an event-sourced actor is: its events, how they are applied and stored, and the snapshots of its state.

use bytes::Bytes;

use crate::actor::{Actor, Fault};
use crate::message::{Travels, decode, encode};

/// An actor whose state is what its events say. Implemented by `#[akt::actor(event_sourced(event = ..))]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not event-sourced",
    label = "no `event_sourced(..)` in its attribute",
    note = "say `#[akt::actor(event_sourced(event = CartEvent))]`, and add `#[apply] fn apply(&mut self, event: &CartEvent)`"
)]
pub trait EventSourced: Actor {
    /// What happens to it.
    type Event: Stored;
    /// The first part of the id of its events, `cart` in `cart/user-1`.
    const KIND: &'static str;
    /// The version of the schema that events and snapshots are written in.
    const SCHEMA: u32 = 1;

    /// Makes `event` part of the state.
    fn apply(&mut self, event: &Self::Event);

    /// Reads an event of an older schema.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from being read; the actor does not start.
    fn upcast(_schema: u32, bytes: Bytes) -> Result<Self::Event, Fault> {
        Self::Event::from_bytes(bytes)
    }

    #[doc(hidden)]
    #[must_use]
    fn snapshots() -> Option<Snapshots<Self>> {
        None
    }
}

/// What is kept in a store: an event, a state, or the state in a snapshot.
///
/// Every protobuf message is. Another type says how it becomes bytes, and comes back:
///
/// ```
/// use akt::bytes::Bytes;
/// use akt::persistence::Stored;
/// use akt::Fault;
///
/// struct Renamed(String);
///
/// impl Stored for Renamed {
///     fn to_bytes(&self) -> Bytes {
///         Bytes::copy_from_slice(self.0.as_bytes())
///     }
///
///     fn from_bytes(bytes: Bytes) -> Result<Self, Fault> {
///         Ok(Self(String::from_utf8(bytes.into())?))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept in a store",
    label = "not a protobuf message, nor `akt::persistence::Stored`",
    note = "take a message of a `.proto`, or say how it becomes bytes: `impl akt::persistence::Stored for {Self}`"
)]
pub trait Stored: Sized + Send + 'static {
    /// What is kept of it.
    fn to_bytes(&self) -> Bytes;

    /// What was kept, again.
    ///
    /// # Errors
    ///
    /// The bytes are not those of a value of this type.
    fn from_bytes(bytes: Bytes) -> Result<Self, Fault>;
}

#[diagnostic::do_not_recommend]
impl<T: Travels + Send> Stored for T {
    fn to_bytes(&self) -> Bytes {
        encode(self)
    }

    fn from_bytes(bytes: Bytes) -> Result<Self, Fault> {
        decode(bytes).map_err(Fault::new)
    }
}

/// An event-sourced actor whose state can be kept too, so that it need not read all of its events again.
#[diagnostic::on_unimplemented(
    message = "`snapshot_every` needs to know what to keep of `{Self}`",
    label = "`akt::persistence::Snapshot` is not implemented for it",
    note = "add `impl akt::persistence::Snapshot for {Self}`, or remove `snapshot_every`"
)]
pub trait Snapshot: EventSourced {
    /// What is kept; it is written in the same [`SCHEMA`](EventSourced::SCHEMA) as the events.
    type State: Stored;

    /// All that the events so far have made of it.
    fn snapshot(&self) -> Self::State;

    /// Makes a value that has seen no event one that has seen those of the snapshot.
    fn restore(&mut self, state: Self::State);
}

/// An event of `A`. Generated: from the event alone, rustc knows whose it is.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the event of `{A}`",
    note = "it persists what `event_sourced(event = ..)` says"
)]
pub trait EventOf<A> {}

/// How often snapshots are taken, and how.
#[doc(hidden)]
#[derive(Debug)]
pub struct Snapshots<A> {
    pub(super) every: u64,
    pub(super) take: fn(&A) -> Bytes,
    pub(super) restore: fn(&mut A, Bytes) -> Result<(), Fault>,
}

/// A snapshot after each `every` events.
#[doc(hidden)]
#[must_use]
pub fn snapshots_every<A: Snapshot>(every: u64) -> Option<Snapshots<A>> {
    Some(Snapshots {
        every,
        take: |actor| actor.snapshot().to_bytes(),
        restore: |actor, bytes| {
            actor.restore(A::State::from_bytes(bytes)?);
            Ok(())
        },
    })
}
