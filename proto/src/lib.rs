//! The wire contract between akt nodes.
