//! What a call carries besides its payload.

use std::time::Duration;

use super::call::Call;
use super::current;
use super::meta::{Headers, REQUEST};
use super::traits::Request;

/// What few calls have.
#[derive(Default)]
pub(super) struct Extra {
    pub(super) headers: Headers,
    pub(super) expires: Option<Duration>,
}

impl<Q: Request> Call<'_, Q> {
    /// Sends `value` along under `name`: the handler finds it in [`Ctx::headers`](crate::Ctx::headers), and what
    /// it sends carries it on, to other nodes too. There, all headers of a message have 16 KiB: with more, it is refused,
    /// `TooLarge`.
    pub fn header(mut self, name: impl Into<Box<str>>, value: impl Into<Box<str>>) -> Self {
        self.extra.get_or_insert_default().headers.insert(name, value);
        self
    }

    /// Says which request this ask belongs to, so that it can be asked again when its answer was lost: a
    /// [gated grain](crate::persistence) that has answered it within the last ten minutes gives the same answer again, and
    /// does nothing.
    ///
    /// `id` is to be another for each request, of at most 256 bytes: with more, it is `Rejected`.
    pub fn request_id(self, id: impl Into<Box<str>>) -> Self {
        self.header(REQUEST, id)
    }

    /// Lets a message that is told be a dead letter, `Expired`, if it is not begun within `time` from now; an ask
    /// has its [`timeout`](Self::timeout). To another node it travels as the time that remains.
    pub fn expires_in(mut self, time: Duration) -> Self {
        self.extra.get_or_insert_default().expires = Some(time);
        self
    }

    /// What it would carry if it were sent now.
    pub(super) fn headers(&self) -> Headers {
        let meta = self.meta(current::for_tell);
        meta.map(|meta| meta.headers.clone()).unwrap_or_default()
    }
}
