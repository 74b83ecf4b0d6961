//! Rows for the engine, made of messages in memory, and runs over them.
//!
//! Takes in what a source says; gives out a [`RowSource`], without a file in between, and what a run over it says.

use backplane_engine::error::{RunError, SourceError};
use backplane_engine::guest::Guest;
use backplane_engine::latency::Latency;
use backplane_engine::limits::RiskLimits;
use backplane_engine::record::Recorder;
use backplane_engine::replay::{RowBatch, RowSource};
use backplane_engine::row::Columns;
use backplane_engine::summary::RunSummary;
use backplane_engine::{Parts, RunConfig, Unwatched, run};
use backplane_sdk::types::{Instrument, InstrumentId, Price, Timestamp};
use backplane_tape::levels::LevelView;
use backplane_tape::resolve::{Conventions, FillConvention, Resolver, UnknownOrders};
use backplane_tape::{Row, SourceMessage};

/// Resolved rows, given out in batches of a size that the test chooses.
pub struct Rows {
    rows: Vec<Row>,
    batch: usize,
    at: usize,
    shows_levels: bool,
}

impl Rows {
    /// Rows that are given out `batch` at a time.
    pub const fn new(rows: Vec<Row>, batch: usize) -> Rows {
        Rows {
            rows,
            batch,
            at: 0,
            shows_levels: false,
        }
    }

    /// As [`Rows::new`] for rows that show price levels only, as [`levels`] gives them.
    pub fn of_levels(rows: Vec<Row>, batch: usize) -> Rows {
        Rows {
            shows_levels: true,
            ..Rows::new(rows, batch)
        }
    }
}

impl RowSource for Rows {
    fn next(&mut self, batch: &mut RowBatch) -> Result<bool, SourceError> {
        let end = (self.at + self.batch).min(self.rows.len());
        let rows = &self.rows[self.at..end];
        if rows.is_empty() {
            return Ok(false);
        }
        self.at = end;
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
            order_id: column!(order_id),
            sequence: column!(sequence),
        });
        Ok(true)
    }

    fn shows_levels(&self) -> bool {
        self.shows_levels
    }
}

/// The one instrument of markets that are made in memory.
pub fn instrument() -> Instrument {
    Instrument {
        id: InstrumentId(0),
        symbol: "X".into(),
        tick: Price(1),
        multiplier: 1_000_000_000,
        currency: "USD".into(),
        expiration: Timestamp::MAX,
    }
}

/// Plays rows of [`instrument`] through strategies, with these latencies and otherwise the default settings.
///
/// # Errors
/// What the run says.
pub fn play(
    source: &mut Rows,
    guests: Vec<Box<dyn Guest>>,
    latency: Latency,
    recorder: &mut dyn Recorder,
) -> Result<RunSummary, RunError> {
    let config = RunConfig {
        latency,
        ..RunConfig::default()
    };
    play_by(source, guests, config, Vec::new(), recorder)
}

/// As [`play`] with any settings and limits.
///
/// # Errors
/// What the run says.
pub fn play_by(
    source: &mut Rows,
    guests: Vec<Box<dyn Guest>>,
    config: RunConfig,
    limits: Vec<RiskLimits>,
    recorder: &mut dyn Recorder,
) -> Result<RunSummary, RunError> {
    run(Parts {
        instruments: &[instrument()],
        source,
        guests,
        config,
        limits,
        recorder,
        watcher: &mut Unwatched,
    })
}

/// The rows of messages about so many instruments, whose fills take what they execute out of the book.
///
/// # Panics
/// Where the messages do not fit together.
pub fn resolve(messages: &[SourceMessage], instruments: usize) -> Vec<Row> {
    resolve_by(messages, instruments, FillConvention::TakesOut)
}

/// As [`resolve`] for a source with another convention of fills.
///
/// # Panics
/// Where the messages do not fit together.
pub fn resolve_by(
    messages: &[SourceMessage],
    instruments: usize,
    fills: FillConvention,
) -> Vec<Row> {
    let conventions = Conventions {
        fills,
        unknown_orders: UnknownOrders::Drop,
    };
    let mut resolver = Resolver::new(instruments, conventions);
    let mut rows = Vec::new();
    for message in messages {
        rows.extend_from_slice(resolver.push(message).expect("the messages fit together"));
    }
    rows.extend_from_slice(resolver.finish().expect("the messages fit together"));
    rows
}

/// What a feed of price levels and trades shows of order-level rows about so many instruments.
pub fn levels(rows: &[Row], instruments: usize) -> Vec<Row> {
    let mut view = LevelView::new(instruments);
    let shown = rows.iter().flat_map(|row| view.push(row).to_vec());
    shown.collect()
}
