//! A tape of orders in memory, as its source told it and as the simulator may see it.
//!
//! Takes in the path of a tape of schema `mbo`; gives out its rows with the numbers of the orders, for the truth, and
//! the engine's rows without them: whom an execution filled is not in what the simulator gets, nor when that order took
//! its place.

use std::path::Path;

use backplane_engine::grid::Grid;
use backplane_engine::replay::{Clock, RowBatch};
use backplane_engine::row::Columns;
use backplane_engine::rows::Rows;
use backplane_sdk::types::{Action, Instrument, InstrumentId, Side};
use backplane_tape::{Row, Signals, TapeReader, TapeSchema};

use crate::error::CalibrateError;

/// The most rows of a tape that is studied at once: each takes about 120 bytes of memory.
pub const ROWS_MAX: u64 = 100_000_000;

/// A trade print: the side of the orders that it filled, their price, and how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Print {
    /// The side of the resting orders.
    pub side: Side,
    /// The price, in units of 1e-9.
    pub price: i64,
    /// The quantity.
    pub size: u32,
    /// The instrument.
    pub instrument: u16,
}

/// One match event: the rows of one time, from `first` to before `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its first row.
    pub first: usize,
    /// The row after it.
    pub end: usize,
    /// Its prints are those of [`Recording::prints`] from here on.
    prints: (usize, usize),
}

/// A tape in memory.
pub struct Recording {
    /// The tape's name.
    pub name: String,
    /// The tape's instruments.
    pub instruments: Vec<Instrument>,
    /// The rows as the source told them.
    pub rows: Vec<Row>,
    batch: RowBatch,
    /// The steps of their prices.
    pub grids: Vec<Grid>,
    /// The exchange's time of each row: never less than that of the row before.
    pub times: Vec<i64>,
    events: Vec<Event>,
    event_of: Vec<u32>,
    prints: Vec<Print>,
}

impl Recording {
    /// Reads a tape.
    ///
    /// # Errors
    /// The tape cannot be read, is too long for the memory, or shows no orders.
    pub fn read(path: &Path) -> Result<Recording, CalibrateError> {
        let mut reader = TapeReader::open(path)?.with_details(true);
        let unsuitable = |why: String, hint: &str| CalibrateError::Unsuitable {
            tape: path.display().to_string(),
            why,
            hint: hint.to_owned(),
        };
        if reader.schema() != TapeSchema::Mbo {
            let why = "its rows are of price levels: it does not say what became of any order";
            let hint = "study a tape of schema `mbo` of the same market";
            return Err(unsuitable(why.to_owned(), hint));
        }
        if reader.rows() > ROWS_MAX {
            let why = format!(
                "it holds {} rows, and at most {ROWS_MAX} are studied at once",
                reader.rows()
            );
            return Err(unsuitable(why, "import a shorter part of it"));
        }
        let definitions = reader.header().instruments.iter();
        let numbered = (0..).map(InstrumentId).zip(definitions);
        let instruments = numbered.map(|(id, x)| x.instrument(id)).collect();
        let mut rows = Vec::new();
        while let Some(columns) = reader.next_batch()? {
            rows.extend(columns.iter());
        }
        let name = path.file_name().map_or_else(
            || path.display().to_string(),
            |x| x.to_string_lossy().into_owned(),
        );
        Ok(Recording::new(name, instruments, rows))
    }

    /// A recording of rows that are in memory.
    pub fn new(name: String, instruments: Vec<Instrument>, rows: Vec<Row>) -> Recording {
        let batch = batch_of(&simulated(&rows));
        let times: Vec<i64> = batch.rows().iter().map(|x| x.ts_event).collect();
        let grids = instruments.iter().map(|x| Grid::new(x.tick)).collect();
        let mut recording = Recording {
            grids,
            name,
            instruments,
            rows,
            batch,
            times,
            events: Vec::new(),
            event_of: Vec::new(),
            prints: Vec::new(),
        };
        recording.find_events();
        recording
    }

