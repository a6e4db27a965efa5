//! Grains: actors that are always there, by kind and key. The first message activates one, idleness ends it.

mod activation;
mod catalog;
mod contract;
mod crowd;
mod fence;
mod gate;
mod keeper;
mod key;
mod locator;
#[cfg(not(feature = "uuid"))]
mod no_uuid;
mod options;
mod placement;
mod reference;
mod roster;
mod state;
#[cfg(test)]
mod storm;
mod traits;
mod unserved;
#[cfg(feature = "uuid")]
mod uuid;

pub use self::contract::{SameKey, grain_of_contract, require_key};
pub use self::gate::{
    Gated, OpenGate, Undelivered, close_gate, close_gates, fail_gate, open_gate, open_gates, within_gate,
};
pub use self::key::{GrainKey, IntoKey};
#[cfg(not(feature = "uuid"))]
pub use self::no_uuid::UuidKey;
pub use self::options::GrainOptions;
pub use self::placement::{Consistency, Placement};
pub(crate) use self::roster::Roster;
pub use self::state::{Stateful, load_state, save_at_end};
pub use self::traits::Grain;
#[cfg(feature = "uuid")]
pub use self::uuid::UuidKey;
