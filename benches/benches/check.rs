//! How long `cargo check` takes for a crate whose only content is an actor with a hundred handlers, and for an empty
//! one: what is between them is the price of the macros and of what they write.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a bench measures and tells")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs, io};

use akt_benches::hundred::{HANDLERS, hundred};

const ROUNDS: usize = 5;

fn main() -> io::Result<()> {
    let crate_ = Crate::new(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("hundred"))?;
    crate_.check("")?;
    let (mut empty, mut full) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        empty.push(crate_.check(&format!("// {round}\n"))?);
        full.push(crate_.check(&actor(round))?);
    }
    println!("cargo check on top of built dependencies, median of {ROUNDS}, without incremental compilation");
    println!("  an empty crate                    {:>6} ms", median(empty));
    println!("  an actor with {HANDLERS} handlers        {:>6} ms", median(full));
    println!("its expansion: cargo test -p akt-macros a_hundred_handlers -- --nocapture");
    Ok(())
}

fn actor(round: usize) -> String {
    format!(
        "\
// {round}
use akt::prelude::*;

pub struct Hundred {{
    total: u64,
    notes: Vec<String>,
}}

#[derive(Debug)]
pub struct Missing;

impl Hundred {{
    async fn read(&mut self, path: String) -> Result<u64, Missing> {{
        std::future::ready(self.total.checked_sub(path.len() as u64).ok_or(Missing)).await
    }}

    async fn position(&self, note: String) -> Option<usize> {{
        std::future::ready(self.notes.iter().position(|other| *other == note)).await
    }}
}}

#[akt::actor]
{}",
        hundred()
    )
}

/// A crate of its own, with a target folder of its own.
struct Crate(PathBuf);

impl Crate {
    fn new(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder.join("src"))?;
        let akt = Path::new(env!("CARGO_MANIFEST_DIR")).join("../akt");
        let manifest = format!(
            "[package]\nname = \"hundred\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\nakt = {{ path = {akt:?} }}\n"
        );
        fs::write(folder.join("Cargo.toml"), manifest)?;
        Ok(Self(folder.to_owned()))
    }

    fn check(&self, source: &str) -> io::Result<Duration> {
        fs::write(self.0.join("src/lib.rs"), source)?;
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut check = Command::new(cargo);
        check.args(["check", "--quiet"]).current_dir(&self.0).env("CARGO_INCREMENTAL", "0");
        check.env("CARGO_TARGET_DIR", self.0.join("target"));
        let begin = Instant::now();
        let status = check.status()?;
        let took = begin.elapsed();
        if status.success() { Ok(took) } else { Err(io::Error::other("cargo check failed")) }
    }
}

fn median(mut times: Vec<Duration>) -> u128 {
    times.sort();
    times[times.len() / 2].as_millis()
}
