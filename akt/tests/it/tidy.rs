//! Reads our own sources and fails where the house rules are broken.
//!
//! A rule takes a source and returns what is wrong with it. Beside each rule stands a test that shows it a
//! source that breaks it: a check that cannot fail checks nothing.

pub(crate) mod source;

use source::{Source, named, sources};

/// Who may import whom: downward only, never sideways. The exceptions: `actor` and `system`, and on the first
/// level, which is only words, whoever is named later may use whoever is named before.
const LEVELS: &[&[&str]] = &[
    &[
        "id",
        "holder",
        "path",
        "time",
        "message",
        "codegen",
        "machine",
        "hash",
        "backoff",
        "crdt",
        "sync",
        "contracts",
        "fuzz",
    ],
    &["runtime"],
    &["sim"],
    &["actor", "system"],
    &["persistence"],
    &["grain", "router", "stream", "delivery", "signal", "cron", "wire", "transport"],
    &["remote", "no_remote"],
    &["ref_field", "reminder"],
    &["cluster"],
    &["directory", "replicator", "pubsub"],
    &["datacenter"],
    &["telemetry", "console", "testkit"],
];

/// Files that must stay pure, and say so. A name that ends in `/` is a folder.
const PURE: &[&str] = &[
    "id.rs",
    "path.rs",
    "time.rs",
    "machine.rs",
    "hash.rs",
    "backoff.rs",
    "crdt/",
    "actor/lifecycle.rs",
    "actor/supervisor.rs",
    "actor/watch.rs",
    "actor/passivation.rs",
    "actor/breaker.rs",
    "actor/stream/credit.rs",
    "system/histogram.rs",
    "telemetry/codec.rs",
    "telemetry/family.rs",
    "telemetry/text.rs",
    "actor/calendar.rs",
    "actor/rhythm.rs",
    "cron/expression.rs",
    "cron/zoned.rs",
    "router/strategy.rs",
    "delivery/producer.rs",
    "delivery/consumer.rs",
    "grain/activation.rs",
    "grain/placement.rs",
    "reminder/plan.rs",
    "reminder/agenda.rs",
    "reminder/shard.rs",
    "transport/chunk.rs",
    "transport/mux.rs",
    "wire/apart.rs",
    "wire/frame.rs",
    "wire/handshake.rs",
    "wire/codec.rs",
    "wire/metadata.rs",
    "remote/association.rs",
    "remote/order.rs",
    "remote/window.rs",
    "remote/exposure.rs",
    "remote/watch.rs",
    "cluster/member.rs",
    "cluster/view.rs",
    "cluster/ring.rs",
    "cluster/detector.rs",
    "cluster/lease.rs",
    "cluster/join.rs",
    "directory/protocol.rs",
    "directory/handoff.rs",
    "directory/relocation.rs",
    "replicator/protocol.rs",
    "datacenter/routing.rs",
];

/// What a pure file never says: clocks, tasks, chance, and maps whose order differs per process.
const IMPURE: &[&str] = &[
    "async",
    "await",
    "tokio",
    "HashMap",
    "HashSet",
    "SystemTime",
    "Instant::now",
    "fastrand",
    "thread",
    "std::net",
    "std::fs",
    "flume",
];

/// Foreign crates and where in `akt/src` they may be named.
const ADDRESSES: &[(&str, &[&str])] = &[
    ("chrono", &["cron/"]),
    ("chrono_tz", &["cron/", "lib.rs"]),
    ("croner", &["cron/"]),
    ("futures_core", &["actor/stream/streaming.rs"]),
    ("quinn", &["transport/"]),
    ("rustls", &["transport/"]),
    ("rcgen", &["transport/"]),
    ("redb", &["persistence/mod.rs", "persistence/redb/"]),
    ("tokio_rustls", &["transport/"]),
    ("x509_parser", &["transport/"]),
    ("akt_proto", &["wire/", "codec.rs"]),
    ("prost", &["wire/", "codec.rs", "message.rs", "lib.rs"]),
    ("openraft", &["view_store/raft.rs"]),
    ("opentelemetry", &["telemetry/"]),
    ("opentelemetry_proto", &["telemetry/codec.rs"]),
    ("opentelemetry_sdk", &["telemetry/"]),
    ("tracing_opentelemetry", &["telemetry/"]),
    ("tracing_subscriber", &["telemetry/"]),
    ("hyper", &["telemetry/collector.rs"]),
    ("hyper_util", &["telemetry/collector.rs"]),
    ("http_body_util", &["telemetry/collector.rs"]),
    ("axum", &["console/"]),
];

