//! The seam to the network: the halves of a stream that a connection carries.

use std::num::NonZeroU32;
use std::sync::Arc;

use bytes::Bytes;

use super::error::End;

/// The way from a half of a stream that is here to the other, on a peer.
pub(crate) trait Line: Send + Sync {
    /// Sends an item, within the credit.
    fn item(&self, body: Bytes);
    /// Grants the peer so many items more.
    fn grant(&self, items: NonZeroU32);
    /// Says how the stream ended; nothing follows.
    fn end(&self, end: End<Bytes>);
    /// Says that nobody here reads any more.
    fn halt(&self);
}

/// The half that is read here, and filled by a peer.
pub(crate) trait Inlet: Send + Sync {
    /// Grants the peer what it may send first.
    fn connect(&self, line: Arc<dyn Line>);
    /// Takes in an item.
    ///
    /// # Errors
    ///
    /// Text that says what is wrong with it: not granted, or not decodable. The stream has ended with it.
    fn item(&self, body: Bytes) -> Result<(), Box<str>>;
    /// Takes in the end.
    fn end(&self, end: End<Bytes>);
}

/// The half that is filled here, and read by a peer.
pub(crate) trait Outlet: Send + Sync {
    /// Sends along `line` whatever there is credit for, items of at most `limit` bytes.
    fn connect(self: Arc<Self>, line: Arc<dyn Line>, limit: usize);
    /// Takes in a grant of the peer.
    fn credit(self: Arc<Self>, items: u32);
    /// Nobody reads any more.
    fn halt(&self);
}

/// The streams of one call, as far as they cross the wire.
#[derive(Default)]
pub(crate) struct Ends {
    pub(crate) inlet: Option<Arc<dyn Inlet>>,
    pub(crate) outlet: Option<Arc<dyn Outlet>>,
}

impl Ends {
    pub(crate) fn is_empty(&self) -> bool {
        self.inlet.is_none() && self.outlet.is_none()
    }
}
