//! A tape that is kept in memory and replayed again and again.
//!
//! Takes in a tape's file; gives out [`RowSource`]s from its first row on, as often as they are asked for. What comes out
//! is what [`crate::source::TapeSource`] gives, row by row.

use std::path::{Path, PathBuf};

use backplane_engine::error::SourceError;
use backplane_engine::replay::{RowBatch, RowSource};
use backplane_tape::{TapeReader, TapeSchema};

use crate::columns::OwnedColumns;
use crate::error::CliError;
use crate::files::FileState;
use crate::source::Until;

/// The bytes of a row in memory.
const ROW_BYTES: u64 = 3 * 8 + 3 * 4 + 2 + 5;
/// The bytes of what only subscribers of single orders need of a row.
const DETAIL_BYTES: u64 = 8 + 4;
/// What part of the memory that is free a tape may take.
const SHARE_OF_FREE: u64 = 2;

/// A tape in memory.
pub struct TapeMemory {
    path: PathBuf,
    state: Option<FileState>,
    shows_levels: bool,
    has_details: bool,
    batches: Vec<OwnedColumns>,
}

impl TapeMemory {
    /// Whether a tape of so many rows fits into half of the memory that is free.
    pub fn has_room(rows: u64, with_details: bool) -> bool {
        let bytes = TapeMemory::bytes_of(rows, with_details);
        free_memory().is_none_or(|free| bytes <= free / SHARE_OF_FREE)
    }

    /// How many bytes so many rows take.
    pub const fn bytes_of(rows: u64, with_details: bool) -> u64 {
        let details = if with_details { DETAIL_BYTES } else { 0 };
        rows.saturating_mul(ROW_BYTES + details)
    }

    /// Reads a tape to its end.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged.
    pub fn read(path: &Path, with_details: bool) -> Result<TapeMemory, CliError> {
        // Its state before its content: what is replaced meanwhile is read again.
        let state = FileState::of(path);
        let mut reader = TapeReader::open(path)?.with_details(with_details);
        let mut batches = Vec::new();
        while let Some(columns) = reader.next_batch()? {
            let mut batch = OwnedColumns::default();
            batch.fill(&columns);
            batches.push(batch);
        }
        Ok(TapeMemory {
            path: path.to_owned(),
            state,
            shows_levels: reader.schema() == TapeSchema::Mbp,
            has_details: with_details,
            batches,
        })
    }

    /// Whether this is what a file holds now, with details if they are needed.
    pub fn is_of(&self, path: &Path, with_details: bool) -> bool {
        self.path == path
            && self.state == FileState::of(path)
            && (self.has_details || !with_details)
    }

    /// How many bytes the rows take.
    pub fn bytes(&self) -> u64 {
        let rows = self.batches.iter().map(|x| x.columns().len() as u64);
        TapeMemory::bytes_of(rows.sum(), self.has_details)
    }

    /// The rows from the first on.
    pub const fn source(&self, until: Until) -> MemorySource<'_> {
        MemorySource {
            memory: self,
            until,
            next: 0,
        }
    }
}

/// The bytes of memory that the system can give; none where it does not say.
fn free_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|x| x.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1_024)
}

/// The rows of a tape in memory.
pub struct MemorySource<'a> {
    memory: &'a TapeMemory,
    until: Until,
    next: usize,
}

impl RowSource for MemorySource<'_> {
    fn shows_levels(&self) -> bool {
        self.memory.shows_levels
    }

    fn next(&mut self, batch: &mut RowBatch) -> Result<bool, SourceError> {
        let columns = self.memory.batches.get(self.next);
        let Some(columns) = columns.filter(|_| !self.until.is_over()) else {
            return Ok(false);
        };
        self.next += 1;
        batch.extend(&self.until.cut(&columns.columns()));
        Ok(true)
    }
}
