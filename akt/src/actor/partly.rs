//! The error of a message that went to several actors, some of which did not handle it.

use std::fmt;

use super::error::AskError;

/// How many of a router's routees did not handle a message that all should.
#[derive(Debug)]
pub struct PartlyInfo {
    /// How many were asked.
    pub asked: usize,
    /// How many of them failed, or were not there any more.
    pub failed: usize,
    /// What one of these said: the error that says most.
    pub error: AskError,
}

impl fmt::Display for PartlyInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} routees failed: {}", self.failed, self.asked, self.error)
    }
}
