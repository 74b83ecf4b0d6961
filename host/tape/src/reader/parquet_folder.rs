//! A tape that is a folder of Parquet files, one for each schema, instrument and day.
//!
//! Takes in the folder; gives out its rows in tape order. The files of one day are read in step, a few thousand rows of
//! each at a time, so that memory is bounded by the number of instruments, whatever the tape's length. Each row bears its
//! number in the tape: a row that is missing or that is there twice is an error.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use arrow::array::types::{
    ArrowPrimitiveType, Int64Type, TimestampNanosecondType, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow::array::{Array, AsArray};
use arrow::record_batch::RecordBatch;
use bytemuck::NoUninit;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::{Buffers, Opened};
use crate::error::TapeError;
use crate::format::{BATCH_ROWS, COLUMNS, ColumnType};
use crate::hive::{Manifest, ROW_COLUMN};

/// Rows of one file that are decoded at once.
const FILE_BATCH_ROWS: usize = 4_096;
/// Rows of a row group that are read: a file that claims more is refused.
const GROUP_ROWS_MAX: i64 = 1 << 26;
/// Uncompressed bytes of a column of a row group: a file that claims more is refused.
const GROUP_BYTES_MAX: i64 = 1 << 30;

/// An open folder.
#[derive(Debug)]
pub(super) struct ParquetFolder {
    folder: PathBuf,
    manifest: Manifest,
    /// The next of the manifest's days.
    next_day: usize,
    /// The files of the present day.
    files: Vec<OpenFile>,
    /// The number of the next row of each file, the least first, and the file's place.
    agenda: BinaryHeap<Reverse<(u64, usize)>>,
    rows_read: u64,
}

/// A file and the rows of it that are decoded.
struct OpenFile {
    path: PathBuf,
    instrument: u16,
    reader: ParquetRecordBatchReader,
    batch: Option<RecordBatch>,
    place: usize,
}

impl std::fmt::Debug for OpenFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.path.fmt(f)
    }
}

impl ParquetFolder {
    /// Opens a folder and checks its manifest.
    pub(super) fn open(path: &Path) -> Result<(ParquetFolder, Opened), TapeError> {
        let manifest = Manifest::read(path)?;
        let opened = Opened {
            header: manifest.header(),
            schema: manifest.schema,
            statistics: manifest.statistics.clone(),
            digest: manifest.digest.clone(),
            rows: manifest.rows,
        };
        let folder = ParquetFolder {
            folder: path.to_path_buf(),
            manifest,
            next_day: 0,
            files: Vec::new(),
            agenda: BinaryHeap::new(),
            rows_read: 0,
        };
        Ok((folder, opened))
    }

    /// Reads the next rows; gives their number, and none after the last.
    pub(super) fn next(
        &mut self,
        columns: &mut Buffers,
        wanted: usize,
    ) -> Result<Option<usize>, TapeError> {
        for buffer in columns.iter_mut() {
            buffer.clear();
        }
        let mut rows = 0;
        while rows < BATCH_ROWS {
            let Some(Reverse((number, file))) = self.agenda.pop() else {
                if !self.open_day(wanted)? {
                    break;
                }
                continue;
            };
            if number != self.rows_read + 1 {
                return Err(self.missing(number));
            }
            // Rows that follow each other in the tape are taken together.
            let file_rows = &mut self.files[file];
            let taken = file_rows.take(BATCH_ROWS - rows, columns, wanted)?;
            rows += taken;
            self.rows_read += taken as u64;
            if let Some(next) = file_rows.next_number()? {
                self.agenda.push(Reverse((next, file)));
            }
        }
        if rows == 0 {
            if self.rows_read != self.manifest.rows {
                return Err(self.missing(self.manifest.rows + 1));
            }
            return Ok(None);
        }
        Ok(Some(rows))
    }

    fn missing(&self, found: u64) -> TapeError {
        let expected = self.rows_read + 1;
        let why = format!(
            "row {expected} is missing, the next one is {found}: a file was taken away or changed; `backplane tape slice` \
             takes instruments and times out of a tape"
        );
        TapeError::damaged(&self.folder, why)
    }

    /// Opens the files of the next day; false after the last.
    fn open_day(&mut self, wanted: usize) -> Result<bool, TapeError> {
        let Some(day) = self.manifest.days.get(self.next_day) else {
            return Ok(false);
        };
        self.next_day += 1;
        self.files.clear();
        for part in &day.files {
            let path = self.folder.join(&part.path);
            let mut file = OpenFile::open(path, part.instrument, wanted)?;
            if let Some(next) = file.next_number()? {
                self.agenda.push(Reverse((next, self.files.len())));
            }
            self.files.push(file);
        }
        Ok(true)
    }
}

/// Calls the library, whose panics on damaged files become errors.
fn guarded<T>(path: &Path, call: impl FnOnce() -> Result<T, String>) -> Result<T, TapeError> {
    let result = catch_unwind(AssertUnwindSafe(call));
    let result = result.unwrap_or_else(|_| Err("its decoder failed".to_owned()));
    result.map_err(|why| TapeError::damaged(path, why))
}

