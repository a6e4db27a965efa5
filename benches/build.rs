//! Compiles the contract of the codec bench.

fn main() -> akt_build::Result {
    akt_build::compile(&["proto/bench/v1/order.proto"], &["proto"])
}
