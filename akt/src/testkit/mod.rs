//! What tests of actors need.

mod probe;

pub use probe::Probe;

/// What akt-build writes for tests.
#[doc(hidden)]
#[macro_export]
macro_rules! __probe {
    ($($item:item)*) => {
        $($item)*
    };
}
