//! The lock: the contracts' shape as committed text, and what may not change in it.

mod compare;
mod read;
mod shape;
mod text;

use std::path::Path;
use std::{fs, io};

use crate::descriptor::Contracts;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::output::Output;

use self::compare::Comparison;
use self::text::Lock;

/// Compares `contracts` with the lock at `path`, then writes what they added.
pub(crate) fn check(path: &Path, contracts: &Contracts, model: &Model, output: Output) -> Result {
    let old = match fs::read_to_string(path) {
        Ok(text) => Lock::parse(path, &text)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Lock::default(),
        Err(source) => return Err(Error::Io { path: path.to_owned(), source }),
    };
    let mut new = read::lock(contracts, model);
    let mistakes = Comparison { path, contracts, old: &old }.breaks(&mut new);
    if !mistakes.is_empty() {
        return Err(Error::Contracts(mistakes));
    }
    output.put(path, &new.to_string())
}
