//! What grains keep: state stores, states, gates.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod states;
mod stores;