/// Folders whose `mod.rs` may leave files out by feature, as `lib.rs` may.
const OPTIONAL: &[&str] = &[
    "discovery",
    "flow",
    "grain",
    "view_store",
    "persistence",
    "reminder",
    "telemetry",
    "testkit",
    "transport",
];

const MAX_LINES: usize = 500;

/// Files that may be longer, each with its reason.
const LONG: &[(&str, &str)] = &[];

/// Tests that may wait for the clock, each with its reason.
const SLEEPERS: &[(&str, &str)] = &[
    ("akt-build/tests/it/compiled.rs", "one of its rpcs is called sleep"),
    ("akt/tests/abuse/victim.rs", "an actor whose handler takes as long as it is told, on a real network"),
    ("akt/tests/abuse/stream.rs", "who says one byte at a time waits between them"),
    ("akt/tests/it/depot.rs", "an actor whose handler takes as long as it is told, on the clock of its test"),
    ("akt/tests/state/crashes.rs", "the time is that of a simulation"),
    ("akt/tests/it/nodes.rs", "the time is that of a simulation"),
    ("akt/tests/it/storms.rs", "the time is that of a simulation"),
];

#[test]
fn imports_point_downward() {
    check(imports);
}

fn imports(file: &Source) -> Vec<String> {
    let Some(module) = file.module() else { return Vec::new() };
    // What a macro names is imported where it is used.
    let shipped = file.shipped().replace("$crate::", "");
    let mut targets = imported(&shipped, "crate::");
    // One level below the root, `super` is the root.
    if !file.path["akt/src/".len()..].contains('/') || file.path.ends_with(&format!("/{module}/mod.rs")) {
        targets.extend(imported(&shipped, "\nuse super::"));
    }
    targets.extend(imported(&shipped, "super::super::"));
    targets.retain(|target| !may_import(module, target));
    targets.iter().map(|target| format!("`{module}` may not import `{target}`")).collect()
}

fn may_import(module: &str, target: &str) -> bool {
    let (Some(from), Some(to)) = (place(module), place(target)) else { return false };
    let both_core = [module, target].iter().all(|name| ["actor", "system"].contains(name));
    to.0 < from.0 || (to.0 == 0 && to < from) || module == target || both_core
}

/// The level of a module, and which it is on that level.
fn place(module: &str) -> Option<(usize, usize)> {
    let within = |level: &&[&str]| level.iter().position(|name| *name == module);
    LEVELS.iter().enumerate().find_map(|(number, level)| Some((number, within(level)?)))
}

/// The first names after `prefix`, also of a group in braces.
fn imported(code: &str, prefix: &str) -> Vec<String> {
    let name = |text: &str| {
        text.trim_start().split(|c: char| !c.is_alphanumeric() && c != '_').next().map(str::to_owned)
    };
    let mut names = Vec::new();
    for after in Source::after(code, prefix) {
        let Some(group) = after.strip_prefix('{') else {
            names.extend(name(after));
            continue;
        };
        let mut depth = 0;
        let end = group.find(|c| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            depth < 0
        });
        let mut depth = 0;
        let parts = group[..end.unwrap_or(group.len())].split(|c| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            depth == 0 && c == ','
        });
        names.extend(parts.filter_map(name));
    }
    names.retain(|name| !name.is_empty());
    names
}

