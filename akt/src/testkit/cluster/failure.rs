//! What a simulation says that has found something.

use std::fmt;
use std::fmt::Write as _;
use std::path::PathBuf;

use super::Simulation;
use super::trial::Trial;
use crate::testkit::flow::Flow;

/// So much of a log is printed.
const SHOWN: usize = 60;

/// A seed for which the test fails, or runs differently each time.
pub struct Failure {
    seed: u64,
    reason: String,
    flow: Flow,
    report: String,
}

impl Failure {
    pub(super) fn fails(simulation: &Simulation, trial: &Trial, drawn: usize) -> Self {
        let reason = trial.failure.clone().unwrap_or_default();
        let files = write_files(simulation, trial);
        let report = report(trial, &reason, drawn, files);
        Self { seed: trial.seed, reason, flow: trial.flow.clone(), report }
    }

    pub(super) fn differs(seed: u64, difference: String) -> Self {
        let report = format!(
            "seed {seed} was run twice, and went differently: {difference}\n\
             something in it is not drawn from the seed: a clock, a thread, an address, the order of a HashMap"
        );
        Self { seed, reason: difference, flow: Flow::new(), report }
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Why the test fails.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// What happened, with the faults that are needed; empty if two runs differ.
    pub fn flow(&self) -> &Flow {
        &self.flow
    }
}

fn report(trial: &Trial, reason: &str, drawn: usize, files: Option<PathBuf>) -> String {
    let Trial { seed, let_happen, faults, flow, .. } = trial;
    let mut text = format!("seed {seed} fails: {reason}\n");
    if drawn > 0 {
        let needed = let_happen.len();
        let _ =
            writeln!(text, "of {drawn} faults, {needed} {} needed:", if needed == 1 { "is" } else { "are" });
    }
    for number in let_happen {
        if let Some(fault) = faults.get(*number) {
            let _ = writeln!(text, "  {number}: after {:?} {fault}", fault.after);
        }
    }
    let log = flow.to_string();
    let lines: Vec<_> = log.lines().skip(1).collect();
    let shown = &lines[lines.len().saturating_sub(SHOWN)..];
    let _ = writeln!(text, "the last {} of {} things that happened:", shown.len(), lines.len());
    for line in shown {
        let _ = writeln!(text, "  {line}");
    }
    if let Some(file) = files {
        let file = file.display();
        let _ = writeln!(text, "all of it is in {file}.flow, drawn in {file}.svg");
    }
    let _ = write!(text, "AKT_SEED={seed} replays it");
    if let_happen.len() < drawn {
        let numbers: Vec<_> = let_happen.iter().map(ToString::to_string).collect();
        let _ = write!(text, ", and AKT_SEED={seed} AKT_FAULTS={} with these faults only", numbers.join(","));
    }
    text
}

/// The path of both, without their endings.
fn write_files(simulation: &Simulation, trial: &Trial) -> Option<PathBuf> {
    let folder = simulation.logs.as_ref()?;
    let path = folder.join(format!("{}-{}", simulation.name.replace("::", "-"), trial.seed));
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(path.with_extension("flow"), trial.flow.to_string()))
        .and_then(|()| std::fs::write(path.with_extension("svg"), trial.flow.chart().to_string()));
    written
        .inspect_err(|error| tracing::warn!(%error, path = %path.display(), "a log is not written"))
        .ok()?;
    Some(path)
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.report)
    }
}

/// The same as its text: a test that unwraps it prints it.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.report)
    }
}

impl std::error::Error for Failure {}
