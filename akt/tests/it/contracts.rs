//! The contract of the tests of remoting: what akt-build makes of `tests/proto/depot/v1/depot.proto`.

include!("../proto/depot.generated");
