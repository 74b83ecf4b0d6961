//! Reading a tape, batch by batch, into buffers that are reused.
//!
//! Takes in a path: of an Arrow IPC file, or of a folder of Parquet files; gives out columns as slices. Nothing in the
//! files is trusted: whatever their bytes are, the reader answers with columns or with an error.

mod arrow_file;
mod buffer;
mod check;
mod layout;
mod parquet_folder;

use std::path::{Path, PathBuf};

use crate::error::TapeError;
use crate::format::{Header, TapeSchema, column};
use crate::row::Row;
use crate::statistics::Statistics;
use arrow_file::ArrowFile;
use buffer::AlignedBuffer;
use check::check;
use parquet_folder::ParquetFolder;

/// The columns of the batch that was read last, in the format's order.
type Buffers = [AlignedBuffer; column::COUNT];

/// Where the rows are.
#[derive(Debug)]
enum Rows {
    Arrow(Box<ArrowFile>),
    Parquet(Box<ParquetFolder>),
}

/// What a tape says of itself before its rows are read.
#[derive(Clone, Debug)]
struct Opened {
    header: Header,
    schema: TapeSchema,
    statistics: Option<Statistics>,
    digest: Option<String>,
    rows: u64,
}

/// An open tape.
#[derive(Debug)]
pub struct TapeReader {
    path: PathBuf,
    opened: Opened,
    source: Rows,
    with_details: bool,
    rows_read: u64,
    ts_recv: i64,
    columns: Buffers,
}

/// The columns of one batch, all of one length. What they mean is said in [`crate::format`].
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a> {
    /// The number of the batch's first row, counted from 1 over the tape.
    pub first_row: u64,
    /// Exchange times, nanoseconds since the Unix epoch.
    pub ts_event: &'a [i64],
    /// Local times, nanoseconds since the Unix epoch; sorted over the whole tape.
    pub ts_recv: &'a [i64],
    /// Places in the list of instruments; all within it.
    pub instrument: &'a [u16],
    /// Letters of actions; all known.
    pub action: &'a [u8],
    /// Letters of sides; all known.
    pub side: &'a [u8],
    /// Databento's flags.
    pub flags: &'a [u8],
    /// Bits of [`crate::Signals`].
    pub signals: &'a [u8],
    /// Places of levels in their side, best first, from 0.
    pub rank: &'a [u8],
    /// Prices in units of 1e-9.
    pub price: &'a [i64],
    /// Quantities added, cancelled, executed or traded; new sizes for modifications.
    pub size: &'a [u32],
    /// What rests at the level after the row.
    pub level_size: &'a [u32],
    /// Row numbers at which the orders took their places in the queue; 0 where not known.
    pub priority: &'a [u32],
    /// The columns that a replay needs only for subscribers of single orders.
    pub details: Option<Details<'a>>,
}

/// The columns that are read only when asked for.
#[derive(Clone, Copy, Debug)]
pub struct Details<'a> {
    /// The exchange's numbers of the orders; 0 where not known.
    pub order_id: &'a [u64],
    /// What is left of the orders after the row.
    pub remaining: &'a [u32],
    /// The source's sequence numbers.
    pub sequence: &'a [u32],
}

impl TapeReader {
    /// Opens a tape: an Arrow IPC file, whose footer and batches are checked, or a folder of Parquet files.
    ///
    /// # Errors
    /// The file cannot be read, is no tape, is damaged, or is a tape of another version.
    pub fn open(path: &Path) -> Result<TapeReader, TapeError> {
        let (source, opened) = if path.is_dir() {
            let (folder, opened) = ParquetFolder::open(path)?;
            (Rows::Parquet(Box::new(folder)), opened)
        } else {
            let (file, opened) = ArrowFile::open(path)?;
            (Rows::Arrow(Box::new(file)), opened)
        };
        Ok(TapeReader {
            path: path.to_path_buf(),
            opened,
            source,
            with_details: false,
            rows_read: 0,
            ts_recv: i64::MIN,
            columns: Default::default(),
        })
    }

    /// Whether [`Columns::details`] are read as well.
    #[must_use]
    pub fn with_details(mut self, with_details: bool) -> TapeReader {
        self.with_details = with_details;
        self
    }

