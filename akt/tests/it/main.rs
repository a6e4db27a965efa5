//! The integration tests of akt: one file per promise, one binary.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod contracts;
mod dependencies;
mod depot;
mod endings;
mod extensions;
mod garbled;
mod lifecycle;
mod messages;
mod pipes;
mod quic;
mod remote;
mod replies;
mod routers;
mod semantics;
mod support;
mod tidy;
mod timers;