impl OpenFile {
    fn open(path: PathBuf, instrument: u16, wanted: usize) -> Result<OpenFile, TapeError> {
        let file = File::open(&path).map_err(|error| TapeError::io("opening", &path, error))?;
        let reader = guarded(&path, || {
            let text = |error: parquet::errors::ParquetError| error.to_string();
            let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(text)?;
            for group in builder.metadata().row_groups() {
                let is_large = |size: i64| !(0..=GROUP_BYTES_MAX).contains(&size);
                let columns = group.columns().iter();
                if !(0..=GROUP_ROWS_MAX).contains(&group.num_rows())
                    || columns.clone().any(|x| is_large(x.uncompressed_size()))
                {
                    return Err("a row group is larger than a tape's".to_owned());
                }
            }
            let names = std::iter::once(ROW_COLUMN)
                .chain(COLUMNS.iter().take(wanted).map(|(name, _)| *name))
                .filter(|name| *name != "instrument");
            let mask = parquet::arrow::ProjectionMask::columns(builder.parquet_schema(), names);
            builder
                .with_batch_size(FILE_BATCH_ROWS)
                .with_projection(mask)
                .build()
                .map_err(text)
        })?;
        Ok(OpenFile {
            path,
            instrument,
            reader,
            batch: None,
            place: 0,
        })
    }

    /// The number of the file's next row in the tape; none at its end.
    fn next_number(&mut self) -> Result<Option<u64>, TapeError> {
        loop {
            if let Some(batch) = &self.batch
                && self.place < batch.num_rows()
            {
                let numbers = self.values::<UInt32Type>(batch, ROW_COLUMN)?;
                return Ok(numbers.get(self.place).map(|number| u64::from(*number)));
            }
            self.place = 0;
            let (path, reader) = (&self.path, &mut self.reader);
            let next = guarded(path, || {
                let next = reader.next().transpose();
                next.map_err(|error| error.to_string())
            })?;
            self.batch = next;
            if self.batch.is_none() {
                return Ok(None);
            }
        }
    }

    /// Appends the rows that follow each other from the present one, at most so many; gives their number.
    fn take(
        &mut self,
        most: usize,
        columns: &mut Buffers,
        wanted: usize,
    ) -> Result<usize, TapeError> {
        let Some(batch) = &self.batch else {
            return Ok(0);
        };
        let numbers = self.values::<UInt32Type>(batch, ROW_COLUMN)?;
        let from = self.place;
        let rest = numbers.get(from..).unwrap_or_default();
        let run = rest
            .windows(2)
            .take_while(|pair| pair[0].checked_add(1) == Some(pair[1]))
            .count();
        let count = (run + 1).min(most).min(rest.len());
        let range = from..from + count;
        for (buffer, (name, kind)) in columns.iter_mut().zip(COLUMNS).take(wanted) {
            // The file is of one instrument, and its folder bears its name.
            if name == "instrument" {
                buffer.extend(&vec![self.instrument; count]);
                continue;
            }
            match kind {
                ColumnType::Time => {
                    self.copy::<TimestampNanosecondType>(batch, name, &range, buffer)?;
                }
                ColumnType::Int64 => self.copy::<Int64Type>(batch, name, &range, buffer)?,
                ColumnType::Unsigned(1) => self.copy::<UInt8Type>(batch, name, &range, buffer)?,
                ColumnType::Unsigned(2) => self.copy::<UInt16Type>(batch, name, &range, buffer)?,
                ColumnType::Unsigned(4) => self.copy::<UInt32Type>(batch, name, &range, buffer)?,
                ColumnType::Unsigned(_) => self.copy::<UInt64Type>(batch, name, &range, buffer)?,
            }
        }
        self.place = range.end;
        Ok(count)
    }

    fn copy<T: ArrowPrimitiveType>(
        &self,
        batch: &RecordBatch,
        name: &str,
        range: &std::ops::Range<usize>,
        buffer: &mut super::buffer::AlignedBuffer,
    ) -> Result<(), TapeError>
    where
        T::Native: NoUninit,
    {
        let values = self.values::<T>(batch, name)?;
        buffer.extend(values.get(range.clone()).unwrap_or_default());
        Ok(())
    }

    /// The values of a column.
    fn values<'a, T: ArrowPrimitiveType>(
        &self,
        batch: &'a RecordBatch,
        name: &str,
    ) -> Result<&'a [T::Native], TapeError> {
        let unsupported = |why: String| TapeError::unsupported(&self.path, why);
        let column = batch
            .column_by_name(name)
            .ok_or_else(|| unsupported(format!("column `{name}` is missing")))?;
        if column.null_count() > 0 {
            return Err(unsupported(format!(
                "column `{name}` holds nulls, which tapes do not"
            )));
        }
        let values = column
            .as_primitive_opt::<T>()
            .ok_or_else(|| unsupported(format!("column `{name}` is {}", column.data_type())))?;
        Ok(values.values())
    }
}
