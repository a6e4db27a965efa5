//! The integration tests of akt: one file per promise, one binary.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod contracts;
mod dependencies;
mod depot;
mod endings;
mod extensions;
mod garbled;
mod lent;
mod lifecycle;
mod messages;
mod metrics;
mod panics;
mod pipes;
mod prometheus;
mod quic;
mod remote;
mod replies;
mod routers;
mod running;
mod semantics;
mod starting;
mod supervision;
mod support;
mod tidy;
mod timers;
mod tracing;
mod watchdog;
