//! The lock grows with the contracts and refuses what breaks them.

use akt_build::{Builder, configure};

use crate::Folder;

const FIRST: &str = "\
syntax = \"proto3\";
package x;
import \"akt/options.proto\";
service S {
  rpc Do(A) returns (B) { option (akt.rpc).error = \"E\"; }
  rpc Go(A) returns (B);
}
message A {
  reserved 9, 20 to 30;
  string name = 1;
  repeated B items = 2;
  map<string, B> by_name = 3;
  oneof kind { Level level = 4; }
}
message B {}
message E {}
enum Level { LOW = 0; HIGH = 1; }
";

const LOCK: &str = "
enum x.Level
  0 LOW
  1 HIGH

message x.A
  reserved 9
  reserved 20 to 30
  1 name: string
  2 items: repeated x.B
  3 by_name: map<string, x.B>
  4 level: x.Level

message x.B

message x.E

service x.S
  rpc Do (x.A) returns (x.B) error x.E
  rpc Go (x.A) returns (x.B)
";

#[test]
fn a_missing_lock_is_written() {
    let locked = Locked::new("written");

    assert_eq!(locked.body(), LOCK);
}

#[test]
fn an_addition_extends_the_lock() {
    let locked = Locked::new("extended");

    locked.edit("message B {}", "message B { int32 n = 1; }").expect("an addition is no break");

    assert_eq!(locked.body(), LOCK.replace("message x.B\n", "message x.B\n  1 n: int32\n"));
}

#[test]
fn a_new_name_is_no_break() {
    let locked = Locked::new("renamed");

    locked.edit("string name = 1", "string title = 1").expect("the wire knows numbers");

    assert_eq!(locked.body(), LOCK.replace("1 name", "1 title"));
}

#[test]
fn a_type_stays() {
    assert_eq!(
        Locked::new("type").edit("string name = 1", "int32 age = 1"),
        Err("a.proto:10:3: field 1 of `x.A` was `string` and is now `int32`; give `age` a new number and write `reserved 1;` (locked at akt.lock:11)".to_owned())
    );
}

#[test]
fn a_label_stays() {
    let told = Locked::new("label").edit("repeated B items", "B items").expect_err("a list is not one");

    assert!(
        told.starts_with("a.proto:11:3: field 2 of `x.A` was `repeated x.B` and is now `x.B`;"),
        "{told}"
    );
}

#[test]
fn a_removed_field_is_reserved() {
    let locked = Locked::new("removed");

    assert_eq!(
        locked.edit("  string name = 1;\n", ""),
        Err("a.proto:8:1: `x.A` lost `name`; write `reserved 1;` into it, so that the number is never used again (locked at akt.lock:11)".to_owned())
    );
    locked.edit("  string name = 1;\n", "  reserved 1;\n").expect("the number is retired");
    assert_eq!(
        locked.body(),
        LOCK.replace("  reserved 9\n", "  reserved 1\n  reserved 9\n").replace("  1 name: string\n", "")
    );
}

#[test]
fn a_removed_value_is_reserved() {
    let told = Locked::new("value").edit(" HIGH = 1;", "").expect_err("the value is missed");

    assert!(told.starts_with("a.proto:17:1: `x.Level` lost `HIGH`; write `reserved 1;`"), "{told}");
}

#[test]
fn a_reserved_number_stays_reserved() {
    let told =
        Locked::new("reserved").edit("reserved 9, 20 to 30;", "bool back = 25;").expect_err("25 was retired");

    assert_eq!(
        told,
        "a.proto:9:3: `back: bool` of `x.A` has a number that was retired; take a new one (locked at akt.lock:10)"
    );
}

#[test]
fn an_rpc_keeps_its_types() {
    for (name, old, new) in [
        ("ask", "Go(A)", "Go(B)"),
        ("answer", "Go(A) returns (B)", "Go(A) returns (A)"),
        ("error", "\"E\"", "\"B\""),
    ] {
        let told = Locked::new(&format!("rpc-{name}")).edit(old, new).expect_err("the types are on the wire");

        assert!(
            told.contains("leave it as it was and add an rpc with another name (locked at akt.lock:"),
            "{told}"
        );
    }
}

#[test]
fn a_removed_rpc_is_retired_by_hand() {
    let locked = Locked::new("retired");
    let gone = "  rpc Go(A) returns (B);\n";

    assert_eq!(
        locked.edit(gone, ""),
        Err("a.proto:4:1: rpc Go of `x.S` is gone, and older nodes still call it; put it back, or write RETIRED before its line in the lock (locked at akt.lock:22)".to_owned())
    );
    locked.0.write("akt.lock", &locked.0.read("akt.lock").replace("  rpc Go", "  RETIRED rpc Go"));
    locked.edit(gone, "").expect("the rpc is retired");
    assert!(locked.body().ends_with("  RETIRED rpc Go (x.A) returns (x.B)\n"));
    assert_eq!(
        locked.edit("", ""),
        Err("a.proto:6:3: rpc Go of `x.S` is retired; remove it, or give it another name (locked at akt.lock:22)".to_owned())
    );
}

#[test]
fn a_removed_service_has_no_place_but_the_lock() {
    let told = Locked::new("service").edit("service S", "service T").expect_err("S is called");

    assert_eq!(told.lines().count(), 2);
    assert!(told.starts_with("akt.lock:21: rpc Do of `x.S` is gone"), "{told}");
}

#[test]
fn a_lock_that_was_merged_badly() {
    let locked = Locked::new("merged");
    locked.0.write("akt.lock", "message x.A\n<<<<<<< ours\n");

    assert_eq!(locked.edit("", ""), Err("akt.lock:2: not a line of a lock: `<<<<<<< ours`".to_owned()));
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
        let builder: Builder = configure().lock(self.0.0.join("akt.lock"));
        self.0.write("a.proto", &FIRST.replacen(old, new, 1)).compile(&builder, "a.proto").map(drop)
    }

    /// The lock without its comment.
    fn body(&self) -> String {
        self.0.read("akt.lock").lines().skip(2).map(|line| format!("{line}\n")).collect()
    }
}
