//! Writing a tape.
//!
//! Takes in a header and rows in tape order; gives out a file that appears under its name only when it is whole. A
//! writer that is dropped or fails takes its temporary file with it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int64Array, TimestampNanosecondArray, UInt8Array, UInt16Array, UInt32Array,
    UInt64Array,
};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::writer::FileWriter;
use arrow::record_batch::RecordBatch;

use crate::digest::ColumnDigest;
use crate::error::TapeError;
use crate::format::{BATCH_ROWS, Header, KEY_DIGEST, KEY_STATISTICS, TapeSchema, column};
use crate::partial::{PartialFile, folder_of};
use crate::row::Row;
use crate::statistics::{Crossed, Published, Resolution, RowStatistics, Statistics};

/// Statistics of exchanges that a tape may hold.
pub const PUBLISHED_MAX: usize = 100_000;
/// Nanoseconds in a day.
const DAY_NANOS: i64 = 86_400_000_000_000;

/// What to do when the output exists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overwrite {
    /// Refuse.
    #[default]
    Never,
    /// Replace it, at the moment when the new tape is whole.
    Replace,
}

/// A tape that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// What the rows are.
    pub schema: TapeSchema,
    /// The footer's statistics.
    pub statistics: Statistics,
    /// The digest of the columns, in hexadecimal.
    pub digest: String,
    /// The file's length in bytes.
    pub bytes: u64,
}

/// Writes one tape.
pub struct TapeWriter {
    path: PathBuf,
    overwrite: Overwrite,
    rows_schema: TapeSchema,
    schema: SchemaRef,
    /// Declared before `temporary`, so that it lets go of the file first.
    arrow: FileWriter<BufWriter<File>>,
    temporary: PartialFile,
    batch: Batch,
    digest: ColumnDigest,
    statistics: RowStatistics,
    /// The latest of each instrument, kind and day (days since the Unix epoch).
    published: BTreeMap<(u16, String, i64), Published>,
}

impl TapeWriter {
    /// Begins a tape that will be called `path`, of rows of `schema`.
    ///
    /// # Errors
    /// The output exists and may not be replaced, its folder cannot be written to, or the header is impossible.
    pub fn create(
        path: &Path,
        header: &Header,
        schema: TapeSchema,
        overwrite: Overwrite,
    ) -> Result<TapeWriter, TapeError> {
        if overwrite == Overwrite::Never && path.exists() {
            return Err(TapeError::Exists {
                path: path.to_path_buf(),
            });
        }
        if path.is_dir() {
            let why = format!("the output {} is a folder", path.display());
            return Err(TapeError::Request { why });
        }
        let rows_schema = schema;
        let schema = Arc::new(header.arrow_schema(rows_schema)?);
        let temporary = PartialFile::beside(path)?;
        let file = temporary
            .as_file()
            .try_clone()
            .map_err(|error| TapeError::io("creating", path, error))?;
        let arrow = FileWriter::try_new(BufWriter::with_capacity(1 << 18, file), &schema)
            .map_err(|error| arrow_error(path, error))?;
        Ok(TapeWriter {
            path: path.to_path_buf(),
            overwrite,
            rows_schema,
            schema,
            arrow,
            temporary,
            batch: Batch::with_room(),
            digest: ColumnDigest::new(),
            statistics: RowStatistics::default(),
            published: BTreeMap::new(),
        })
    }

    /// Appends a row.
    ///
    /// # Errors
    /// The row is earlier than the one before it, or the disk refuses.
    pub fn push(&mut self, row: &Row) -> Result<(), TapeError> {
        if self
            .statistics
            .ts_recv_last
            .is_some_and(|last| row.ts_recv < last)
        {
            let why = format!(
                "row {}: ts_recv runs backwards",
                self.statistics.rows.saturating_add(1)
            );
            return Err(TapeError::Request { why });
        }
        self.statistics.count(row);
        self.batch.push(row);
        if self.batch.ts_event.len() == BATCH_ROWS {
            self.flush()?;
        }
        Ok(())
    }

    /// Notes a statistic that an exchange published; of one instrument, kind and day the latest stays.
    ///
    /// # Errors
    /// There are more than `PUBLISHED_MAX`.
    pub fn publish(&mut self, published: Published) -> Result<(), TapeError> {
        let day = published.ts_recv.div_euclid(DAY_NANOS);
        let key = (published.instrument, published.name.clone(), day);
        self.published.insert(key, published);
        if self.published.len() > PUBLISHED_MAX {
            let why = format!("a tape holds at most {PUBLISHED_MAX} published statistics");
            return Err(TapeError::Request { why });
        }
        Ok(())
    }

    /// The number of rows so far.
    pub const fn rows(&self) -> u64 {
        self.statistics.rows
    }

    /// Writes the footer and gives the file its name.
    ///
    /// # Errors
    /// The disk refuses, or the output has appeared meanwhile and may not be replaced.
    pub fn finish(
        mut self,
        resolution: Resolution,
        crossed: Crossed,
    ) -> Result<Written, TapeError> {
        self.flush()?;
        let statistics = Statistics {
            rows: self.statistics.clone(),
            crossed,
            resolution,
            published: self.published.into_values().collect(),
        };
        let text = serde_json::to_string(&statistics).map_err(|error| TapeError::Request {
            why: format!("statistics: {error}"),
        })?;
        let digest = self.digest.hexadecimal();
        self.arrow.write_metadata(KEY_STATISTICS, text);
        self.arrow.write_metadata(KEY_DIGEST, digest.clone());
        self.arrow
            .finish()
            .map_err(|error| arrow_error(&self.path, error))?;
        let io = |error| TapeError::io("writing", &self.path, error);
        let file = self.temporary.as_file();
        file.sync_all().map_err(io)?;
        let bytes = file.metadata().map_err(io)?.len();
        drop(self.arrow);
        self.temporary.name(&self.path, self.overwrite)?;
        File::open(folder_of(&self.path))
            .and_then(|folder| folder.sync_all())
            .map_err(|error| TapeError::io("syncing the folder of", &self.path, error))?;
        Ok(Written {
            schema: self.rows_schema,
            statistics,
            digest,
            bytes,
        })
    }

