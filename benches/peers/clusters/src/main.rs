//! Actor frameworks between two processes: the children of `peers remote` that need features of their own.

mod kameo;
mod ractor;

use std::process::ExitCode;

use remoting::Program;

const PROGRAMS: &[Program] = &[Program::of::<ractor::Ractor>(), Program::of::<kameo::Kameo>()];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match remoting::child(PROGRAMS, &args) {
        Some(last) => {
            println!("{last}");
            ExitCode::SUCCESS
        }
        None => {
            eprintln!("this is a part of `peers remote`, which calls it");
            ExitCode::FAILURE
        }
    }
}
