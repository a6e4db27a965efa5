//! akt: a distributed actor framework.
//!
#![doc = include_str!("docs/crate.md")]

#[cfg(test)]
extern crate self as akt;

#[cfg_attr(
    not(all(feature = "cron", feature = "remote")),
    allow(dead_code, unused_imports, reason = "the seams to calendars and the network, without them")
)]
mod actor;
mod backoff;
mod codegen;
#[cfg(all(test, feature = "remote"))]
#[path = "../tests/it/contracts.rs"]
mod contracts;
#[cfg(feature = "cron")]
mod cron;
#[cfg(all(test, feature = "remote"))]
mod fuzz;
mod grain;
#[cfg(feature = "remote")]
mod holder;
mod id;
#[cfg_attr(not(feature = "testkit"), allow(unreachable_pub, reason = "public in `testkit::world`"))]
mod machine;
mod message;
#[cfg(not(feature = "cron"))]
mod no_cron;
#[cfg(not(feature = "testkit"))]
mod no_testkit;
mod path;
pub mod persistence;
mod ref_field;
mod reminder;
#[cfg(feature = "remote")]
mod remote;
#[path = "no_remote.rs"]
#[cfg(not(feature = "remote"))]
mod remote;
mod router;
#[cfg_attr(
    not(all(feature = "remote", feature = "testkit")),
    allow(dead_code, unused_imports, reason = "what only simulations of nodes use")
)]
mod runtime;
#[cfg(feature = "signal")]
mod signal;
#[cfg(feature = "testkit")]
pub mod sim;
mod sync;
#[cfg_attr(
    not(all(feature = "cron", feature = "remote", feature = "testkit")),
    allow(dead_code, unused_imports, reason = "the seams to calendars, the network and tests, without them")
)]
mod system;
#[cfg(any(feature = "otel", feature = "prometheus"))]
mod telemetry;
#[cfg(feature = "testkit")]
pub mod testkit;
mod time;
#[cfg_attr(not(feature = "testkit"), allow(dead_code, unused_imports, reason = "what only tests look at"))]
#[cfg(feature = "remote")]
mod transport;
#[cfg_attr(not(feature = "testkit"), allow(unused_imports, reason = "what only tests look at"))]
#[cfg(feature = "remote")]
mod wire;

pub use actor::{
    Accepts, Actor, ActorOptions, ActorRef, Admit, Answers, AnyRef, AskError, Batch, BatchError, Behavior,
    BehaviorStack, Breaker, BreakerOptions, Call, CallPath, Caller, CloneMessage, CodecError, Concurrent,
    ContractKey, Ctx, Delivery, Directive, Fault, FaultInfo, FnActor, FnRef, Forward, Headers, JournalError,
    Mailbox, MailboxOrder, MailboxPlace, MailboxQueue, Message, OneWay, Opening, Opens, Overflow, PartlyInfo,
    Passivate, PeerError, PipeError, Post, Protocol, Reaction, Recipient, Ref, Reminder, Reply, Request,
    Restart, RpcInfo, SendError, Spawn, SpawnError, Spawning, Stage, Stashes, StopReason, StreamSink,
    Streaming, Supervise, TellError, Terminated, TimeoutInfo, Timer, TooLarge, Turn, TurnCtx, UnknownRpc,
    Work, batch, stream,
};
#[cfg(all(feature = "macros", feature = "remote", feature = "testkit"))]
pub use akt_macros::sim_test;
#[cfg(all(feature = "macros", feature = "testkit"))]
pub use akt_macros::test;
#[cfg(feature = "macros")]
pub use akt_macros::{Behavior, Inject, actor, apply, cron, every, grain, guard, handler, on};
pub use bytes;
#[cfg(feature = "cron")]
pub use cron::{Cron, CronError};
pub use grain::{
    Consistency, Gated, Grain, GrainKey, GrainOptions, IntoKey, Placement, Stateful, Undelivered,
};
pub use id::{ActorId, NodeId};
pub use path::{ActorAddress, ActorPath, MAX_NAME, NodeAddress, PathError};
pub use prost;
pub use ref_field::{InSystem, RefField, ResolveError};
pub use reminder::{Missed, Remembered, Remind, RemindError, Reminders, Reminding};
#[cfg(feature = "remote")]
pub use remote::{
    ActorReport, ActorState, Client, ClientBuilder, ClientError, NodeRef, OperationError, Refusal, Remote,
    SpawnableKind,
};
pub use router::{Routee, Routees, Router};
pub use runtime::{NoRuntime, NotSimulated, Runtime};
pub use system::{
    ActorAtError, ActorSystem, Blocked, ContextPropagator, DeadLetter, DeadLetterReason, Dependency, Event,
    EventMetrics, EventStream, Evict, Extension, Histogram, Inject, KindMetrics, LookupError, MessageMetrics,
    Metrics, MissingDependency, NotScheduled, PeerMetrics, Phase, Run, ScheduleError, ScheduleKind,
    Scheduled, Scheduler, ShutdownReport, StartError, StepProblem, SystemBuilder, Unfinished, UnfinishedStep,
    UnknownSchedule,
};
#[cfg(feature = "prometheus")]
pub use telemetry::Prometheus;
#[cfg(feature = "otel")]
pub use telemetry::{Otel, OtelExport, TraceContext};
#[cfg(feature = "testkit")]
pub use testkit::Probe;
pub use time::Instant;
#[cfg(feature = "remote")]
pub use transport::{BindError, Faults, Network, Tls, TlsError, TransportOptions};

