//! Compiles every contract of this folder, but those that are not served yet.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// Editions are not read.
const LEFT_OUT: &[&str] = &["proto/editions/v1/editions.proto"];

fn main() -> akt_build::Result {
    let mut protos = Vec::new();
    collect(Path::new("proto"), &mut protos).expect("the contracts are beside this file");
    protos.retain(|proto| !LEFT_OUT.iter().any(|left_out| proto == Path::new(left_out)));
    akt_build::configure().probe(true).compile(&protos, &["proto"])
}

fn collect(folder: &Path, protos: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, protos)?;
        } else if path.extension().is_some_and(|end| end == "proto") {
            protos.push(path);
        }
    }
    Ok(())
}
