//! What can go wrong with a study.
//!
//! Takes in the failures of the tape; gives out one enum that says what was being done, to what, and a hint at the next
//! step.

use backplane_tape::TapeError;

/// A study could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CalibrateError {
    /// The tape could not be read.
    #[error(transparent)]
    Tape(#[from] TapeError),
    /// The tape cannot be studied.
    #[error("studying {tape}: {why}")]
    Unsuitable {
        /// The tape.
        tape: String,
        /// What is missing.
        why: String,
        /// What to do.
        hint: String,
    },
}

impl CalibrateError {
    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            CalibrateError::Tape(error) => error.hint().to_owned(),
            CalibrateError::Unsuitable { hint, .. } => hint.clone(),
        }
    }
}
