//! Mistakes are told with file, line, column and what to do.

use akt_build::{Builder, Error, Key, Rpc, configure};

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
fn an_edition() {
    let folder = Folder::new("edition");
    folder.write("a.proto", "edition = \"2023\";\npackage x;\nmessage A {}\n");

    assert_eq!(
        folder.compile(&configure(), "a.proto"),
        Err("a.proto:1:1: editions are not read by this version of akt-build; say `syntax = \"proto3\";`, where `optional` gives a field presence".to_owned())
    );
}

#[test]
fn names_without_a_letter() {
    assert_eq!(
        mistake(
            "nameless",
            &configure(),
            "message _ {\n  bool __ = 1;\n  oneof ___ { bool a = 2; }\n}\nenum E { _4 = 0; }"
        ),
        "\
a.proto:3:1: no Rust name can be made of the message `_`; give it a letter
a.proto:4:3: no Rust name can be made of the field `__`; give it a letter
a.proto:5:3: no Rust name can be made of the oneof `___`; give it a letter"
    );
}

#[test]
fn two_names_that_are_one_in_rust() {
    let told = mistake("clash", &configure(), "message Ab {}\nmessage ab {}\nenum E { A = 0; E_A = 1; }");

    assert!(
        told.ends_with("a.proto:5:17: `A` and `E_A` are both `A` in Rust; give one of them another name"),
        "{told}"
    );
    assert!(
        told.starts_with("a.proto:4:1: `Ab` and `ab` are both `Ab` in Rust; give one of them another name"),
        "{told}"
    );
}

#[test]
fn a_map_entry_by_hand() {
    let entry = "message M { option map_entry = true; int32 one = 1; int32 value = 2; }";
    assert_eq!(
        mistake("map-entry", &configure(), &format!("message A {{ repeated M ms = 1; {entry} }}")),
        "a.proto:3:32: `map_entry` is not said by hand; write `map<..>` where `M` is used"
    );
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
fn a_one_way_rpc_that_returns_something() {
    let rpc = "rpc Do(A) returns (B) { option (akt.rpc) = { oneway: true error: \"B\" }; }";

    let told = mistake("oneway", &configure(), &service(rpc));

    assert_eq!(
        told,
        "\
a.proto:7:25: rpc Do is `oneway` and returns `x.B`; let it return `google.protobuf.Empty`, or remove `oneway`
a.proto:7:25: rpc Do is `oneway`, and nobody hears of its error `B`; remove one of the two"
    );
    let given = configure().rpc("x.S/Do", Rpc::new().oneway());
    let told = mistake("oneway-given", &given, &service("rpc Do(A) returns (B);"));
    assert!(told.starts_with("a.proto:7:1: rpc Do is `oneway` and returns `x.B`;"), "{told}");
}

#[test]
fn a_wire_id_that_is_zero_or_taken() {
    let zero = "rpc Do(A) returns (B) { option (akt.rpc).id = 0; }";
    assert_eq!(
        mistake("id-zero", &configure(), &service(zero)),
        "a.proto:7:25: rpc Do has the wire id 0, which is nobody's; choose another"
    );
    let given = configure().rpc("x.S/Do", Rpc::new().id(9)).rpc("x.S/Go", Rpc::new().id(9));
    assert_eq!(
        mistake("id-taken", &given, &service("rpc Do(A) returns (B);\nrpc Go(A) returns (B);")),
        "a.proto:8:1: rpcs `/x.S/Go` and `/x.S/Do` have the same wire id 0x00000009; choose another `id`"
    );
}

#[test]
fn a_former_name_that_is_taken() {
    let rpcs = "rpc Do(A) returns (B) { option (akt.rpc).was = \"Go\"; }\nrpc Go(A) returns (B);";
    assert_eq!(
        mistake("was", &configure(), &service(rpcs)),
        "a.proto:7:25: rpc Do says that it was `Go`, but an rpc of that name is there; remove the rpc, or `was`"
    );
    let given = configure().rpc("x.S/Do", Rpc::new().was("Old")).rpc("x.S/Go", Rpc::new().was("Old"));
    assert_eq!(
        mistake("was-twice", &given, &service("rpc Do(A) returns (B);\nrpc Go(A) returns (B);")),
        "a.proto:8:1: rpc Go was `Old`, whose wire id 0x34ed3e14 is that of `/x.S/Do`; give `/x.S/Do` another `id`"
    );
}

#[test]
fn a_key_that_has_no_meaning() {
    let told = mistake(
        "key",
        &configure(),
        &service("option (akt.contract) = { key: FLOAT };\nrpc Do(A) returns (B);"),
    );

    assert!(told.starts_with("a.proto:7:1: invalid value of type 'akt.ContractOptions'"), "{told}");
}

#[test]
fn a_key_for_a_service_that_does_not_exist() {
    assert_eq!(
        mistake("key-given", &configure().key("x.T", Key::Uuid), &service("rpc Do(A) returns (B);")),
        "build.rs has a key for service `x.T`, which is not compiled here; there are: `x.S`"
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
        Err("a.proto:7:1: rpcs `/clash.S/R102844` and `/clash.S/R83578` have the same wire id 0xbf36107b; rename one of them, or give one an `id`".to_owned())
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
            "rpc Do(A) returns (B) { option (akt.rpc).timeout = \"x\"; }\nrpc Go(A) returns (B) { option (akt.rpc) = { id: 0 timeout: \"x\" }; }",
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
