//! The slot of one ask: one allocation that asker, handler and alarm share, freed by the last to leave.
//!
//! One atomic word holds how far the ask has come, what is in the slot, and how many shares there are. The
//! usual way costs one compare-and-swap when handling begins, one when the answer is there (which gives the
//! handler's share back too), and none for the asker, who finds itself alone. What is rare (a second waker,
//! hooks, refusals) is behind a lock.

mod ends;
mod inner;
#[cfg(all(test, loom))]
mod model;
mod packed;
mod share;
mod word;

pub(crate) use ends::{Asker, Ender, Seen, for_hook, for_task};
pub(crate) use packed::Packed;
pub(crate) use share::Share;
