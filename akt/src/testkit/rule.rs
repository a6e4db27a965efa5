//! A rule that a store has to keep, and what is said of one that breaks it.

use std::fmt;

use thiserror::Error;

use crate::persistence::{Fence, StoreError};

/// A rule that a store breaks.
#[derive(Debug, Error)]
#[error("the store breaks a rule, {rule}: expected {expected}, found {found}")]
#[non_exhaustive]
pub struct BrokenRule {
    /// The rule.
    pub rule: &'static str,
    /// What the store has to do.
    pub expected: String,
    /// What it did.
    pub found: String,
}

pub(super) type Checked = Result<(), BrokenRule>;

/// A rule, by its words.
#[derive(Clone, Copy)]
pub(super) struct Rule(pub(super) &'static str);

impl Rule {
    pub(super) fn id(self, name: &str) -> String {
        format!("akt-rule/{}/{name}", self.0)
    }

    pub(super) fn broken<T>(self, expected: &str, found: impl fmt::Debug) -> Result<T, BrokenRule> {
        Err(BrokenRule { rule: self.0, expected: expected.to_owned(), found: format!("{found:?}") })
    }

    pub(super) fn holds(self, holds: bool, expected: &str, found: impl fmt::Debug) -> Checked {
        if holds { Ok(()) } else { self.broken(expected, found) }
    }

    pub(super) fn equal<T: PartialEq + fmt::Debug + ?Sized>(self, expected: &T, found: &T) -> Checked {
        self.holds(expected == found, &format!("{expected:?}"), found)
    }

    pub(super) fn done<T>(self, result: Result<T, StoreError>) -> Result<T, BrokenRule> {
        result.or_else(|error| self.broken("it to be done", error))
    }

    pub(super) fn conflicts<T: fmt::Debug>(
        self,
        found: &Result<T, StoreError>,
        expected: u64,
        next: u64,
    ) -> Checked {
        let conflict = StoreError::Conflict { expected, found: next };
        let told = matches!(found, Err(StoreError::Conflict { expected: e, found: f }) if (*e, *f) == (expected, next));
        self.holds(told, &format!("{conflict:?}"), found)
    }

    pub(super) fn is_stale<T: fmt::Debug>(
        self,
        found: &Result<T, StoreError>,
        fence: Fence,
        newest: Fence,
    ) -> Checked {
        let stale = StoreError::StaleFence { fence, newest };
        let told = matches!(found, Err(StoreError::StaleFence { fence: f, newest: n }) if (*f, *n) == (fence, newest));
        self.holds(told, &format!("{stale:?}"), found)
    }
}
