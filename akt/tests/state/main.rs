//! What grains keep: state stores, states, gates.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod contracts {
    //! What akt-build makes of `tests/proto/bank/v1/bank.proto`.
    include!("../proto/bank.generated");
}
mod crashes;
mod gates;
mod states;
mod stores;
