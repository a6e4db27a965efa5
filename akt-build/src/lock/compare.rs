//! Looks for edits that nodes with the locked contracts would not understand.

use std::path::Path;

use super::shape::{Field, Rpc, names};
use super::text::{Block, Entry, Key, Lock};
use crate::descriptor::Contracts;
use crate::error::{Mistake, Position};

/// The locked contracts, and what finds places for those that are gone.
pub(super) struct Comparison<'a> {
    pub(super) path: &'a Path,
    pub(super) contracts: &'a Contracts,
    pub(super) old: &'a Lock,
}

impl Comparison<'_> {
    /// The breaks; what is retired in the old lock stays retired in `new`.
    pub(super) fn breaks(&self, new: &mut Lock) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        for (name, old) in &self.old.blocks {
            let (kind, owner) = name.split_once(' ').unwrap_or(("", name));
            let gone = !new.blocks.contains_key(name);
            if gone && kind != "service" {
                continue;
            }
            let block = new.blocks.entry(name.clone()).or_default();
            if gone {
                block.at = self.contracts.package_of(owner);
            }
            let pair = Pair { comparison: self, owner, old, new: block };
            mistakes.extend(old.entries.iter().filter_map(|(key, entry)| match kind {
                "message" => pair.field(key, entry),
                "enum" => pair.value(key, entry),
                _ => pair.rpc(key, entry, gone),
            }));
            for (key, entry) in &old.entries {
                let kept = match key {
                    Key::Reserved(first, last) => !block.reserves(*first, *last),
                    Key::Retired(_) => true,
                    Key::Number(_) | Key::Grain | Key::Rpc(_) => false,
                };
                if kept {
                    block.entries.insert(key.clone(), entry.clone());
                }
            }
        }
        mistakes
    }
}

/// A message, enum or service as it was and as it is.
struct Pair<'a> {
    comparison: &'a Comparison<'a>,
    owner: &'a str,
    old: &'a Block,
    new: &'a Block,
}

