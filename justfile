# The commands of every day. `.ci/run` is the whole of what CI does.

# What must pass before a push.
ci:
    bash .ci/run

# The test command of the README.
test:
    cargo test --workspace

# Micro benches, then akt beside other frameworks.
bench:
    cargo bench -p akt-benches
    cargo run --release --manifest-path benches/peers/Cargo.toml -- local

# Formats everything, the peers too.
fmt:
    cargo fmt --all
    cargo fmt --all --manifest-path benches/peers/Cargo.toml
