//! What can go wrong with a run's results.
//!
//! Takes in the failures of files, tables and records; gives out one enum that says what was being done, to which file,
//! and why it failed, with a hint at the next step.

use std::path::{Path, PathBuf};

use backplane_engine::record::RecordError;

/// Results could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum AnalyticsError {
    /// The operating system refused.
    #[error("{doing} {}: {source}", path.display())]
    File {
        /// What was being done, as in "writing".
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A table is missing from a directory of results.
    #[error("reading {}: the table is missing", path.display())]
    MissingTable {
        /// The file that should be there.
        path: PathBuf,
    },
    /// A table could not be written or read as Parquet.
    #[error("{doing} the table {}: {reason}", path.display())]
    Table {
        /// What was being done, as in "reading".
        doing: &'static str,
        /// The table's file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A table has other columns than this version writes.
    #[error("reading the table {}: column `{column}` {reason}", path.display())]
    Column {
        /// The table's file.
        path: PathBuf,
        /// The column.
        column: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A table says something that `run.json` contradicts.
    #[error("reading the table {}: {reason}", path.display())]
    Mismatch {
        /// The table's file.
        path: PathBuf,
        /// What does not agree.
        reason: String,
    },
    /// `run.json` could not be understood.
    #[error("reading {}: {reason}", path.display())]
    RunFile {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// `run.json` is of a format that this version does not know.
    #[error("reading {}: format {found} is not known; this version reads formats up to {known}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The format it has.
        found: u64,
        /// The newest format that this version reads.
        known: u64,
    },
    /// The description of the run does not fit what was recorded.
    #[error("describing the run: {reason}")]
    Description {
        /// What does not fit.
        reason: String,
    },
}

impl AnalyticsError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            AnalyticsError::File { source, .. }
                if source.kind() == std::io::ErrorKind::NotFound =>
            {
                "give the directory of a finished run: it holds `run.json`"
            }
            AnalyticsError::File { .. } => {
                "check that the directory exists, that it may be written, and that the disk is not full"
            }
            AnalyticsError::MissingTable { .. } => {
                "give the directory of a finished run; a file may have been moved or deleted: run again"
            }
            AnalyticsError::Table { .. } => {
                "the file is damaged or was copied in part: copy it again, or run again"
            }
            AnalyticsError::Column { .. } => {
                "the table was written by another version or changed by hand: run again"
            }
            AnalyticsError::Mismatch { .. } => {
                "the directory mixes the files of two runs, or a file was changed by hand: run again"
            }
            AnalyticsError::RunFile { .. } => {
                "give the directory of a finished run; run.json must be as the run wrote it"
            }
            AnalyticsError::Format { .. } => "read it with the version of backplane that wrote it",
            AnalyticsError::Description { .. } => {
                "instances and instruments must be described in the order of their numbers, each name once"
            }
        }
    }

    pub(crate) fn file(doing: &'static str, path: &Path, source: std::io::Error) -> AnalyticsError {
        AnalyticsError::File {
            doing,
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn table(
        doing: &'static str,
        path: &Path,
        reason: impl std::fmt::Display,
    ) -> AnalyticsError {
        AnalyticsError::Table {
            doing,
            path: path.to_owned(),
            reason: reason.to_string(),
        }
    }
}

impl From<AnalyticsError> for RecordError {
    fn from(error: AnalyticsError) -> RecordError {
        RecordError(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_was_done_to_which_file_and_why() {
        let error = AnalyticsError::table("reading", Path::new("a/fills.parquet"), "no footer");
        assert_eq!(
            error.to_string(),
            "reading the table a/fills.parquet: no footer"
        );
        assert!(error.hint().contains("run again"));
        assert_eq!(
            RecordError::from(error).0,
            "reading the table a/fills.parquet: no footer"
        );
    }
}
