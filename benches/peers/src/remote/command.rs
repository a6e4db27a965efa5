//! `peers remote` and `peers beside`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use remoting::{Bench, Beside, Sample};

use super::process::Column;
use super::{OWN, report};
use crate::pick;

/// The columns that the program in `clusters` serves.
const CLUSTERS: [&str; 2] = ["ractor_cluster", "kameo_remote"];

/// How much is done.
#[derive(Clone, Copy)]
struct Effort {
    runs: usize,
    budget_ns: f64,
}

const FULL: Effort = Effort { runs: 6, budget_ns: 1.5e9 };
const QUICK: Effort = Effort { runs: 3, budget_ns: 3e8 };

/// The table of remote benches, or how long asks take beside something else.
pub struct Remote {
    effort: Effort,
    json: bool,
    /// What asks are measured beside, instead of the table.
    beside: Option<Vec<Beside>>,
    benches: Vec<Bench>,
    columns: Vec<&'static str>,
}

impl Remote {
    /// What `peers remote` or `peers beside` is to do.
    pub fn parse(beside: bool, mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let own = OWN.iter().map(|program| program.name);
        let known: Vec<&'static str> = own.chain(CLUSTERS).collect();
        let columns = if beside { vec!["akt", "akt_tcp", "quinn_floor"] } else { known.clone() };
        let (beside, benches) = (beside.then(|| Beside::ALL.to_vec()), remoting::ALL.to_vec());
        let mut command = Self { effort: FULL, json: false, beside, benches, columns };
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--quick" => command.effort = QUICK,
                "--json" => command.json = true,
                "--only" => match &mut command.beside {
                    Some(besides) => *besides = pick(args.next(), &Beside::ALL, |beside| beside.name())?,
                    None => command.benches = pick(args.next(), &remoting::ALL, |bench| bench.name())?,
                },
                "--frameworks" => command.columns = pick(args.next(), &known, |name| name)?,
                other => return Err(format!("unknown option `{other}`")),
            }
        }
        Ok(command)
    }

    /// Prints each bench as soon as it is measured; with `--json` the table goes to stderr.
    pub fn perform(&self) {
        let columns = self.built();
        if let Some(besides) = &self.beside {
            return self.perform_beside(besides, &columns);
        }
        for &bench in &self.benches {
            let rows = self.interleaved(bench, &columns);
            let table = report::table(bench, &rows);
            if self.json {
                print!("{}", report::json(bench, &rows));
                eprintln!("{table}");
            } else {
                println!("{table}");
            }
        }
    }

    /// The columns that can be measured; why not, is said.
    fn built(&self) -> Vec<Column> {
        let own = std::env::current_exe().expect("a program has a path");
        let mut columns = Vec::new();
        for &name in &self.columns {
            if let Some(program) = OWN.iter().find(|program| program.name == name) {
                columns.push(Column { name, tells: program.tells, executable: own.clone() });
                continue;
            }
            match build_clusters(&own) {
                Ok(executable) => columns.push(Column { name, tells: true, executable }),
                Err(problem) => eprintln!("{name} is left out: {problem}"),
            }
        }
        columns
    }

    /// Run `i` of every program before run `i + 1` of any.
    fn interleaved(&self, bench: Bench, columns: &[Column]) -> Vec<report::Row> {
        let columns: Vec<&Column> = columns.iter().filter(|column| column.tells || !bench.tells()).collect();
        let mut rows: Vec<_> = columns
            .iter()
            .map(|column| report::Row { framework: column.name, samples: Vec::new() })
            .collect();
        let counts: Vec<u64> = columns.iter().map(|column| self.operations(bench, column)).collect();
        for run in 0..self.effort.runs {
            for place in 0..columns.len() {
                let next = (place + run) % columns.len();
                if let Some(sample) = said(columns[next].measure(bench, counts[next])) {
                    rows[next].samples.push(sample);
                }
            }
        }
        rows
    }

    /// As many operations as take about as long as a run may take.
    fn operations(&self, bench: Bench, column: &Column) -> u64 {
        let first = said(column.measure(bench, 2_000));
        let each = first.map_or(1e6, |Sample { elapsed, .. }| elapsed);
        ((self.effort.budget_ns / each) as u64 / 1_024 * 1_024).max(1_024)
    }

    fn perform_beside(&self, besides: &[Beside], columns: &[Column]) {
        println!("{}", report::BESIDE);
        for column in columns {
            let mut idle = None;
            for &beside in besides {
                let runs = (0..self.effort.runs).filter_map(|_| said(column.beside(beside))).collect();
                let p99 = report::beside(column.name, beside, runs, idle);
                idle = idle.or(p99);
            }
        }
    }
}

fn said<T>(result: Result<T, String>) -> Option<T> {
    result.inspect_err(|problem| eprintln!("{problem}")).ok()
}

/// Builds the program in `clusters` beside this one: ractor's feature for clusters changes ractor for all of a program.
fn build_clusters(own: &Path) -> Result<PathBuf, String> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/clusters/Cargo.toml");
    let folder = own.parent().and_then(Path::parent).ok_or("this program lies in no target folder")?;
    let status = Command::new("cargo")
        .args(["build", "--release", "--quiet", "--locked", "--manifest-path", manifest, "--target-dir"])
        .arg(folder)
        .stdin(Stdio::null())
        .status()
        .map_err(|error| format!("cargo: {error}"))?;
    if status.success() { Ok(folder.join("release/clusters")) } else { Err("it does not build".to_owned()) }
}
