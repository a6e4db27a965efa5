//! Our own sources, as tidy reads them: where a file is, what it says, which of it is code.

use std::fs;
use std::path::{Path, PathBuf};

/// The folders whose sources are ours.
const ROOTS: &[&str] = &["akt", "akt-build", "akt-macros", "benches", "examples", "proto", "ui-tests/tests"];

/// One `.rs` file.
pub(crate) struct Source {
    /// From the workspace's root, with `/`.
    pub(crate) path: String,
    /// As it stands.
    pub(crate) text: String,
    /// The same length, with comments and the contents of literals blanked.
    pub(crate) code: String,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), code: blank(text) }
    }

    /// The module of akt that the file belongs to, without the root (`lib.rs`, `prelude.rs`) and the command.
    pub(crate) fn module(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("akt/src/")?;
        let module = inside.split('/').next()?.trim_end_matches(".rs");
        (!["lib", "prelude", "bin"].contains(&module)).then_some(module)
    }

    /// The first line.
    pub(crate) fn says(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }

    /// True if the file calls itself pure.
    pub(crate) fn is_marked_pure(&self) -> bool {
        self.says().starts_with("//! *Pure.*")
    }

    /// The code without its `#[cfg(test)]` modules.
    pub(crate) fn shipped(&self) -> String {
        let mut rest = self.code.as_str();
        let mut shipped = String::new();
        while let Some((before, item)) = rest.split_once("#[cfg(test)]") {
            shipped.push_str(before);
            let head = item.split(['{', ';']).next().unwrap_or_default();
            rest = if head.contains("mod ") { &item[end_of_item(item)..] } else { item };
        }
        shipped + rest
    }

    /// Places in `code` where `word` stands alone, as what follows each of them.
    pub(crate) fn after<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = &'a str> {
        code.match_indices(word).filter_map(move |(at, _)| {
            let (before, after) = (&code[..at], &code[at + word.len()..]);
            let open = |c: char| c.is_alphanumeric() || c == '_';
            let joined = word.ends_with(open) && after.starts_with(open);
            (!before.ends_with(open) && !joined).then_some(after)
        })
    }
}

/// Every source of ours.
pub(crate) fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    for root in ROOTS {
        walk(&workspace().join(root), &mut found);
    }
    found
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| Source::new(&relative(path), &fs::read_to_string(path).expect("a source is readable")))
        .collect()
}

/// Every file of ours with this name, with its contents.
pub(crate) fn named(name: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for root in ROOTS {
        walk(&workspace().join(root), &mut found);
    }
    found
        .iter()
        .filter(|path| path.ends_with(name))
        .map(|path| (relative(path), fs::read_to_string(path).expect("a file is readable")))
        .collect()
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("akt lies in the workspace")
}

fn relative(path: &Path) -> String {
    let inside = path.strip_prefix(workspace()).expect("walked from the workspace");
    inside.to_str().expect("our names are UTF-8").replace('\\', "/")
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("a folder is readable").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') || name == "target" || name == "golden" {
            continue;
        }
        if path.is_dir() { walk(&path, found) } else { found.push(path) }
    }
}

/// Where the item that begins here ends: at its `;`, or at the brace that closes its body.
fn end_of_item(code: &str) -> usize {
    let mut depth = 0;
    for (at, c) in code.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return at + 1,
            _ => continue,
        }
        if depth == 0 {
            return at + 1;
        }
    }
    code.len()
}

/// Replaces comments and the contents of literals by spaces; lines stay where they are.
fn blank(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => block_comment(rest),
            '"' => string(rest),
            'r' if !code.ends_with(|c: char| c.is_alphanumeric()) => raw_string(rest),
            '\'' => character(rest),
            _ => 0,
        };
        if length == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        code.extend(rest[..length].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        rest = &rest[length..];
    }
    code
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        match text.as_bytes().get(at..at + 2) {
            Some(b"/*") => (depth, at) = (depth + 1, at + 2),
            Some(b"*/") => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// `r"…"` or `r#"…"#`; 0 for a word that begins with r, and for `r#word`.
fn raw_string(text: &str) -> usize {
    let hashes = text[1..].bytes().take_while(|&byte| byte == b'#').count();
    if !text[1 + hashes..].starts_with('"') {
        return 0;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let begin = hashes + 2;
    text[begin..].find(&end).map_or(text.len(), |at| begin + at + end.len())
}

/// A character literal; 0 for a lifetime.
fn character(text: &str) -> usize {
    let mut inside = text.char_indices().skip(1);
    match inside.next() {
        Some((_, '\\')) => text[3..].find('\'').map_or(0, |at| at + 4),
        Some(_) => inside.next().filter(|(_, c)| *c == '\'').map_or(0, |(at, _)| at + 1),
        None => 0,
    }
}

#[test]
fn only_code_is_left() {
    let source = Source::new(
        "akt/src/x.rs",
        "a(); // one\n/* two /* three */ */ b(\"four\\\"\", 'f', '\\'', r#\"five\"\"#); fn c<'a>(r#six: &'a T) {}",
    );

    for literal in ["one", "two", "three", "four", "'f'", "five"] {
        assert!(!source.code.contains(literal), "{literal} in {}", source.code);
    }
    for code in ["a();", "b(", "fn c<'a>(r#six: &'a T) {}"] {
        assert!(source.code.contains(code), "{code} not in {}", source.code);
    }
    assert_eq!(source.code.lines().count(), 2);
}

#[test]
fn test_modules_are_not_shipped() {
    let source = Source::new(
        "akt/src/x.rs",
        "fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() { {} }\n}\nfn c() {}\n#[cfg(test)]\npub(crate) mod sim;\nfn d() {}",
    );

    let shipped = source.shipped();

    assert!(shipped.contains("fn a") && shipped.contains("fn c") && shipped.contains("fn d"));
    assert!(!shipped.contains("fn b") && !shipped.contains("mod"));
}
