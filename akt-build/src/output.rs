//! What is written, or in CI only compared.

use std::path::Path;
use std::{env, fs};

use crate::error::{Error, Result};

/// Set to anything but `0` or nothing, it compares what is committed in place of writing it.
pub(crate) const CHECK: &str = "AKT_BUILD_CHECK";

/// What to do with a file that is made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    Write,
    Compare,
}

impl Output {
    /// As the settings say, and otherwise the environment.
    pub(crate) fn of(check: Option<bool>) -> Self {
        let asked = || env::var_os(CHECK).is_some_and(|value| !value.is_empty() && value != "0");
        if check.unwrap_or_else(asked) { Self::Compare } else { Self::Write }
    }

    /// Writes `text` unless the file already has it, so that nothing is compiled again for nothing.
    pub(crate) fn put(self, path: &Path, text: &str) -> Result {
        let existing = fs::read_to_string(path);
        if existing.as_ref().is_ok_and(|existing| existing == text) {
            return Ok(());
        }
        match self {
            Self::Write => {
                fs::write(path, text).map_err(|source| Error::Io { path: path.to_owned(), source })
            }
            Self::Compare => {
                let existing = existing.map_err(|source| Error::Io { path: path.to_owned(), source })?;
                Err(drift(path, &existing, text))
            }
        }
    }
}

/// The first line that differs.
fn drift(path: &Path, has: &str, made: &str) -> Error {
    let (mut has, mut made) = (has.lines(), made.lines());
    let mut line = 1;
    loop {
        match (has.next(), made.next()) {
            (Some(has), Some(made)) if has == made => line += 1,
            (has, made) => {
                let text = |line: Option<&str>| line.unwrap_or("<end of file>").trim().to_owned();
                return Error::Drift { path: path.to_owned(), line, has: text(has), made: text(made) };
            }
        }
    }
}
