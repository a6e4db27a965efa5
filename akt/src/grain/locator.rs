//! *Pure.* Where the activation of a key lives. The seam to a cluster, which answers for more than one node.

/// Knows where keys live.
pub(super) trait Locator: Send + Sync {
    /// Where the activation of this key is, or is to be.
    fn locate(&self, kind: &str, key: &str) -> Location;
}

/// A place for activations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Location {
    Here,
}

/// One node alone: everything lives here.
pub(super) struct Alone;

impl Locator for Alone {
    fn locate(&self, _kind: &str, _key: &str) -> Location {
        Location::Here
    }
}
