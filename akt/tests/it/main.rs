//! The integration tests of akt: one file per promise, one binary.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod batches;
mod behaviors;
mod context;
mod contracts;
mod cron;
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
mod pulls;
mod quic;
mod remote;
mod replies;
mod routers;
mod running;
mod schedules;
mod semantics;
mod spreads;
mod starting;
mod stash;
mod supervision;
mod support;
mod tidy;
mod timers;
mod tracing;
mod watchdog;
