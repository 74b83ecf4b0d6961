//! Other ways to bring a tape's rows before the engine: only the first, over and over, one at a time.
//!
//! Takes in a tape on disk; gives out [`RowSource`]s.

use std::ops::Range;
use std::path::PathBuf;
use std::time::Instant;

use backplane_engine::error::SourceError;
use backplane_engine::replay::{RowBatch, RowSource};
use backplane_engine::row::{Columns, signal};
use backplane_tape::{Columns as TapeColumns, TapeError, TapeReader, TapeSchema};

use crate::histogram::Histogram;
use crate::time::{nanos_since, now};

/// A second, in nanoseconds.
const SECOND_NS: i64 = 1_000_000_000;

/// Some rows of a tape's batch as the engine takes them.
fn lend<'a>(columns: &TapeColumns<'a>, rows: Range<usize>) -> Columns<'a> {
    let details = columns.details;
    Columns {
        ts_event: &columns.ts_event[rows.clone()],
        ts_recv: &columns.ts_recv[rows.clone()],
        price: &columns.price[rows.clone()],
        size: &columns.size[rows.clone()],
        level_size: &columns.level_size[rows.clone()],
        priority: &columns.priority[rows.clone()],
        instrument: &columns.instrument[rows.clone()],
        action: &columns.action[rows.clone()],
        side: &columns.side[rows.clone()],
        flags: &columns.flags[rows.clone()],
        signals: &columns.signals[rows.clone()],
        rank: &columns.rank[rows.clone()],
        order_id: details.map_or(&[], |x| &x.order_id[rows.clone()]),
        sequence: details.map_or(&[], |x| &x.sequence[rows]),
    }
}

fn shows_levels(reader: &TapeReader) -> bool {
    reader.schema() == TapeSchema::Mbp
}

fn source_error(error: &TapeError) -> SourceError {
    SourceError {
        message: error.to_string(),
        hint: Some(error.hint().to_string()),
    }
}

/// The first rows of a tape, up to the end of the event that reaches the wanted number.
pub struct FirstRows {
    reader: TapeReader,
    wanted: u64,
    /// Rows given so far.
    pub given: u64,
}

impl FirstRows {
    /// About `wanted` rows, from where the reader stands.
    pub const fn new(reader: TapeReader, wanted: u64) -> FirstRows {
        FirstRows {
            reader,
            wanted,
            given: 0,
        }
    }
}

impl RowSource for FirstRows {
    fn shows_levels(&self) -> bool {
        shows_levels(&self.reader)
    }

    fn next(&mut self, batch: &mut RowBatch) -> Result<bool, SourceError> {
        if self.given >= self.wanted {
            return Ok(false);
        }
        let columns = self.reader.next_batch();
        let Some(columns) = columns.map_err(|error| source_error(&error))? else {
            return Ok(false);
        };
        let before = (self.wanted - self.given - 1).min(columns.signals.len() as u64) as usize;
        let ends = |signals: &u8| signals & signal::LAST != 0;
        let last = columns.signals[before..].iter().position(ends);
        let count = last.map_or(columns.signals.len(), |x| before + x + 1);
        batch.extend(&lend(&columns, 0..count));
        self.given += count as u64;
        Ok(true)
    }
}

/// A tape over and over: each repetition is later than the one before, and its orders are others. The tape must open by
/// clearing its books, as a generated one does, so that each repetition is a market of its own.
pub struct Repeated {
    path: PathBuf,
    /// None only between two repetitions: the old one goes before the new one comes, so that no memory is held twice.
    reader: Option<TapeReader>,
    /// The rows of one repetition.
    rows: u64,
    shows_levels: bool,
    /// Repetitions to come after the present one.
    left: u64,
    /// How far the present repetition is shifted, in nanoseconds.
    shift: i64,
    /// From the beginning of one repetition to that of the next, in nanoseconds.
    span: i64,
    /// The rows of the repetitions before the present one.
    rows_before: u64,
    ts_event: Vec<i64>,
    ts_recv: Vec<i64>,
    priority: Vec<u32>,
}

impl Repeated {
    /// A tape `times` times.
    ///
    /// # Errors
    /// The tape cannot be read, does not say when it begins and ends, or would have more rows than can be numbered.
    pub fn new(path: PathBuf, times: u64) -> Result<Repeated, TapeError> {
        let reader = TapeReader::open(&path)?;
        let wrong = |why: &str| TapeError::Request {
            why: format!("repeating {} {times} times: {why}", path.display()),
        };
        let statistics = reader.statistics().map(|x| &x.rows);
        let times_of = |x: &backplane_tape::RowStatistics| {
            let first = x.ts_event_first?.min(x.ts_recv_first?);
            Some((first, x.ts_event_last?.max(x.ts_recv_last?)))
        };
        let (first, last) = statistics
            .and_then(times_of)
            .ok_or_else(|| wrong("it does not say when it begins and ends"))?;
        if reader.rows().saturating_mul(times) > u64::from(u32::MAX) {
            return Err(wrong("row numbers have 32 bits"));
        }
        let span = ((last - first) / SECOND_NS + 2) * SECOND_NS;
        Ok(Repeated {
            rows: reader.rows(),
            shows_levels: shows_levels(&reader),
            reader: Some(reader),
            left: times.saturating_sub(1),
            shift: 0,
            span,
            rows_before: 0,
            ts_event: Vec::new(),
            ts_recv: Vec::new(),
            priority: Vec::new(),
            path,
        })
    }

