//! What can go wrong, and where in the `.proto`.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// The result of compiling contracts; `main` of a `build.rs` can return it.
pub type Result<T = ()> = core::result::Result<T, Error>;

/// Why contracts could not be compiled.
///
/// `Debug` prints what `Display` prints, so that a `main` which returns [`Result`] ends in readable text.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The contracts are wrong or break their lock: every mistake that was found.
    #[error("{}", lines(.0))]
    Contracts(Vec<Mistake>),
    /// `build.rs` asks for something that cannot be.
    #[error("{0}")]
    Settings(String),
    /// A committed file is not what its contracts make; told in place of writing it, see [`Builder::check`](crate::Builder::check).
    #[error(
        "{}:{line}: out of date: it says `{has}`, the contracts make `{made}`; build without the check and commit the file",
        path.display()
    )]
    Drift {
        /// The file.
        path: PathBuf,
        /// The first line that differs.
        line: usize,
        /// The line as it is.
        has: String,
        /// The line as it would be.
        made: String,
    },
    /// A file could not be read or written.
    #[error("cannot access {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl Error {
    /// The error of one mistake.
    pub(crate) fn contract(at: Option<Position>, text: impl Into<String>) -> Self {
        Self::Contracts(vec![Mistake { at, text: text.into() }])
    }

    /// The error as one line per mistake, each readable alone.
    pub(crate) fn report(&self) -> Vec<String> {
        match self {
            Self::Contracts(mistakes) => mistakes.iter().map(Mistake::to_string).collect(),
            Self::Settings(text) => vec![text.clone()],
            Self::Drift { .. } => vec![self.to_string()],
            Self::Io { source, .. } => vec![format!("{self}: {source}")],
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.report().join("\n"))
    }
}

/// One thing that is wrong in a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where it stands, if it has a place.
    pub at: Option<Position>,
    /// What is wrong and what to do, in one line.
    pub text: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(at) = &self.at {
            write!(f, "{at}: ")?;
        }
        f.write_str(&self.text)
    }
}

/// A place in a `.proto`; line and column count from one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The file, as a path that can be opened.
    pub file: PathBuf,
    /// The line, or zero for the file as a whole.
    pub line: usize,
    /// The column, or zero for the line as a whole.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        for number in [self.line, self.column] {
            if number > 0 {
                write!(f, ":{number}")?;
            }
        }
        Ok(())
    }
}

fn lines(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(Mistake::to_string).collect::<Vec<_>>().join("\n")
}
