//! Nodes on a bad network, and processes under signals: what was promised holds, and the books add up.
//!
//! Sockets and processes are real; the faults are drawn from seeds. `AKT_FAULT_SECONDS` makes the long variants longer.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "the books are shown, whether they add up or not")]

#[path = "it/contracts.rs"]
mod contracts;
#[path = "faults/cuts.rs"]
mod cuts;
#[path = "faults/ledger.rs"]
mod ledger;
#[path = "faults/pair.rs"]
mod pair;
#[cfg(unix)]
#[path = "faults/processes.rs"]
mod processes;
#[path = "faults/promises.rs"]
mod promises;
#[path = "faults/returns.rs"]
mod returns;
#[path = "faults/tcp.rs"]
mod tcp;
#[path = "faults/udp.rs"]
mod udp;
#[path = "faults/way.rs"]
mod way;

/// How long the long variants take, if they are wanted.
fn seconds() -> u64 {
    std::env::var("AKT_FAULT_SECONDS").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(0)
}