#[test]
fn upward_and_sideways_imports_are_found() {
    broken(imports, "akt/src/actor/cell.rs", "use crate::remote::Outbound;");
    broken(
        imports,
        "akt/src/time.rs",
        "use super::runtime::Runtime;\nfn f() {}".replace("use", "\nuse").as_str(),
    );
    broken(imports, "akt/src/id.rs", "use crate::time::Instant;");
    broken(imports, "akt/src/wire/frame.rs", "fn f() { crate::transport::quic::dial() }");
    broken(imports, "akt/src/grain/mod.rs", "use crate::{actor::{Ref, reply::Reply}, cluster};");
    broken(imports, "akt/src/grain/mod.rs", "use crate::ActorSystem;");
    fine(imports, "akt/src/system/mod.rs", "use crate::{actor::Ref, time};\nuse crate::system::registry;");
    fine(imports, "akt/src/machine.rs", "use crate::time::Instant;");
    fine(imports, "akt/src/cron/mod.rs", "macro_rules! cron { () => { $crate::__private::cron() } }");
    fine(imports, "akt/src/actor/cell.rs", "use crate::system::Registry; // not crate::remote");
}

#[test]
fn every_file_says_what_it_owns() {
    check(owner);
}

fn owner(file: &Source) -> Vec<String> {
    complain(!file.says().starts_with("//! "), "the first line must say what the file owns: `//! …`")
}

#[test]
fn a_file_that_owns_nothing_is_found() {
    broken(owner, "examples/src/quickstart.rs", "use akt::prelude::*;");
    fine(owner, "akt/src/actor/stash.rs", "//! Messages put aside by an actor, given back in order.");
}

#[test]
fn pure_files_are_pure() {
    check(purity);
}

fn purity(file: &Source) -> Vec<String> {
    let listed = file.path.strip_prefix("akt/src/").is_some_and(|path| at(path, PURE));
    if !file.is_marked_pure() {
        return complain(listed, "this file is pure and must begin with `//! *Pure.* `");
    }
    let shipped = file.shipped();
    let said = IMPURE.iter().filter(|word| Source::after(&shipped, word).next().is_some());
    said.map(|word| format!("a pure file does not say `{word}`")).collect()
}

/// True if `path` is one of `places`: a file, or a folder that ends in `/`.
fn at(path: &str, places: &[&str]) -> bool {
    places.iter().any(|place| if place.ends_with('/') { path.starts_with(place) } else { path == *place })
}

#[test]
fn impure_files_are_found() {
    broken(purity, "akt/src/backoff.rs", "//! How long to wait.");
    broken(purity, "akt/src/crdt/counter.rs", "//! A counter.");
    broken(purity, "akt/src/cluster/view.rs", "//! *Pure.* A view.\nuse std::collections::HashMap;");
    broken(purity, "akt/src/grain/x.rs", "//! *Pure.* X.\npub(crate) async fn x() {}");
    fine(
        purity,
        "akt/src/cluster/view.rs",
        "//! *Pure.* A view.\nuse std::collections::BTreeMap; // no HashMap",
    );
}

#[test]
fn no_file_outgrows_its_noun() {
    check(length);
    assert!(LONG.iter().all(|(_, reason)| !reason.is_empty()));
}

fn length(file: &Source) -> Vec<String> {
    let lines = file.shipped().lines().count();
    let excepted = LONG.iter().any(|(path, _)| *path == file.path);
    complain(lines > MAX_LINES && !excepted, "more than 500 lines without tests: find the second noun")
}

#[test]
fn a_long_file_is_found() {
    let long = "//! Long.\n".to_owned() + &"fn a() {}\n".repeat(MAX_LINES);
    broken(length, "akt/src/actor/cell.rs", &long);
    let tests =
        "//! Tested.\n#[cfg(test)]\nmod tests {\n".to_owned() + &"fn a() {}\n".repeat(MAX_LINES) + "}\n";
    fine(length, "akt/src/actor/cell.rs", &tests);
}

#[test]
fn features_are_decided_in_lib_rs() {
    check(features);
}

