//! What tests of actors, and of what akt is given, need.
//!
//! From small to large: [`Solo`] has one actor and a plain `#[test]`; [`TestKit`], which [`#[akt::test]`](crate::test) gives, has a
//! system on virtual time, with [`Probe`]s for those around it; `cluster` has several nodes and their faults, in one run or, by
//! `#[akt::sim_test]`, for many seeds. [`check`] judges what happened, [`flow`] logs and draws it, and [`world`] explores pure
//! machines. Stores of your own are put to [`check_event_store`], and made to fail by [`Faulty`].

pub mod check;
#[cfg(feature = "remote")]
pub mod cluster;
mod event_store;
mod faulty;
pub mod flow;
mod kit;
mod logs;
mod probe;
mod quiet;
mod reminder_store;
mod rule;
mod run;
mod solo;
mod state_store;
mod variable;
pub mod world;

pub use event_store::check_event_store;
pub use faulty::{Failure, Faulty};
pub use kit::{Subject, TestKit};
pub use logs::Log;
pub use probe::{Method, Origin, Probe, Probed};
pub use reminder_store::check_reminder_store;
pub use rule::BrokenRule;
pub use run::run;
#[doc(hidden)]
pub use run::{test, test_with_kit};
pub use solo::{Effect, Ran, Solo};
pub use state_store::check_state_store;

/// What akt-build writes for tests.
#[doc(hidden)]
#[macro_export]
macro_rules! __probe {
    ($($item:item)*) => {
        $($item)*
    };
}
