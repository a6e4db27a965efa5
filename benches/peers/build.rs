//! Compiles the contract for akt and the service for tonic.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    akt_build::configure().bytes(["."]).compile(&["proto/sink/v1/sink.proto"], &["proto"])?;
    let service = protox::compile(["proto/tonic/bench.proto"], ["proto/tonic"])?;
    tonic_prost_build::configure().bytes(".").compile_fds(service)?;
    Ok(())
}
