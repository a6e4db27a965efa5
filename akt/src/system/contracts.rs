//! The contracts that a system serves and uses, as far as it has come to know them.

use std::collections::BTreeMap;

use parking_lot::Mutex;

use super::ActorSystem;

/// By their full names, with the digests of their shapes.
#[derive(Debug, Default)]
pub(super) struct Contracts(Mutex<BTreeMap<&'static str, u64>>);

impl ActorSystem {
    /// An actor serves this contract, or a reference speaks it. One without a digest cannot be compared.
    pub(crate) fn know_contract(&self, name: &'static str, digest: u64) {
        if digest != 0 {
            self.0.contracts.0.lock().insert(name, digest);
        }
    }

    pub(crate) fn contracts(&self) -> BTreeMap<Box<str>, u64> {
        self.0.contracts.0.lock().iter().map(|(name, digest)| ((*name).into(), *digest)).collect()
    }
}
