//! The frameworks, one file each, and the list of them.

mod actix;
mod akt;
mod akt_grain;
mod flume;
mod kameo;
mod ractor;
mod tokio_mpsc;

use crate::bench::Bench;
use crate::fairness::{self, Delays};
use crate::framework::Framework;

/// A column of the table.
#[derive(Clone, Copy)]
pub struct Program {
    /// The name on the command line and in JSON.
    pub name: &'static str,
    /// Runs `n` operations of a bench; the result is per operation.
    pub run: fn(Bench, u64) -> f64,
}

impl Program {
    /// Whether it has this bench.
    pub fn has(&self, bench: Bench) -> bool {
        match bench.is_of_grains() {
            true => [akt::Bounded::NAME, akt_grain::Grain::NAME].contains(&self.name),
            false => self.name != akt_grain::Grain::NAME,
        }
    }

    const fn of<F: Framework>() -> Self {
        Self { name: F::NAME, run: |bench, n| bench.run::<F>(n) }
    }
}

/// A framework whose actors can be flooded.
#[derive(Clone, Copy)]
pub struct Flooded {
    /// The name on the command line.
    pub name: &'static str,
    /// Asks a quiet actor beside so many flooded ones.
    pub run: fn(u64) -> Delays,
}

impl Flooded {
    const fn of<F: Framework>() -> Self {
        Self { name: F::NAME, run: fairness::run::<F> }
    }
}

/// Those that share two workers among all actors, with mailboxes that are never full.
pub const FLOODED: &[Flooded] = &[
    Flooded::of::<akt::Unbounded>(),
    Flooded::of::<ractor::Ractor>(),
    Flooded::of::<kameo::Kameo<0>>(),
    Flooded::of::<tokio_mpsc::TokioMpsc>(),
    Flooded::of::<flume::Flume>(),
];

/// All columns, in the order of the table.
pub const ALL: &[Program] = &[
    Program::of::<akt::Bounded>(),
    Program::of::<akt::Unbounded>(),
    Program::of::<akt_grain::Grain>(),
    Program::of::<ractor::Ractor>(),
    Program::of::<kameo::Kameo<0>>(),
    Program::of::<kameo::Kameo<1_024>>(),
    Program::of::<actix::Actix<false>>(),
    Program::of::<actix::Actix<true>>(),
    Program::of::<tokio_mpsc::TokioMpsc>(),
    Program::of::<flume::Flume>(),
];
