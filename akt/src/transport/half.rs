//! *Pure.* One stream of a connection of TCP, on the side that writes it and on the side that reads it.

use std::collections::VecDeque;
use std::task::Waker;

use bytes::{Bytes, BytesMut};

/// A stream of this side.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    pub(super) queue: VecDeque<Bytes>,
    pub(super) queued: usize,
    /// Bytes that the peer has room for.
    pub(super) credit: usize,
    pub(super) end: OutgoingEnd,
    /// It is among the turns.
    pub(super) in_turn: bool,
    /// Its writer is gone.
    pub(super) unwatched: bool,
    pub(super) waiting: Option<Waker>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum OutgoingEnd {
    #[default]
    Open,
    /// Its end is behind what is queued.
    Asked,
    Sent,
    /// The peer has read it to its end.
    Taken,
    /// Nobody reads it.
    Stopped,
}

/// A stream of the peer.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) bytes: BytesMut,
    /// What it takes before it is read.
    pub(super) window: usize,
    /// Bytes that were sent and not granted anew.
    pub(super) used: usize,
    pub(super) end: IncomingEnd,
    pub(super) waiting: Option<Waker>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IncomingEnd {
    Open,
    Finished,
    Reset,
}

impl Outgoing {
    pub(super) fn with(credit: usize) -> Self {
        Self { credit, ..Self::default() }
    }

    pub(super) fn can_send(&self) -> bool {
        let has_end = self.queue.is_empty() && self.end == OutgoingEnd::Asked;
        has_end || (!self.queue.is_empty() && self.credit > 0)
    }

    pub(super) fn drop_queue(&mut self) {
        self.queue.clear();
        self.queued = 0;
    }
}

impl Incoming {
    pub(super) fn with(window: usize) -> Self {
        let end = IncomingEnd::Open;
        Self { bytes: BytesMut::new(), window, used: 0, end, waiting: None }
    }
}
