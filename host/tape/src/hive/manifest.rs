//! What a folder of Parquet files says of itself.
//!
//! Takes in a folder that is not trusted; gives out its manifest, whose paths stay within the folder.

use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::TapeError;
use crate::format::{
    FORMAT_VERSIONS_READ, Header, INSTRUMENTS_MAX, InstrumentDefinition, Source, TapeSchema,
};
use crate::statistics::Statistics;

/// The manifest's name in the folder.
pub const MANIFEST_NAME: &str = "_tape.json";
/// The column of a row's number in the tape, counted from 1.
pub const ROW_COLUMN: &str = "row";
/// The most bytes of a manifest that are read.
const MANIFEST_BYTES_MAX: u64 = 1 << 28;

/// The manifest of a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// The version of the format.
    pub(crate) format: String,
    pub(crate) schema: TapeSchema,
    pub(crate) instruments: Vec<InstrumentDefinition>,
    pub(crate) source: Source,
    pub(crate) statistics: Option<Statistics>,
    pub(crate) digest: Option<String>,
    /// All rows.
    pub(crate) rows: u64,
    /// The days in their order.
    pub(crate) days: Vec<Day>,
}

/// The files of one UTC day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Day {
    /// The day: `2023-12-25`.
    pub(crate) date: String,
    pub(crate) files: Vec<DayFile>,
}

/// The rows of one instrument and day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DayFile {
    /// The place of the instrument in the list.
    pub(crate) instrument: u16,
    /// The file, within the folder.
    pub(crate) path: PathBuf,
    pub(crate) rows: u64,
}

impl Manifest {
    /// Reads and checks a folder's manifest.
    pub(crate) fn read(folder: &Path) -> Result<Manifest, TapeError> {
        let path = folder.join(MANIFEST_NAME);
        if !path.is_file() {
            let why = format!("the folder has no {MANIFEST_NAME}: this is no tape");
            return Err(TapeError::unsupported(folder, why));
        }
        let mut text = String::new();
        File::open(&path)
            .and_then(|file| file.take(MANIFEST_BYTES_MAX).read_to_string(&mut text))
            .map_err(|error| TapeError::io("reading", &path, error))?;
        let manifest: Manifest = serde_json::from_str(&text)
            .map_err(|error| TapeError::damaged(&path, error.to_string()))?;
        manifest.check(&path)?;
        Ok(manifest)
    }

    fn check(&self, path: &Path) -> Result<(), TapeError> {
        if !FORMAT_VERSIONS_READ.contains(&self.format.as_str()) {
            let why = format!(
                "its format is version {:?}, this program reads versions {}",
                self.format,
                FORMAT_VERSIONS_READ.join(" and ")
            );
            return Err(TapeError::unsupported(path, why));
        }
        let instruments = self.instruments.len();
        if instruments == 0 || instruments > INSTRUMENTS_MAX {
            let why =
                format!("it names {instruments} instruments; 1 to {INSTRUMENTS_MAX} are possible");
            return Err(TapeError::damaged(path, why));
        }
        for file in self.days.iter().flat_map(|day| &day.files) {
            let is_within = file
                .path
                .components()
                .all(|part| matches!(part, Component::Normal(_)));
            if !is_within || usize::from(file.instrument) >= instruments {
                let why = format!("the file {} cannot be one of its own", file.path.display());
                return Err(TapeError::damaged(path, why));
            }
        }
        Ok(())
    }

    /// What is known before the first row.
    pub(crate) fn header(&self) -> Header {
        Header {
            instruments: self.instruments.clone(),
            source: self.source.clone(),
        }
    }
}
