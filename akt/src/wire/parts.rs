//! *Pure.* The fields of a message that is not decoded yet: decoding takes more room for each than its bytes.

use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

/// Each field of `message`, by its tag, with its bytes if it has a length; ends where it is no message.
pub(super) fn parts(message: &[u8]) -> Parts<'_> {
    Parts(message)
}

/// What the fields count for that are in those of the tag `outer`.
pub(super) fn values(message: &[u8], outer: u32, counts: impl Fn(u32, &[u8]) -> usize) -> usize {
    let inner = parts(message).filter(|(tag, _)| *tag == outer).flat_map(|(_, message)| parts(message));
    inner.map(|(tag, bytes)| counts(tag, bytes)).sum()
}

pub(super) struct Parts<'a>(&'a [u8]);

impl<'a> Iterator for Parts<'a> {
    type Item = (u32, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (tag, wire) = decode_key(&mut self.0).ok()?;
        if wire != WireType::LengthDelimited {
            skip_field(wire, tag, &mut self.0, DecodeContext::default()).ok()?;
            return Some((tag, &[]));
        }
        let length = usize::try_from(decode_varint(&mut self.0).ok()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_told_apart_until_they_are_none() {
        // A number, a text, a number of 32 bits, and the beginning of a text.
        let message = [0x08, 0x96, 0x01, 0x12, 2, b'h', b'i', 0x1d, 1, 2, 3, 4, 0x22, 9, b'x'];

        let told: Vec<_> = parts(&message).collect();

        assert_eq!(told, [(1, &b""[..]), (2, b"hi"), (3, b"")]);
    }
}
