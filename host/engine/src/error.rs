//! Why a run cannot start or go on.
//!
//! Takes in what a step met; gives out one line that says what was being done and why it failed, and a hint.

use crate::record::RecordError;

/// A tape could not be read further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceError {
    /// What was being read, from what, and why it failed.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl std::fmt::Display for SourceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SourceError {}

/// Why a run cannot start or go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The tape could not be read.
    #[error("reading the tape: {0}")]
    Source(#[from] SourceError),
    /// A record could not be kept.
    #[error("keeping the run's records: {0}")]
    Record(#[from] RecordError),
    /// The configuration does not make sense.
    #[error("{field} is {value}, but must be {allowed}")]
    Config {
        /// What is wrong.
        field: &'static str,
        /// What it is.
        value: String,
        /// What it may be.
        allowed: String,
    },
    /// A strategy subscribes to something that this tape or this version does not have.
    #[error("strategy `{strategy}` subscribes to {subscription}, {why}")]
    Subscription {
        /// Which strategy.
        strategy: String,
        /// What it asks for.
        subscription: String,
        /// Why that cannot be.
        why: String,
    },
    /// The tape has a message of an instrument that it does not define.
    #[error(
        "message {message} of the tape is about instrument {instrument}, but the tape defines {defined}"
    )]
    Instrument {
        /// The number of the message, from 1.
        message: u64,
        /// The instrument's number.
        instrument: u16,
        /// How many are defined.
        defined: usize,
    },
}

impl RunError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        match self {
            RunError::Source(error) => error.hint.clone(),
            RunError::Record(_) => Some("check free space and permissions of the output".into()),
            RunError::Config { field, .. } => Some(format!("change `{field}` in the run file or on the command line")),
            RunError::Subscription { .. } => {
                Some("see `backplane tape inspect` for the tape's symbols and `backplane plugin inspect` for the plugin's subscriptions".into())
            }
            RunError::Instrument { .. } => Some("run `backplane tape verify` and import the tape again".into()),
        }
    }
}
