//! What the user is told when something fails.
//!
//! Takes in the errors of all crates; gives out one line that says what failed and why, a line that says what to do next,
//! and an exit code.

use std::path::Path;

use anstream::eprintln;
use anstyle::{AnsiColor, Style};
use serde::{Deserialize, Serialize};

use crate::exit;

/// An error that ends the command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CliError {
    /// The exit code.
    pub code: u8,
    /// What was being done, to what, and why it failed.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl CliError {
    /// An error with a next step.
    pub fn new(code: u8, message: impl Into<String>, hint: impl Into<String>) -> CliError {
        CliError {
            code,
            message: message.into(),
            hint: Some(hint.into()),
        }
    }

    /// A file that could not be read or written.
    pub fn io(doing: &str, path: &Path, error: &std::io::Error) -> CliError {
        CliError::new(
            exit::DATA,
            format!("{doing} {}: {error}", path.display()),
            "check that the path exists, that you may use it and that the disk is not full",
        )
    }

    /// Writes the error to standard error.
    pub fn print(&self) {
        let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
        eprintln!("{red}error{red:#}: {}", self.message);
        if let Some(hint) = &self.hint {
            let bold = Style::new().bold();
            eprintln!("{bold}hint{bold:#}: {hint}");
        }
    }
}

impl std::fmt::Display for CliError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CliError {}

impl From<backplane_tape::TapeError> for CliError {
    fn from(error: backplane_tape::TapeError) -> CliError {
        CliError::new(exit::DATA, error.to_string(), error.hint())
    }
}

impl From<backplane_guests::GuestError> for CliError {
    fn from(error: backplane_guests::GuestError) -> CliError {
        let code = match &error {
            backplane_guests::GuestError::Policy { .. } => exit::CONFIG,
            _ => exit::PLUGIN,
        };
        CliError::new(code, error.to_string(), error.hint())
    }
}

impl From<backplane_guests::RecordingError> for CliError {
    fn from(error: backplane_guests::RecordingError) -> CliError {
        CliError::new(exit::DATA, error.to_string(), error.hint())
    }
}

impl From<backplane_calibrate::CalibrateError> for CliError {
    fn from(error: backplane_calibrate::CalibrateError) -> CliError {
        CliError::new(exit::DATA, error.to_string(), error.hint())
    }
}

impl From<backplane_analytics::AnalyticsError> for CliError {
    fn from(error: backplane_analytics::AnalyticsError) -> CliError {
        CliError::new(exit::DATA, error.to_string(), error.hint())
    }
}

impl From<backplane_engine::error::RunError> for CliError {
    fn from(error: backplane_engine::error::RunError) -> CliError {
        use backplane_engine::error::RunError;
        let code = match &error {
            RunError::Config { .. } => exit::CONFIG,
            RunError::Subscription { .. } => exit::PLUGIN,
            RunError::Source(_) | RunError::Record(_) | RunError::Instrument { .. } => exit::DATA,
        };
        CliError {
            code,
            message: error.to_string(),
            hint: error.hint(),
        }
    }
}
