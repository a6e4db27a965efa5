//! Replies that lose their handler: a panic or a kill drops them, and the cell finds them here.

use std::cell::{Cell, RefCell};

use super::error::AskError;
use super::panic::guard;
use super::reply::{self, AnyReply};
use super::traits::Message;

thread_local! {
    static COLLECTING: Cell<bool> = const { Cell::new(false) };
    static ORPHANS: RefCell<Vec<AnyReply>> = const { RefCell::new(Vec::new()) };
}

/// Takes in a reply that was dropped unanswered: kept for the cell when its handler dies, refused otherwise.
pub(crate) fn leave(reply: AnyReply) {
    if COLLECTING.get() || std::thread::panicking() && super::panic::in_cell() {
        ORPHANS.with_borrow_mut(|orphans| orphans.push(reply));
    } else {
        reply.fail(reply::dropped());
    }
}

/// Runs `f`, keeping every reply that it drops, also when it panics.
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

/// The replies that were left on this thread since the last call.
pub(crate) fn take() -> Vec<AnyReply> {
    ORPHANS.take()
}

/// Refuses `orphans`; true if somebody still waited.
pub(crate) fn fail(orphans: Vec<AnyReply>, mut error: impl FnMut() -> AskError) -> bool {
    // Each is told: `any` would stop at the first.
    orphans.into_iter().map(|orphan| orphan.fail(error())).fold(false, |returned, one| returned | one)
}
