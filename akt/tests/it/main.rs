//! The integration tests of akt: one file per promise, one binary.

mod lifecycle;
mod messages;
mod support;
mod tidy;
