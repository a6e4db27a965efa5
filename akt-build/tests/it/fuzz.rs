//! No contract, lock or setting makes akt-build panic: what it cannot compile, it refuses with words.
//!
//! `AKT_FUZZ_SECONDS=600` looks for longer, `AKT_FUZZ_SEED=7` begins where a failure was found.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs};

use akt_build::{Builder, Key, Rpc, configure};
use fastrand::Rng;

use crate::Folder;

/// What takes a place in a contract that was something else's.
const WORDS: &[&str] = &[
    "message",
    "enum",
    "service",
    "rpc",
    "returns",
    "stream",
    "option",
    "oneof",
    "map",
    "reserved",
    "extensions",
    "extend",
    "import",
    "public",
    "package",
    "syntax",
    "group",
    "optional",
    "required",
    "repeated",
    "to",
    "max",
    "string",
    "bytes",
    "int32",
    "fixed32",
    "bool",
    "true",
    "akt",
    "akt.rpc",
    "(akt.rpc)",
    "(akt.contract)",
    "(akt.rpc).oneway",
    "(akt.rpc).id",
    "(akt.rpc).was",
    "(akt.rpc).error",
    "(akt.rpc).timeout",
    "(akt.ref)",
    "akt.Ref",
    "google.protobuf.Empty",
    "google.protobuf.Any",
    "Self",
    "self",
    "crate",
    "super",
    "_",
    "__",
    "x1",
    "r",
    "Unknown",
    "Msg",
    "Ref",
    "Cart",
    "A",
    "a",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "<",
    ">",
    ";",
    ",",
    "=",
    ".",
    ":",
    "0",
    "1",
    "-1",
    "7",
    "18999",
    "19000",
    "536870911",
    "536870912",
    "2147483647",
    "-2147483648",
    "18446744073709551616",
    "0x7fffffff",
    "1e400",
    "nan",
    "inf",
    "\"\"",
    "\"x\"",
    "\"5s\"",
    "\"99999999999h\"",
    "\"\\xff\"",
    "\"é\"",
    "//",
    "/*",
    "*/",
    "/// ```",
    "\n",
    "\"akt/options.proto\"",
    "\"google/protobuf/any.proto\"",
];

/// Options that somebody may write somewhere.
const OPTIONS: &[&str] = &[
    "option (akt.rpc) = { oneway: true id: 0 was: \"Get\" };",
    "option (akt.rpc) = { error: \".x\" timeout: \"0s\" read_only: true reentrant: true };",
    "option (akt.rpc).error = \"..\";",
    "option (akt.rpc).was = \"🦀/ \";",
    "option (akt.contract).key = STRING;",
    "option deprecated = true;",
    "option allow_alias = true;",
    "option message_set_wire_format = true;",
    "rpc Add(A) returns (A);",
    "rpc _(A) returns (.A);",
    "rpc r(google.protobuf.Empty) returns (google.protobuf.Empty);",
    "oneof _ { bool _1 = 77; }",
    "map<string, string> __ = 78;",
    "akt.Ref cart = 79 [(akt.ref) = \"shop.v1.Cart\"];",
    "repeated akt.Ref carts = 80 [(akt.ref) = \"\"];",
    "message _ { message _ {} }",
    "enum Self { self = 0; SELF = 1; }",
    "message E { option map_entry = true; string self = 1; string value = 2; } repeated E es = 90;",
    "reserved 1 to max; reserved \"x\";",
    "import public \"akt/options.proto\";",
];

#[test]
fn nothing_that_can_be_written_makes_it_panic() {
    let corpus = corpus();
    let folder = Folder::new("fuzz");
    for seed in seeds() {
        let mut rng = Rng::with_seed(seed);
        let (name, text) = rng.choice(&corpus).expect("there are contracts");
        let text = mutated(&mut rng, text, &corpus);
        let lock = (rng.u8(..4) == 0).then(|| locked(&mut rng, &folder, name));
        let builder = settings(&mut rng, &folder, lock);
        write(&folder, name, &text);

        let done = catch_unwind(AssertUnwindSafe(|| compile(&folder, &builder, name)));

        assert!(done.is_ok(), "AKT_FUZZ_SEED={seed}\n{builder:?}\n{name}:\n{text}");
        fs::remove_file(folder.0.join(name)).expect("it was written");
    }
}

/// The code is Rust, and each mistake has words.
fn compile(folder: &Folder, builder: &Builder, name: &str) {
    let includes = [folder.0.clone(), contracts(), tests().join("proto")];
    match builder.compile(&[folder.0.join(name)], &includes) {
        Ok(()) => {
            let code = folder.read("akt_contracts.rs");
            syn::parse_file(&code).expect("the code is Rust");
        }
        Err(error) => assert!(!error.to_string().trim().is_empty()),
    }
}

fn settings(rng: &mut Rng, folder: &Folder, lock: Option<String>) -> Builder {
    let mut builder = configure().out_dir(&folder.0);
    let names = ["shop.v1.Cart/Add", "till.v2.Till/Pay", "Plain/Find", "big.v1.Big/Call000", "/", "x", ""];
    if rng.u8(..16) == 0 {
        let name = *rng.choice(&names).expect("there are names");
        let rpc = Rpc::new().error(word(rng)).timeout(word(rng)).id(rng.u32(..3)).was(word(rng)).oneway();
        builder = builder.rpc(name, rpc).key(word(rng), Key::Uuid);
    }
    if rng.u8(..4) == 0 {
        builder = builder.serde(["."]).bytes(["."]).extern_path("google.protobuf", "::prost_types");
    }
    if rng.u8(..32) == 0 {
        builder = builder.serde(["."]).bytes([word(rng)]).extern_path(word(rng), format!("::{}", word(rng)));
    }
    if rng.u8(..32) == 0 {
        builder = builder.type_attribute(word(rng), word(rng)).field_attribute(word(rng), word(rng));
    }
    if rng.u8(..32) == 0 {
        builder = builder.root(format!("crate::{}", word(rng)));
    }
    match lock {
        Some(lock) => {
            folder.write("akt.lock", &lock);
            builder.lock(folder.0.join("akt.lock")).check(rng.bool())
        }
        None => builder,
    }
}

