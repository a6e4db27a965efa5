//! The tours of two processes with certificates and with a client print what they are expected to.

use std::process::Command;

fn tour(program: &str, expected: &str) {
    let folder = std::env::temp_dir().join(format!("akt-tour-{}", std::process::id()));

    let output = Command::new(program).env("AKT_DEV_CA", folder.join("ca")).output().unwrap();

    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{errors}");
}

#[test]
fn a_client_goes_on_with_the_node_that_is_left() {
    tour(env!("CARGO_BIN_EXE_client"), include_str!("../expected/client.txt"));
}

#[test]
fn certificates_in_files_are_changed_while_the_node_runs() {
    tour(env!("CARGO_BIN_EXE_tls"), include_str!("../expected/tls.txt"));
}
