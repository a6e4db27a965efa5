//! Panics of user code: caught, with their text and place.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Once;
use std::task::Poll;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// A caught panic.
#[derive(Debug)]
pub(crate) struct Panic {
    pub(crate) text: String,
    pub(crate) place: Option<String>,
}

/// Chains one hook in front of the process's own, which remembers where user code panicked.
pub(crate) fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if in_cell() {
                PLACE.set(info.location().map(ToString::to_string));
            }
            previous(info);
        }));
    });
}

/// Whether this thread runs user code of an actor.
pub(crate) fn in_cell() -> bool {
    DEPTH.get() > 0
}

/// Whether so much user code runs inside other user code that no more should.
pub(crate) fn is_deep() -> bool {
    DEPTH.get() > 16
}

/// Runs user code; a panic comes back as a value.
pub(crate) fn guard<T>(user: impl FnOnce() -> T) -> Result<T, Panic> {
    DEPTH.set(DEPTH.get() + 1);
    let result = catch_unwind(AssertUnwindSafe(user));
    DEPTH.set(DEPTH.get() - 1);
    result.map_err(|payload| Panic { text: text(payload), place: PLACE.take() })
}

/// Runs a future of user code; a panic comes back as a value.
pub(crate) async fn guarded<F: Future>(user: F) -> Result<F::Output, Panic> {
    let mut user = pin!(user);
    poll_fn(|cx| match guard(|| user.as_mut().poll(cx)) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

/// Drops `value`, which may hold user code.
pub(crate) fn guard_drop<T>(value: T) -> Result<(), Panic> {
    guard(|| drop(value))
}

fn text(payload: Box<dyn Any + Send>) -> String {
    let text = match payload.downcast::<String>() {
        Ok(text) => return *text,
        Err(payload) => payload.downcast_ref::<&'static str>().map(|text| (*text).to_owned()).ok_or(payload),
    };
    text.unwrap_or_else(|payload| {
        // The payload's own destructor is user code too.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(payload)));
        "a panic without text".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_comes_back_with_its_text_and_place() {
        install_hook();
        let panic = guard(|| panic!("no {}", "bread")).unwrap_err();

        assert_eq!(panic.text, "no bread");
        assert!(panic.place.unwrap().contains("panic.rs:"));
    }

    #[test]
    fn a_payload_that_panics_in_its_own_drop_is_caught() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("twice");
            }
        }

        let panic = guard(|| std::panic::panic_any(Bomb)).unwrap_err();

        assert_eq!(panic.text, "a panic without text");
    }
}
