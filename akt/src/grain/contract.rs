//! Grains by the contract that they serve: `CartRef::grain(&system, key)`.

use super::catalog::GRAINS;
use super::key::{GrainKey, name_of};
use super::roster::Roster;
use super::unserved::Unserved;
use crate::actor::{Protocol, Ref};
use crate::system::ActorSystem;

/// A key of the type that its contract says.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the key of this grain is `{Self}`, but `(akt.contract).key` of its contract says `{K}`",
    label = "expected `{K}`",
    note = "say `key = {K}` here, or change the key of the service in its `.proto` or in `build.rs`"
)]
pub trait SameKey<K> {}

impl<K> SameKey<K> for K {}

#[doc(hidden)]
pub const fn require_key<Given: SameKey<Said>, Said>() {}

/// The grain that serves `P` and has this key: of the kind called `kind`, or of the only one.
#[doc(hidden)]
pub fn grain_of_contract<P: Protocol, K: GrainKey>(
    system: &ActorSystem,
    kind: Option<&str>,
    key: K,
) -> Ref<P> {
    let name = name_of(&key);
    let found = system.part::<Roster>().find(system, (P::NAME, kind), Box::new(key));
    let why = match found.map(|grain| grain.taking()) {
        Ok(Some(grain)) => return grain,
        Ok(None) => format!("the grain that serves `{}` takes messages of another build of it", P::NAME),
        Err(why) => why,
    };
    Unserved::at(system, &[GRAINS, kind.unwrap_or(P::NAME), &name], why)
}
