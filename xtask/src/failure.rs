//! The one error of this tool: what was being done and why it failed, and what to do next.
//!
//! In: two sentences. Out: two lines on standard error.

use std::fmt;

/// A command that could not be carried out.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What was being done, to what, and why it failed.
    what: String,
    /// What the reader should do about it.
    next: String,
}

impl Failure {
    /// A failure that says what happened and what to do next.
    pub(crate) fn new(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            next: next.into(),
        }
    }

    /// What happened, alone, for a reader who is told elsewhere what to do.
    pub(crate) fn what(&self) -> &str {
        &self.what
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "error: {}\n next: {}", self.what, self.next)
    }
}
