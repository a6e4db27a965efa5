//! *Pure.* Where an actor is: its path within a system, and the address of its node.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use thiserror::Error;

/// The longest name of an actor, in bytes.
pub const MAX_NAME: usize = 255;

/// The place of an actor in the tree of its system, such as `/user/orders/cart-42`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActorPath(Arc<str>);

impl ActorPath {
    /// Parses an absolute path.
    ///
    /// # Errors
    ///
    /// [`PathError`] when the path does not start with `/` or one of its names is not valid.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let names = text.strip_prefix('/').ok_or_else(|| PathError::Relative(text.into()))?;
        names.split('/').try_for_each(check_name)?;
        Ok(Self(text.into()))
    }

    /// Builds the path of `names`, outermost first; the names were checked when their actors were spawned.
    pub(crate) fn of<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut text = String::new();
        for name in names {
            text.push('/');
            text.push_str(name);
        }
        Self(text.into())
    }

    /// The names from the root downwards.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').skip(1)
    }

    /// The last name: the actor's own.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The whole path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Checks the name of an actor: 1 to 255 bytes, no `/`, no control character or space.
pub(crate) fn check_name(name: &str) -> Result<(), PathError> {
    let problem = if name.is_empty() {
        "is empty"
    } else if name.len() > MAX_NAME {
        "is longer than 255 bytes"
    } else if name.contains('/') {
        "contains `/`"
    } else if name.contains(|c: char| c.is_control() || c.is_whitespace()) {
        "contains a space or control character"
    } else {
        return Ok(());
    };
    Err(PathError::Name { name: name.chars().take(64).collect(), problem })
}

/// Whether `name` is kept for akt's own actors.
pub(crate) fn is_reserved(name: &str) -> bool {
    name.starts_with('$')
}

impl fmt::Display for ActorPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ActorPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A system and where it listens: `shop@host:port`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeAddress {
    /// The name that the system was built with.
    pub system: Arc<str>,
    /// A host name, an IPv4 address, or an IPv6 address without brackets.
    pub host: Arc<str>,
    /// The UDP port.
    pub port: u16,
}

impl fmt::Display for NodeAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { system, host, port } = self;
        if host.contains(':') {
            write!(f, "{system}@[{host}]:{port}")
        } else {
            write!(f, "{system}@{host}:{port}")
        }
    }
}

impl fmt::Debug for NodeAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for NodeAddress {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let problem = |problem| PathError::Address { text: text.into(), problem };
        let (system, place) = text.split_once('@').ok_or_else(|| problem("has no `system@`"))?;
        check_name(system)?;
        let (host, port) = place.rsplit_once(':').ok_or_else(|| problem("has no `:port`"))?;
        let port = port.parse().map_err(|_| problem("has a port that is not a number from 0 to 65535"))?;
        let host = match host.strip_prefix('[').map(|rest| rest.strip_suffix(']')) {
            Some(Some(bracketed)) => bracketed,
            Some(None) => return Err(problem("has an unclosed `[`")),
            None if host.contains(':') => return Err(problem("needs `[…]` around its IPv6 address")),
            None => host,
        };
        if host.is_empty() {
            return Err(problem("has no host"));
        }
        Ok(Self { system: system.into(), host: host.into(), port })
    }
}

/// An actor anywhere: `akt://shop@host:port/user/cart-42`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ActorAddress {
    /// The node that owns the actor.
    pub node: NodeAddress,
    /// The actor's path on that node.
    pub path: ActorPath,
}

impl fmt::Display for ActorAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "akt://{}{}", self.node, self.path)
    }
}

impl FromStr for ActorAddress {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let problem = |problem| PathError::Address { text: text.into(), problem };
        let rest = text.strip_prefix("akt://").ok_or_else(|| problem("does not start with `akt://`"))?;
        let slash = rest.find('/').ok_or_else(|| problem("has no path after its node"))?;
        let (node, path) = rest.split_at(slash);
        Ok(Self { node: node.parse()?, path: ActorPath::parse(path)? })
    }
}

/// Why a name, path or address is not one.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PathError {
    /// The path does not start with `/`.
    #[error("actor path `{0}` is not absolute; write it as `/user/name`")]
    Relative(Box<str>),
    /// A name in it is not valid.
    #[error("actor name `{name}` {problem}; use 1 to 255 bytes without `/`, spaces or control characters")]
    Name {
        /// The name, cut after 64 characters.
        name: Box<str>,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The address of a node or actor is not valid.
    #[error("address `{text}` {problem}; expected `akt://system@host:port/user/name`")]
    Address {
        /// The address as given.
        text: Box<str>,
        /// What is wrong with it.
        problem: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_survives_printing_and_parsing() {
        for text in
            ["akt://shop@host:7400/user/cart-42", "akt://a@[::1]:1/user/x/y", "akt://a@10.0.0.1:0/user"]
        {
            assert_eq!(text.parse::<ActorAddress>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_bad_address_says_what_is_wrong() {
        for (text, said) in [
            ("shop@host:1/user/x", "does not start with `akt://`"),
            ("akt://host:1/user/x", "has no `system@`"),
            ("akt://shop@host/user/x", "has no `:port`"),
            ("akt://shop@host:x/user", "has a port"),
            ("akt://shop@::1:1/user", "needs `[…]`"),
            ("akt://shop@:1/user", "has no host"),
            ("akt://shop@host:1", "has no path"),
            ("akt://shop@host:1/user//x", "is empty"),
        ] {
            let error = text.parse::<ActorAddress>().unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
