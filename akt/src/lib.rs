//! akt: a distributed actor framework. Annotate structs and impl blocks, call typed references, run the
//! same code in one process or on many nodes.

#[cfg(test)]
extern crate self as akt;

mod actor;
mod backoff;
mod id;
mod machine;
mod message;
mod path;
#[cfg(feature = "remote")]
mod remote;
mod runtime;
#[cfg(feature = "testkit")]
pub mod sim;
mod system;
mod time;
#[cfg(feature = "remote")]
mod transport;
#[cfg(feature = "remote")]
mod wire;

pub mod prelude;

pub use actor::{
    Accepts, Actor, ActorOptions, ActorRef, AnyRef, AskError, Call, CallPath, CodecError, Ctx, Delivery,
    Directive, Fault, FaultInfo, Mailbox, Message, PeerError, Protocol, Ref, Reply, Request, RpcInfo, Spawn,
    SpawnError, Spawning, Stage, StopReason, Supervise, TellError, Terminated, TimeoutInfo, TooLarge,
};
#[cfg(feature = "macros")]
pub use akt_macros::{actor, handler, on};
pub use bytes;
pub use id::ActorId;
pub use path::{ActorAddress, ActorPath, MAX_NAME, NodeAddress, PathError};
pub use prost;
pub use runtime::{NoRuntime, Runtime};
pub use system::{ActorSystem, DeadLetter, DeadLetterReason, Event, EventStream, StartError, SystemBuilder};
pub use time::Instant;

#[doc(hidden)]
pub mod __private;
