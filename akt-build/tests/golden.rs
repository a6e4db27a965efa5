//! Contracts become exactly the code in `tests/golden`; `UPDATE_GOLDEN=1` writes it anew.

use std::fs;
use std::path::{Path, PathBuf};

use akt_build::{Builder, configure};

#[test]
fn a_cart() {
    golden("cart", &configure(), &["shop/v1/cart.proto"]);
}

fn golden(name: &str, builder: &Builder, protos: &[&str]) {
    let made = generate(name, builder, protos);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.rs"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &made).expect("tests/golden can be written");
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();

    assert!(made == golden, "{} is out of date: look at the change with UPDATE_GOLDEN=1", path.display());
}

fn generate(name: &str, builder: &Builder, protos: &[&str]) -> String {
    let out = out_dir(name);
    builder.clone().out_dir(&out).compile(protos, &[include()]).unwrap_or_else(|error| panic!("{error}"));
    let code = fs::read_to_string(out.join("akt_contracts.rs")).expect("code was written");
    code.replace(env!("CARGO_PKG_VERSION"), "0.0.0")
}

fn out_dir(name: &str) -> PathBuf {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("golden").join(name);
    fs::create_dir_all(&out).expect("cargo's folder for tests can be written");
    out
}

fn include() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proto")
}
