//! *Pure.* The way of an ask through actors, as an error names it.

use std::fmt;
use std::str::FromStr;

use crate::path::{ActorAddress, ActorPath, NodeAddress, PathError};

/// The actors that an ask has gone through, outermost first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallPath(pub Vec<Caller>);

/// An actor that an ask has gone through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Its node; `None` on a way that did not leave the node of the error.
    pub node: Option<NodeAddress>,
    /// Where it is on its node.
    pub path: ActorPath,
}

impl fmt::Display for CallPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for actor in &self.0 {
            if !std::mem::take(&mut first) {
                f.write_str(" -> ")?;
            }
            write!(f, "{actor}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.node {
            Some(node) => write!(f, "akt://{node}{}", self.path),
            None => fmt::Display::fmt(&self.path, f),
        }
    }
}

impl FromStr for Caller {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        if !text.starts_with("akt://") {
            return Ok(Self { node: None, path: ActorPath::parse(text)? });
        }
        let ActorAddress { node, path } = text.parse()?;
        Ok(Self { node: Some(node), path })
    }
}
