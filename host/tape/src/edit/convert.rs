//! A tape in the other shape: an Arrow IPC file as a folder of Parquet files, or back.
//!
//! Takes in a tape of either shape; gives out one of the other, row by row the same, with the same digest.

use std::path::Path;

use super::EditReport;
use crate::error::TapeError;
use crate::hive::write_folder;
use crate::reader::TapeReader;
use crate::statistics::Statistics;
use crate::writer::{Overwrite, TapeWriter};

/// Writes a folder of Parquet files of a file, or a file of a folder; tells `progress` how many rows are done.
///
/// # Errors
/// The tape cannot be read, the output exists and may not be replaced, or the disk refuses.
pub fn convert(
    tape: &Path,
    output: &Path,
    overwrite: Overwrite,
    progress: &mut dyn FnMut(u64),
) -> Result<EditReport, TapeError> {
    let mut reader = TapeReader::open(tape)?.with_details(true);
    let mut report = EditReport {
        output: output.to_path_buf(),
        schema: reader.schema(),
        instruments: reader.header().instruments.clone(),
        statistics: reader.statistics().cloned(),
        digest: reader.digest().map(str::to_owned),
        files: None,
        notes: Vec::new(),
    };
    if !tape.is_dir() {
        report.files = Some(write_folder(reader, output, overwrite, progress)?);
        return Ok(report);
    }
    let header = reader.header().clone();
    let mut writer = TapeWriter::create(output, &header, reader.schema(), overwrite)?;
    while let Some(columns) = reader.next_batch()? {
        for row in columns.iter() {
            writer.push(&row)?;
        }
        progress(writer.rows());
    }
    let known = reader.statistics().cloned();
    let Statistics {
        crossed,
        resolution,
        published,
        ..
    } = known.unwrap_or_default();
    for published in published {
        writer.publish(published)?;
    }
    let written = writer.finish(resolution, crossed)?;
    if let Some(digest) = reader.digest()
        && digest != written.digest
    {
        report.notes.push(format!(
            "the folder says that the digest is {digest}: its rows have been changed"
        ));
    }
    report.digest = Some(written.digest);
    report.statistics = Some(written.statistics);
    Ok(report)
}
