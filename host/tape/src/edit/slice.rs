//! A part of a tape: some of its instruments, from one time to another.
//!
//! Takes in a tape; gives out one that opens with a snapshot of the books at the cut, so that whoever replays it sees
//! what stood there, in the order of the queues. Atomic events are never cut: the part begins where, at the wanted time
//! or after it, no event is open, and an event that has begun before its end is taken whole.

use std::path::Path;

use backplane_sdk::types::Timestamp;

use super::EditReport;
use super::output::Output;
use super::standing::Standing;
use crate::error::TapeError;
use crate::format::{Header, InstrumentDefinition, Source};
use crate::message::StatusMessage;
use crate::reader::TapeReader;
use crate::resolve::{Conventions, FillConvention, Resolver, UnknownOrders};
use crate::row::Row;
use crate::writer::Overwrite;

/// Which part of a tape.
#[derive(Clone, Debug, Default)]
pub struct SliceOptions {
    /// Rows received before this time are seen only in the snapshot; from the beginning where it is not said.
    pub from: Option<Timestamp>,
    /// Rows received at this time or later are left out; to the end where it is not said.
    pub to: Option<Timestamp>,
    /// The symbols of the instruments; all where none is named.
    pub symbols: Vec<String>,
    /// What to do when the output exists.
    pub overwrite: Overwrite,
}

/// Writes a part of a tape; tells `progress` how many rows were read.
///
/// # Errors
/// The tape cannot be read, has no such instrument or nothing in that time, or the output cannot be written.
pub fn slice(
    tape: &Path,
    output: &Path,
    options: &SliceOptions,
    progress: &mut dyn FnMut(u64),
) -> Result<EditReport, TapeError> {
    if let (Some(from), Some(to)) = (options.from, options.to)
        && from >= to
    {
        let why = format!("there is no time from {from} to {to}");
        return Err(TapeError::Request { why });
    }
    let mut reader = TapeReader::open(tape)?.with_details(true);
    let chosen = Chosen::of(reader.header(), options)?;
    let header = Header {
        instruments: chosen.definitions.clone(),
        source: Source {
            from: format!("{}, a part", reader.header().source.from),
            inputs: reader.header().source.inputs.clone(),
        },
    };
    let mut part = Cut {
        output: Output::create(output, &header, reader.schema(), options.overwrite)?,
        before: chosen
            .definitions
            .iter()
            .map(|_| Standing::default())
            .collect(),
        from: options.from,
        to: options.to.map_or(i64::MAX, |to| to.0),
        has_begun: options.from.is_none(),
    };
    'tape: while let Some(columns) = reader.next_batch()? {
        for (number, row) in (columns.first_row..).zip(columns.iter()) {
            if row.ts_recv >= part.to && !part.output.any_open() {
                break 'tape;
            }
            if let Some(instrument) = chosen.places[usize::from(row.instrument)] {
                part.row(&Row { instrument, ..row }, number)?;
            }
        }
        progress(columns.first_row + columns.len() as u64 - 1);
    }
    part.begin_at_last()?;
    if part.output.rows() == 0 {
        let why = format!("{} holds nothing of that in that time", tape.display());
        return Err(TapeError::Request { why });
    }
    let published = reader.statistics().map(|known| known.published.clone());
    for mut published in published.unwrap_or_default() {
        let place = usize::from(published.instrument);
        if let Some(instrument) = chosen.places.get(place).copied().flatten() {
            published.instrument = instrument;
            part.output.publish(published)?;
        }
    }
    let written = part.output.finish()?;
    Ok(EditReport::new(output, chosen.definitions, written))
}

/// The instruments that were asked for.
struct Chosen {
    definitions: Vec<InstrumentDefinition>,
    /// The new place of each of the old tape's instruments.
    places: Vec<Option<u16>>,
}

impl Chosen {
    fn of(header: &Header, options: &SliceOptions) -> Result<Chosen, TapeError> {
        let mut chosen = Chosen {
            definitions: Vec::new(),
            places: Vec::new(),
        };
        for definition in &header.instruments {
            let is_wanted =
                options.symbols.is_empty() || options.symbols.contains(&definition.symbol);
            let place = u16::try_from(chosen.definitions.len()).unwrap_or(u16::MAX);
            chosen.places.push(is_wanted.then_some(place));
            if is_wanted {
                chosen.definitions.push(definition.clone());
            }
        }
        let known = |symbol: &&String| header.instruments.iter().any(|x| x.symbol == **symbol);
        if let Some(symbol) = options.symbols.iter().find(|symbol| !known(symbol)) {
            let why = format!("the tape has no instrument {symbol}");
            return Err(TapeError::Request { why });
        }
        Ok(chosen)
    }
}

/// A part that is being cut out.
struct Cut {
    output: Output,
    /// The books as they are before the part begins.
    before: Vec<Standing>,
    from: Option<Timestamp>,
    to: i64,
    has_begun: bool,
}

impl Cut {
    fn row(&mut self, row: &Row, number: u64) -> Result<(), TapeError> {
        if !self.has_begun {
            let is_time = self.from.is_none_or(|from| row.ts_recv >= from.0);
            if !is_time || self.before.iter().any(|book| book.is_open) {
                self.before[usize::from(row.instrument)].apply(row, number);
                return Ok(());
            }
            self.begin(row.ts_recv)?;
        }
        if row.ts_recv >= self.to && !self.output.is_open(row.instrument) {
            return Ok(());
        }
        self.output.push(row)
    }

    /// A part after whose beginning the tape has no rows still has a snapshot.
    fn begin_at_last(&mut self) -> Result<(), TapeError> {
        match (self.has_begun, self.from) {
            (false, Some(from)) => self.begin(from.0),
            _ => Ok(()),
        }
    }

    /// Writes the snapshot of all books, no later than a row that is received at `next`.
    fn begin(&mut self, next: i64) -> Result<(), TapeError> {
        self.has_begun = true;
        let time = self.from.map_or(next, |from| from.0.min(next));
        let conventions = Conventions {
            fills: FillConvention::TakesOut,
            unknown_orders: UnknownOrders::ReduceLevel,
        };
        let mut resolver = Resolver::new(self.before.len(), conventions);
        for (instrument, book) in (0_u16..).zip(&self.before) {
            for message in book.snapshot(instrument, time) {
                for row in resolver.push(&message)? {
                    self.output.push(row)?;
                }
            }
            if let Some(status) = book.status {
                let message = StatusMessage {
                    ts_event: Timestamp(time),
                    ts_recv: Timestamp(time),
                    sequence: 0,
                    instrument,
                    status,
                };
                for row in resolver.status(&message)? {
                    self.output.push(row)?;
                }
            }
        }
        self.before.clear();
        Ok(())
    }
}
