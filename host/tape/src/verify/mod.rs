//! Proving a tape.
//!
//! Takes in a tape and, where its source ships one, a book to compare with; gives out a list of checks and how often
//! each failed. Every derived column is computed again from the rows.

mod against;
mod rebuild;
mod report;

use std::path::Path;

use backplane_sdk::types::Flags;

use crate::digest::ColumnDigest;
use crate::error::TapeError;
use crate::reader::TapeReader;
use crate::row::Row;
use crate::signals::Signals;
use crate::statistics::{Crossed, RowStatistics};
use against::Against;
use rebuild::Rebuild;

pub use against::Comparison;
use report::Checks;
pub use report::{Check, VerifyReport};

/// What is said of a tape that another program rewrote.
const NO_DIGEST: &str = "the footer has no digest to compare with";
/// The same for the statistics.
const NO_STATISTICS: &str = "the footer has no statistics to compare with";
/// Rows of an open event that are held in mind.
const EVENT_ROWS_MAX: usize = 1 << 20;

/// Verifies a tape.
///
/// # Errors
/// The tape, or the book to compare with, cannot be read. What can be read but is wrong is in the report.
pub fn verify(tape: &Path, against: Option<&Path>) -> Result<VerifyReport, TapeError> {
    let mut reader = TapeReader::open(tape)?.with_details(true);
    let instruments = reader.header().instruments.len();
    let mut verification = Verification {
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

/// An instrument's book and the prints of its open event.
#[derive(Default)]
struct Instrument {
    book: Rebuild,
    /// Number, action and signals of the open event's trades and fills.
    executions: Vec<(u64, u8, u8)>,
    is_open: bool,
}

/// A verification that is running.
struct Verification {
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
        if matches!(row.action, b'T' | b'F') {
            instrument
                .executions
                .push((number, row.action, row.signals));
        }
        let is_last = row.flags & Flags::LAST != 0;
        instrument.is_open = !is_last;
        let mut signals = expected.signals;
        if is_last {
            let (best, is_crossed) = instrument.book.end_event();
            signals |= best | Signals::LAST;
            if is_crossed {
                match row.flags & Flags::SNAPSHOT {
                    0 => self.crossed.count(row.ts_event),
                    _ => self.crossed_in_snapshots.count(row.ts_event),
                }
            }
        }
        let from_book = Signals::BOOK | Signals::BBO | Signals::BBO_PRICE | Signals::LAST;
        let from_book = if row.action == b'T' {
            from_book
        } else {
            from_book | Signals::MATCH
        };
        checks
            .signals
            .equal(number, signals & from_book, row.signals & from_book);
        if is_last || instrument.executions.len() >= EVENT_ROWS_MAX {
            end_of_event(&mut instrument.executions, checks);
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
            checks: self.checks.list(),
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

/// Checks the signals of an event's trades and fills against each other. A source's fill may have no row, so a trade
/// without fills need not be hidden; but one beside fills must not be.
fn end_of_event(executions: &mut Vec<(u64, u8, u8)>, checks: &mut Checks) {
    let has = |letter: u8| executions.iter().any(|(_, action, _)| *action == letter);
    let (has_trade, has_fill) = (has(b'T'), has(b'F'));
    for (number, action, found) in executions.drain(..) {
        let is_right = match action {
            b'F' => (found & Signals::TRADE != 0) != has_trade,
            _ => {
                let is_hidden = found & Signals::HIDDEN != 0;
                found & Signals::TRADE != 0
                    && (found & Signals::MATCH != 0) == is_hidden
                    && !(is_hidden && has_fill)
            }
        };
        if !is_right {
            checks
                .signals
                .fail(number, || "its print contradicts its event".to_owned());
        }
    }
}