/// The lock of the contract as it was, and sometimes not quite.
fn locked(rng: &mut Rng, folder: &Folder, name: &str) -> String {
    let path = folder.0.join("first.lock");
    let _ = fs::remove_file(&path);
    let includes = [contracts(), tests().join("proto")];
    let original = includes.iter().map(|include| include.join(name)).find(|path| path.exists());
    let builder = configure().out_dir(&folder.0).lock(&path);
    let _ = builder.compile(&[original.expect("it is there")], &includes);
    let lock = fs::read_to_string(&path).unwrap_or_default();
    if rng.bool() { mutated(rng, &lock, &[(String::new(), lock.clone())]) } else { lock }
}

fn mutated(rng: &mut Rng, text: &str, corpus: &[(String, String)]) -> String {
    let mut tokens = tokens(text);
    for _ in 0..rng.usize(1..5) {
        if tokens.is_empty() {
            break;
        }
        let (at, other) = (rng.usize(..tokens.len()), rng.usize(..tokens.len()));
        let alike = alike(rng, &tokens, at);
        match rng.u8(..20) {
            0 => tokens.swap(at, other),
            1 => drop(tokens.remove(at)),
            2 => tokens.insert(at, tokens[other].clone()),
            3 => tokens[at] = word(rng).to_owned(),
            4 => tokens.insert(at, format!(" {} ", word(rng))),
            5 => tokens[at] = tokens[other].clone(),
            6 => {
                let open = tokens.iter().skip(at).position(|token| token == "{" || token == ";");
                let option = *rng.choice(OPTIONS).expect("there are options");
                tokens.insert(open.map_or(at, |open| at + open + 1), option.to_owned());
            }
            7 => {
                let (_, donor) = rng.choice(corpus).expect("there are contracts");
                let lines: Vec<_> = donor.lines().collect();
                let line = rng.choice(&lines).copied().unwrap_or_default();
                tokens.insert(at, format!("\n{line}\n"));
            }
            8 => drop(tokens.drain(at..(at + rng.usize(..20)).min(tokens.len()))),
            9..14 => tokens.swap(at, alike),
            // A name or number for another is what the grammar does not see.
            _ => tokens[at] = tokens[alike].clone(),
        }
    }
    tokens.concat()
}

/// Another token of the same kind: a word, a number, a space, or the same.
fn alike(rng: &mut Rng, tokens: &[String], at: usize) -> usize {
    let kind = |token: &str| match token.chars().next() {
        Some(c) if c.is_numeric() => '0',
        Some(c) if c.is_uppercase() => 'A',
        Some(c) if c.is_alphabetic() || c == '_' => 'a',
        other => other.unwrap_or_default(),
    };
    let same: Vec<_> = (0..tokens.len()).filter(|i| kind(&tokens[*i]) == kind(&tokens[at])).collect();
    *rng.choice(&same).expect("it is of its own kind")
}

/// Words, numbers, strings, spaces, and every other character alone.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let kind = |c: char| match c {
        c if c.is_alphanumeric() || c == '_' => 'w',
        c if c.is_whitespace() => ' ',
        c => c,
    };
    for c in text.chars() {
        match tokens.last_mut() {
            Some(last) if "w ".contains(kind(c)) && last.chars().all(|before| kind(before) == kind(c)) => {
                last.push(c);
            }
            _ => tokens.push(c.to_string()),
        }
    }
    tokens
}

fn word(rng: &mut Rng) -> &'static str {
    rng.choice(WORDS).expect("there are words")
}

fn write(folder: &Folder, name: &str, text: &str) {
    let path = folder.0.join(name);
    fs::create_dir_all(path.parent().expect("it is in a folder")).expect("the folder can be written");
    fs::write(path, text).expect("the folder can be written");
}

/// The contracts of all tests by the names under which they are imported.
fn corpus() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for root in [contracts(), tests().join("proto")] {
        collect(&root, &root, &mut found);
    }
    // It is large, and has nothing that others have not.
    found.retain(|(name, _)| name != "big/v1/big.proto");
    found.sort();
    found
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("it is a folder") {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() {
            collect(root, &path, found);
        } else if path.extension().is_some_and(|end| end == "proto") {
            let name = path.strip_prefix(root).expect("it was found there").display().to_string();
            found.push((name, fs::read_to_string(&path).expect("it can be read")));
        }
    }
}

fn contracts() -> PathBuf {
    tests().join("contracts/proto")
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// Seeds until the time is up.
#[expect(clippy::disallowed_methods, reason = "a deadline for the test itself")]
fn seeds() -> impl Iterator<Item = u64> {
    let number = |name: &str| env::var(name).ok().and_then(|text| text.parse().ok());
    let end = Instant::now() + Duration::from_secs(number("AKT_FUZZ_SECONDS").unwrap_or(1));
    let first = number("AKT_FUZZ_SEED").unwrap_or_else(|| fastrand::u64(..u64::MAX / 2));
    (first..).take_while(move |seed| *seed == first || Instant::now() < end)
}
