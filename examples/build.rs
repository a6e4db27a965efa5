//! Compiles the contracts of the examples.

fn main() -> akt_build::Result {
    let protos = [
        "proto/bank/v1/account.proto",
        "proto/greeter/v1/greeter.proto",
        "proto/news/v1/desk.proto",
        "proto/shop/v1/cart.proto",
        "proto/shop/v1/depot.proto",
    ];
    akt_build::configure().lock("proto/akt.lock").probe(true).compile(&protos, &["proto"])
}
