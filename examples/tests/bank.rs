//! The bank of `examples/bank`, killed in the middle of a thousand transfers, twenty times in a row.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const ROUNDS: u32 = 20;
const MONEY: u64 = 10_000;

fn bank(word: &str, file: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bank"));
    command.arg(word).arg(file).stdout(Stdio::piped());
    command
}

/// What it prints until it has acknowledged `acknowledged` transfers, and is killed; what it had printed by then, too.
fn killed_after(file: &Path, acknowledged: usize) -> BTreeSet<u32> {
    let mut child = bank("work", file).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(|line| line.unwrap());
    let mut seen = BTreeSet::new();
    for line in lines {
        seen.insert(line.parse().unwrap());
        if seen.len() == acknowledged {
            // SIGKILL.
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    seen
}

/// The sum, and the numbers of the transfers that were made.
fn audit(file: &Path) -> (u64, Vec<u32>) {
    let output = bank("audit", file).output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines = text.lines();
    let sum = lines.next().unwrap().strip_prefix("sum ").unwrap().parse().unwrap();
    let sent = lines.next().unwrap().strip_prefix("sent ").unwrap().parse::<usize>().unwrap();
    let numbers: Vec<u32> = lines.map(|line| line.parse().unwrap()).collect();
    assert_eq!(numbers.len(), sent);
    (sum, numbers)
}

#[test]
fn a_killed_bank_keeps_the_sum_and_every_acknowledged_transfer() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    for round in 0..ROUNDS {
        let file = folder.join(format!("bank-{}-{round}.redb", std::process::id()));

        let acknowledged = killed_after(&file, 40 + 43 * round as usize);
        let (sum, sent) = audit(&file);

        let made: BTreeSet<u32> = sent.iter().copied().collect();
        assert_eq!(sum, MONEY, "round {round}");
        assert_eq!(made.len(), sent.len(), "round {round}: a transfer was made twice");
        let lost: Vec<_> = acknowledged.difference(&made).collect();
        assert!(lost.is_empty(), "round {round}: acknowledged and lost {lost:?}");
        std::fs::remove_file(file).unwrap();
    }
}
