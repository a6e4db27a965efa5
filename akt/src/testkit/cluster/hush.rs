//! Panics of a run that is repeated are told once, at its end, and not each time.

use std::cell::{Cell, RefCell};
use std::panic::{set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static IS_HUSHED: Cell<bool> = const { Cell::new(false) };
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs `work`, on whose thread a panic prints nothing meanwhile.
pub(super) fn hushed<T>(work: impl FnOnce() -> T) -> T {
    static HOOKED: Once = Once::new();
    HOOKED.call_once(|| {
        let others = take_hook();
        set_hook(Box::new(move |panic| {
            if !IS_HUSHED.get() {
                return others(panic);
            }
            LAST.set(panic.location().map(ToString::to_string));
        }));
    });
    LAST.set(None);
    IS_HUSHED.set(true);
    let done = work();
    IS_HUSHED.set(false);
    done
}

/// Where the last panic on this thread was that printed nothing.
pub(super) fn last_place() -> Option<String> {
    LAST.take()
}