// The code of the page about the language, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../docs/dsl.md")]
struct DslPage;

// The same of the page about grains.
#[cfg(doctest)]
#[doc = include_str!("../../docs/grains.md")]
struct GrainsPage;

/// What most programs use: `use akt::prelude::*;`
pub mod prelude {
    pub use crate::{
        ActorSystem, AskError, Call, Ctx, Delivery, Directive, Fault, Forward, Reply, Restart, StreamSink,
        Streaming, Supervise, TellError, Terminated, Turn, TurnCtx,
    };
    #[cfg(feature = "macros")]
    pub use crate::{actor, apply, cron, every, grain, guard, handler, on};
}

/// What generated code calls; nothing here is for users.
#[doc(hidden)]
pub mod __private {
    pub use crate::__probe as probe;
    pub use crate::__with_uuid as with_uuid;
    pub use crate::actor::{
        Answered, AnsweredOnce, AnswersAll, AnyReply, AskedRpc, Begin, Came, Copying, Deck, Flight, Flights,
        FnCall, FnMsg, Full, HoldsUnknown, Incoming, Input, Join, Lost, Mode, Next, NoFlight, NoReturns,
        NoStash, Opened, Opener, Outgoing, Recording, Returning, Returns, Shelf, Slot, Stash, State, ToldRpc,
        Treatment, Undecoded, Ways, WireReply, Wraps, answer, answer_of, answer_or_fail, answer_result,
        answered, every, fallible, forward, forward_result, incoming, incoming_both, incoming_client,
        incoming_result, incoming_server, listen, narrow, one_reader, open_nested, outgoing, outgoing_both,
        outgoing_client, outgoing_result, outgoing_server, plain, receive, recorded, recorded_result, reject,
        share, tie, unless_cancelled, unrecorded, unrecorded_result,
    };
    pub use crate::codegen::{
        IsResult, MadeByDefault, assert_codegen, good, made_by_default, require_argument, require_reply,
        require_send, require_shared, require_state, sendable,
    };
    #[cfg(feature = "cron")]
    pub use crate::cron::cron;
    pub use crate::grain::{
        OpenGate, SameKey, UuidKey, close_gate, close_gates, fail_gate, grain_of_contract, load_state,
        open_gate, open_gates, require_key, save_at_end, within_gate,
    };
    pub use crate::message::{ActorState, CloneArg, ErrorType, MessageArg, ReplyType, SharedState, Travels};
    pub use crate::persistence::{EventOf, Snapshots, commit, persist, recover, snapshots_every};
    pub use crate::system::{Dependencies, Need};
    #[cfg(all(feature = "remote", feature = "testkit"))]
    pub use crate::testkit::cluster::simulate;
    #[cfg(feature = "testkit")]
    pub use crate::testkit::{test, test_with_kit};
    #[cfg(feature = "macros")]
    pub use akt_macros::contract_actor;
    #[cfg(feature = "cron")]
    pub use chrono_tz::Tz;
    pub use std::boxed::Box;
}

/// Includes the contracts that akt-build compiled in `build.rs`: the whole package tree.
///
/// Say it once, at the crate's root, or in the module that `configure().root(..)` names. Code that is committed, by
/// `configure().out_dir("src/gen")`, is named from the crate's folder: `include_contracts!("src/gen/akt_contracts.rs")`.
#[macro_export]
macro_rules! include_contracts {
    () => {
        include!(concat!(env!("OUT_DIR"), "/akt_contracts.rs"));
    };
    ($path:literal) => {
        include!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $path));
    };
}
