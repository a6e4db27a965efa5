//! akt: a distributed actor framework.
//!
#![doc = include_str!("docs/crate.md")]

#[cfg(test)]
extern crate self as akt;

#[cfg_attr(not(feature = "remote"), allow(dead_code, reason = "the seam to the network, without one"))]
mod actor;
mod backoff;
mod codegen;
mod id;
mod machine;
mod message;
mod path;
#[cfg(feature = "remote")]
mod remote;
mod router;
#[cfg_attr(not(feature = "testkit"), allow(dead_code, unused_imports, reason = "what only simulations use"))]
mod runtime;
#[cfg(feature = "signal")]
mod signal;
#[cfg(feature = "testkit")]
pub mod sim;
mod sync;
mod system;
#[cfg(feature = "prometheus")]
mod telemetry;
mod time;
#[cfg(feature = "remote")]
mod transport;
#[cfg(feature = "remote")]
mod wire;

pub use actor::{
    Accepts, Actor, ActorOptions, ActorRef, AnyRef, AskError, Breaker, BreakerOptions, Call, CallPath,
    CodecError, Ctx, Delivery, Directive, Fault, FaultInfo, FnActor, FnRef, Forward, Mailbox, Message,
    PeerError, PipeError, Post, Protocol, Reaction, Recipient, Ref, Reply, Request, Restart, RpcInfo, Spawn,
    SpawnError, Spawning, Stage, StopReason, Supervise, TellError, Terminated, TimeoutInfo, Timer, TooLarge,
    Work,
};
#[cfg(feature = "macros")]
pub use akt_macros::{Inject, actor, every, handler, on};
pub use bytes;
pub use id::{ActorId, NodeId};
pub use path::{ActorAddress, ActorPath, MAX_NAME, NodeAddress, PathError};
pub use prost;
#[cfg(feature = "remote")]
pub use remote::{ActorAtError, Refusal, Remote};
pub use router::{Routees, Router};
pub use runtime::{NoRuntime, Runtime};
pub use system::{
    ActorSystem, Blocked, DeadLetter, DeadLetterReason, Dependency, Event, EventMetrics, EventStream,
    Extension, Histogram, Inject, KindMetrics, LookupError, MessageMetrics, Metrics, MissingDependency,
    Phase, Run, ShutdownReport, StartError, StepProblem, SystemBuilder, Unfinished, UnfinishedStep,
};
#[cfg(feature = "prometheus")]
pub use telemetry::Prometheus;
pub use time::Instant;
#[cfg(feature = "remote")]
pub use transport::{BindError, Network, Tls, TlsError};

/// What most programs use: `use akt::prelude::*;`
pub mod prelude {
    pub use crate::{
        ActorSystem, AskError, Call, Ctx, Delivery, Directive, Fault, Forward, Reply, Restart, Supervise,
        TellError, Terminated,
    };
    #[cfg(feature = "macros")]
    pub use crate::{actor, every, handler, on};
}

/// What generated code calls; nothing here is for users.
#[doc(hidden)]
pub mod __private {
    pub use crate::actor::{
        AnyReply, Begin, FnCall, FnMsg, Incoming, Outgoing, Slot, Undecoded, WireReply, answer,
        answer_result, every, forward, incoming, incoming_result, outgoing, outgoing_result, receive,
        unknown_rpc,
    };
    pub use crate::codegen::{assert_codegen, require_message_arg, require_reply, require_send};
    pub use crate::message::{ErrorType, MessageArg, ReplyType, Travels};
    pub use crate::system::{Dependencies, Need};
    #[cfg(feature = "macros")]
    pub use akt_macros::contract_actor;
}

/// Includes the contracts that akt-build compiled in `build.rs`: the whole package tree.
///
/// Say it once, at the crate's root, or in the module that `configure().root(..)` names.
#[macro_export]
macro_rules! include_contracts {
    () => {
        include!(concat!(env!("OUT_DIR"), "/akt_contracts.rs"));
    };
}
