//! *Pure.* Fewer faults that still make a run fail.

use std::collections::BTreeSet;

use super::trial::Trial;

/// At most so many runs.
const RUNS: usize = 200;

/// Leaves out faults, half of them first and single ones last, as long as the run still fails (Zeller and Hildebrandt,
/// "Simplifying and isolating failure-inducing input", 2002).
pub(super) fn shorten(first: Trial, run: impl Fn(&Trial, &BTreeSet<usize>) -> Trial) -> Trial {
    let mut best = first;
    let mut parts = 2;
    let mut runs = 0;
    while !best.let_happen.is_empty() && runs < RUNS {
        let faults: Vec<_> = best.let_happen.iter().copied().collect();
        let parts_now = parts.min(faults.len());
        let shorter = faults.chunks(faults.len().div_ceil(parts_now)).find_map(|left_out| {
            runs += 1;
            let only = faults.iter().copied().filter(|fault| !left_out.contains(fault)).collect();
            let trial = run(&best, &only);
            trial.failure.is_some().then_some(trial)
        });
        match shorter {
            Some(shorter) => {
                best = shorter;
                parts = (parts_now - 1).max(2);
            }
            None if parts_now == faults.len() => break,
            None => parts = parts_now * 2,
        }
    }
    best
}