    fn flush(&mut self) -> Result<(), TapeError> {
        if self.batch.ts_event.is_empty() {
            return Ok(());
        }
        let batch = std::mem::replace(&mut self.batch, Batch::with_room());
        batch.hash(&mut self.digest);
        let columns = batch.into_columns();
        RecordBatch::try_new(Arc::clone(&self.schema), columns)
            .and_then(|batch| self.arrow.write(&batch))
            .map_err(|error| arrow_error(&self.path, error))
    }
}

fn arrow_error(path: &Path, error: ArrowError) -> TapeError {
    let source = match error {
        ArrowError::IoError(_, source) => source,
        other => io::Error::other(other.to_string()),
    };
    TapeError::io("writing", path, source)
}

/// The rows of the batch that is being filled, column by column.
#[derive(Default)]
struct Batch {
    ts_event: Vec<i64>,
    ts_recv: Vec<i64>,
    instrument: Vec<u16>,
    action: Vec<u8>,
    side: Vec<u8>,
    flags: Vec<u8>,
    signals: Vec<u8>,
    rank: Vec<u8>,
    price: Vec<i64>,
    size: Vec<u32>,
    level_size: Vec<u32>,
    priority: Vec<u32>,
    order_id: Vec<u64>,
    remaining: Vec<u32>,
    sequence: Vec<u32>,
}

impl Batch {
    fn with_room() -> Batch {
        Batch {
            ts_event: Vec::with_capacity(BATCH_ROWS),
            ts_recv: Vec::with_capacity(BATCH_ROWS),
            instrument: Vec::with_capacity(BATCH_ROWS),
            action: Vec::with_capacity(BATCH_ROWS),
            side: Vec::with_capacity(BATCH_ROWS),
            flags: Vec::with_capacity(BATCH_ROWS),
            signals: Vec::with_capacity(BATCH_ROWS),
            rank: Vec::with_capacity(BATCH_ROWS),
            price: Vec::with_capacity(BATCH_ROWS),
            size: Vec::with_capacity(BATCH_ROWS),
            level_size: Vec::with_capacity(BATCH_ROWS),
            priority: Vec::with_capacity(BATCH_ROWS),
            order_id: Vec::with_capacity(BATCH_ROWS),
            remaining: Vec::with_capacity(BATCH_ROWS),
            sequence: Vec::with_capacity(BATCH_ROWS),
        }
    }

    fn push(&mut self, row: &Row) {
        self.ts_event.push(row.ts_event);
        self.ts_recv.push(row.ts_recv);
        self.instrument.push(row.instrument);
        self.action.push(row.action);
        self.side.push(row.side);
        self.flags.push(row.flags);
        self.signals.push(row.signals);
        self.rank.push(row.rank);
        self.price.push(row.price);
        self.size.push(row.size);
        self.level_size.push(row.level_size);
        self.priority.push(row.priority);
        self.order_id.push(row.order_id);
        self.remaining.push(row.remaining);
        self.sequence.push(row.sequence);
    }

    fn hash(&self, digest: &mut ColumnDigest) {
        use bytemuck::cast_slice;
        digest.update(column::TS_EVENT, cast_slice(&self.ts_event));
        digest.update(column::TS_RECV, cast_slice(&self.ts_recv));
        digest.update(column::INSTRUMENT, cast_slice(&self.instrument));
        digest.update(column::ACTION, &self.action);
        digest.update(column::SIDE, &self.side);
        digest.update(column::FLAGS, &self.flags);
        digest.update(column::SIGNALS, &self.signals);
        digest.update(column::RANK, &self.rank);
        digest.update(column::PRICE, cast_slice(&self.price));
        digest.update(column::SIZE, cast_slice(&self.size));
        digest.update(column::LEVEL_SIZE, cast_slice(&self.level_size));
        digest.update(column::PRIORITY, cast_slice(&self.priority));
        digest.update(column::ORDER_ID, cast_slice(&self.order_id));
        digest.update(column::REMAINING, cast_slice(&self.remaining));
        digest.update(column::SEQUENCE, cast_slice(&self.sequence));
    }

    fn into_columns(self) -> Vec<ArrayRef> {
        let time = |values: Vec<i64>| -> ArrayRef {
            Arc::new(TimestampNanosecondArray::from(values).with_timezone("UTC"))
        };
        vec![
            time(self.ts_event),
            time(self.ts_recv),
            Arc::new(UInt16Array::from(self.instrument)),
            Arc::new(UInt8Array::from(self.action)),
            Arc::new(UInt8Array::from(self.side)),
            Arc::new(UInt8Array::from(self.flags)),
            Arc::new(UInt8Array::from(self.signals)),
            Arc::new(UInt8Array::from(self.rank)),
            Arc::new(Int64Array::from(self.price)),
            Arc::new(UInt32Array::from(self.size)),
            Arc::new(UInt32Array::from(self.level_size)),
            Arc::new(UInt32Array::from(self.priority)),
            Arc::new(UInt64Array::from(self.order_id)),
            Arc::new(UInt32Array::from(self.remaining)),
            Arc::new(UInt32Array::from(self.sequence)),
        ]
    }
}
