//! Why nothing could be measured.
//!
//! Takes in what was being done and what stood in the way; gives out two lines on standard error.

use std::fmt;
use std::path::Path;

use backplane_tape::TapeError;

/// Why nothing could be measured.
#[derive(Debug)]
pub struct ProveError {
    what: String,
    next: String,
}

impl ProveError {
    /// An error that says what was being done and why it failed, and what to do next.
    pub fn new(what: impl Into<String>, next: impl Into<String>) -> ProveError {
        ProveError {
            what: what.into(),
            next: next.into(),
        }
    }

    /// A file or folder could not be used.
    pub fn io(doing: &str, path: &Path, cause: &dyn fmt::Display) -> ProveError {
        ProveError::new(
            format!("{doing} {}: {cause}", path.display()),
            "check that folder's permissions and free space, or set CARGO_TARGET_DIR to another",
        )
    }
}

impl From<TapeError> for ProveError {
    fn from(error: TapeError) -> ProveError {
        let next = error.hint().to_string();
        ProveError::new(error.to_string(), next)
    }
}

impl fmt::Display for ProveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}\n next: {}", self.what, self.next)
    }
}

impl std::error::Error for ProveError {}
