//! A Parquet file as records of named fields.
//!
//! Takes in a file that is not trusted; gives out its rows one by one, each value as the text that says it, so that a
//! column map means the same for Parquet as for CSV. A few thousand rows are decoded at once.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::table::Record;
use crate::error::{Place, TapeError};
use crate::import::part::Part;

/// The first bytes of a Parquet file.
const MAGIC: &[u8] = b"PAR1";
/// Rows that are decoded at once.
const BATCH_ROWS: usize = 4_096;
/// Uncompressed bytes of a column of a row group: a file that claims more is refused.
const GROUP_BYTES_MAX: i64 = 1 << 30;

/// A Parquet file that is being read.
pub(crate) struct ParquetTable {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
    names: Vec<String>,
    batch: Option<RecordBatch>,
    /// The place of the record in the batch.
    place: usize,
    /// The number of the record, from 1.
    number: u64,
    /// The fields of the record, one behind the other, and where each ends.
    text: String,
    ends: Vec<usize>,
}

impl ParquetTable {
    /// Whether a file begins like Parquet.
    pub(super) fn is_one(part: &Part) -> Result<bool, TapeError> {
        Ok(part.head(MAGIC.len())? == MAGIC)
    }

    /// Opens a file.
    pub(super) fn open(part: &Part) -> Result<ParquetTable, TapeError> {
        let Some(path) = part.file() else {
            let why = "a Parquet file within an archive cannot be read; unpack it";
            return Err(TapeError::input(part.shown(), why));
        };
        let file =
            File::open(path).map_err(|error| TapeError::io("opening", part.shown(), error))?;
        let built = guarded(|| {
            let text = |error: parquet::errors::ParquetError| error.to_string();
            let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(text)?;
            let groups = builder.metadata().row_groups().iter();
            let mut columns = groups.flat_map(|group| group.columns());
            if columns.any(|x| !(0..=GROUP_BYTES_MAX).contains(&x.uncompressed_size())) {
                return Err(format!(
                    "a column of a row group is longer than {GROUP_BYTES_MAX} bytes"
                ));
            }
            let names = builder
                .schema()
                .fields()
                .iter()
                .map(|field| field.name().clone());
            let names: Vec<String> = names.collect();
            let reader = builder.with_batch_size(BATCH_ROWS).build().map_err(text)?;
            Ok((reader, names))
        });
        let (reader, names) = built.map_err(|why| TapeError::input(part.shown(), why))?;
        Ok(ParquetTable {
            path: part.shown().to_path_buf(),
            reader,
            names,
            batch: None,
            place: 0,
            number: 0,
            text: String::new(),
            ends: Vec::new(),
        })
    }

    /// The names of the columns.
    pub(super) fn columns(&self) -> &[String] {
        &self.names
    }

    /// Goes to the next record; `false` at the end.
    pub(super) fn advance(&mut self) -> Result<bool, TapeError> {
        self.place = self.place.saturating_add(1);
        self.number = self.number.saturating_add(1);
        while self
            .batch
            .as_ref()
            .is_none_or(|batch| self.place >= batch.num_rows())
        {
            let reader = &mut self.reader;
            let next = guarded(|| reader.next().transpose().map_err(|error| error.to_string()));
            match next.map_err(|why| self.wrong(why))? {
                Some(batch) => {
                    self.batch = Some(batch);
                    self.place = 0;
                }
                None => return Ok(false),
            }
        }
        self.format().map_err(|why| self.wrong(why))?;
        Ok(true)
    }

    /// Writes the values of the record.
    fn format(&mut self) -> Result<(), String> {
        use std::fmt::Write;
        self.text.clear();
        self.ends.clear();
        let Some(batch) = &self.batch else {
            return Ok(());
        };
        let options = FormatOptions::default();
        for column in batch.columns() {
            let formatter =
                ArrayFormatter::try_new(column, &options).map_err(|error| error.to_string())?;
            write!(self.text, "{}", formatter.value(self.place))
                .map_err(|error| error.to_string())?;
            self.ends.push(self.text.len());
        }
        Ok(())
    }

    /// What errors call the file.
    pub(super) fn place(&self) -> Place {
        Place {
            path: self.path.clone(),
            entry: None,
        }
    }

    /// The number of the record, from 1.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// The bytes of the records so far, as texts, roughly.
    pub(super) const fn bytes(&self) -> u64 {
        self.number.saturating_mul(self.text.len() as u64)
    }

    /// An error at this record.
    pub(super) fn wrong(&self, why: impl Into<String>) -> TapeError {
        TapeError::Record {
            path: self.path.clone(),
            record: self.number,
            byte: None,
            why: why.into(),
        }
    }
}

impl Record for ParquetTable {
    fn field(&self, place: usize) -> &[u8] {
        let Some(end) = self.ends.get(place) else {
            return &[];
        };
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text
            .get(start..*end)
            .unwrap_or_default()
            .trim()
            .as_bytes()
    }

    fn fields(&self) -> usize {
        self.ends.len()
    }
}

/// The names of columns as a record of their own.
pub(super) struct Heading<'a>(pub(super) &'a [String]);

impl Record for Heading<'_> {
    fn field(&self, place: usize) -> &[u8] {
        self.0.get(place).map_or(&[], |name| name.as_bytes())
    }

    fn fields(&self) -> usize {
        self.0.len()
    }
}

/// Calls the library, whose panics on damaged files become errors.
fn guarded<T>(call: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let result = catch_unwind(AssertUnwindSafe(call));
    result.unwrap_or_else(|_| Err("its decoder failed: the file is damaged".to_owned()))
}