fn features(file: &Source) -> Vec<String> {
    let Some(path) = file.path.strip_prefix("akt/src/") else { return Vec::new() };
    let folder = path.strip_suffix("/mod.rs").and_then(|folder| folder.rsplit('/').next());
    let may_decide = path == "lib.rs" || folder.is_some_and(|folder| OPTIONAL.contains(&folder));
    let decisions = Source::after(&file.code, "feature").filter(|after| after.trim_start().starts_with('='));
    let misplaced = decisions.filter(|after| !(may_decide && decides_module(after)));
    misplaced.map(|_| "features are decided before `mod` and `pub use` in lib.rs".to_owned()).collect()
}

/// True if what follows the attribute, and those after it, is `mod` or `pub use`.
fn decides_module(after: &str) -> bool {
    let mut item = after.split_once(")]").map_or("", |(_, item)| item).trim_start();
    while item.starts_with("#[") {
        item = item.split_once(']').map_or("", |(_, item)| item).trim_start();
    }
    ["mod ", "pub mod ", "pub(crate) mod ", "pub use "].iter().any(|start| item.starts_with(start))
}

#[test]
fn scattered_features_are_found() {
    broken(features, "akt/src/actor/cell.rs", "#[cfg(feature = \"remote\")]\nmod outbound;");
    broken(features, "akt/src/lib.rs", "#[cfg(feature = \"remote\")]\nfn dial() {}");
    broken(features, "akt/src/lib.rs", "fn f() -> bool { cfg!(feature = \"remote\") }");
    fine(features, "akt/src/lib.rs", "#[cfg(feature = \"remote\")]\n#[doc(hidden)]\npub mod remote;");
    fine(features, "akt/src/transport/mod.rs", "#[cfg(feature = \"memory\")]\n// why\nmod memory;");
}

#[test]
fn every_select_is_biased() {
    check(selects);
}

fn selects(file: &Source) -> Vec<String> {
    let unbiased = |after: &&str| {
        let body = after.trim_start().trim_start_matches(['{', '(', '[']).trim_start();
        !body.starts_with("biased;")
    };
    let found = Source::after(&file.code, "select!").filter(unbiased);
    found.map(|_| "a `select!` is `biased`: who wins is decided, not drawn".to_owned()).collect()
}

#[test]
fn an_unbiased_select_is_found() {
    broken(selects, "akt/src/runtime/driver.rs", "tokio::select! {\n    a = b => {}\n}");
    fine(selects, "akt/src/runtime/driver.rs", "select! { biased;\n    a = b => {}\n}");
}

#[test]
fn tests_do_not_sleep() {
    check(sleeps);
    assert!(SLEEPERS.iter().all(|(_, reason)| !reason.is_empty()));
}

fn sleeps(file: &Source) -> Vec<String> {
    let excepted =
        file.path == "akt/tests/it/runtime.rs" || SLEEPERS.iter().any(|(path, _)| *path == file.path);
    let sleeps = file.path.contains("/tests/") && Source::after(&file.code, "sleep(").next().is_some();
    // On a paused clock nobody waits.
    let ours = Source::after(&file.code, "#[akt::test]").next().is_some();
    let tests: Vec<_> = Source::after(&file.code, "#[tokio::test").collect();
    let all_paused = tests.iter().all(|after| after.starts_with("(start_paused = true"));
    let paused = (ours || !tests.is_empty()) && all_paused;
    complain(
        sleeps && !paused && !excepted,
        "a test does not sleep: pause the clock, or wait for what must happen",
    )
}

#[test]
fn a_sleeping_test_is_found() {
    broken(sleeps, "akt/tests/it/stop.rs", "tokio::time::sleep(SECOND).await;");
    broken(sleeps, "akt/tests/it/stop.rs", "#[tokio::test]\nasync fn t() { sleep(SECOND).await; }");
    fine(sleeps, "akt/tests/it/stop.rs", "#[akt::test]\nasync fn t() { sleep(SECOND).await; }");
    fine(
        sleeps,
        "akt/tests/it/stop.rs",
        "#[tokio::test(start_paused = true)]\nasync fn t() { sleep(SECOND).await; }",
    );
    fine(sleeps, "akt/tests/it/stop.rs", "tokio::time::advance(SECOND).await; // no sleep()");
}

