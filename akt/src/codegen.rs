//! *Pure.* What generated code asserts about itself and its user's types.

use std::convert::Infallible;

use crate::message::{ActorState, MessageArg, ReplyType, SharedState};

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
pub const fn require_argument<T: for<'a> MessageArg<'a> + ?Sized>() {}

/// Fails to compile unless `T` can be the reply of a handler.
pub const fn require_reply<T: for<'a> ReplyType<'a> + ?Sized>() {}

/// Fails to compile unless `T` can be the state of an actor.
pub const fn require_state<T: for<'a> ActorState<'a>>() {}

/// Fails to compile unless `T`, which has parameters, can be the state of an actor.
pub const fn require_send<T: Send>() {}

/// Fails to compile unless handlers can share a `T`.
pub const fn require_shared<T: for<'a> SharedState<'a>>() {}

/// A future that is not `Send` is reported where this is called.
pub fn sendable<F: Future + Send>(future: F) -> impl Future<Output = F::Output> + Send {
    future
}

/// What `#[handler(result)]` may return: a `Result` under another name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `Result`",
    label = "`#[handler(result)]` is for aliases of `Result`, as `io::Result<T>` is",
    note = "remove `result` if all that the handler returns is the reply"
)]
pub trait IsResult {
    /// What a caller gets in `Ok`.
    type Ok;
    /// What a caller gets in `AskError::Handler`.
    type Err;
}

impl<T, E> IsResult for Result<T, E> {
    type Ok = T;
    type Err = E;
}

/// What a handler returns whose answers are always good.
pub fn good<T>(answer: Result<T, Infallible>) -> T {
    match answer {
        Ok(out) => out,
        Err(never) => match never {},
    }
}

/// What a grain without `#[on(activate)]` is made by.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be activated: it has neither `#[on(activate)]` nor `Default`",
    label = "how is its value made?",
    note = "add `#[on(activate)] fn activate(key: &Key) -> Self` to the block of `#[akt::grain]`, or `#[derive(Default)]` to the type"
)]
pub trait MadeByDefault {
    /// A new value.
    fn made() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> MadeByDefault for T {
    fn made() -> Self {
        Self::default()
    }
}

/// The value of a grain without `#[on(activate)]`.
#[must_use]
pub fn made_by_default<T: MadeByDefault>() -> T {
    T::made()
}
