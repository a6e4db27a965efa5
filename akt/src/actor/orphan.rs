//! What loses its handler or actor: a panic or a kill drops replies and sinks of streams, and the cell finds them here.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::Arc;

use super::error::{AskError, Delivery, FaultInfo, StopReason};
use super::panic::{Panic, guard};
use super::reply::AnyReply;
use super::stream::Abort;
use super::traits::Message;

pub(crate) use super::reply::dropped;

thread_local! {
    static COLLECTING: Cell<bool> = const { Cell::new(false) };
    static ORPHANS: RefCell<Orphans> = const { RefCell::new(Orphans { replies: Vec::new(), streams: Vec::new() }) };
}

/// What was dropped, and is owed a word.
#[derive(Debug, Default)]
pub(crate) struct Orphans {
    replies: Vec<AnyReply>,
    streams: Vec<Stranded>,
}

impl Orphans {
    pub(crate) fn push(&mut self, reply: AnyReply) {
        self.replies.push(reply);
    }

    /// Whether there is no reply among them.
    pub(crate) fn is_silent(&self) -> bool {
        self.replies.is_empty()
    }
}

/// A stream without a sink that has not ended: it ends with this, at the latest.
pub(crate) struct Stranded(Option<Arc<dyn Abort>>);

impl Stranded {
    pub(crate) fn new(stream: Arc<dyn Abort>) -> Self {
        Self(Some(stream))
    }

    fn fail(mut self, error: AskError) {
        if let Some(stream) = self.0.take() {
            stream.abort(error);
        }
    }
}

impl Drop for Stranded {
    fn drop(&mut self) {
        if let Some(stream) = self.0.take() {
            stream.abort(dropped());
        }
    }
}

impl fmt::Debug for Stranded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stranded")
    }
}

/// Whether what is dropped now goes down with its handler or its actor.
pub(crate) fn is_collecting() -> bool {
    COLLECTING.get() || std::thread::panicking() && super::panic::in_cell()
}

/// Takes in a reply that was dropped unanswered: kept for the cell when its handler dies, refused otherwise.
pub(crate) fn leave(reply: AnyReply) {
    if is_collecting() {
        ORPHANS.with_borrow_mut(|orphans| orphans.push(reply));
    } else {
        reply.fail(dropped());
    }
}

/// Takes in a stream whose last sink was dropped. Only while [`is_collecting`].
pub(crate) fn leave_stream(stream: Stranded) {
    ORPHANS.with_borrow_mut(|orphans| orphans.streams.push(stream));
}

/// Runs `f`, keeping every reply and sink that it drops, also when it panics.
pub(crate) fn collect<T>(f: impl FnOnce() -> T) -> T {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            COLLECTING.set(self.0);
        }
    }

    let _restore = Restore(COLLECTING.replace(true));
    f()
}

/// The reply of a message that will not be handled; the rest of it is dropped, which may panic.
pub(crate) fn part<M: Message>(message: M) -> AnyReply {
    let reply = message.reply().map(|slot| slot.share()).unwrap_or_default();
    if let Err(panic) = guard(|| message.into_reply()) {
        tracing::error!(text = panic.text, place = panic.place, "a message panicked when it was dropped");
    }
    reply
}

/// Why an actor's value ends.
#[derive(Clone, Copy)]
pub(super) enum Parting<'a> {
    /// Its actor stops.
    Stop(StopReason),
    /// Another takes its place.
    Restart(&'a FaultInfo),
}

/// Drops an actor's value; the asks whose replies it kept are answered, and its streams end.
pub(super) fn let_go<A>(value: A, parting: Parting<'_>) -> Result<(), Panic> {
    let dropped = guard(|| collect(|| drop(value)));
    let Orphans { replies, streams } = take();
    let stopped = |reason| AskError::Stopped { reason, delivered: Delivery::Maybe };
    fail(Orphans { replies, ..Orphans::default() }, || match parting {
        Parting::Stop(reason) => stopped(reason),
        Parting::Restart(_) => self::dropped(),
    });
    fail(Orphans { streams, ..Orphans::default() }, || match parting {
        Parting::Stop(reason) => stopped(reason),
        Parting::Restart(info) => AskError::Fault(Box::new(info.clone())),
    });
    dropped
}

/// What was left on this thread since the last call.
pub(crate) fn take() -> Orphans {
    ORPHANS.take()
}

/// Refuses `orphans`; true if somebody still waited for a reply.
pub(crate) fn fail(orphans: Orphans, mut error: impl FnMut() -> AskError) -> bool {
    let Orphans { replies, streams } = orphans;
    streams.into_iter().for_each(|stream| stream.fail(error()));
    // Each is told: `any` would stop at the first.
    replies.into_iter().map(|orphan| orphan.fail(error())).fold(false, |returned, one| returned | one)
}
