//! What is measured between two processes: one serves a sink, the other sends to it and keeps the time.
//!
//! Each is a child of the program that prints the table, started anew for each run, so that no run finds anything of
//! another.

mod bench;
mod beside;
mod child;
mod cpu;
mod remoting;

pub use bench::{ALL, Bench, Sample};
pub use beside::{Beside, Delays};
pub use child::{Program, child};
pub use remoting::{Remoting, number_of};
