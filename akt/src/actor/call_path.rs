//! *Pure.* The way of an ask through actors, as an error names it.

use std::fmt;

use crate::path::ActorPath;

/// The actors that an ask has gone through, outermost first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallPath(pub Vec<ActorPath>);

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
