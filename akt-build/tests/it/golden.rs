//! Contracts become exactly the code in `tests/golden`; `UPDATE_GOLDEN=1` writes it anew.

use std::fs;
use std::path::{Path, PathBuf};

use akt_build::{Builder, Rpc, configure};

use crate::Folder;

#[test]
fn a_cart() {
    golden("cart", &configure(), &["shop/v1/cart.proto"]);
}

#[test]
fn names_that_are_taken() {
    golden("names", &configure(), &["names/names.proto"]);
}

#[test]
fn well_known_types() {
    golden("well_known", &configure(), &["well_known.proto"]);
}

#[test]
fn every_option() {
    golden("oneway", &configure(), &["oneway.proto"]);
    golden("till", &configure().probe(true), &["till.proto"]);
    golden("till_v1", &configure(), &["till_v1.proto"]);
}

#[test]
fn references_in_messages() {
    golden("refs", &configure().extern_path("shop.v1", "crate::cart::shop::v1"), &["refs.proto"]);
}

#[test]
fn messages_for_serde() {
    let given = configure().serde(["."]).field_attribute("Item.sku", "#[serde(rename = \"id\")]");
    golden_in("serde_derived", "serde", &given, &["serde.proto"]);
}

#[test]
fn packages_and_imports() {
    golden("packages", &configure(), &["post/v1/post.proto"]);
}

#[test]
fn streams() {
    golden("stream", &configure(), &["stream.proto"]);
}

#[test]
fn a_package_of_another_crate() {
    let geo = configure().extern_path("geo.v1", "crate::packages::geo::v1");
    let both = geo.extern_path(".post.v1", "crate::packages::post::v1");
    golden("elsewhere", &both, &["ship/v1/ship.proto"]);
}

#[test]
fn a_contract_that_knows_nothing_of_akt() {
    let options = Rpc::new().error("NotFound").timeout("250ms");
    let given =
        configure().rpc("Plain/Find", options).bytes(["."]).type_attribute("Query", "#[derive(PartialOrd)]");
    golden("plain", &given, &["plain.proto"]);
}

#[test]
fn the_same_contracts_give_the_same_bytes() {
    let (first, second) = (Folder::new("first"), Folder::new("second"));
    let protos = ["shop/v1/cart.proto", "post/v1/post.proto", "names/names.proto"];
    let turned: Vec<_> = protos.iter().rev().copied().collect();

    let once = generate(&first, &configure(), &protos);
    let again = generate(&second, &configure(), &turned);

    assert!(once == again);
}

#[test]
fn options_proto_is_the_one_of_the_repository() {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR"));

    let carried = fs::read(ours.join("proto/akt/options.proto")).expect("the package has its options");
    let original = fs::read(ours.join("../proto/akt/options.proto")).expect("the repository has options");

    assert!(carried == original, "copy proto/akt/options.proto to akt-build/proto/akt/");
}

fn golden(name: &str, builder: &Builder, protos: &[&str]) {
    golden_in(name, name, builder, protos);
}

/// The module must not be called as a crate that it depends on.
fn golden_in(module: &str, name: &str, builder: &Builder, protos: &[&str]) {
    let builder = builder.clone().root(format!("crate::{module}"));
    let made = generate(&Folder::new(&format!("golden-{name}")), &builder, protos);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.rs"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &made).expect("tests/golden can be written");
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();

    assert!(made == golden, "{} is out of date: look at the change with UPDATE_GOLDEN=1", path.display());
}

fn generate(folder: &Folder, builder: &Builder, protos: &[&str]) -> String {
    let include: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proto");
    builder.clone().out_dir(&folder.0).compile(protos, &[include]).unwrap_or_else(|error| panic!("{error}"));
    folder.read("akt_contracts.rs")
}
