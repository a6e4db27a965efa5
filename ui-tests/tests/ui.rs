//! Compiles one file for each mistake and compares what the user reads.
//!
//! `TRYBUILD=overwrite cargo test -p akt-ui-tests` writes the `.stderr` files anew.

use std::process::Command;

/// The toolchain whose own words stand in `fail/rustc/*.stderr`.
const PINNED: &str = "rustc 1.95.";

#[test]
fn mistakes_are_named() {
    let cases = trybuild::TestCases::new();
    cases.pass("pass/*.rs");
    cases.compile_fail("fail/*.rs");
    if toolchain().starts_with(PINNED) {
        cases.compile_fail("fail/rustc/*.rs");
    }
}

fn toolchain() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().expect("cargo found a rustc");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