impl Pair<'_> {
    fn field(&self, key: &Key, old: &Entry) -> Option<Mistake> {
        let Key::Number(number) = key else { return self.reserved(key, old) };
        let (owner, before) = (self.owner, Field::parse(&old.text)?);
        let Some(found) = self.new.entries.get(key) else {
            let named = self
                .new
                .numbered()
                .find(|(_, entry)| Field::parse(&entry.text).is_some_and(|field| field.name == before.name));
            return self.missing(*number, before.name, named, old);
        };
        let now = Field::parse(&found.text)?;
        let cure = format!("give `{}` a new number and write `reserved {number};`", now.name);
        if before.kind != now.kind {
            let text = format!(
                "field {number} of `{owner}` was `{}` and is now `{}`; {cure}",
                before.kind, now.kind
            );
            return Some(self.mistake(found.at.as_ref(), text, old));
        }
        let renamed = before.oneof.is_some_and(|before| self.is_renamed(before, now.oneof));
        if self.comparison.old.format < 2 || before.oneof == now.oneof || renamed {
            return None;
        }
        let way = match (before.oneof, now.oneof) {
            (None, Some(into)) => format!("moved into the oneof `{into}`"),
            (Some(from), None) => format!("moved out of the oneof `{from}`"),
            (Some(from), Some(into)) => format!("moved from the oneof `{from}` to `{into}`"),
            (None, None) => return None,
        };
        let text = format!(
            "`{}` of `{owner}` {way}, and older nodes do not set it as this one does; put it back, or {cure}",
            now.name
        );
        Some(self.mistake(found.at.as_ref(), text, old))
    }

    /// Whether a oneof only has another name: all that was in it, and nothing else that was there, is in `now`.
    fn is_renamed(&self, before: &str, now: Option<&str>) -> bool {
        let still = self.old.numbered().filter_map(|(number, entry)| {
            let found = self.new.entries.get(&Key::Number(number))?;
            Some((Field::parse(&entry.text)?.oneof, Field::parse(&found.text)?.oneof))
        });
        now.is_some() && { still }.all(|(from, to)| (from == Some(before)) == (to == now))
    }

    fn value(&self, key: &Key, old: &Entry) -> Option<Mistake> {
        let Key::Number(number) = key else { return self.reserved(key, old) };
        let owner = self.owner;
        let Some(found) = self.new.entries.get(key) else {
            let first = names(&old.text).next().unwrap_or_default();
            let named = self.new.numbered().find(|(_, entry)| names(&entry.text).any(|name| name == first));
            return self.missing(*number, first, named, old);
        };
        if names(&old.text).any(|before| names(&found.text).any(|now| before == now)) {
            return None;
        }
        let text = format!(
            "value {number} of `{owner}` was `{}` and is now `{}`; give the new value a new number, or, if only its name is new, write that into the lock",
            old.text, found.text
        );
        Some(self.mistake(found.at.as_ref(), text, old))
    }

    /// A number that is in the lock and not in the contract.
    fn missing(&self, number: i64, name: &str, named: Option<(i64, &Entry)>, old: &Entry) -> Option<Mistake> {
        if self.new.reserves(number, number) {
            return None;
        }
        let owner = self.owner;
        let (at, text) = match named {
            Some((now, entry)) => {
                let text = format!(
                    "`{name}` of `{owner}` had the number {number} and has {now}; give it back its number, or write `reserved {number};` and know that older nodes do not see it"
                );
                (entry.at.as_ref(), text)
            }
            None => {
                let text = format!(
                    "`{owner}` lost `{name}`; write `reserved {number};` into it, so that the number is never used again"
                );
                (self.new.at.as_ref(), text)
            }
        };
        Some(self.mistake(at, text, old))
    }

    /// A number that was retired stays so.
    fn reserved(&self, key: &Key, old: &Entry) -> Option<Mistake> {
        let Key::Reserved(first, last) = key else { return None };
        let mut numbers = self.new.entries.range(Key::Number(*first)..=Key::Number(*last));
        let (_, entry) = numbers.next()?;
        let text =
            format!("`{}` of `{}` has a number that was retired; take a new one", entry.text, self.owner);
        Some(self.mistake(entry.at.as_ref(), text, old))
    }

    fn rpc(&self, key: &Key, old: &Entry, gone: bool) -> Option<Mistake> {
        let owner = self.owner;
        let name = match key {
            Key::Rpc(name) => name,
            Key::Grain if gone => return None,
            Key::Grain => return self.key(old),
            Key::Retired(name) => {
                let found = self.new.entries.get(&Key::Rpc(name.clone()))?;
                let text = format!("rpc {name} of `{owner}` is retired; remove it, or give it another name");
                return Some(self.mistake(found.at.as_ref(), text, old));
            }
            Key::Reserved(..) | Key::Number(_) => return None,
        };
        let found = self.new.entries.get(key).map(|entry| (name.as_str(), entry));
        let renamed = || self.new.rpcs().find(|(_, entry)| Rpc::parse(&entry.text).was == Some(name));
        let Some((now, found)) = found.or_else(renamed) else {
            let text = format!(
                "rpc {name} of `{owner}` is gone, and older nodes still call it; put it back, say `was` where it has a new name, or write RETIRED before its line in the lock"
            );
            return Some(self.mistake(self.new.at.as_ref(), text, old));
        };
        let text = self.changed((name, Rpc::parse(&old.text)), (now, Rpc::parse(&found.text)))?;
        Some(self.mistake(found.at.as_ref(), text, old))
    }

    /// What is different of an rpc, for older nodes.
    fn changed(&self, (name, before): (&str, Rpc<'_>), (as_now, now): (&str, Rpc<'_>)) -> Option<String> {
        let owner = self.owner;
        if before.types != now.types {
            return Some(format!(
                "rpc {as_now} of `{owner}` was `{}` and is now `{}`; leave it as it was and add an rpc with another name",
                before.types, now.types
            ));
        }
        let (id, former) = (now.id(owner, as_now), now.was.map(|was| Rpc::parse("").id(owner, was)));
        let called = before.id(owner, name);
        if called != id && Some(called) != former {
            return Some(format!(
                "older nodes call rpc {as_now} of `{owner}` by the wire id {called:#010x}, and it is now {id:#010x}; say `id: {called:#010x}`"
            ));
        }
        match before.was {
            Some(was) if now.was != Some(was) && as_now != was => Some(format!(
                "rpc {as_now} of `{owner}` no longer says that it was `{was}`; put `was` back, or, when no node calls it so any more, remove `was {was}` from its line in the lock"
            )),
            _ => None,
        }
    }

    fn key(&self, old: &Entry) -> Option<Mistake> {
        let now = self.new.entries.get(&Key::Grain);
        if now.is_some_and(|now| now.text == old.text) {
            return None;
        }
        let (owner, was, now) = (self.owner, &old.text, now.map_or("none", |now| now.text.as_str()));
        let text = format!(
            "the key of `{owner}` was {was} and is now {now}, and no grain would be found; put it back"
        );
        Some(self.mistake(self.new.at.as_ref(), text, old))
    }

    fn mistake(&self, at: Option<&Position>, text: String, old: &Entry) -> Mistake {
        let locked = Position { file: self.comparison.path.to_owned(), line: old.line, column: 0 };
        match at {
            Some(at) => Mistake { at: Some(at.clone()), text: format!("{text} (locked at {locked})") },
            None => Mistake { at: Some(locked), text },
        }
    }
}
