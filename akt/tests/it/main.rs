//! The integration tests of akt: one file per promise, one binary.

mod contracts;
mod depot;
mod lifecycle;
mod messages;
mod quic;
mod remote;
mod support;
mod tidy;
