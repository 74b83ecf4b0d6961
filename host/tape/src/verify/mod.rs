//! Proving a tape.
//!
//! Takes in a tape and, where its source ships one, a book to compare with; gives out a list of checks and how often
//! each failed. Every derived column is computed again from the rows.

mod against;
mod event;
mod rebuild;
mod report;

use std::path::Path;

use backplane_sdk::types::Flags;

use crate::digest::ColumnDigest;
use crate::error::TapeError;
use crate::format::{ACTION_STATUS, TapeSchema};
use crate::reader::TapeReader;
use crate::row::Row;
use crate::signals::Signals;
use crate::statistics::{Crossed, RowStatistics};
use against::Against;
use event::{LevelEvent, OrderEvent};
use rebuild::Rebuild;

pub use against::Comparison;
use report::Checks;
pub use report::{Check, VerifyReport};

/// What is said of a tape that another program rewrote.
const NO_DIGEST: &str = "the footer has no digest to compare with";
/// The same for the statistics.
const NO_STATISTICS: &str = "the footer has no statistics to compare with";

/// Verifies a tape.
///
/// # Errors
/// The tape, or the book to compare with, cannot be read. What can be read but is wrong is in the report.
pub fn verify(tape: &Path, against: Option<&Path>) -> Result<VerifyReport, TapeError> {
    let mut reader = TapeReader::open(tape)?.with_details(true);
    let instruments = reader.header().instruments.len();
    let mut verification = Verification {
        schema: reader.schema(),
        books: (0..instruments).map(|_| Instrument::default()).collect(),
        checks: Checks::default(),
        rows: RowStatistics::default(),
        crossed: Crossed::default(),
        crossed_in_snapshots: Crossed::default(),
        against: against.map(Against::open).transpose()?,
    };
    let mut digest = ColumnDigest::new();
    loop {
        match reader.next_batch()? {
            None => break,
            Some(columns) => {
                for (number, row) in (columns.first_row..).zip(columns.iter()) {
                    verification.row(number, &row)?;
                }
            }
        }
        for (place, bytes) in reader.column_bytes() {
            digest.update(place, bytes);
        }
    }
    verification.finish(&reader, &digest.hexadecimal())
}

/// An instrument's book and its open event.
#[derive(Default)]
struct Instrument {
    book: Rebuild,
    order_event: OrderEvent,
    level_event: LevelEvent,
    is_open: bool,
}

/// A verification that is running.
struct Verification {
    schema: TapeSchema,
    books: Vec<Instrument>,
    checks: Checks,
    rows: RowStatistics,
    crossed: Crossed,
    crossed_in_snapshots: Crossed,
    against: Option<Against>,
}

impl Verification {
    fn row(&mut self, number: u64, row: &Row) -> Result<(), TapeError> {
        self.rows.count(row);
        // The reader has refused rows of other instruments.
        let instrument = &mut self.books[usize::from(row.instrument)];
        if row.instrument == 0
            && let Some(against) = &mut self.against
        {
            against.before(row.sequence, &instrument.book)?;
        }
        let expected = instrument.book.apply(row, number);
        let checks = &mut self.checks;
        checks.compare(number, &expected, row);
        let is_last = row.flags & Flags::LAST != 0;
        instrument.is_open = !is_last;
        let mut signals = expected.signals;
        if is_last {
            let (best, is_crossed) = instrument.book.end_event();
            signals |= best | Signals::LAST;
            if is_crossed && row.action != ACTION_STATUS {
                match row.flags & Flags::SNAPSHOT {
                    0 => self.crossed.count(row.ts_event),
                    _ => self.crossed_in_snapshots.count(row.ts_event),
                }
            }
        }
        let mut known = Signals::BOOK | Signals::BBO | Signals::BBO_PRICE | Signals::LAST;
        match (self.schema, row.action) {
            // What these signal depends on the event.
            (TapeSchema::Mbo, b'T') => {}
            (TapeSchema::Mbo, _) => known |= Signals::MATCH,
            (TapeSchema::Mbp, b'T') => {
                known |= Signals::MATCH | Signals::TRADE;
                signals |= Signals::MATCH | Signals::TRADE;
            }
            (TapeSchema::Mbp, _) => known |= Signals::MATCH | Signals::TRADE | Signals::HIDDEN,
        }
        checks
            .signals
            .equal(number, signals & known, row.signals & known);
        match self.schema {
            TapeSchema::Mbo => instrument.order_event.row(number, row, is_last, checks),
            TapeSchema::Mbp => instrument.level_event.row(number, row, is_last, checks),
        }
        Ok(())
    }

    fn finish(mut self, reader: &TapeReader, digest: &str) -> Result<VerifyReport, TapeError> {
        let open = self
            .books
            .iter()
            .filter(|instrument| instrument.is_open)
            .count();
        for _ in 0..open {
            self.checks.events.fail(self.rows.rows, || {
                "the tape ends within an event".to_owned()
            });
        }
        let mut notes = Vec::new();
        match reader.digest() {
            Some(written) if written == digest => {}
            Some(written) => self.checks.digest.fail(0, || {
                format!("the footer says {written}, the columns give {digest}")
            }),
            None => notes.push(NO_DIGEST.to_owned()),
        }
        let crossed = self
            .crossed
            .events
            .saturating_add(self.crossed_in_snapshots.events);
        match reader.statistics() {
            None => notes.push(NO_STATISTICS.to_owned()),
            Some(written) if written.rows != self.rows || written.crossed.events != crossed => {
                self.checks.statistics.fail(0, || {
                    "the rows give other counts than the footer".to_owned()
                });
            }
            Some(_) => {}
        }
        let comparison = match (self.against, self.books.first()) {
            (Some(against), Some(instrument)) => Some(against.finish(&instrument.book)?),
            _ => None,
        };
        Ok(VerifyReport {
            tape: reader.path().to_path_buf(),
            instruments: reader.header().instruments.clone(),
            rows: self.rows,
            digest: digest.to_owned(),
            schema: self.schema,
            checks: self.checks.list(self.schema),
            crossed: self.crossed,
            crossed_in_snapshots: self.crossed_in_snapshots,
            resolution: reader
                .statistics()
                .map(|statistics| statistics.resolution.clone())
                .unwrap_or_default(),
            against: comparison,
            notes,
        })
    }
}
