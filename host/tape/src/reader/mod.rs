//! Reading a tape, batch by batch, into buffers that are reused.
//!
//! Takes in a path; gives out columns as slices. Nothing in the file is trusted: whatever its bytes are, the reader
//! answers with columns or with an error. The file is not mapped into memory, so that cutting it off while it is read
//! is an error too.

mod buffer;
mod layout;

use std::fs::File;
use std::path::{Path, PathBuf};

use backplane_sdk::types::TradingStatus;

use crate::error::TapeError;
use crate::format::{ACTION_STATUS, COLUMNS, Header, TapeSchema, column};
use crate::row::Row;
use crate::statistics::Statistics;
use buffer::AlignedBuffer;
use layout::Layout;

/// An open tape.
#[derive(Debug)]
pub struct TapeReader {
    path: PathBuf,
    file: File,
    layout: Layout,
    statistics: Option<Statistics>,
    rows: u64,
    with_details: bool,
    next_block: usize,
    rows_read: u64,
    ts_recv: i64,
    metadata: AlignedBuffer,
    columns: [AlignedBuffer; column::COUNT],
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
    /// Opens a tape and checks its footer and the metadata of all its batches.
    ///
    /// # Errors
    /// The file cannot be read, is no tape, is damaged, or is a tape of another version.
    pub fn open(path: &Path) -> Result<TapeReader, TapeError> {
        let file = File::open(path).map_err(|error| TapeError::io("opening", path, error))?;
        let layout = Layout::read(&file, path)?;
        let mut metadata = AlignedBuffer::default();
        let mut rows: u64 = 0;
        for block in &layout.blocks {
            let batch = layout.batch(&file, path, *block, &mut metadata)?;
            rows = rows.saturating_add(batch.rows as u64);
        }
        let statistics =
            match &layout.statistics {
                None => None,
                Some(text) => Some(serde_json::from_str(text).map_err(|error| {
                    TapeError::damaged(path, format!("its statistics: {error}"))
                })?),
            };
        Ok(TapeReader {
            path: path.to_path_buf(),
            file,
            layout,
            statistics,
            rows,
            with_details: false,
            next_block: 0,
            rows_read: 0,
            ts_recv: i64::MIN,
            metadata,
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
        &self.layout.header
    }

    /// What the rows are: of orders, or of price levels.
    pub const fn schema(&self) -> TapeSchema {
        self.layout.schema
    }

    /// The number of rows in the tape.
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// The tape's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The footer's statistics; none where another program rewrote the tape without them.
    pub const fn statistics(&self) -> Option<&Statistics> {
        self.statistics.as_ref()
    }

    /// The footer's digest of the columns, as it is written there.
    pub fn digest(&self) -> Option<&str> {
        self.layout.digest.as_deref()
    }

    /// The next batch; none after the last one.
    ///
    /// # Errors
    /// The file cannot be read (any more), or a row holds an unknown instrument or letter, or an earlier `ts_recv`
    /// than the row before it.
    pub fn next_batch(&mut self) -> Result<Option<Columns<'_>>, TapeError> {
        let Some(block) = self.layout.blocks.get(self.next_block) else {
            return Ok(None);
        };
        let batch = self
            .layout
            .batch(&self.file, &self.path, *block, &mut self.metadata)?;
        let wanted = if self.with_details {
            column::COUNT
        } else {
            column::ORDER_ID
        };
        for (place, (buffer, offset)) in self
            .columns
            .iter_mut()
            .zip(batch.offsets)
            .take(wanted)
            .enumerate()
        {
            let width = COLUMNS.get(place).map_or(0, |(_, kind)| kind.width());
            buffer
                .read(&self.file, offset, batch.rows.saturating_mul(width))
                .map_err(|error| TapeError::io("reading a batch of", &self.path, error))?;
        }
        let first_row = self.rows_read.saturating_add(1);
        self.next_block = self.next_block.saturating_add(1);
        self.rows_read = self.rows_read.saturating_add(batch.rows as u64);
        let earlier = self.ts_recv;
        let columns = self.columns(first_row);
        let last = columns.ts_recv.last().copied();
        check(
            &self.path,
            &columns,
            self.layout.header.instruments.len(),
            earlier,
        )?;
        self.ts_recv = last.unwrap_or(earlier);
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

const fn is_action(letter: u8) -> bool {
    matches!(
        letter,
        b'A' | b'C' | b'M' | b'R' | b'T' | b'F' | ACTION_STATUS
    )
}

const fn is_side(letter: u8) -> bool {
    matches!(letter, b'A' | b'B' | b'N')
}

/// Whether a number is that of a trading status.
fn is_known(number: u32) -> bool {
    u8::try_from(number).is_ok_and(|number| TradingStatus::from_code(number).is_some())
}

/// Checks the values that a replay relies on. Each check walks its whole column without a branch; only a failed one
/// looks for the row.
fn check(
    path: &Path,
    columns: &Columns<'_>,
    instruments: usize,
    earlier: i64,
) -> Result<(), TapeError> {
    let wrong = |place: Option<usize>, why: String| {
        Err(TapeError::Row {
            path: path.to_path_buf(),
            row: columns
                .first_row
                .saturating_add(place.unwrap_or_default() as u64),
            why,
        })
    };
    let unknown = |number: u16| usize::from(number) >= instruments;
    if columns
        .instrument
        .iter()
        .fold(false, |bad, &number| bad | unknown(number))
    {
        let place = columns
            .instrument
            .iter()
            .position(|&number| unknown(number));
        return wrong(
            place,
            format!("its instrument is not one of the tape's {instruments}"),
        );
    }
    if columns
        .action
        .iter()
        .fold(false, |bad, &letter| bad | !is_action(letter))
    {
        let place = columns.action.iter().position(|&letter| !is_action(letter));
        return wrong(
            place,
            "its action is none of A, C, M, R, T, F, S".to_owned(),
        );
    }
    if columns
        .side
        .iter()
        .fold(false, |bad, &letter| bad | !is_side(letter))
    {
        let place = columns.side.iter().position(|&letter| !is_side(letter));
        return wrong(place, "its side is none of A, B, N".to_owned());
    }
    let is_status = |letter: u8| letter == ACTION_STATUS;
    if columns
        .action
        .iter()
        .fold(false, |any, &letter| any | is_status(letter))
        && let Some(place) = (0..columns.len())
            .find(|&place| is_status(columns.action[place]) && !is_known(columns.size[place]))
    {
        let why = "its size is not the number of a trading status".to_owned();
        return wrong(Some(place), why);
    }
    if is_backwards(columns.ts_recv, earlier) {
        let mut before = earlier;
        let place = columns
            .ts_recv
            .iter()
            .position(|&time| std::mem::replace(&mut before, time) > time);
        return wrong(
            place,
            "its ts_recv is before the row's before it".to_owned(),
        );
    }
    Ok(())
}

/// Whether a time is before the one before it, the first of which is `earlier`.
fn is_backwards(times: &[i64], earlier: i64) -> bool {
    let starts = times.first().is_some_and(|first| *first < earlier);
    times
        .windows(2)
        .fold(starts, |bad, pair| bad | (pair[1] < pair[0]))
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
