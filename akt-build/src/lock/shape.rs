//! What the lines of a lock say of a field, of an enum's value and of an rpc.

use crate::wire;

/// `level: x.Level in kind`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field<'a> {
    pub(super) name: &'a str,
    pub(super) kind: &'a str,
    pub(super) oneof: Option<&'a str>,
}

impl<'a> Field<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (name, rest) = text.split_once(": ")?;
        let (kind, oneof) = rest.split_once(" in ").map_or((rest, None), |(kind, oneof)| (kind, Some(oneof)));
        Some(Self { name, kind, oneof })
    }
}

/// `HIGH`, and with `allow_alias` all names of a number: `HIGH, TALL`
pub(super) fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split(", ")
}

/// `(x.A) returns (x.B) error x.E id 0x00000007 was Old`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rpc<'a> {
    /// What goes and comes: everything before the id.
    pub(super) types: &'a str,
    id: Option<u32>,
    pub(super) was: Option<&'a str>,
}

impl<'a> Rpc<'a> {
    pub(super) fn parse(text: &'a str) -> Self {
        let (text, was) = text.split_once(" was ").map_or((text, None), |(text, was)| (text, Some(was)));
        let (types, id) = text.split_once(" id 0x").map_or((text, None), |(text, id)| (text, Some(id)));
        Self { types, id: id.and_then(|id| u32::from_str_radix(id, 16).ok()), was }
    }

    /// The id of an rpc `name` of `service`.
    pub(super) fn id(&self, service: &str, name: &str) -> u32 {
        self.id.unwrap_or_else(|| wire::id(&format!("/{service}/{name}")))
    }
}
