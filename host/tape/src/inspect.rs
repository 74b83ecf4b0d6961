//! What a tape says about itself.
//!
//! Takes in a path; gives out header and footer, without reading the rows.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::TapeError;
use crate::format::{Header, TapeSchema};
use crate::import::write_instruments;
use crate::reader::TapeReader;
use crate::statistics::Statistics;

/// Header and footer of a tape.
#[derive(Clone, Debug, Serialize)]
pub struct Inspection {
    /// The tape.
    pub tape: PathBuf,
    /// What its rows are.
    pub schema: TapeSchema,
    /// Its rows, as its batches say.
    pub rows: u64,
    /// What is known before the first row.
    pub header: Header,
    /// The footer's statistics; none where another program rewrote the tape without them.
    pub statistics: Option<Statistics>,
    /// The footer's digest of the columns.
    pub digest: Option<String>,
}

/// Reads a tape's header and footer.
///
/// # Errors
/// As for [`TapeReader::open`].
pub fn inspect(tape: &Path) -> Result<Inspection, TapeError> {
    let reader = TapeReader::open(tape)?;
    Ok(Inspection {
        tape: tape.to_path_buf(),
        schema: reader.schema(),
        rows: reader.rows(),
        header: reader.header().clone(),
        statistics: reader.statistics().cloned(),
        digest: reader.digest().map(str::to_owned),
    })
}

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {} rows, schema {}, from {}",
            self.tape.display(),
            self.rows,
            self.schema,
            self.header.source.from
        )?;
        for input in &self.header.source.inputs {
            writeln!(
                f,
                "  input {} ({} bytes, blake3 {})",
                input.name, input.bytes, input.blake3
            )?;
        }
        write_instruments(f, &self.header.instruments)?;
        if let Some(statistics) = &self.statistics {
            write!(f, "{statistics}")?;
        }
        match &self.digest {
            Some(digest) => writeln!(f, "  digest {digest}"),
            None => Ok(()),
        }
    }
}
