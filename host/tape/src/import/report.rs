//! What an import tells its user.
//!
//! Takes in the header and what was written; gives out a report that reads well in a terminal and as JSON.

use std::fmt;
use std::path::PathBuf;

use backplane_sdk::types::{Price, Timestamp};
use serde::Serialize;

use super::ImportOptions;
use crate::format::{Header, InstrumentDefinition, SourceFile, TapeSchema};
use crate::statistics::{Resolution, Statistics};
use crate::writer::Written;

/// What an import made and found.
#[derive(Clone, Debug, Serialize)]
pub struct ImportReport {
    /// The tape.
    pub output: PathBuf,
    /// What its rows are.
    pub schema: TapeSchema,
    /// The kind of source.
    pub from: String,
    /// The tape's instruments.
    pub instruments: Vec<InstrumentDefinition>,
    /// The files that were read.
    pub inputs: Vec<SourceFile>,
    /// What was counted.
    pub statistics: Statistics,
    /// The digest of the columns.
    pub digest: String,
    /// The tape's length in bytes.
    pub bytes: u64,
    /// What the user should know.
    pub notes: Vec<String>,
}

impl ImportReport {
    pub(super) fn new(
        options: &ImportOptions,
        header: Header,
        written: Written,
        notes: Vec<String>,
    ) -> ImportReport {
        ImportReport {
            output: options.output.clone(),
            schema: written.schema,
            from: header.source.from,
            instruments: header.instruments,
            inputs: header.source.inputs,
            statistics: written.statistics,
            digest: written.digest,
            bytes: written.bytes,
            notes,
        }
    }
}

/// Instruments that are listed one by one.
const INSTRUMENTS_SHOWN: usize = 10;

/// Writes the instruments, one a line.
pub(crate) fn write_instruments(
    f: &mut fmt::Formatter<'_>,
    list: &[InstrumentDefinition],
) -> fmt::Result {
    for instrument in list.iter().take(INSTRUMENTS_SHOWN) {
        let inferred = if instrument.tick_inferred {
            " (inferred)"
        } else {
            ""
        };
        writeln!(
            f,
            "  {:<12} tick {}{inferred}, multiplier {}, {}",
            instrument.symbol,
            Price(instrument.tick),
            Price(instrument.multiplier),
            instrument.currency
        )?;
    }
    match list.len().saturating_sub(INSTRUMENTS_SHOWN) {
        0 => Ok(()),
        more => writeln!(f, "  and {more} more"),
    }
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {} bytes, schema {}, from {}",
            self.output.display(),
            self.bytes,
            self.schema,
            self.from
        )?;
        write_instruments(f, &self.instruments)?;
        write!(f, "{}", self.statistics)?;
        writeln!(f, "  digest {}", self.digest)?;
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        Ok(())
    }
}

/// Writes the proof that the book fits its messages, zeros included, and of the rest what is not zero.
impl fmt::Display for Statistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = &self.rows;
        writeln!(f, "  {} rows in {} events", rows.rows, rows.events)?;
        writeln!(
            f,
            "  {} adds, {} cancels, {} modifies, {} fills, {} trades, {} clears",
            rows.adds, rows.cancels, rows.modifies, rows.fills, rows.trades, rows.clears
        )?;
        if rows.statuses > 0 {
            writeln!(f, "  {} changes of trading status", rows.statuses)?;
        }
        if let (Some(first), Some(last)) = (rows.ts_recv_first, rows.ts_recv_last) {
            writeln!(f, "  received {} to {}", Timestamp(first), Timestamp(last))?;
        }
        if let Some(delay) = rows.feed_delay_max {
            writeln!(f, "  feed delay at most {} us", delay / 1_000)?;
        }
        if let (Some(first), Some(last)) = (self.crossed.first, self.crossed.last) {
            let events = self.crossed.events;
            writeln!(
                f,
                "  {events} events end with a crossed book, {} to {}",
                Timestamp(first),
                Timestamp(last)
            )?;
        }
        if !self.published.is_empty() {
            let count = self.published.len();
            writeln!(f, "  {count} statistics published by exchanges")?;
        }
        let found = &self.resolution;
        let unknown = found.unknown_cancels.saturating_add(found.unknown_modifies);
        writeln!(
            f,
            "  {unknown} unknown cancels or modifies, {} over-cancels, {} duplicate adds",
            found.over_cancels, found.duplicate_adds
        )?;
        for (count, what) in noticed(rows.event_time_backwards, &self.resolution) {
            if count > 0 {
                writeln!(f, "  {count} {what}")?;
            }
        }
        Ok(())
    }
}

/// What was noticed, in words.
fn noticed(event_time_backwards: u64, found: &Resolution) -> [(u64, &'static str); 14] {
    [
        (event_time_backwards, "rows whose event time runs backwards"),
        (found.levels_seeded, "levels seeded by the first book"),
        (found.levels_revealed, "levels revealed"),
        (found.levels_dropped, "levels dropped out of sight"),
        (
            found.unknown_on_known_levels,
            "messages on unknown orders at known levels",
        ),
        (found.unknown_fills, "fills of unknown orders dropped"),
        (
            found.fills_elsewhere,
            "fills at another price than the order rests at (aggressors, auctions)",
        ),
        (
            found.fills_unconfirmed,
            "fills that nothing took out of the book",
        ),
        (found.fills_clipped, "fills of more than the order showed"),
        (found.refills, "orders refilled from a hidden rest"),
        (found.malformed, "malformed messages dropped"),
        (
            found.snapshot_orders_confirmed,
            "orders confirmed by a later snapshot",
        ),
        (
            found.snapshots_replacing,
            "snapshots that replaced the book",
        ),
        (
            found
                .receive_times_raised
                .saturating_add(found.unfinished_events),
            "repairs of receive times and open events",
        ),
    ]
}
