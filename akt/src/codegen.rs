//! *Pure.* What generated code asserts about itself and its user's types.

use std::convert::Infallible;

use crate::message::{MessageArg, ReplyType};

/// Fails to compile when akt and what generated the code are of different versions.
pub const fn assert_codegen(version: &str) {
    let (ours, theirs) = (env!("CARGO_PKG_VERSION").as_bytes(), version.as_bytes());
    let mut same = ours.len() == theirs.len();
    let mut at = 0;
    while same && at < ours.len() {
        same = ours[at] == theirs[at];
        at += 1;
    }
    assert!(
        same,
        "akt and the akt-build or akt-macros that generated this code have different versions; use one"
    );
}

/// Fails to compile unless `T` can be an argument of a handler.
pub const fn require_message_arg<T: MessageArg + ?Sized>() {}

/// Fails to compile unless `T` can be the reply of a handler.
pub const fn require_reply<T: ReplyType>() {}

/// Fails to compile unless a handler's future can move between threads.
pub fn require_send<T: Send>(_future: T) {}

/// What a handler returns whose answers are always good.
pub fn good<T>(answer: Result<T, Infallible>) -> T {
    match answer {
        Ok(out) => out,
        Err(never) => match never {},
    }
}