    fn find_events(&mut self) {
        let mut first = 0;
        while first < self.rows.len() {
            let at = self.times[first];
            let more = self.times[first..].iter().take_while(|x| **x == at).count();
            let end = first + more;
            let before = self.prints.len();
            self.prints
                .extend(self.rows[first..end].iter().filter_map(print));
            self.event_of
                .extend(std::iter::repeat_n(self.events.len() as u32, more));
            self.events.push(Event {
                first,
                end,
                prints: (before, self.prints.len()),
            });
            first = end;
        }
    }

    /// The rows as the simulator sees them.
    pub const fn simulated(&self) -> &Rows {
        self.batch.rows()
    }

    /// The match event that a row is part of.
    pub fn event_of(&self, row: usize) -> Event {
        self.events[self.event_of[row] as usize]
    }

    /// The match events.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The prints of a match event that shown orders account for and of which the aggressor is known.
    pub fn prints(&self, event: Event) -> &[Print] {
        &self.prints[event.prints.0..event.prints.1]
    }

    /// What rested at a price before a row.
    pub fn level_before(&self, row: usize, instrument: u16, side: Side, price: i64) -> i64 {
        let of = |x: &&Row| {
            let level = (x.instrument, x.side, x.price);
            level == (instrument, side.code(), price) && x.signals(Signals::BOOK)
        };
        let last = self.rows[..row].iter().rev().find(of);
        last.map_or(0, |x| x.level_size.into())
    }

    /// The first row that is later than a time.
    pub fn row_after(&self, at: i64) -> usize {
        self.times.partition_point(|x| *x <= at)
    }
}

/// The print that a row is.
fn print(row: &Row) -> Option<Print> {
    let is_shown = row.signals(Signals::TRADE) && !row.signals(Signals::HIDDEN);
    let side = Side::from_code(row.side).filter(|_| is_shown)?;
    Some(Print {
        side: match row.action == Action::Trade.code() {
            true => side.opposite(),
            false => side,
        },
        price: row.price,
        size: row.size,
        instrument: row.instrument,
    })
}

/// The rows as a simulator may see them. Executions name nobody. A slice of a hidden rest that is shown is what its source
/// said: a modification of the order whose shown part was executed in the same event.
fn simulated(rows: &[Row]) -> Vec<Row> {
    let mut rows = rows.to_vec();
    // The orders that were executed whole in the present match event, with the places that they had.
    let mut executed: Vec<(u16, u64, u32)> = Vec::new();
    let mut now = i64::MIN;
    for row in &mut rows {
        if row.ts_event != now {
            now = row.ts_event;
            executed.clear();
        }
        let of = |x: &&(u16, u64, u32)| (x.0, x.1) == (row.instrument, row.order_id);
        match Action::from_code(row.action) {
            Some(Action::Fill) => {
                if row.remaining == 0 && row.order_id != 0 {
                    executed.push((row.instrument, row.order_id, row.priority));
                }
                row.priority = 0;
            }
            Some(Action::Add) => {
                if let Some(before) = executed.iter().rev().find(of) {
                    row.action = Action::Modify.code();
                    row.priority = before.2;
                }
            }
            _ => {}
        }
    }
    rows
}

/// Rows for the engine.
pub(crate) fn batch_of(rows: &[Row]) -> RowBatch {
    let mut batch = RowBatch::new(Clock::new(None));
    for rows in rows.chunks(1 << 14) {
        extend(&mut batch, rows);
    }
    batch
}

/// Appends rows for the engine.
fn extend(batch: &mut RowBatch, rows: &[Row]) {
    macro_rules! column {
        ($name:ident) => {
            &rows.iter().map(|x| x.$name).collect::<Vec<_>>()
        };
    }
    batch.extend(&Columns {
        ts_event: column!(ts_event),
        ts_recv: column!(ts_recv),
        price: column!(price),
        size: column!(size),
        level_size: column!(level_size),
        priority: column!(priority),
        instrument: column!(instrument),
        action: column!(action),
        side: column!(side),
        flags: column!(flags),
        signals: column!(signals),
        rank: column!(rank),
        order_id: &[],
        sequence: &[],
    });
}
