//! The contract of the tests of streams: what akt-build makes of `tests/proto/feed/v1/feed.proto`.

include!("../proto/feed.generated");
