//! Writes the Rust code.

mod comment;
mod file;
mod message;
mod service;

pub(crate) use file::{Attribute, Target, write};
