//! The lock grows with the contracts and refuses what breaks them.

use akt_build::{Builder, configure};

use crate::Folder;

const FIRST: &str = "\
syntax = \"proto3\";
package x;
import \"akt/options.proto\";
service S {
  option (akt.contract).key = INT64;
  rpc Do(A) returns (B) { option (akt.rpc).error = \"E\"; }
  rpc Go(A) returns (B);
  rpc New(A) returns (B) { option (akt.rpc) = { id: 7 was: \"Old\" }; }
}
message A {
  reserved 9, 20 to 30;
  string name = 1;
  repeated B items = 2;
  map<string, B> by_name = 3;
  oneof kind { Level level = 4; string other = 5; }
  oneof more { bool much = 6; }
  optional int32 age = 7;
}
message B {}
message C {}
message E {}
enum Level { option allow_alias = true; LOW = 0; HIGH = 1; TALL = 1; }
";

const LOCK: &str = "
enum x.Level
  0 LOW
  1 HIGH, TALL

message x.A
  reserved 9
  reserved 20 to 30
  1 name: string
  2 items: repeated x.B
  3 by_name: map<string, x.B>
  4 level: x.Level in kind
  5 other: string in kind
  6 much: bool in more
  7 age: int32

message x.B

message x.C

message x.E

service x.S
  key INT64
  rpc Do (x.A) returns (x.B) error x.E
  rpc Go (x.A) returns (x.B)
  rpc New (x.A) returns (x.B) id 0x00000007 was Old
";

/// A name, what is replaced by what, and what is told.
type Case = (&'static str, &'static str, &'static str, &'static str);

/// Each edit breaks older nodes.
const BREAKS: &[Case] = &[
    (
        "field-number",
        "string name = 1",
        "string name = 10",
        "a.proto:12:3: `name` of `x.A` had the number 1 and has 10; give it back its number, or write `reserved 1;` and know that older nodes do not see it (locked at akt.lock:12)",
    ),
    (
        "field-type",
        "string name = 1",
        "int32 size = 1",
        "a.proto:12:3: field 1 of `x.A` was `string` and is now `int32`; give `size` a new number and write `reserved 1;` (locked at akt.lock:12)",
    ),
    (
        "field-removed",
        "  string name = 1;\n",
        "",
        "a.proto:10:1: `x.A` lost `name`; write `reserved 1;` into it, so that the number is never used again (locked at akt.lock:12)",
    ),
    (
        "reserved-again",
        "reserved 9, 20 to 30;",
        "bool back = 25;",
        "a.proto:11:3: `back: bool` of `x.A` has a number that was retired; take a new one (locked at akt.lock:11)",
    ),
    (
        "cardinality",
        "repeated B items",
        "B items",
        "a.proto:13:3: field 2 of `x.A` was `repeated x.B` and is now `x.B`; give `items` a new number and write `reserved 2;` (locked at akt.lock:13)",
    ),
    (
        "into-oneof",
        "string name = 1;",
        "oneof sort { string name = 1; }",
        "a.proto:12:16: `name` of `x.A` moved into the oneof `sort`, and older nodes do not set it as this one does; put it back, or give `name` a new number and write `reserved 1;` (locked at akt.lock:12)",
    ),
    (
        "out-of-oneof",
        "string other = 5; }",
        "} string other = 5;",
        "a.proto:15:35: `other` of `x.A` moved out of the oneof `kind`, and older nodes do not set it as this one does; put it back, or give `other` a new number and write `reserved 5;` (locked at akt.lock:16)",
    ),
    (
        "between-oneofs",
        "string other = 5; }\n  oneof more { ",
        "}\n  oneof more { string other = 5; ",
        "a.proto:16:16: `other` of `x.A` moved from the oneof `kind` to `more`, and older nodes do not set it as this one does; put it back, or give `other` a new number and write `reserved 5;` (locked at akt.lock:16)",
    ),
    (
        "value-removed",
        " HIGH = 1; TALL = 1;",
        "",
        "a.proto:22:1: `x.Level` lost `HIGH`; write `reserved 1;` into it, so that the number is never used again (locked at akt.lock:7)",
    ),
    (
        "value-number",
        "HIGH = 1; TALL = 1;",
        "HIGH = 2; TALL = 2;",
        "a.proto:22:50: `HIGH` of `x.Level` had the number 1 and has 2; give it back its number, or write `reserved 1;` and know that older nodes do not see it (locked at akt.lock:7)",
    ),
    (
        "value-name",
        "HIGH = 1; TALL = 1;",
        "WIDE = 1; BROAD = 1;",
        "a.proto:22:50: value 1 of `x.Level` was `HIGH, TALL` and is now `WIDE, BROAD`; give the new value a new number, or, if only its name is new, write that into the lock (locked at akt.lock:7)",
    ),
    (
        "rpc-removed",
        "  rpc Go(A) returns (B);\n",
        "",
        "a.proto:4:1: rpc Go of `x.S` is gone, and older nodes still call it; put it back, say `was` where it has a new name, or write RETIRED before its line in the lock (locked at akt.lock:29)",
    ),
    (
        "rpc-request",
        "Go(A)",
        "Go(B)",
        "a.proto:7:3: rpc Go of `x.S` was `(x.A) returns (x.B)` and is now `(x.B) returns (x.B)`; leave it as it was and add an rpc with another name (locked at akt.lock:29)",
    ),
    (
        "rpc-response",
        "Go(A) returns (B)",
        "Go(A) returns (A)",
        "a.proto:7:3: rpc Go of `x.S` was `(x.A) returns (x.B)` and is now `(x.A) returns (x.A)`; leave it as it was and add an rpc with another name (locked at akt.lock:29)",
    ),
    (
        "rpc-error",
        "\"E\"",
        "\"B\"",
        "a.proto:6:3: rpc Do of `x.S` was `(x.A) returns (x.B) error x.E` and is now `(x.A) returns (x.B) error x.B`; leave it as it was and add an rpc with another name (locked at akt.lock:28)",
    ),
    (
        "wire-id",
        "id: 7 ",
        "id: 8 ",
        "a.proto:8:3: older nodes call rpc New of `x.S` by the wire id 0x00000007, and it is now 0x00000008; say `id: 0x00000007` (locked at akt.lock:30)",
    ),
    (
        "former-name",
        " was: \"Old\" ",
        "",
        "a.proto:8:3: rpc New of `x.S` no longer says that it was `Old`; put `was` back, or, when no node calls it so any more, remove `was Old` from its line in the lock (locked at akt.lock:30)",
    ),
    (
        "map-key",
        "map<string, B>",
        "map<int32, B>",
        "a.proto:14:3: field 3 of `x.A` was `map<string, x.B>` and is now `map<int32, x.B>`; give `by_name` a new number and write `reserved 3;` (locked at akt.lock:14)",
    ),
    (
        "map-value",
        "map<string, B>",
        "map<string, A>",
        "a.proto:14:3: field 3 of `x.A` was `map<string, x.B>` and is now `map<string, x.A>`; give `by_name` a new number and write `reserved 3;` (locked at akt.lock:14)",
    ),
    (
        "grain-key",
        "INT64",
        "STRING",
        "a.proto:4:1: the key of `x.S` was INT64 and is now STRING, and no grain would be found; put it back (locked at akt.lock:27)",
    ),
];

/// Each edit is understood by older nodes: what is replaced by what, in the contract and in the lock.
const ADDITIONS: &[(&str, [&str; 2], [&str; 2])] = &[
    (
        "field",
        ["message B {}", "message B { int32 n = 1; }"],
        ["message x.B\n", "message x.B\n  1 n: int32\n"],
    ),
    (
        "rpc",
        ["service S {", "service S {\n  rpc Add(A) returns (B);"],
        ["  rpc Do", "  rpc Add (x.A) returns (x.B)\n  rpc Do"],
    ),
    ("value", ["HIGH = 1;", "HIGH = 1; TOP = 2;"], ["HIGH, TALL\n", "HIGH, TALL\n  2 TOP\n"]),
    ("alias", ["TALL = 1;", "TALL = 1; UP = 1;"], ["HIGH, TALL", "HIGH, TALL, UP"]),
    (
        "message",
        ["message B {}", "message B {}\nmessage D {}"],
        ["message x.E", "message x.D\n\nmessage x.E"],
    ),
    ("comment", ["message B {}", "// Said.\nmessage B {}"], ["", ""]),
    ("order", ["message B {}\nmessage C {}", "message C {}\nmessage B {}"], ["", ""]),
    ("field-name", ["string name = 1", "string title = 1"], ["1 name", "1 title"]),
    (
        "oneof-name",
        ["oneof kind", "oneof sort"],
        ["Level in kind\n  5 other: string in kind", "Level in sort\n  5 other: string in sort"],
    ),
    ("into-optional", ["string name = 1", "optional string name = 1"], ["", ""]),
    ("unused-message", ["message C {}\n", ""], ["message x.C\n\n", ""]),
    (
        "retired-field",
        ["  string name = 1;\n", "  reserved 1;\n"],
        [
            "  reserved 9\n  reserved 20 to 30\n  1 name: string\n",
            "  reserved 1\n  reserved 9\n  reserved 20 to 30\n",
        ],
    ),
    (
        "one-way-name",
        ["rpc Go(A) returns (B);", "rpc Run(A) returns (B) { option (akt.rpc).was = \"Go\"; }"],
        [
            "  rpc Go (x.A) returns (x.B)\n  rpc New (x.A) returns (x.B) id 0x00000007 was Old\n",
            "  rpc New (x.A) returns (x.B) id 0x00000007 was Old\n  rpc Run (x.A) returns (x.B) was Go\n",
        ],
    ),
    (
        "first-key",
        ["enum Level", "service T { option (akt.contract).key = UUID; rpc Do(A) returns (B); }\nenum Level"],
        ["was Old\n", "was Old\n\nservice x.T\n  key UUID\n  rpc Do (x.A) returns (x.B)\n"],
    ),
];

/// The digest of the one service in what `proto` compiles to.
fn digest(proto: &str) -> String {
    let folder = Folder::new("digest");
    let text = folder.write("desk.proto", proto).compile(&configure(), "desk.proto").expect("it compiles");
    let (_, after) = text.split_once("const DIGEST: u64 =").expect("a service has one");
    after.split(';').next().unwrap_or_default().trim().to_owned()
}

#[test]
fn a_digest_is_of_what_travels() {
    let desk = "syntax = \"proto3\"; package desk.v1;
        service Desk { rpc Take(Order) returns (Taken); }
        message Order { string sku = 1; Kind kind = 2; Order before = 3; }
        enum Kind { NONE = 0; LARGE = 1; }
        message Taken {}";
    let known = digest(desk);
    let changed = |from: &str, to: &str| {
        assert!(desk.contains(from), "{from}");
        digest(&desk.replace(from, to))
    };

    for (from, to) in [("sku", "article"), ("LARGE", "BIG"), ("returns", " returns ")] {
        assert_eq!(changed(from, to), known, "{from} is {to}");
    }
    for (from, to) in [
        ("string sku", "bytes sku"),
        ("sku = 1", "sku = 4"),
        ("string sku", "repeated string sku"),
        ("LARGE = 1", "LARGE = 2"),
        ("message Taken {}", "message Taken { bool well = 1; }"),
        (
            "rpc Take(Order) returns (Taken);",
            "rpc Take(Order) returns (Taken); rpc Drop(Order) returns (Taken);",
        ),
        ("rpc Take(", "rpc Receive("),
        ("(Order)", "(stream Order)"),
    ] {
        assert_ne!(changed(from, to), known, "{from} is {to}");
    }
}

#[test]
fn a_missing_lock_is_written() {
    let locked = Locked::new("written");

    assert_eq!(locked.body(), LOCK);
}

#[test]
fn what_breaks_older_nodes_is_refused() {
    for (name, old, new, told) in BREAKS {
        assert_eq!(Locked::new(name).edit(old, new), Err((*told).to_owned()), "{name}");
    }
}

#[test]
fn what_older_nodes_understand_extends_the_lock() {
    for (name, [old, new], [locked_old, locked_new]) in ADDITIONS {
        let locked = Locked::new(&format!("good-{name}"));

        locked.edit(old, new).unwrap_or_else(|told| panic!("{name}: {told}"));

        assert_eq!(locked.body(), LOCK.replacen(locked_old, locked_new, 1), "{name}");
        locked.edit(old, new).unwrap_or_else(|told| panic!("{name}, again: {told}"));
    }
}

#[test]
fn a_stream_stays_a_stream() {
    let locked = Locked::new("stream");
    locked.rewrite("rpc Go (x.A)", "rpc Go (stream x.A)");

    let told = locked.edit("", "").expect_err("the lock says that it streams");

    assert!(
        told.contains("rpc Go of `x.S` was `(stream x.A) returns (x.B)` and is now `(x.A) returns (x.B)`;"),
        "{told}"
    );
}

#[test]
fn a_message_of_a_used_rpc_stays() {
    let locked = Locked::new("message");
    let renamed = FIRST.replace("message E", "message F").replace("\"E\"", "\"F\"");

    let told = locked.compile(&renamed).expect_err("its name is in the contract");

    assert!(told.starts_with("a.proto:6:3: rpc Do of `x.S` was `(x.A) returns (x.B) error x.E` and is now `(x.A) returns (x.B) error x.F`;"), "{told}");
}

#[test]
fn a_retired_rpc_stays_away() {
    let locked = Locked::new("retired");
    let gone = "  rpc Go(A) returns (B);\n";
    locked.rewrite("  rpc Go", "  RETIRED rpc Go");

    locked.edit(gone, "").expect("the rpc is retired");

    assert!(locked.body().ends_with("was Old\n  RETIRED rpc Go (x.A) returns (x.B)\n"), "{}", locked.body());
    assert_eq!(
        locked.edit("", ""),
        Err("a.proto:7:3: rpc Go of `x.S` is retired; remove it, or give it another name (locked at akt.lock:30)".to_owned())
    );
}

#[test]
fn a_removed_service_is_missed_where_its_package_is() {
    let told = Locked::new("service").edit("service S", "service T").expect_err("S is called");

    assert_eq!(told.lines().count(), 3, "{told}");
    assert!(told.starts_with("a.proto:2:1: rpc Do of `x.S` is gone"), "{told}");
    assert!(told.lines().all(|line| line.contains("(locked at akt.lock:")), "{told}");
}

#[test]
fn a_key_that_is_only_in_the_lock() {
    let told =
        Locked::new("no-key").edit("  option (akt.contract).key = INT64;\n", "").expect_err("grains have it");

    assert!(told.starts_with("a.proto:4:1: the key of `x.S` was INT64 and is now none"), "{told}");
}

/// The first format knew no oneofs, and of several names of a number the last.
#[test]
fn a_lock_of_the_first_format_is_extended() {
    let locked = Locked::new("first-format");
    for (now, before) in [
        ("format 2\n", ""),
        (" in kind", ""),
        (" in more", ""),
        ("HIGH, TALL", "TALL"),
        ("  key INT64\n", ""),
    ] {
        locked.rewrite(now, before);
    }

    locked.edit("", "").expect("nothing has changed");

    assert_eq!(locked.body(), LOCK);
}

#[test]
fn a_lock_of_a_later_format_is_left_alone() {
    let locked = Locked::new("later-format");
    locked.rewrite("format 2", "format 3");

    assert_eq!(
        locked.edit("", ""),
        Err("akt.lock:3: the lock has format 3, and this akt-build reads formats up to 2; use the akt-build that wrote it, or a newer one".to_owned())
    );
}

#[test]
fn a_lock_that_was_merged_badly() {
    let locked = Locked::new("merged");
    locked.0.write("akt.lock", "message x.A\n<<<<<<< ours\n");

    assert_eq!(
        locked.edit("", ""),
        Err("akt.lock:2: not a line of a lock: `<<<<<<< ours`; mend it, or take the file from version control".to_owned())
    );
}

#[test]
fn a_lock_with_a_range_that_ends_before_it_begins() {
    let locked = Locked::new("backwards");
    locked.0.write("akt.lock", "message x.A\n  reserved 9 to 3\n");

    let told = locked.edit("", "").expect_err("no such range");

    assert!(told.starts_with("akt.lock:2: not a line of a lock: `  reserved 9 to 3`"), "{told}");
}

/// A folder with the first contracts and their lock.
struct Locked(Folder);

impl Locked {
    fn new(test: &str) -> Self {
        let locked = Self(Folder::new(&format!("lock-{test}")));
        locked.edit("", "").expect("nothing is locked yet");
        locked
    }

    /// Compiles the first contracts with one edit.
    fn edit(&self, old: &str, new: &str) -> Result<(), String> {
        self.compile(&FIRST.replacen(old, new, 1))
    }

    fn compile(&self, contract: &str) -> Result<(), String> {
        let builder: Builder = configure().lock(self.0.0.join("akt.lock"));
        self.0.write("a.proto", contract).compile(&builder, "a.proto").map(drop)
    }

    fn rewrite(&self, old: &str, new: &str) {
        let lock = self.0.read("akt.lock");
        assert!(lock.contains(old), "{lock}");
        self.0.write("akt.lock", &lock.replace(old, new));
    }

    /// The lock without its comment and format.
    fn body(&self) -> String {
        self.0.read("akt.lock").lines().skip(3).map(|line| format!("{line}\n")).collect()
    }
}
