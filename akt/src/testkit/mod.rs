//! What tests of actors, and of what akt is given, need.

pub mod check;
mod event_store;
mod faulty;
pub mod flow;
mod probe;
pub mod world;

pub use event_store::{BrokenRule, check_event_store};
pub use faulty::{Failure, Faulty};
pub use probe::Probe;

/// What akt-build writes for tests.
#[doc(hidden)]
#[macro_export]
macro_rules! __probe {
    ($($item:item)*) => {
        $($item)*
    };
}
