//! The lock as text: blocks of lines, sorted, so that two branches merge.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use crate::error::{Error, Position, Result};

const HEADER: &str = "\
# The contracts as they were last built, written by akt-build. Commit this file.
# An edit that breaks nodes with older contracts fails the build. To retire an rpc, write RETIRED before its line.
";

/// The format that is written. Format 1 said nothing of its number, nor of oneofs.
const FORMAT: u32 = 2;

/// What a lock says.
#[derive(Debug)]
pub(super) struct Lock {
    pub(super) format: u32,
    /// By `message shop.v1.AddItem`, `enum …`, `service …`.
    pub(super) blocks: BTreeMap<String, Block>,
}

#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) entries: BTreeMap<Key, Entry>,
    /// Where its name stands, if it was read from contracts.
    pub(super) at: Option<Position>,
}

/// What a line is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// A number, and the last of a reserved range that starts with it.
    Reserved(i64, i64),
    Number(i64),
    /// By what grains are found.
    Grain,
    Rpc(String),
    Retired(String),
}

/// The rest of a line.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) text: String,
    /// The line in the lock, if it was read from there.
    pub(super) line: usize,
    pub(super) at: Option<Position>,
}

impl Default for Lock {
    fn default() -> Self {
        Self { format: FORMAT, blocks: BTreeMap::new() }
    }
}

impl Lock {
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self> {
        let mut lock = Self { format: 1, blocks: BTreeMap::new() };
        let mut current = None;
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = |text: String| {
                let at = Position { file: path.to_owned(), line: number, column: 0 };
                Error::contract(Some(at), text)
            };
            if let Some(format) = line.strip_prefix("format ") {
                lock.format = format.trim().parse().ok().filter(|format| *format <= FORMAT).ok_or_else(|| {
                    wrong(format!(
                        "the lock has format {format}, and this akt-build reads formats up to {FORMAT}; use the akt-build that wrote it, or a newer one"
                    ))
                })?;
                continue;
            }
            if ["message ", "enum ", "service "].iter().any(|kind| line.starts_with(kind)) {
                current = Some(lock.blocks.entry(line.trim_end().to_owned()).or_default());
                continue;
            }
            let Some((block, (key, text))) = current.as_mut().zip(parse_line(line)) else {
                return Err(wrong(format!(
                    "not a line of a lock: `{line}`; mend it, or take the file from version control"
                )));
            };
            block.entries.insert(key, Entry { text, line: number, at: None });
        }
        Ok(lock)
    }
}

impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}format {FORMAT}")?;
        for (name, block) in &self.blocks {
            write!(f, "\n{name}\n")?;
            for (key, Entry { text, .. }) in &block.entries {
                match key {
                    Key::Reserved(first, last) if first == last => writeln!(f, "  reserved {first}")?,
                    Key::Reserved(first, last) => writeln!(f, "  reserved {first} to {last}")?,
                    Key::Number(number) => writeln!(f, "  {number} {text}")?,
                    Key::Grain => writeln!(f, "  key {text}")?,
                    Key::Rpc(name) => writeln!(f, "  rpc {name} {text}")?,
                    Key::Retired(name) => writeln!(f, "  RETIRED rpc {name} {text}")?,
                }
            }
        }
        Ok(())
    }
}

fn parse_line(line: &str) -> Option<(Key, String)> {
    let line = line.trim();
    let (first, rest) = line.split_once(' ')?;
    let rpc = |rest: &str| {
        let (name, text) = rest.split_once(' ')?;
        Some((name.to_owned(), text.to_owned()))
    };
    match first {
        "reserved" => {
            let (first, last) = rest.split_once(" to ").unwrap_or((rest, rest));
            let (first, last) = (first.parse::<i64>().ok()?, last.parse().ok()?);
            (first <= last).then(|| (Key::Reserved(first, last), String::new()))
        }
        "key" => Some((Key::Grain, rest.to_owned())),
        "rpc" => rpc(rest).map(|(name, text)| (Key::Rpc(name), text)),
        "RETIRED" => {
            rpc(rest.trim_start().strip_prefix("rpc ")?).map(|(name, text)| (Key::Retired(name), text))
        }
        number => Some((Key::Number(number.parse().ok()?), rest.to_owned())),
    }
}

impl Block {
    /// Whether one reserved range holds all of these numbers.
    pub(super) fn reserves(&self, first: i64, last: i64) -> bool {
        self.entries.keys().any(|key| matches!(key, Key::Reserved(from, to) if *from <= first && last <= *to))
    }

    /// What has a number.
    pub(super) fn numbered(&self) -> impl Iterator<Item = (i64, &Entry)> {
        self.entries.iter().filter_map(|(key, entry)| match key {
            Key::Number(number) => Some((*number, entry)),
            _ => None,
        })
    }

    /// The rpcs that are not retired.
    pub(super) fn rpcs(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().filter_map(|(key, entry)| match key {
            Key::Rpc(name) => Some((name.as_str(), entry)),
            _ => None,
        })
    }
}
