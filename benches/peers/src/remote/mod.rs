//! The table between two processes, and the programs in it; those of `clusters` are built when they are asked for.

pub mod akt;
pub mod command;
pub mod floor;
mod process;
pub mod quinn;
mod report;
pub mod tls;
pub mod tonic;

use remoting::Program;

/// The columns that this program serves and measures itself.
pub const OWN: &[Program] = &[
    Program::of::<akt::Quic>(),
    Program::of::<akt::Tcp>(),
    Program::of::<quinn::Quinn>(),
    Program::of::<tls::Tls>(),
    Program::of::<tonic::Unary>(),
    Program::of::<tonic::Streaming>(),
];