    /// From the beginning of one repetition to that of the next, in nanoseconds.
    pub const fn span(&self) -> i64 {
        self.span
    }

    /// Appends the next batch of the present repetition; `false` at its end.
    fn extend(&mut self, batch: &mut RowBatch) -> Result<bool, TapeError> {
        let Some(reader) = &mut self.reader else {
            return Ok(false);
        };
        let Some(columns) = reader.next_batch()? else {
            return Ok(false);
        };
        let (shift, before) = (self.shift, self.rows_before as u32);
        let shifted = |x: &i64| x + shift;
        self.ts_event.clear();
        self.ts_event.extend(columns.ts_event.iter().map(shifted));
        self.ts_recv.clear();
        self.ts_recv.extend(columns.ts_recv.iter().map(shifted));
        // A priority of zero says that the place in the queue is not known, and goes on saying so.
        let renumbered = |x: &u32| if *x == 0 { 0 } else { x + before };
        self.priority.clear();
        self.priority
            .extend(columns.priority.iter().map(renumbered));
        batch.extend(&Columns {
            ts_event: &self.ts_event,
            ts_recv: &self.ts_recv,
            priority: &self.priority,
            ..lend(&columns, 0..columns.signals.len())
        });
        Ok(true)
    }
}

impl RowSource for Repeated {
    fn shows_levels(&self) -> bool {
        self.shows_levels
    }

    fn next(&mut self, batch: &mut RowBatch) -> Result<bool, SourceError> {
        loop {
            if self.extend(batch).map_err(|error| source_error(&error))? {
                return Ok(true);
            }
            if self.left == 0 {
                return Ok(false);
            }
            self.left -= 1;
            self.shift += self.span;
            self.rows_before += self.rows;
            self.reader = None;
            let again = TapeReader::open(&self.path);
            self.reader = Some(again.map_err(|error| source_error(&error))?);
        }
    }
}

/// The columns of one batch, kept beyond the reader's next step.
#[derive(Default)]
struct Kept {
    longs: [Vec<i64>; 3],
    words: [Vec<u32>; 3],
    instrument: Vec<u16>,
    bytes: [Vec<u8>; 5],
}

impl Kept {
    fn fill(&mut self, from: &TapeColumns<'_>) {
        keep(&mut self.longs, [from.ts_event, from.ts_recv, from.price]);
        keep(&mut self.words, [from.size, from.level_size, from.priority]);
        keep(
            std::slice::from_mut(&mut self.instrument),
            [from.instrument],
        );
        let bytes = [from.action, from.side, from.flags, from.signals, from.rank];
        keep(&mut self.bytes, bytes);
    }

    fn len(&self) -> usize {
        self.instrument.len()
    }

    /// One row; without its details.
    fn row(&self, place: usize) -> Columns<'_> {
        let [ts_event, ts_recv, price] = one(&self.longs, place);
        let [size, level_size, priority] = one(&self.words, place);
        let [action, side, flags, signals, rank] = one(&self.bytes, place);
        Columns {
            ts_event,
            ts_recv,
            price,
            size,
            level_size,
            priority,
            instrument: &self.instrument[place..=place],
            action,
            side,
            flags,
            signals,
            rank,
            order_id: &[],
            sequence: &[],
        }
    }
}

fn keep<T: Copy, const N: usize>(into: &mut [Vec<T>], from: [&[T]; N]) {
    for (into, from) in into.iter_mut().zip(from) {
        into.clear();
        into.extend_from_slice(from);
    }
}

fn one<T, const N: usize>(columns: &[Vec<T>; N], place: usize) -> [&[T]; N] {
    columns.each_ref().map(|x| &x[place..=place])
}

/// A tape, one row at a time, which times what the host does with each: from before the row is made to when the host
/// asks for the next one. Between the two the books, the strategy, its commands and the exchange have had their turn.
/// Reading a batch of the tape is not in it.
pub struct OneByOne {
    reader: TapeReader,
    kept: Kept,
    place: usize,
    /// Rows given so far.
    pub given: u64,
    begun: Option<Instant>,
    /// How long each row took, in nanoseconds; without the tape's first, during which the strategies start.
    pub times: Histogram,
}

impl OneByOne {
    /// The rows from where the reader stands, without their details.
    pub fn new(reader: TapeReader) -> OneByOne {
        OneByOne {
            reader,
            kept: Kept::default(),
            place: 0,
            given: 0,
            begun: None,
            times: Histogram::default(),
        }
    }

    fn load(&mut self) -> Result<bool, TapeError> {
        let columns = self.reader.next_batch()?;
        self.place = 0;
        match &columns {
            Some(columns) => self.kept.fill(columns),
            None => self.kept = Kept::default(),
        }
        Ok(columns.is_some())
    }
}

impl RowSource for OneByOne {
    fn shows_levels(&self) -> bool {
        shows_levels(&self.reader)
    }

    fn next(&mut self, batch: &mut RowBatch) -> Result<bool, SourceError> {
        if let Some(begun) = self.begun.take() {
            let took = nanos_since(begun);
            if self.given > 1 {
                self.times.record(took);
            }
        }
        while self.place == self.kept.len() {
            if !self.load().map_err(|error| source_error(&error))? {
                return Ok(false);
            }
        }
        self.given += 1;
        self.begun = Some(now());
        batch.extend(&self.kept.row(self.place));
        self.place += 1;
        Ok(true)
    }
}
