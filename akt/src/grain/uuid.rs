//! UUIDs as keys of grains.

use super::key::GrainKey;
use uuid::Uuid;

impl GrainKey for Uuid {
    fn encode(&self, text: &mut String) {
        text.push_str(self.hyphenated().encode_lower(&mut Self::encode_buffer()));
    }

    fn decode(text: &str) -> Option<Self> {
        Self::try_parse(text).ok()
    }
}
