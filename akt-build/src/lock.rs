//! The lock: the contracts' shape as committed text, and what may not change in it.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fmt, fs, io};

use prost_reflect::{
    Cardinality, EnumDescriptor, FieldDescriptor, FileDescriptor, Kind, MessageDescriptor, ServiceDescriptor,
};

use crate::descriptor::Contracts;
use crate::error::{Error, Mistake, Position, Result};
use crate::model::{Model, Service};
use crate::write_if_changed;

const HEADER: &str = "\
# The contracts as they were last built, written by akt-build. Commit this file.
# An edit that breaks nodes with older contracts fails the build. To retire an rpc, write RETIRED before its line.
";

/// Compares `contracts` with the lock at `path`, then writes what they added.
pub(crate) fn check(path: &Path, contracts: &Contracts, model: &Model) -> Result {
    let old = match fs::read_to_string(path) {
        Ok(text) => Lock::parse(path, &text)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Lock::default(),
        Err(source) => return Err(Error::Io { path: path.to_owned(), source }),
    };
    let mut new = Lock::of(contracts, model);
    let mistakes = Comparison { path }.breaks(&old, &mut new);
    if !mistakes.is_empty() {
        return Err(Error::Contracts(mistakes));
    }
    write_if_changed(path, &new.to_string())
}

/// What a lock says: blocks by `message shop.v1.AddItem`, `enum …`, `service …`.
#[derive(Debug, Default)]
struct Lock(BTreeMap<String, Block>);

#[derive(Debug, Default)]
struct Block {
    /// By field number, enum number or rpc.
    entries: BTreeMap<Key, Entry>,
    /// Where its name stands, if it was read from contracts.
    at: Option<Position>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// A number, and the last of a reserved range that starts with it.
    Reserved(i64, i64),
    Number(i64),
    Rpc(String),
    Retired(String),
}

/// The rest of a line.
#[derive(Clone, Debug)]
struct Entry {
    text: String,
    /// The line in the lock, if it was read from there.
    line: usize,
    at: Option<Position>,
}

impl Lock {
    fn of(contracts: &Contracts, model: &Model) -> Self {
        let mut blocks = BTreeMap::new();
        for file in contracts.files() {
            let reader = Reader { contracts, file: &file };
            let (messages, enums) = (contracts.pool().all_messages(), contracts.pool().all_enums());
            for message in messages.filter(|m| m.parent_file() == file && !m.is_map_entry()) {
                blocks.insert(format!("message {}", message.full_name()), reader.message(&message));
            }
            for values in enums.filter(|e| e.parent_file() == file) {
                blocks.insert(format!("enum {}", values.full_name()), reader.values(&values));
            }
            for service in file.services() {
                if let Some(read) = model.service(service.full_name()) {
                    blocks.insert(format!("service {}", service.full_name()), reader.service(&service, read));
                }
            }
        }
        blocks.retain(|name, _| !name.contains(" google.protobuf."));
        Self(blocks)
    }

    fn parse(path: &Path, text: &str) -> Result<Self> {
        let mut blocks: BTreeMap<String, Block> = BTreeMap::new();
        let mut current = None;
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let block = ["message ", "enum ", "service "].iter().any(|kind| line.starts_with(kind));
            if block {
                current = Some(blocks.entry(line.trim_end().to_owned()).or_default());
                continue;
            }
            let entry = current.as_mut().zip(parse_line(line));
            let Some((block, (key, text))) = entry else {
                let at = Position { file: path.to_owned(), line: number, column: 0 };
                return Err(Error::contract(Some(at), format!("not a line of a lock: `{line}`")));
            };
            block.entries.insert(key, Entry { text, line: number, at: None });
        }
        Ok(Self(blocks))
    }
}

impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HEADER)?;
        for (name, block) in &self.0 {
            write!(f, "\n{name}\n")?;
            for (key, Entry { text, .. }) in &block.entries {
                match key {
                    Key::Reserved(first, last) if first == last => writeln!(f, "  reserved {first}")?,
                    Key::Reserved(first, last) => writeln!(f, "  reserved {first} to {last}")?,
                    Key::Number(number) => writeln!(f, "  {number} {text}")?,
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
            Some((Key::Reserved(first.parse().ok()?, last.parse().ok()?), String::new()))
        }
        "rpc" => rpc(rest).map(|(name, text)| (Key::Rpc(name), text)),
        "RETIRED" => {
            rpc(rest.trim_start().strip_prefix("rpc ")?).map(|(name, text)| (Key::Retired(name), text))
        }
        number => Some((Key::Number(number.parse().ok()?), rest.to_owned())),
    }
}

/// Reads blocks from the descriptors of one file.
struct Reader<'a> {
    contracts: &'a Contracts,
    file: &'a FileDescriptor,
}

