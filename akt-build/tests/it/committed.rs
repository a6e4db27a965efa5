//! Generated code and locks that are committed: a check tells when they are not what their contracts make.

use std::fs;

use akt_build::{Builder, Error, configure};

use crate::Folder;

const FIRST: &str = "syntax = \"proto3\";\npackage x;\nmessage A {\n  int32 a = 1;\n}\n";

#[test]
fn a_check_writes_nothing_and_names_the_first_line_that_differs() {
    let folder = Folder::new("committed");
    let lock = folder.0.join("akt.lock");
    folder.write("a.proto", FIRST).compile(&configure().lock(&lock), "a.proto").expect("it compiles");
    let (code, locked) = (folder.read("akt_contracts.rs"), folder.read("akt.lock"));
    let check = configure().lock(&lock).check(true);
    folder.compile(&check, "a.proto").expect("nothing has changed");

    let told = folder.write("a.proto", &FIRST.replace("a = 1", "b = 1")).compile(&check, "a.proto");
    let told_without_lock =
        folder.compile(&configure().check(true), "a.proto").expect_err("the code is older");

    assert_eq!(
        told,
        Err("akt.lock:6: out of date: it says `1 a: int32`, the contracts make `1 b: int32`; build without the check and commit the file".to_owned())
    );
    assert!(told_without_lock.starts_with("akt_contracts.rs:"), "{told_without_lock}");
    assert!(
        told_without_lock.contains("it says `pub a: i32,`, the contracts make `pub b: i32,`"),
        "{told_without_lock}"
    );
    assert_eq!((folder.read("akt_contracts.rs"), folder.read("akt.lock")), (code, locked));
}

#[test]
fn a_file_that_is_missing_is_told() {
    let folder = Folder::new("uncommitted");
    let builder: Builder = configure().out_dir(&folder.0).check(true);

    let told = builder.compile(&[folder.write("a.proto", FIRST).0.join("a.proto")], &[&folder.0]);

    assert!(matches!(told, Err(Error::Io { path, .. }) if path.ends_with("akt_contracts.rs")));
}

/// The environment of another process: this one's is everybody's.
#[test]
fn the_environment_asks_for_a_check() {
    let folder = Folder::new("environment");
    folder.write("a.proto", FIRST).compile(&configure(), "a.proto").expect("it compiles");
    fs::write(folder.0.join("akt_contracts.rs"), "// Edited.\n").expect("the folder can be written");

    let asked = std::process::Command::new(std::env::current_exe().expect("this is a process"))
        .args(["committed::compiles_in_another_process", "--exact", "--ignored", "--nocapture"])
        .env("AKT_BUILD_CHECK", "1")
        .env("AKT_TEST_FOLDER", &folder.0)
        .output()
        .expect("the test's own program starts");

    let told = String::from_utf8_lossy(&asked.stdout).into_owned() + &String::from_utf8_lossy(&asked.stderr);
    assert!(told.contains("akt_contracts.rs:1: out of date: it says `// Edited.`"), "{told}");
    assert_eq!(folder.read("akt_contracts.rs"), "// Edited.\n");
}

#[test]
#[ignore = "a part of the test above"]
fn compiles_in_another_process() {
    let Some(folder) = std::env::var_os("AKT_TEST_FOLDER").map(std::path::PathBuf::from) else { return };

    configure()
        .out_dir(&folder)
        .compile(&[folder.join("a.proto")], &[&folder])
        .expect("what the parent looks for");
}
