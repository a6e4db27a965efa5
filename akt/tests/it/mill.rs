//! The contract of the tests of contract actors: what akt-build makes of `tests/proto/mill/v1/mill.proto`.

include!("../proto/mill.generated");
