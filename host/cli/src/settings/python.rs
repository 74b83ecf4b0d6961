//! How a run carries Python strategies: `[python]` of the run file.
//!
//! Takes in the table as it stands; gives out checked settings in exact units.

use std::path::PathBuf;
use std::time::Duration;

use backplane_guests::python::{BATCH_MAX, PythonSettings, interpreter};
use backplane_sdk::types::Nanos;
use serde::{Deserialize, Serialize};

use super::{parse_time, setting, wrong};
use crate::error::CliError;

/// `[python]` as it stands.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PythonTable {
    interpreter: Option<PathBuf>,
    start_timeout: Option<String>,
    call_timeout: Option<String>,
    batch: Option<usize>,
}

/// How a run carries Python strategies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PythonSetting {
    /// The interpreter that the run names; the environment decides where it names none.
    pub interpreter: Option<PathBuf>,
    /// How long a strategy may take to start, in nanoseconds.
    pub start_timeout: i64,
    /// How long one call may take, in nanoseconds.
    pub call_timeout: i64,
    /// The most messages or rows of one call.
    pub batch: usize,
}

impl Default for PythonSetting {
    fn default() -> PythonSetting {
        PythonSetting {
            interpreter: None,
            start_timeout: Nanos::from_secs(30).0,
            call_timeout: Nanos::from_secs(5).0,
            batch: BATCH_MAX,
        }
    }
}

impl PythonSetting {
    /// Reads the table. A call may take less than a worker may stall, so that it is the strategy that is ended.
    ///
    /// # Errors
    /// Names the setting, its value and what it may be.
    pub(super) fn read(table: &PythonTable, stall: Nanos) -> Result<PythonSetting, CliError> {
        let time = |name, text: &Option<String>, default| {
            let time = setting(name, text.clone(), default, parse_time)?;
            match time < Nanos::from_millis(1) {
                true => Err(wrong(name, "less than 1ms", "a longer time")),
                false => Ok(time.0),
            }
        };
        let call_timeout = time("python.call_timeout", &table.call_timeout, "5s")?;
        let batch = table.batch.unwrap_or(BATCH_MAX);
        if !(1..=BATCH_MAX).contains(&batch) {
            let allowed = format!("from 1 to {BATCH_MAX}");
            return Err(wrong("python.batch", &batch.to_string(), &allowed));
        }
        Ok(PythonSetting {
            interpreter: table.interpreter.clone(),
            start_timeout: time("python.start_timeout", &table.start_timeout, "30s")?,
            call_timeout: call_timeout.min(stall.0 / 5 * 4),
            batch,
        })
    }

    /// The settings as the carrier takes them, for this program as the launcher.
    ///
    /// # Errors
    /// That this program's own path is not known.
    pub fn carrier(&self) -> Result<PythonSettings, CliError> {
        let program = std::env::current_exe().map_err(|error| {
            let message = format!("finding this program's own file: {error}");
            CliError::new(crate::exit::DATA, message, "start it by its path")
        })?;
        let time = |nanos: i64| Duration::from_nanos(nanos.unsigned_abs());
        Ok(PythonSettings {
            launcher: vec![program.into(), "worker".into(), "launch".into()],
            start_timeout: time(self.start_timeout),
            call_timeout: time(self.call_timeout),
            batch: self.batch,
            ..PythonSettings::new(interpreter(self.interpreter.as_deref()))
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_call_ends_before_the_worker_is_said_to_stall() {
        let table = PythonTable::default();
        let read = |stall| PythonSetting::read(&table, stall).unwrap().call_timeout;
        assert_eq!(read(Nanos::from_secs(10)), Nanos::from_secs(5).0);
        assert_eq!(read(Nanos::from_millis(500)), Nanos::from_millis(400).0);
    }
}
