//! How the answers of a handler are kept as bytes and given again, without knowing their type.

use std::fmt;

use bytes::Bytes;

use super::error::AskError;
use super::outbound::{Outcome, decode_plain, decode_result};
use crate::message::{Travels, encode};

/// How answers of type `R` are kept.
#[doc(hidden)]
pub struct Recording<R> {
    /// The bytes of an answer; none of a refusal, which leaves no trace, and of what is no message.
    pub(crate) encode: fn(&R) -> Option<Bytes>,
    pub(crate) decode: fn(Bytes) -> Result<R, AskError>,
    /// Whether it is an error of the domain.
    pub(crate) refuses: fn(&R) -> bool,
}

/// Of an rpc without errors.
#[doc(hidden)]
#[must_use]
pub const fn recorded<U: Travels + Send>() -> Recording<U> {
    Recording {
        encode: |out| Some(encode(out)),
        decode: |bytes| decode_plain(Outcome::Reply(bytes)),
        refuses: |_| false,
    }
}

/// Of an rpc with errors.
#[doc(hidden)]
#[must_use]
pub const fn recorded_result<U: Travels + Send, E: Travels + Send>() -> Recording<Result<U, E>> {
    Recording {
        encode: |out| out.as_ref().ok().map(encode),
        decode: |bytes| decode_result(Outcome::Reply(bytes)),
        refuses: Result::is_err,
    }
}

/// Of a handler that is no rpc.
#[doc(hidden)]
#[must_use]
pub const fn unrecorded<R>() -> Recording<R> {
    Recording { encode: |_| None, decode: |_| Err(AskError::Unanswered), refuses: |_| false }
}

/// Of one that may refuse.
#[doc(hidden)]
#[must_use]
pub const fn unrecorded_result<T, E>() -> Recording<Result<T, E>> {
    Recording { encode: |_| None, decode: |_| Err(AskError::Unanswered), refuses: Result::is_err }
}

impl<R> fmt::Debug for Recording<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recording")
    }
}
