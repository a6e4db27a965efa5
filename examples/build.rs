//! Compiles the contracts of the examples.

fn main() -> akt_build::Result {
    akt_build::configure()
        .lock("proto/akt.lock")
        .compile(&["proto/news/v1/desk.proto", "proto/shop/v1/cart.proto"], &["proto"])
}
