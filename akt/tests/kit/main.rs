//! The tests of what akt gives to tests: one file per promise, one binary.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod assertions;
mod attribute;
mod clock;
mod leaks;
mod probes;
mod solo;
mod support;
