//! What came to the probes of this thread, for whoever drives an actor and wants to know what it sent.

use std::cell::RefCell;

use crate::path::ActorPath;

thread_local! {
    static CAME: RefCell<Vec<Note>> = const { RefCell::new(Vec::new()) };
}

/// A message that came to a probe.
pub(in crate::testkit) struct Note {
    pub(in crate::testkit) to: ActorPath,
    pub(in crate::testkit) message: &'static str,
    pub(in crate::testkit) asked: bool,
}

/// Notes down what comes while it runs `f`, from the beginning.
pub(in crate::testkit) fn noting<T>(f: impl FnOnce() -> T) -> (T, Vec<Note>) {
    CAME.take();
    NOTING.set(true);
    let out = f();
    NOTING.set(false);
    (out, CAME.take())
}

thread_local! {
    static NOTING: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

pub(super) fn note(note: impl FnOnce() -> Note) {
    if NOTING.get() {
        CAME.with_borrow_mut(|came| came.push(note()));
    }
}
