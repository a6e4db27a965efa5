//! The contract of the tests of remoting: what akt-build makes of `tests/proto/depot/v1/depot.proto`.

include!("../proto/depot.generated");

#[test]
fn the_contract_is_what_akt_build_makes_of_its_proto() {
    let tests = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proto");
    let out = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("depot");
    std::fs::create_dir_all(&out).unwrap();

    akt_build::configure()
        .root("crate::contracts")
        .out_dir(&out)
        .compile(&[tests.join("depot/v1/depot.proto")], &[&tests])
        .unwrap();

    let made = std::fs::read_to_string(out.join("akt_contracts.rs")).unwrap();
    if std::env::var_os("AKT_BLESS").is_some() {
        std::fs::write(tests.join("depot.generated"), &made).unwrap();
    }
    assert!(made == include_str!("../proto/depot.generated"), "stale: run this test with AKT_BLESS=1");
}
