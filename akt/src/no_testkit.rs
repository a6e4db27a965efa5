//! What akt-build writes for tests comes to nothing without the feature `testkit`.

#[doc(hidden)]
#[macro_export]
macro_rules! __probe {
    ($($item:item)*) => {};
}
