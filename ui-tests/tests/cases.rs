//! The table `cases.md` holds: each mistake is told in the words that stand there, as often as it is made.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// One row of the table.
struct Case {
    number: usize,
    files: Vec<String>,
    errors: usize,
    text: String,
}

/// What an error may name though it begins with two underscores: akt's own surface for generated code.
const OURS: &[&str] = &["__private", "__cron_timer"];

#[test]
fn every_case_says_what_it_shall() {
    for Case { number, files, errors, text } in cases() {
        assert!(!files.is_empty(), "case {number} has no file");
        for file in files {
            let told = told(&file);
            assert!(told.contains(&text), "case {number}: {file}.stderr does not say `{text}`:\n{told}");
            let found = told.lines().filter(|line| line.starts_with("error")).count();
            assert_eq!(found, errors, "case {number}: errors in {file}.stderr:\n{told}");
        }
    }
}

#[test]
fn every_case_is_there_once() {
    let numbers: Vec<_> = cases().iter().map(|case| case.number).collect();

    assert_eq!(numbers, (1..=50).collect::<Vec<_>>());
}

#[test]
fn no_error_names_what_is_generated() {
    for path in told_files() {
        let told = fs::read_to_string(&path).expect("it was listed");
        let allowed = |word: &str| OURS.contains(&word);
        let generated: BTreeSet<_> =
            words(&told).filter(|word| word.starts_with("__") && !allowed(word)).filter(is_a_name).collect();
        assert!(generated.is_empty(), "{} names {generated:?}", path.display());
    }
}

fn cases() -> Vec<Case> {
    let table = include_str!("../cases.md");
    table.lines().filter_map(case).collect()
}

fn case(line: &str) -> Option<Case> {
    let cells: Vec<_> = line.strip_prefix('|')?.strip_suffix('|')?.splitn(5, " | ").map(str::trim).collect();
    let [number, _, files, errors, text] = cells[..] else { return None };
    Some(Case {
        number: number.parse().ok()?,
        files: files.split(", ").map(str::to_owned).collect(),
        errors: errors.parse().expect("a number of errors"),
        text: text.to_owned(),
    })
}

/// What rustc said about a file in `fail/`.
fn told(file: &str) -> String {
    let path = folder().join(file).with_extension("stderr");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn told_files() -> Vec<PathBuf> {
    let list = |folder: &Path| {
        let entries = fs::read_dir(folder).expect("the folder of cases");
        entries.map(|entry| entry.expect("a file").path()).collect::<Vec<_>>()
    };
    let all = list(&folder()).into_iter().chain(list(&folder().join("rustc")));
    all.filter(|path| path.extension().is_some_and(|extension| extension == "stderr")).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fail")
}

/// Rather than a line under what is wrong.
fn is_a_name(word: &&str) -> bool {
    word.contains(|char: char| char.is_alphabetic())
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|char: char| !char.is_alphanumeric() && char != '_')
}