impl Reader<'_> {
    fn message(&self, message: &MessageDescriptor) -> Block {
        let mut block = self.block(message.path());
        for range in message.reserved_ranges() {
            block
                .entries
                .insert(Key::Reserved(range.start.into(), i64::from(range.end) - 1), self.entry("", &[]));
        }
        for field in message.fields() {
            let text = format!("{}: {}", field.name(), field_type(&field));
            block.entries.insert(Key::Number(field.number().into()), self.entry(&text, field.path()));
        }
        block
    }

    fn values(&self, values: &EnumDescriptor) -> Block {
        let mut block = self.block(values.path());
        for range in values.reserved_ranges() {
            let key = Key::Reserved((*range.start()).into(), (*range.end()).into());
            block.entries.insert(key, self.entry("", &[]));
        }
        for value in values.values() {
            block.entries.insert(Key::Number(value.number().into()), self.entry(value.name(), value.path()));
        }
        block
    }

    fn service(&self, service: &ServiceDescriptor, read: &Service) -> Block {
        let mut block = self.block(service.path());
        for (method, rpc) in service.methods().zip(&read.rpcs) {
            let side = |stream: bool, message: &str| match stream {
                true => format!("(stream {message})"),
                false => format!("({message})"),
            };
            let asked = side(method.is_client_streaming(), method.input().full_name());
            let answered = side(method.is_server_streaming(), method.output().full_name());
            let mut text = format!("{asked} returns {answered}");
            if let Some(error) = &rpc.error {
                text = format!("{text} error {}", error.full_name());
            }
            block.entries.insert(Key::Rpc(rpc.name.clone()), self.entry(&text, method.path()));
        }
        block
    }

    fn block(&self, path: &[i32]) -> Block {
        Block { entries: BTreeMap::new(), at: Some(self.contracts.position(self.file, path)) }
    }

    fn entry(&self, text: &str, path: &[i32]) -> Entry {
        Entry { text: text.to_owned(), line: 0, at: Some(self.contracts.position(self.file, path)) }
    }
}

fn field_type(field: &FieldDescriptor) -> String {
    if let (true, Kind::Message(entry)) = (field.is_map(), field.kind()) {
        let (key, value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
        return format!("map<{}, {}>", kind(&key), kind(&value));
    }
    let kind = kind(field);
    match field.cardinality() {
        Cardinality::Repeated => format!("repeated {kind}"),
        Cardinality::Required => format!("required {kind}"),
        Cardinality::Optional => kind,
    }
}

/// The type as a `.proto` says it.
fn kind(field: &FieldDescriptor) -> String {
    match field.kind() {
        Kind::Message(message) => message.full_name().to_owned(),
        Kind::Enum(values) => values.full_name().to_owned(),
        scalar => format!("{scalar:?}"),
    }
}

/// Looks for edits that nodes with the locked contracts would not understand.
struct Comparison<'a> {
    path: &'a Path,
}

impl Comparison<'_> {
    /// The breaks; what is retired in `old` stays retired in `new`.
    fn breaks(&self, old: &Lock, new: &mut Lock) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        for (name, old) in &old.0 {
            let gone = !new.0.contains_key(name);
            if gone && !name.starts_with("service ") {
                continue;
            }
            let (_, owner) = name.split_once(' ').unwrap_or(("", name));
            let block = new.0.entry(name.clone()).or_default();
            for (key, entry) in &old.entries {
                mistakes.extend(self.entry(owner, key, entry, block));
                let kept = match key {
                    Key::Reserved(first, last) => !block.reserves(*first, *last),
                    Key::Retired(_) => true,
                    Key::Number(_) | Key::Rpc(_) => false,
                };
                if kept {
                    block.entries.insert(key.clone(), entry.clone());
                }
            }
        }
        mistakes
    }

    fn entry(&self, owner: &str, key: &Key, old: &Entry, new: &Block) -> Option<Mistake> {
        let found = new.entries.get(key);
        match key {
            Key::Number(number) => match found {
                Some(found) => self.retyped(owner, *number, old, found),
                None if new.reserves(*number, *number) => None,
                None => {
                    let name = old.text.split(':').next().unwrap_or_default();
                    let text = format!(
                        "`{owner}` lost `{name}`; write `reserved {number};` into it, so that the number is never used again"
                    );
                    Some(self.mistake(new.at.as_ref(), text, old))
                }
            },
            Key::Reserved(first, last) => {
                let mut numbers = new.entries.range(Key::Number(*first)..=Key::Number(*last));
                let (_, entry) = numbers.next()?;
                let text =
                    format!("`{}` of `{owner}` has a number that was retired; take a new one", entry.text);
                Some(self.mistake(entry.at.as_ref(), text, old))
            }
            Key::Rpc(name) => {
                let Some(found) = found else {
                    let text = format!(
                        "rpc {name} of `{owner}` is gone, and older nodes still call it; put it back, or write RETIRED before its line in the lock"
                    );
                    return Some(self.mistake(new.at.as_ref(), text, old));
                };
                let text = format!(
                    "rpc {name} of `{owner}` was `{}` and is now `{}`; leave it as it was and add an rpc with another name",
                    old.text, found.text
                );
                (found.text != old.text).then(|| self.mistake(found.at.as_ref(), text, old))
            }
            Key::Retired(name) => {
                let found = new.entries.get(&Key::Rpc(name.clone()))?;
                let text = format!("rpc {name} of `{owner}` is retired; remove it, or give it another name");
                Some(self.mistake(found.at.as_ref(), text, old))
            }
        }
    }

    fn retyped(&self, owner: &str, number: i64, old: &Entry, new: &Entry) -> Option<Mistake> {
        let (Some((_, before)), Some((name, after))) = (old.text.split_once(": "), new.text.split_once(": "))
        else {
            return None;
        };
        let text = format!(
            "field {number} of `{owner}` was `{before}` and is now `{after}`; give `{name}` a new number and write `reserved {number};`"
        );
        (before != after).then(|| self.mistake(new.at.as_ref(), text, old))
    }

    fn mistake(&self, at: Option<&Position>, text: String, old: &Entry) -> Mistake {
        let locked = Position { file: self.path.to_owned(), line: old.line, column: 0 };
        match at {
            Some(at) => Mistake { at: Some(at.clone()), text: format!("{text} (locked at {locked})") },
            None => Mistake { at: Some(locked), text },
        }
    }
}

impl Block {
    /// Whether one reserved range holds all of these numbers.
    fn reserves(&self, first: i64, last: i64) -> bool {
        self.entries.keys().any(|key| matches!(key, Key::Reserved(from, to) if *from <= first && last <= *to))
    }
}
