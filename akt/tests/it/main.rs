//! The integration tests of akt: one file per promise, one binary.

mod tidy;