#[test]
fn foreign_crates_stay_at_their_address() {
    check(addresses);
}

fn addresses(file: &Source) -> Vec<String> {
    let Some(path) = file.path.strip_prefix("akt/src/") else { return Vec::new() };
    let names = |name: &str| Source::after(&file.code, name).any(|after| after.starts_with("::"));
    let is_home =
        |home: &&str| if home.ends_with('/') { path.contains(*home) } else { path.ends_with(*home) };
    let mut wrong: Vec<_> = ADDRESSES
        .iter()
        .filter(|(name, homes)| names(name) && !homes.iter().any(is_home))
        .map(|(name, homes)| format!("`{name}` is named only in {}", homes.join(", ")))
        .collect();
    let is_level_0 = file.module().is_some_and(|module| LEVELS[0].contains(&module));
    wrong.extend(complain(is_level_0 && names("tokio"), "level 0 does not know tokio"));
    wrong
}

#[test]
fn strayed_foreign_crates_are_found() {
    broken(addresses, "akt/src/remote/connection.rs", "use quinn::Connection;");
    broken(addresses, "akt/src/remote/inbound.rs", "fn f(e: akt_proto::v1::Envelope) {}");
    broken(addresses, "akt/src/message.rs", "use tokio::sync::oneshot;");
    fine(addresses, "akt/src/transport/quic.rs", "use quinn::Connection;");
    fine(addresses, "akt/src/directory/codec.rs", "use akt_proto::v1;");
    fine(addresses, "akt/src/message.rs", "use prost::Message; // not tokio::sync");
}

#[test]
fn there_is_one_options_proto() {
    assert!(
        same(&named("options.proto")),
        "options.proto differs between {:?}",
        paths(&named("options.proto"))
    );
}

/// What akt-macros checks at compile time, akt checks at run time.
#[test]
fn there_is_one_language_of_cron_expressions() {
    let copies = named("expression.rs");

    assert_eq!(copies.len(), 2, "{:?}", paths(&copies));
    assert!(same(&copies), "expression.rs differs between {:?}", paths(&copies));
}

fn same(copies: &[(String, String)]) -> bool {
    copies.windows(2).all(|pair| pair[0].1 == pair[1].1)
}

fn paths(copies: &[(String, String)]) -> Vec<&str> {
    copies.iter().map(|(path, _)| path.as_str()).collect()
}

#[test]
fn a_second_options_proto_is_found() {
    let copy = |text: &str| ("options.proto".to_owned(), text.to_owned());
    assert!(!same(&[copy("a"), copy("a"), copy("b")]));
    assert!(same(&[copy("a"), copy("a")]));
}

/// Shows every source to `rule` and fails with all that is wrong.
fn check(rule: fn(&Source) -> Vec<String>) {
    let files = sources();
    assert!(files.len() > 10, "tidy found almost no sources: is it looking in the right place?");
    let say = |file: &Source| {
        rule(file).into_iter().map(|what| format!("{}: {what}", file.path)).collect::<Vec<_>>()
    };
    let wrong: Vec<_> = files.iter().flat_map(say).collect();
    assert!(wrong.is_empty(), "the house rules are broken:\n{}", wrong.join("\n"));
}

fn complain(wrong: bool, what: &str) -> Vec<String> {
    if wrong { vec![what.to_owned()] } else { Vec::new() }
}

#[track_caller]
fn broken(rule: fn(&Source) -> Vec<String>, path: &str, text: &str) {
    assert!(!rule(&Source::new(path, text)).is_empty(), "not found in {path}: {text}");
}

#[track_caller]
fn fine(rule: fn(&Source) -> Vec<String>, path: &str, text: &str) {
    assert_eq!(rule(&Source::new(path, text)), Vec::<String>::new(), "in {path}: {text}");
}
