//! *Pure.* What generated code asserts about itself and its user's types.

use std::convert::Infallible;

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
