//! Mistakes are told with file, line, column and what to do.

use akt_build::{Builder, Error, Rpc, configure};

use crate::Folder;

const OPTIONS: &str = "import \"akt/options.proto\";\n";
const MESSAGES: &str = "message A {}\nmessage B {}\n";

#[test]
fn what_does_not_parse() {
    assert_eq!(
        mistake("syntax", &configure(), "message {"),
        "a.proto:3:9: expected an identifier, but found '{'"
    );
}

#[test]
fn a_type_that_does_not_exist() {
    assert_eq!(
        mistake("type", &configure(), "message A { Nope b = 1; }"),
        "a.proto:3:13: name 'Nope' is not defined"
    );
}

#[test]
fn an_import_that_does_not_exist() {
    assert_eq!(
        mistake("import", &configure(), "import \"b.proto\";"),
        "a.proto:3:1: import 'b.proto' not found"
    );
}

#[test]
fn a_file_outside_of_the_includes() {
    let missing =
        configure().out_dir(".").compile(&["nowhere.proto"], &["."]).map_err(|error| error.to_string());

    assert_eq!(missing, Err("file 'nowhere.proto' is not in any include path".to_owned()));
}

#[test]
fn an_unknown_option() {
    assert_eq!(
        mistake(
            "unknown",
            &configure(),
            &service("rpc Do(A) returns (B) { option (akt.rpc).eror = \"B\"; }")
        ),
        "a.proto:7:25: option field '(akt.rpc).eror' is not defined"
    );
}

#[test]
fn options_that_are_not_served_yet() {
    let options = ["oneway = true", "id = 7", "was = \"Old\""];
    for option in options {
        let (name, _) = option.split_once(' ').expect("an option has a value");
        let rpc = format!("rpc Do(A) returns (B) {{ option (akt.rpc).{option}; }}");

        assert_eq!(
            mistake(&format!("unserved-{name}"), &configure(), &service(&rpc)),
            format!(
                "a.proto:7:25: `{name}` is not served yet by this version of akt-build; remove it from rpc Do (served options of an rpc: `error`, `read_only`, `reentrant`, `timeout`)"
            )
        );
    }
}

#[test]
fn every_option_of_an_aggregate() {
    let rpc = "rpc Do(A) returns (B) {\n  option (akt.rpc) = { oneway: true error: \"B\" id: 3 };\n}";

    let told = mistake("aggregate", &configure(), &service(rpc));

    let lines: Vec<&str> = told.lines().collect();
    assert!(lines[0].starts_with("a.proto:8:3: `oneway` is not served yet"), "{told}");
    assert!(lines[1].starts_with("a.proto:8:3: `id` is not served yet"), "{told}");
}

#[test]
fn a_key_of_a_contract() {
    let told = mistake(
        "key",
        &configure(),
        &service("option (akt.contract) = { key: STRING };\nrpc Do(A) returns (B);"),
    );

    assert!(
        told.starts_with(
            "a.proto:7:1: `key` is not served yet by this version of akt-build; remove it from service S"
        ),
        "{told}"
    );
}

#[test]
fn an_error_that_is_no_message() {
    assert_eq!(
        mistake(
            "no-error",
            &configure(),
            &service("rpc Do(A) returns (B) { option (akt.rpc).error = \"C\"; }")
        ),
        "a.proto:7:25: rpc Do names the error `C`, but no message of package `x` has that name, nor has any the full name"
    );
}

#[test]
fn a_timeout_that_is_no_duration() {
    assert_eq!(
        mistake(
            "timeout",
            &configure(),
            &service("rpc Do(A) returns (B) { option (akt.rpc).timeout = \"5 parsecs\"; }")
        ),
        "a.proto:7:25: `5 parsecs` is not a duration (timeout of rpc Do); examples: \"250ms\", \"5s\", \"5m\""
    );
}

#[test]
fn two_rpcs_with_the_same_wire_id() {
    let folder = Folder::new("clash");
    folder.write("a.proto", &format!("syntax = \"proto3\";\npackage clash;\n{MESSAGES}service S {{\nrpc R83578(A) returns (B);\nrpc R102844(A) returns (B);\n}}"));

    assert_eq!(
        folder.compile(&configure(), "a.proto"),
        Err("a.proto:7:1: rpcs `/clash.S/R102844` and `/clash.S/R83578` have the same wire id 0xbf36107b; rename one of them".to_owned())
    );
}

#[test]
fn options_for_an_rpc_that_does_not_exist() {
    assert_eq!(
        mistake(
            "given",
            &configure().rpc("x.S/Don", Rpc::new().timeout("1s")),
            &service("rpc Do(A) returns (B);")
        ),
        "build.rs has options for rpc `x.S/Don`, which is not compiled here; there are: `x.S/Do`"
    );
}

#[test]
fn all_mistakes_at_once() {
    let told = mistake(
        "all",
        &configure(),
        &service(
            "rpc Do(A) returns (B) { option (akt.rpc).timeout = \"x\"; }\nrpc Go(A) returns (B) { option (akt.rpc) = { id: 3 timeout: \"x\" }; }",
        ),
    );

    assert_eq!(told.lines().count(), 3, "{told}");
}

#[test]
fn settings_that_cannot_be() {
    for (builder, told) in [
        (
            configure().root("self::contracts"),
            "root `self::contracts` is not a module of this crate, as `crate::contracts` is",
        ),
        (
            configure().extern_path("x", "shop"),
            "extern_path for `.x`: `shop` is not a path that starts with `::` or `crate::`",
        ),
        (configure().type_attribute(".", "derive(Eq"), "the generated code is not Rust"),
    ] {
        let found = mistake("settings", &builder, MESSAGES);

        assert!(found.starts_with(told), "{found}");
    }
}

#[test]
fn an_error_of_main_is_readable() {
    let folder = Folder::new("main");
    folder.write("a.proto", "message {");

    let error = configure()
        .out_dir(&folder.0)
        .compile(&[folder.0.join("a.proto")], &[&folder.0])
        .expect_err("no message");

    assert_eq!(format!("{error:?}"), error.to_string());
    assert!(
        matches!(error, Error::Contracts(mistakes) if mistakes[0].at.as_ref().is_some_and(|at| at.line == 1))
    );
}

fn mistake(test: &str, builder: &Builder, text: &str) -> String {
    let folder = Folder::new(&format!("mistake-{test}"));
    folder.write("a.proto", &format!("syntax = \"proto3\";\npackage x;\n{text}"));
    folder.compile(builder, "a.proto").expect_err("there is a mistake")
}

/// A service whose first rpc stands on line 7.
fn service(rpcs: &str) -> String {
    format!("{OPTIONS}{MESSAGES}service S {{\n{rpcs}\n}}\n")
}
