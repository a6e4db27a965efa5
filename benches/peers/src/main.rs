//! The command: `peers local` and `peers remote [--quick] [--json] [--only bench,..] [--frameworks a,b]`,
//! `peers fairness [--frameworks a,b]`, or `peers beside [--quick] [--only what,..] [--frameworks a,b]`.

mod alloc;
mod bench;
mod fairness;
mod framework;
mod frameworks;
mod remote;
mod report;
mod run;

use std::process::ExitCode;

use bench::Bench;
use frameworks::{Flooded, Program};
use remote::command::Remote;
use run::Effort;

::akt::include_contracts!();

const USAGE: &str = "usage: peers local [--quick] [--json] [--only bench,..] [--frameworks a,b]
       peers remote [--quick] [--json] [--only bench,..] [--frameworks a,b]
       peers fairness [--frameworks a,b]
       peers beside [--quick] [--only what,..] [--frameworks a,b]";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let Some(last) = remoting::child(remote::OWN, &args) {
        println!("{last}");
        return ExitCode::SUCCESS;
    }
    match Command::parse(args.into_iter()) {
        Ok(command) => {
            command.perform();
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{problem}\n{USAGE}");
            ExitCode::FAILURE
        }
    }
}

enum Command {
    Local(Local),
    Fairness(Vec<Flooded>),
    Remote(Remote),
}

struct Local {
    effort: Effort,
    json: bool,
    benches: Vec<Bench>,
    programs: Vec<Program>,
}

impl Command {
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        match args.next().as_deref() {
            Some("local") => Local::parse(args).map(Self::Local),
            Some("remote") => Remote::parse(false, args).map(Self::Remote),
            Some("beside") => Remote::parse(true, args).map(Self::Remote),
            Some("fairness") => match args.next().as_deref() {
                None => Ok(Self::Fairness(frameworks::FLOODED.to_vec())),
                Some("--frameworks") => {
                    pick(args.next(), frameworks::FLOODED, |program| program.name).map(Self::Fairness)
                }
                Some(other) => Err(format!("unknown option `{other}`")),
            },
            Some(other) => Err(format!("there is no table `{other}`")),
            None => Err("which table?".to_owned()),
        }
    }

    fn perform(&self) {
        match self {
            Self::Local(table) => table.perform(),
            Self::Fairness(programs) => fairness::perform(programs),
            Self::Remote(table) => table.perform(),
        }
    }
}

impl Local {
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut command = Self {
            effort: Effort::FULL,
            json: false,
            benches: bench::ALL.to_vec(),
            programs: frameworks::ALL.to_vec(),
        };
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--quick" => command.effort = Effort::QUICK,
                "--json" => command.json = true,
                "--only" => command.benches = pick(args.next(), &bench::ALL, |bench| bench.name())?,
                "--frameworks" => {
                    command.programs = pick(args.next(), frameworks::ALL, |program| program.name)?
                }
                other => return Err(format!("unknown option `{other}`")),
            }
        }
        Ok(command)
    }

    /// Prints each bench as soon as it is measured; with `--json` the table goes to stderr.
    fn perform(&self) {
        for &bench in &self.benches {
            let programs: Vec<_> =
                self.programs.iter().copied().filter(|program| program.has(bench)).collect();
            let rows = run::interleaved(bench, &programs, self.effort);
            let table = report::table(bench, &rows);
            if self.json {
                print!("{}", report::json(bench, &rows));
                eprintln!("{table}");
            } else {
                println!("{table}");
            }
        }
    }
}

/// The entries of `all` whose names are in the comma-separated `list`.
fn pick<T: Copy>(
    list: Option<String>,
    all: &[T],
    name: impl Fn(&T) -> &'static str,
) -> Result<Vec<T>, String> {
    let list = list.ok_or("an option lacks its list")?;
    list.split(',')
        .map(|wanted| {
            let known = || all.iter().map(&name).collect::<Vec<_>>().join(", ");
            let found = all.iter().find(|entry| name(entry) == wanted);
            found.copied().ok_or_else(|| format!("there is no `{wanted}`, only {}", known()))
        })
        .collect()
}
