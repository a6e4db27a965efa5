//! *Pure.* The text of a log: one line for each thing that happened, with its time in seconds.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::{Entry, Flow, What};
use crate::time::Instant;

/// The first line. A form that older readers do not understand has another number.
const HEAD: &str = "akt-flow 1";

const SECOND: u64 = 1_000_000_000;

/// A text that is not the log of a run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: expected {expected}, found {found}")]
#[non_exhaustive]
pub struct FlowError {
    /// The line, from 1.
    pub line: usize,
    /// What has to stand there.
    pub expected: &'static str,
    /// What does.
    pub found: String,
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}")?;
        self.entries().iter().try_for_each(|entry| writeln!(f, "{entry}"))
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.at.as_nanos();
        write!(f, "{}.{:09} {}", nanos / SECOND, nanos % SECOND, Word(&self.node))?;
        let words = self.what.words();
        words.iter().try_for_each(|word| write!(f, " {}", Word(word)))
    }
}

impl What {
    fn words(&self) -> Vec<String> {
        let numbered = |what: &str, message: &u64, peer: &String| {
            vec![what.to_owned(), message.to_string(), peer.clone()]
        };
        let plain = |what: &str, words: &[&String]| {
            [what.to_owned()].into_iter().chain(words.iter().map(|word| (*word).clone())).collect()
        };
        match self {
            Self::Up => plain("up", &[]),
            Self::Down { reason } => plain("down", &[reason]),
            Self::Sent { message, to, label } => {
                [numbered("sent", message, to), vec![label.clone()]].concat()
            }
            Self::Delivered { message, from } => numbered("delivered", message, from),
            Self::Lost { message, to } => numbered("lost", message, to),
            Self::Cut { peer } => plain("cut", &[peer]),
            Self::CutTo { peer } => plain("cut-to", &[peer]),
            Self::Healed { peer } => plain("healed", &[peer]),
            Self::HealedTo { peer } => plain("healed-to", &[peer]),
            Self::Isolated => plain("isolated", &[]),
            Self::Rejoined => plain("rejoined", &[]),
            Self::Paused => plain("paused", &[]),
            Self::Resumed => plain("resumed", &[]),
            Self::Severed { peer } => plain("severed", &[peer]),
            Self::Spawned { actor } => plain("spawned", &[actor]),
            Self::Restarted { actor } => plain("restarted", &[actor]),
            Self::Stopped { actor, reason } => plain("stopped", &[actor, reason]),
            Self::DeadLetter { actor, label } => plain("dead-letter", &[actor, label]),
            Self::Note { text } => plain("note", &[text]),
        }
    }

    fn parse(words: &[String]) -> Result<Self, Wrong> {
        let Some((what, rest)) = words.split_first() else { return Err(("what happened", String::new())) };
        let rest: Vec<_> = rest.iter().map(String::as_str).collect();
        let number = |text: &str| text.parse().map_err(|_| ("the number of a message", text.to_owned()));
        Ok(match (what.as_str(), &rest[..]) {
            ("up", []) => Self::Up,
            ("down", [reason]) => Self::Down { reason: (*reason).into() },
            ("sent", [message, to, label]) => {
                Self::Sent { message: number(message)?, to: (*to).into(), label: (*label).into() }
            }
            ("delivered", [message, from]) => {
                Self::Delivered { message: number(message)?, from: (*from).into() }
            }
            ("lost", [message, to]) => Self::Lost { message: number(message)?, to: (*to).into() },
            ("cut", [peer]) => Self::Cut { peer: (*peer).into() },
            ("cut-to", [peer]) => Self::CutTo { peer: (*peer).into() },
            ("healed", [peer]) => Self::Healed { peer: (*peer).into() },
            ("healed-to", [peer]) => Self::HealedTo { peer: (*peer).into() },
            ("isolated", []) => Self::Isolated,
            ("rejoined", []) => Self::Rejoined,
            ("paused", []) => Self::Paused,
            ("resumed", []) => Self::Resumed,
            ("severed", [peer]) => Self::Severed { peer: (*peer).into() },
            ("spawned", [actor]) => Self::Spawned { actor: (*actor).into() },
            ("restarted", [actor]) => Self::Restarted { actor: (*actor).into() },
            ("stopped", [actor, reason]) => {
                Self::Stopped { actor: (*actor).into(), reason: (*reason).into() }
            }
            ("dead-letter", [actor, label]) => {
                Self::DeadLetter { actor: (*actor).into(), label: (*label).into() }
            }
            ("note", [text]) => Self::Note { text: (*text).into() },
            _ => return Err(("something that happens, with all that belongs to it", words.join(" "))),
        })
    }
}

/// What was expected, and what was found.
type Wrong = (&'static str, String);

impl FromStr for Flow {
    type Err = FlowError;

    fn from_str(text: &str) -> Result<Self, FlowError> {
        let mut lines = text.lines();
        let head = lines.next().unwrap_or_default();
        if head != HEAD {
            return Err(FlowError { line: 1, expected: "`akt-flow 1`", found: format!("`{head}`") });
        }
        let mut flow = Self::new();
        for (text, line) in lines.zip(2..) {
            let wrong = |(expected, found)| FlowError { line, expected, found: format!("`{found}`") };
            let Entry { at, node, what } = entry(text).map_err(wrong)?;
            if flow.entries().last().is_some_and(|last| at < last.at) {
                return Err(wrong(("a time that does not go back", text.to_owned())));
            }
            flow.push(at, node, what);
        }
        Ok(flow)
    }
}

fn entry(line: &str) -> Result<Entry, Wrong> {
    let words = words(line)?;
    let [time, node, what @ ..] = &words[..] else {
        return Err(("a time, a node and what happened", line.to_owned()));
    };
    let at = instant(time).ok_or_else(|| ("seconds with nine digits after the point", time.clone()))?;
    Ok(Entry { at, node: node.clone(), what: What::parse(what)? })
}

fn instant(text: &str) -> Option<Instant> {
    let (seconds, nanos) = text.split_once('.')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if nanos.len() != 9 || !digits(seconds) || !digits(nanos) {
        return None;
    }
    let seconds: u64 = seconds.parse().ok()?;
    let nanos = seconds.checked_mul(SECOND)?.checked_add(nanos.parse().ok()?)?;
    Some(Instant::from_nanos(nanos))
}

/// A word as it stands in a line: in quotes unless it is plain.
struct Word<'a>(&'a str);

impl fmt::Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\');
        if !self.0.is_empty() && self.0.chars().all(is_plain) {
            return f.write_str(self.0);
        }
        f.write_str("\"")?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                _ => write!(f, "{c}")?,
            }
        }
        f.write_str("\"")
    }
}

fn words(line: &str) -> Result<Vec<String>, Wrong> {
    let mut words = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let end = rest.find(' ').unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        words.push(word);
        rest = match after.strip_prefix(' ') {
            Some(after) => after,
            None if after.is_empty() => after,
            None => return Err(("a space between words", after.to_owned())),
        };
    }
    Ok(words)
}

fn unquoted(text: &str) -> Result<(String, &str), Wrong> {
    let mut word = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((word, &text[at + 1..])),
            '\\' => match chars.next() {
                Some((_, 'n')) => word.push('\n'),
                Some((_, 'r')) => word.push('\r'),
                Some((_, c @ ('"' | '\\'))) => word.push(c),
                _ => return Err(("a quote, a backslash, `n` or `r` after a backslash", text.to_owned())),
            },
            _ => word.push(c),
        }
    }
    Err(("a closing quote", text.to_owned()))
}
