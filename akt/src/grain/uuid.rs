//! UUIDs as keys of grains.

use super::key::{GrainKey, text_of};
use uuid::Uuid;

/// What `key: UUID` of a contract is.
#[doc(hidden)]
pub type UuidKey = Uuid;

/// What akt-build writes for contracts whose grains have such keys.
#[doc(hidden)]
#[macro_export]
macro_rules! __with_uuid {
    ($($item:item)*) => {
        $($item)*
    };
}

impl GrainKey for Uuid {
    fn encode(&self, text: &mut String) {
        text.push_str(self.hyphenated().encode_lower(&mut Self::encode_buffer()));
    }

    fn decode(text: &str) -> Option<Self> {
        Self::try_parse(text).ok().filter(|key| text_of(key) == text)
    }
}
