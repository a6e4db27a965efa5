//! Compiles the wire contract with protox: no protoc is needed.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files =
        ["akt/v1/handshake.proto", "akt/v1/envelope.proto", "akt/v1/control.proto", "akt/v1/operation.proto"];
    for file in files {
        println!("cargo::rerun-if-changed={file}");
    }
    let descriptors = protox::compile(files, ["."])?;
    prost_build::Config::new().bytes(["."]).compile_fds(descriptors)?;
    Ok(())
}
