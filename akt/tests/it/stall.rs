//! The contracts of the tests of grains of contracts: what akt-build makes of `tests/proto/stall/v1/stall.proto`.

include!("../proto/stall.generated");
