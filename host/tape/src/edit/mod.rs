//! New tapes of old ones: other shapes, parts, and several as one.
//!
//! Takes in tapes; gives out tapes. What the rows say of orders, levels and best prices stays; what depends on a row's
//! number in its tape, the priorities, is written anew ([`renumber`]).

mod convert;
mod merge;
mod output;
mod renumber;
mod slice;
mod standing;

pub use convert::convert;
pub use merge::merge;
pub use slice::{SliceOptions, slice};

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::format::{InstrumentDefinition, TapeSchema};
use crate::import::write_instruments;
use crate::statistics::Statistics;
use crate::writer::Written;

/// A tape that was made of others.
#[derive(Clone, Debug, Serialize)]
pub struct EditReport {
    /// The tape.
    pub output: PathBuf,
    /// What its rows are.
    pub schema: TapeSchema,
    /// Its instruments.
    pub instruments: Vec<InstrumentDefinition>,
    /// What was counted, where it is known.
    pub statistics: Option<Statistics>,
    /// The digest of the columns, where it is known.
    pub digest: Option<String>,
    /// The files of a folder of Parquet files.
    pub files: Option<u64>,
    /// What the user should know.
    pub notes: Vec<String>,
}

impl EditReport {
    fn new(output: &Path, instruments: Vec<InstrumentDefinition>, written: Written) -> EditReport {
        EditReport {
            output: output.to_path_buf(),
            schema: written.schema,
            instruments,
            statistics: Some(written.statistics),
            digest: Some(written.digest),
            files: None,
            notes: Vec::new(),
        }
    }
}

impl fmt::Display for EditReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: schema {}", self.output.display(), self.schema)?;
        match self.files {
            Some(files) => writeln!(f, ", {files} Parquet files")?,
            None => writeln!(f)?,
        }
        write_instruments(f, &self.instruments)?;
        if let Some(statistics) = &self.statistics {
            write!(f, "{statistics}")?;
        }
        if let Some(digest) = &self.digest {
            writeln!(f, "  digest {digest}")?;
        }
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        Ok(())
    }
}
