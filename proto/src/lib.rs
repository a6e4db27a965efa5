//! The wire contract between akt nodes.

/// Version 1 of the contract.
pub mod v1 {
    #![allow(missing_docs, reason = "generated; documented in the .proto files where it matters")]
    #![allow(clippy::all, clippy::pedantic, reason = "generated")]

    include!(concat!(env!("OUT_DIR"), "/akt.v1.rs"));
}
