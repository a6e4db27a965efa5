//! *Pure.* A protocol as a value: it decides, it never acts.

use crate::time::Instant;

/// A protocol that is told what happened and answers with what to do.
///
/// A machine owns no socket, clock, task or randomness. Two machines that are given the
/// same inputs at the same times produce the same outputs.
pub trait Machine {
    /// What can happen to it.
    type Input;
    /// What it wants done.
    type Output;

    /// Takes in one event and appends its consequences to `out`.
    fn handle(&mut self, now: Instant, input: Self::Input, out: &mut Vec<Self::Output>);

    /// The moment `handle_timeout` must be called, if nothing happens before.
    fn deadline(&self) -> Option<Instant>;

    /// Fires every timer due at `now`.
    fn handle_timeout(&mut self, now: Instant, out: &mut Vec<Self::Output>);
}
