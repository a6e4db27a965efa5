//! Grains: actors that are always there, by kind and key. The first message activates one, idleness ends it.

mod activation;
mod catalog;
mod key;
mod locator;
mod placement;
mod reference;
mod registry;
mod traits;
#[cfg(feature = "uuid")]
mod uuid;

pub use self::key::{GrainKey, IntoKey};
pub use self::placement::{Consistency, Placement};
pub(crate) use self::registry::Registry;
pub use self::traits::Grain;
