//! For whom a certificate is.

use std::fmt;

/// What the holder of a certificate is to a system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// A process with actors, of the same system.
    Node,
    /// A process that only calls the nodes.
    Client,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Node => "node",
            Self::Client => "client",
        })
    }
}

/// For whom a certificate is, as one of its names says: `akt://shop/node`, or `akt://shop/client/till-3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) system: Box<str>,
    pub(crate) class: Class,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "akt://{}/{}", self.system, self.class)
    }
}
