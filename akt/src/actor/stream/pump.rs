//! What moves the items of a stream to a peer: whoever has an item or a grant runs it, and it never waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use parking_lot::Mutex;

use super::channel::{Channel, Next};
use super::credit::Credit;
use super::error::End;
use super::streaming::Streaming;
use super::wire::{Line, Outlet};
use crate::actor::error::AskError;
use crate::message::{self, Travels};

/// The half of a stream that is read by a peer.
pub(super) struct Pump<T: Send + 'static, E: Send + 'static> {
    /// The queue, if its room is what the peer has granted.
    granted: Option<Arc<Channel<T, E>>>,
    /// How its error travels.
    encode: fn(&E) -> Bytes,
    /// How often it was called since it last came to rest.
    calls: AtomicUsize,
    state: Mutex<State<T, E>>,
}

struct State<T: Send + 'static, E: Send + 'static> {
    /// Absent once the stream is over.
    reader: Option<Streaming<T, E>>,
    credit: Credit,
    way: Option<Way>,
}

#[derive(Clone)]
struct Way {
    line: Arc<dyn Line>,
    limit: usize,
}

impl<T: Travels + Send, E: Send + 'static> Pump<T, E> {
    /// Moves what is sent into `channel`, whose room is what the peer grants.
    pub(super) fn fresh(channel: Arc<Channel<T, E>>, encode: fn(&E) -> Bytes) -> Arc<Self> {
        let reader = Streaming::new(channel.clone());
        Self::new(reader, Some(channel), encode)
    }

    /// Moves what is in a stream that has room of its own.
    pub(super) fn behind(reader: Streaming<T, E>, encode: fn(&E) -> Bytes) -> Arc<Self> {
        Self::new(reader, None, encode)
    }

    fn new(
        reader: Streaming<T, E>,
        granted: Option<Arc<Channel<T, E>>>,
        encode: fn(&E) -> Bytes,
    ) -> Arc<Self> {
        let state = State { reader: Some(reader), credit: Credit::default(), way: None };
        Arc::new(Self { granted, encode, calls: AtomicUsize::new(0), state: Mutex::new(state) })
    }

    /// Moves what can be moved. One caller at a time does so; the others have it go round again.
    fn run(self: &Arc<Self>) {
        if self.calls.fetch_add(1, Ordering::AcqRel) > 0 {
            return;
        }
        let waker = Waker::from(self.clone());
        loop {
            let calls = self.calls.load(Ordering::Acquire);
            while self.step(&Context::from_waker(&waker)) {}
            if self.calls.compare_exchange(calls, 0, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                return;
            }
        }
    }

    /// Moves one item, or the end; false if there is nothing to be moved.
    fn step(&self, cx: &Context<'_>) -> bool {
        let mut state = self.state.lock();
        let State { reader: Some(reader), credit, way: Some(way) } = &mut *state else { return false };
        let way = way.clone();
        let Poll::Ready(next) = reader.channel().poll_step(credit.is_there(), cx) else { return false };
        let end = match next {
            Next::Item(item) => {
                credit.spend();
                let body = message::encode(&item);
                if body.len() <= way.limit {
                    drop(state);
                    way.line.item(body);
                    return true;
                }
                too_large(body.len(), way.limit)
            }
            Next::End(end) => self.travelling(end, way.limit),
            Next::Over => return false,
        };
        let reader = state.reader.take();
        drop(state);
        way.line.end(end);
        drop(reader);
        false
    }

    fn travelling(&self, end: End<E>, limit: usize) -> End<Bytes> {
        match end {
            End::Done => End::Done,
            End::Failed(error) => End::Failed(error),
            End::Domain(error) => {
                let body = (self.encode)(&error);
                if body.len() > limit { too_large(body.len(), limit) } else { End::Domain(body) }
            }
        }
    }
}

fn too_large(bytes: usize, limit: usize) -> End<Bytes> {
    End::Failed(AskError::TooLarge { bytes: bytes as u64, limit: limit as u64 })
}

impl<T: Travels + Send, E: Send + 'static> Wake for Pump<T, E> {
    fn wake(self: Arc<Self>) {
        self.run();
    }
}

impl<T: Travels + Send, E: Send + 'static> Outlet for Pump<T, E> {
    fn connect(self: Arc<Self>, line: Arc<dyn Line>, limit: usize) {
        let mut state = self.state.lock();
        if let Some(reader) = &state.reader {
            reader.channel().set_limit(limit, |item: &T| item.encoded_len());
        }
        state.way = Some(Way { line, limit });
        drop(state);
        self.run();
    }

    fn credit(self: Arc<Self>, items: u32) {
        let added = self.state.lock().credit.add(items);
        if let Some(channel) = &self.granted {
            channel.make_room(added);
        }
        self.run();
    }

    fn halt(&self) {
        let reader = self.state.lock().reader.take();
        drop(reader);
    }
}
