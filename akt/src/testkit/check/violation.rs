//! *Pure.* What does not hold of a history, and the events that prove it.

use std::fmt;

/// What does not hold of a history.
///
/// It prints itself with the events that prove it, also by `unwrap` in a test.
#[derive(Clone, PartialEq, Eq)]
pub struct Violation {
    rule: &'static str,
    expected: String,
    found: String,
    events: Vec<String>,
}

impl Violation {
    pub(super) fn new(rule: &'static str, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { rule, expected: expected.into(), found: found.into(), events: Vec::new() }
    }

    pub(super) fn event(mut self, event: impl fmt::Display) -> Self {
        self.events.push(event.to_string());
        self
    }

    /// Says of what it was expected.
    pub(super) fn of(mut self, whom: &str) -> Self {
        self.expected = format!("{} {whom}", self.expected);
        self
    }

    /// The rule.
    pub fn rule(&self) -> &str {
        self.rule
    }

    /// What had to hold.
    pub fn expected(&self) -> &str {
        &self.expected
    }

    /// What did.
    pub fn found(&self) -> &str {
        &self.found
    }

    /// The events that prove it, as few as possible, in their order.
    pub fn events(&self) -> &[String] {
        &self.events
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, found {}", self.rule, self.expected, self.found)?;
        self.events.iter().try_for_each(|event| write!(f, "\n  {event}"))
    }
}

impl fmt::Debug for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Violation {}
