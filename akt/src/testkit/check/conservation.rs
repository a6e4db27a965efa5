//! *Pure.* Every message that was accepted has one fate.

use std::collections::BTreeMap;
use std::fmt::Debug;

use super::Violation;

const RULE: &str = "conservation of messages";

/// What became of each message: accepted = handled + handed back + dead letters, and those of which nobody knows.
///
/// Told in any order, so that many places may tell what they see.
///
/// ```
/// use akt::testkit::check::Conservation;
///
/// let mut messages = Conservation::new();
/// for message in 1..=4 {
///     messages.accepted(message);
/// }
/// messages.handled(1);
/// messages.dead_letter(2, "stopped");
/// messages.maybe(3);
/// assert_eq!(messages.check().unwrap_err().found(), "none");
///
/// messages.returned(4);
/// let sum = messages.check().expect("each has its fate");
/// assert_eq!((sum.accepted, sum.handled, sum.dead_letters, sum.returned, sum.maybe), (4, 1, 1, 1, 1));
/// ```
#[derive(Clone, Debug)]
pub struct Conservation<M> {
    messages: BTreeMap<M, Fates>,
}

/// How many messages met which fate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sum {
    /// All that were accepted.
    pub accepted: usize,
    /// Handled, also if the asker was told maybe.
    pub handled: usize,
    /// Dead letters, also if the asker was told maybe.
    pub dead_letters: usize,
    /// Handed back to their sender.
    pub returned: usize,
    /// Those of which nothing else is known.
    pub maybe: usize,
}

#[derive(Clone, Debug, Default)]
struct Fates {
    accepted: usize,
    is_maybe: bool,
    /// In the order told.
    fates: Vec<Fate>,
}

#[derive(Clone, Debug, PartialEq)]
enum Fate {
    Handled,
    Returned,
    DeadLetter(String),
}

impl<M: Ord + Debug> Conservation<M> {
    /// No message yet.
    pub fn new() -> Self {
        Self { messages: BTreeMap::new() }
    }

    /// The message was accepted: its sender was told so, or has it no more.
    pub fn accepted(&mut self, message: M) {
        self.of(message).accepted += 1;
    }

    /// The message was handled.
    pub fn handled(&mut self, message: M) {
        self.of(message).fates.push(Fate::Handled);
    }

    /// Its sender was told that it was not handled, and never will be.
    pub fn returned(&mut self, message: M) {
        self.of(message).fates.push(Fate::Returned);
    }

    /// The message became a dead letter.
    pub fn dead_letter(&mut self, message: M, reason: impl Into<String>) {
        self.of(message).fates.push(Fate::DeadLetter(reason.into()));
    }

    /// Its sender was told that it may have been handled, or not: one other fate is allowed, and none.
    pub fn maybe(&mut self, message: M) {
        self.of(message).is_maybe = true;
    }

    fn of(&mut self, message: M) -> &mut Fates {
        self.messages.entry(message).or_default()
    }

    /// Whether each message that was accepted has one fate, and no other message has any but being handed back.
    ///
    /// # Errors
    ///
    /// The first message, in their order, of which that is not so.
    pub fn check(&self) -> Result<Sum, Violation> {
        let mut sum = Sum::default();
        for (message, fates) in &self.messages {
            let wrong = |expected: &str, found: &str| Err(fates.violation(message, expected, found));
            let is_refused = fates.accepted == 0 && fates.fates == [Fate::Returned];
            match (fates.accepted, fates.fates.len()) {
                _ if is_refused => continue,
                (0, _) => return wrong("what has a fate to have been accepted", "a message that was not"),
                (2.., _) => return wrong("a message to be accepted once", "more"),
                (1, 0) if !fates.is_maybe => return wrong("one fate", "none"),
                (1, 2..) => return wrong("one fate", "more"),
                (1, 0 | 1) => sum.count(fates),
            }
        }
        Ok(sum)
    }
}

impl Fates {
    fn violation(&self, message: &impl Debug, expected: &str, found: &str) -> Violation {
        let accepted = (0..self.accepted).map(|_| "was accepted".to_owned());
        let maybe = self.is_maybe.then(|| "may have been handled, its sender was told".to_owned());
        let fates = self.fates.iter().map(|fate| match fate {
            Fate::Handled => "was handled".to_owned(),
            Fate::Returned => "was handed back".to_owned(),
            Fate::DeadLetter(reason) => format!("became a dead letter: {reason}"),
        });
        let events = accepted.chain(fates).chain(maybe);
        let violation = Violation::new(RULE, expected, found);
        events.fold(violation, |violation, event| violation.event(format!("{message:?} {event}")))
    }
}

impl Sum {
    fn count(&mut self, fates: &Fates) {
        self.accepted += 1;
        let fate = match fates.fates.first() {
            Some(Fate::Handled) => &mut self.handled,
            Some(Fate::Returned) => &mut self.returned,
            Some(Fate::DeadLetter(_)) => &mut self.dead_letters,
            None => &mut self.maybe,
        };
        *fate += 1;
    }
}

impl<M: Ord + Debug> Default for Conservation<M> {
    fn default() -> Self {
        Self::new()
    }
}
