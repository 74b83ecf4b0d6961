//! From a tape's columns to the engine's: the joint between two crates that do not know each other.
//!
//! Takes in a [`TapeReader`]; gives out a [`RowSource`]. The columns are lent, not copied.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use backplane_engine::error::SourceError;
use backplane_engine::replay::{RowBatch, RowSource};
use backplane_engine::row::Columns;
use backplane_sdk::types::{Instrument, InstrumentId};
use backplane_tape::{TapeError, TapeReader, TapeSchema};

/// Where a run ends before its tape does.
#[derive(Clone, Copy, Debug)]
pub struct Until {
    /// The last time at which a row is received, nanoseconds since the Unix epoch.
    last: i64,
    is_over: bool,
}

impl Until {
    /// The end of a tape, or this time.
    pub fn new(last: Option<i64>) -> Until {
        Until {
            last: last.unwrap_or(i64::MAX),
            is_over: false,
        }
    }

    /// Whether nothing more is wanted.
    pub const fn is_over(&self) -> bool {
        self.is_over
    }

    /// What is wanted of some rows, which follow those before.
    pub fn cut<'a>(&mut self, columns: &Columns<'a>) -> Columns<'a> {
        match columns.ts_recv.iter().position(|x| *x > self.last) {
            Some(count) => {
                self.is_over = true;
                columns.first(count)
            }
            None => *columns,
        }
    }
}

/// A tape as the engine reads it.
pub struct TapeSource {
    reader: TapeReader,
    until: Until,
}

impl TapeSource {
    /// The rows of a tape, from where the reader stands.
    pub fn new(reader: TapeReader) -> TapeSource {
        TapeSource {
            reader,
            until: Until::new(None),
        }
    }

    /// The same, and no further.
    #[must_use]
    pub fn until(self, until: Until) -> TapeSource {
        TapeSource { until, ..self }
    }
}

/// The instruments of a tape, numbered from 0.
pub fn instruments(reader: &TapeReader) -> Vec<Instrument> {
    let definitions = reader.header().instruments.iter();
    let numbered = (0..).map(InstrumentId).zip(definitions);
    numbered.map(|(id, x)| x.instrument(id)).collect()
}

/// What went wrong with a tape, in the engine's words.
pub(crate) fn source_error(error: &TapeError) -> SourceError {
    SourceError {
        message: error.to_string(),
        hint: Some(error.hint().to_string()),
    }
}

impl RowSource for TapeSource {
    fn shows_levels(&self) -> bool {
        self.reader.schema() == TapeSchema::Mbp
    }

    fn next(&mut self, batch: &mut RowBatch) -> Result<bool, SourceError> {
        if self.until.is_over() {
            return Ok(false);
        }
        let columns = self.reader.next_batch();
        let Some(columns) = columns.map_err(|error| source_error(&error))? else {
            return Ok(false);
        };
        let details = columns.details.as_ref();
        batch.extend(&self.until.cut(&Columns {
            ts_event: columns.ts_event,
            ts_recv: columns.ts_recv,
            price: columns.price,
            size: columns.size,
            level_size: columns.level_size,
            priority: columns.priority,
            instrument: columns.instrument,
            action: columns.action,
            side: columns.side,
            flags: columns.flags,
            signals: columns.signals,
            rank: columns.rank,
            order_id: details.map_or(&[], |x| x.order_id),
            sequence: details.map_or(&[], |x| x.sequence),
        }));
        Ok(true)
    }
}

/// Rows that end with an error as soon as nobody wants them any more.
pub struct Abandonable<'a> {
    source: Box<dyn RowSource + 'a>,
    is_abandoned: Arc<AtomicBool>,
}

impl<'a> Abandonable<'a> {
    /// The rows of a source until `is_abandoned` is set.
    pub const fn new(
        source: Box<dyn RowSource + 'a>,
        is_abandoned: Arc<AtomicBool>,
    ) -> Abandonable<'a> {
        Abandonable {
            source,
            is_abandoned,
        }
    }
}

impl RowSource for Abandonable<'_> {
    fn shows_levels(&self) -> bool {
        self.source.shows_levels()
    }

    fn next(&mut self, batch: &mut RowBatch) -> Result<bool, SourceError> {
        if self.is_abandoned.load(Ordering::Relaxed) {
            return Err(SourceError {
                message: "the run was given up for a newer one".into(),
                hint: None,
            });
        }
        self.source.next(batch)
    }
}
