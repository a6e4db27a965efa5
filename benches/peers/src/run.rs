//! Runs the programs of a table interleaved: run `i` of every program before run `i + 1` of any.

use crate::bench::Bench;
use crate::frameworks::Program;

/// How much is done.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Runs of a timed bench.
    pub runs: usize,
    /// The full number of operations is divided by this.
    pub divisor: u64,
    /// Operations are cut down until one run takes about this long.
    pub budget_ns: f64,
}

impl Effort {
    /// Under fifteen minutes for everything.
    pub const FULL: Self = Self { runs: 6, divisor: 1, budget_ns: 1e9 };
    /// Under two minutes for everything.
    pub const QUICK: Self = Self { runs: 3, divisor: 5, budget_ns: 1e8 };
}

/// The result of one program in one bench.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Which program.
    pub framework: &'static str,
    /// Its runs, smallest first.
    pub samples: Vec<f64>,
}

impl Measured {
    /// The middle run, or the mean of the two in the middle.
    pub fn median(&self) -> f64 {
        let middle = self.samples.len() / 2;
        match self.samples.len() % 2 {
            0 => (self.samples[middle - 1] + self.samples[middle]) / 2.0,
            _ => self.samples[middle],
        }
    }

    /// The fastest run.
    pub fn min(&self) -> f64 {
        self.samples[0]
    }

    /// The slowest run.
    pub fn max(&self) -> f64 {
        self.samples[self.samples.len() - 1]
    }
}

/// Measures `bench` for all `programs`.
pub fn interleaved(bench: Bench, programs: &[Program], effort: Effort) -> Vec<Measured> {
    let runs = if bench.is_timed() { effort.runs } else { 2 };
    let counts: Vec<u64> = programs.iter().map(|program| operations(bench, program, effort)).collect();
    let mut samples = vec![Vec::new(); programs.len()];
    for run in 0..runs {
        // The first place in a round is dealt in turn as well: whoever follows a program finds its caches.
        for place in 0..programs.len() {
            let next = (place + run) % programs.len();
            samples[next].push((programs[next].run)(bench, counts[next]));
        }
    }
    let sorted = |mut samples: Vec<f64>| {
        samples.sort_by(f64::total_cmp);
        samples
    };
    let measured = |(program, samples): (&Program, Vec<f64>)| Measured {
        framework: program.name,
        samples: sorted(samples),
    };
    programs.iter().zip(samples).map(measured).collect()
}

/// As many operations as the bench has, fewer if this program would take too long over them.
///
/// Rounded to whole thousands, so that 64 askers or 32 rings get nearly the same share everywhere.
fn operations(bench: Bench, program: &Program, effort: Effort) -> u64 {
    let full = bench.operations() / effort.divisor;
    if !bench.is_timed() {
        return full;
    }
    let per_operation = (program.run)(bench, full / 20);
    let affordable = (effort.budget_ns / per_operation) as u64;
    full.min(affordable / 1_000 * 1_000).max(1_000)
}
