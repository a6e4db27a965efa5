//! What came of it: how much was seen, or what does not hold and how one gets there.

use std::fmt;

/// What an exploration has seen, without a violation.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Explored {
    /// How many states.
    pub states: usize,
    /// How many steps from the beginning the farthest is.
    pub depth: u32,
    /// How many steps lead from state to state.
    pub steps: usize,
    /// From how many states they lead: the others are at the bound.
    pub expanded: usize,
    /// How many steps lead from one state, at most.
    pub widest: usize,
    /// How many states were in memory as a whole, at most.
    pub edge: usize,
    /// True if there is no other state; false if a bound was reached.
    pub exhausted: bool,
}

impl Explored {
    /// How many steps lead from a state, on average.
    #[expect(clippy::cast_precision_loss, reason = "an average")]
    pub fn branching(&self) -> f64 {
        self.steps as f64 / self.expanded.max(1) as f64
    }
}

impl fmt::Display for Explored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = if self.exhausted { "exhausted" } else { "bound reached" };
        let Self { states, depth, widest, .. } = self;
        write!(
            f,
            "{states} states, {depth} deep, {:.1} steps each ({widest} at most), {end}",
            self.branching()
        )
    }
}

/// What random runs have seen, without a violation.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Walked {
    /// How many runs.
    pub runs: usize,
    /// How many steps in all.
    pub steps: usize,
    /// How many runs came to rest, where [`Model::finally`](super::Model::finally) was asked.
    pub rested: usize,
}

impl fmt::Display for Walked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} runs, {} steps, {} came to rest", self.runs, self.steps, self.rested)
    }
}

/// What does not hold, and how one gets there.
///
/// It prints itself step by step, also by `unwrap` in a test.
#[derive(Clone, PartialEq, Eq)]
pub struct Violation {
    reason: String,
    trace: Vec<String>,
    found: Found,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    After { states: usize },
    With { seed: u64, steps: usize },
}

impl Violation {
    pub(super) fn explored(reason: String, trace: Vec<String>, states: usize) -> Self {
        Self { reason, trace, found: Found::After { states } }
    }

    pub(super) fn walked(reason: String, trace: Vec<String>, seed: u64, steps: usize) -> Self {
        Self { reason, trace, found: Found::With { seed, steps } }
    }

    /// What does not hold, in the model's words.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The steps from the beginning, in words.
    pub fn trace(&self) -> &[String] {
        &self.trace
    }

    /// The seed that leads there, if it was found by chance.
    pub fn seed(&self) -> Option<u64> {
        match self.found {
            Found::With { seed, .. } => Some(seed),
            Found::After { .. } => None,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.trace.len();
        match self.found {
            Found::After { states } => {
                writeln!(f, "{}\n{length} steps, found after {states} states:", self.reason)?;
            }
            Found::With { seed, steps } => writeln!(
                f,
                "{}\n{length} steps, shortened from {steps}; AKT_SEED={seed} replays them:",
                self.reason
            )?,
        }
        self.trace.iter().zip(1..).try_for_each(|(step, number)| writeln!(f, "{number:>4}. {step}"))
    }
}

impl fmt::Debug for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Violation {}