    /// What is known before the first row.
    pub const fn header(&self) -> &Header {
        &self.opened.header
    }

    /// What the rows are: of orders, or of price levels.
    pub const fn schema(&self) -> TapeSchema {
        self.opened.schema
    }

    /// The number of rows in the tape.
    pub const fn rows(&self) -> u64 {
        self.opened.rows
    }

    /// The tape's file or folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The footer's statistics; none where another program rewrote the tape without them.
    pub const fn statistics(&self) -> Option<&Statistics> {
        self.opened.statistics.as_ref()
    }

    /// The footer's digest of the columns, as it is written there.
    pub fn digest(&self) -> Option<&str> {
        self.opened.digest.as_deref()
    }

    /// The next batch; none after the last one.
    ///
    /// # Errors
    /// The file cannot be read (any more), or a row holds an unknown instrument or letter, or an earlier `ts_recv`
    /// than the row before it.
    pub fn next_batch(&mut self) -> Result<Option<Columns<'_>>, TapeError> {
        let wanted = if self.with_details {
            column::COUNT
        } else {
            column::ORDER_ID
        };
        let rows = match &mut self.source {
            Rows::Arrow(file) => file.next(&self.path, &mut self.columns, wanted)?,
            Rows::Parquet(folder) => folder.next(&mut self.columns, wanted)?,
        };
        let Some(rows) = rows else {
            return Ok(None);
        };
        let first_row = self.rows_read.saturating_add(1);
        self.rows_read = self.rows_read.saturating_add(rows as u64);
        let columns = self.columns(first_row);
        let last = columns.ts_recv.last().copied();
        let instruments = self.opened.header.instruments.len();
        check(&self.path, &columns, instruments, self.ts_recv)?;
        self.ts_recv = last.unwrap_or(self.ts_recv);
        Ok(Some(self.columns(first_row)))
    }

    fn columns(&self, first_row: u64) -> Columns<'_> {
        let [
            ts_event,
            ts_recv,
            instrument,
            action,
            side,
            flags,
            signals,
            rank,
            price,
            size,
            level_size,
            priority,
            order_id,
            remaining,
            sequence,
        ] = &self.columns;
        Columns {
            first_row,
            ts_event: ts_event.values(),
            ts_recv: ts_recv.values(),
            instrument: instrument.values(),
            action: action.bytes(),
            side: side.bytes(),
            flags: flags.bytes(),
            signals: signals.bytes(),
            rank: rank.bytes(),
            price: price.values(),
            size: size.values(),
            level_size: level_size.values(),
            priority: priority.values(),
            details: self.with_details.then(|| Details {
                order_id: order_id.values(),
                remaining: remaining.values(),
                sequence: sequence.values(),
            }),
        }
    }

    /// The bytes of the columns of the batch that was read last, in the format's order.
    pub(crate) fn column_bytes(&self) -> impl Iterator<Item = (usize, &[u8])> {
        self.columns.iter().map(AlignedBuffer::bytes).enumerate()
    }
}

impl Columns<'_> {
    /// The number of rows.
    pub const fn len(&self) -> usize {
        self.ts_event.len()
    }

    /// Whether there are no rows.
    pub const fn is_empty(&self) -> bool {
        self.ts_event.is_empty()
    }

    /// The rows, one by one; what was not read is 0.
    pub fn iter(&self) -> impl Iterator<Item = Row> + '_ {
        (0..self.len()).map(|place| Row {
            ts_event: self.ts_event[place],
            ts_recv: self.ts_recv[place],
            instrument: self.instrument[place],
            action: self.action[place],
            side: self.side[place],
            flags: self.flags[place],
            signals: self.signals[place],
            rank: self.rank[place],
            price: self.price[place],
            size: self.size[place],
            level_size: self.level_size[place],
            priority: self.priority[place],
            order_id: self.details.map_or(0, |details| details.order_id[place]),
            remaining: self.details.map_or(0, |details| details.remaining[place]),
            sequence: self.details.map_or(0, |details| details.sequence[place]),
        })
    }
}
