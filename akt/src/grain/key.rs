//! *Pure.* Keys of grains, and the actor names that are made of them.

use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::path::MAX_NAME;

/// What tells one grain of a kind from another.
///
/// Implemented for `String`, `i64`, `u64` and pairs of keys, and for `uuid::Uuid` with the feature `uuid`. For a key of
/// your own, take what it consists of: a pair, or the text that stands for it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a grain",
    label = "not a key",
    note = "`GrainKey` is implemented for String, i64, u64, Uuid, (A, B); Uuid needs the feature `uuid` of akt"
)]
pub trait GrainKey: Clone + Eq + Hash + Send + Sync + 'static {
    /// How many keys that are no pairs it consists of.
    #[doc(hidden)]
    const PARTS: usize = 1;

    /// Appends the key as text; two keys of one type never give the same.
    fn encode(&self, text: &mut String);

    /// The key whose text this is; none if it is that of no key of this type.
    fn decode(text: &str) -> Option<Self>;
}

/// What may be given where a key of type `K` is wanted: the key itself, and `&str` for a `String`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a key of this grain, whose keys are `{K}`",
    label = "expected `{K}`"
)]
pub trait IntoKey<K> {
    /// The key.
    fn into_key(self) -> K;
}

impl<K: GrainKey> IntoKey<K> for K {
    fn into_key(self) -> K {
        self
    }
}

impl IntoKey<String> for &str {
    fn into_key(self) -> String {
        self.to_owned()
    }
}

impl GrainKey for String {
    fn encode(&self, text: &mut String) {
        for (place, c) in self.char_indices() {
            let plain = !matches!(c, '/' | '%' | ',') && !c.is_control() && !c.is_whitespace();
            if plain && (place > 0 || c != '$') {
                text.push(c);
                continue;
            }
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }

    fn decode(text: &str) -> Option<Self> {
        let mut bytes = Vec::new();
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            bytes.push(match byte {
                b'%' => u8::try_from(digit()? * 16 + digit()?).ok()?,
                byte => byte,
            });
        }
        Self::from_utf8(bytes).ok().filter(|key| text_of(key) == text)
    }
}

impl GrainKey for i64 {
    fn encode(&self, text: &mut String) {
        let _ = write!(text, "{self}");
    }

    fn decode(text: &str) -> Option<Self> {
        text.parse().ok().filter(|key| text_of(key) == text)
    }
}

impl GrainKey for u64 {
    fn encode(&self, text: &mut String) {
        let _ = write!(text, "{self}");
    }

    fn decode(text: &str) -> Option<Self> {
        text.parse().ok().filter(|key| text_of(key) == text)
    }
}

/// The commas in a key are a matter of its type: no part has one of its own.
impl<A: GrainKey, B: GrainKey> GrainKey for (A, B) {
    const PARTS: usize = A::PARTS + B::PARTS;

    fn encode(&self, text: &mut String) {
        self.0.encode(text);
        text.push(',');
        self.1.encode(text);
    }

    fn decode(text: &str) -> Option<Self> {
        let (comma, _) = text.match_indices(',').nth(A::PARTS - 1)?;
        Some((A::decode(&text[..comma])?, B::decode(&text[comma + 1..])?))
    }
}

/// The whole key as text.
pub(super) fn text_of(key: &impl GrainKey) -> String {
    let mut text = String::new();
    key.encode(&mut text);
    text
}

/// How much of a key is left that is too long for a name.
const KEPT: usize = 190;
/// What the place of a worker takes at most.
const PLACE: usize = 22;

/// The name of the activation of `key`: another for each key.
pub(super) fn name_of(key: &impl GrainKey) -> Box<str> {
    named(key, MAX_NAME)
}

/// The name of one of the workers of `key`, which is no name of a key: `%-` is in none.
pub(super) fn worker_name(key: &impl GrainKey, place: usize) -> Box<str> {
    format!("{}%-{place}", named(key, MAX_NAME - PLACE)).into()
}

fn named(key: &impl GrainKey, most: usize) -> Box<str> {
    let name = text_of(key);
    if name.is_empty() {
        // No text has this name: `%` is followed by two digits there.
        return "%".into();
    }
    if name.len() <= most {
        return name.into();
    }
    let hash = |salt: u64| {
        let mut hasher = DefaultHasher::new();
        (salt, &name).hash(&mut hasher);
        hasher.finish()
    };
    let kept = (0..=KEPT).rev().find(|place| name.is_char_boundary(*place)).unwrap_or(0);
    format!("{}%~{:016x}{:016x}", &name[..kept], hash(0), hash(1)).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::{check_name, is_reserved};
    use proptest::prelude::*;

    fn name(key: &str) -> Box<str> {
        name_of(&key.to_owned())
    }

    #[test]
    fn plain_keys_are_names_as_they_are() {
        assert_eq!(&*name("user-1"), "user-1");
        assert_eq!(&*name_of(&-7_i64), "-7");
        assert_eq!(&*name_of(&("eu".to_owned(), 7_u64)), "eu,7");
        assert_eq!(&*name("a/b c"), "a%2Fb%20c");
        assert_eq!(&*name("$x$"), "%24x$");
    }

    proptest! {
        #[test]
        fn every_key_is_a_name_of_its_own(
            one in prop_oneof![".*", "[ /%,$~a]{0,4}", "x{250,300}"],
            other in prop_oneof![".*", "[ /%,$~a]{0,4}", "x{250,300}"],
        ) {
            prop_assert!(check_name(&name(&one)).is_ok());
            prop_assert!(!is_reserved(&name(&one)));
            prop_assert_eq!(name(&one) == name(&other), one == other);
            prop_assert!(check_name(&worker_name(&one, usize::MAX)).is_ok());
            prop_assert!(worker_name(&one, 1) != name(&other) && worker_name(&one, 1) != worker_name(&other, 2));
            let pair = name_of(&(one.clone(), other.clone()));
            prop_assert_eq!(pair == name_of(&(other.clone(), one.clone())), one == other);
        }

        #[test]
        fn the_text_of_a_key_becomes_the_key_again(
            one in prop_oneof![".*", "[ /%,$~a]{0,4}"],
            other in prop_oneof![".*", "[%+0-9A-F]{1,4}"],
            (number, whole) in any::<(i64, u64)>(),
        ) {
            type Pairs = ((String, i64), (u64, (String, String)));
            let pairs = ((one.clone(), number), (whole, (other.clone(), one)));
            prop_assert_eq!(Pairs::decode(&text_of(&pairs)), Some(pairs));
            // Whatever it is, it is the text of no other key.
            prop_assert!(String::decode(&other).is_none_or(|key| text_of(&key) == other));
            prop_assert!(i64::decode(&other).is_none_or(|key| text_of(&key) == other));
            prop_assert!(u64::decode(&other).is_none_or(|key| text_of(&key) == other));
            prop_assert_eq!(<(u64, String)>::decode("7"), None);
        }
    }
}
