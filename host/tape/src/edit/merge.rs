//! Several tapes as one: venues beside each other, days after each other.
//!
//! Takes in tapes of one schema; gives out a tape of all their instruments, in the order of receive times, the tapes'
//! order kept among equals. An instrument that several tapes hold (by symbol and venue) goes on from one to the next: its
//! book is emptied in between, since each tape begins with what it says itself. Tapes that hold an instrument at the
//! same time are refused.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::{Path, PathBuf};

use backplane_sdk::types::Timestamp;

use super::EditReport;
use super::output::Output;
use crate::divisor::greatest_common_divisor;
use crate::error::TapeError;
use crate::format::{Header, INSTRUMENTS_MAX, InstrumentDefinition, Source};
use crate::reader::TapeReader;
use crate::row::Row;
use crate::statistics::Statistics;
use crate::writer::Overwrite;

/// Rows between two calls of the progress callback.
const PROGRESS_ROWS: u64 = 65_536;

/// Writes several tapes as one; tells `progress` how many rows are done.
///
/// # Errors
/// A tape cannot be read, the tapes do not fit each other, or the output cannot be written.
pub fn merge(
    tapes: &[PathBuf],
    output: &Path,
    overwrite: Overwrite,
    progress: &mut dyn FnMut(u64),
) -> Result<EditReport, TapeError> {
    let mut union = Union {
        header: Header {
            instruments: Vec::new(),
            source: Source::default(),
        },
        is_begun: false,
    };
    let mut inputs = Vec::new();
    for tape in tapes {
        let reader = TapeReader::open(tape)?.with_details(true);
        let places = union.add(&reader)?;
        inputs.push(Input {
            reader,
            places,
            rows: Vec::new(),
            next: 0,
        });
    }
    let Some(schema) = inputs.first().map(|input| input.reader.schema()) else {
        let why = "there is nothing to merge".to_owned();
        return Err(TapeError::Request { why });
    };
    if let Some(other) = inputs.iter().find(|input| input.reader.schema() != schema) {
        let why = format!(
            "{} is of schema {}, {} of schema {schema}: they cannot be merged",
            other.reader.path().display(),
            other.reader.schema(),
            inputs[0].reader.path().display(),
        );
        return Err(TapeError::Request { why });
    }
    let header = union.header.clone();
    let mut merging = Merging {
        output: Output::create(output, &header, schema, overwrite)?,
        owners: vec![Vec::new(); header.instruments.len()],
    };
    for input in &inputs {
        let known = input.reader.statistics();
        for mut published in known.map(|x| x.published.clone()).unwrap_or_default() {
            let place = input.places.get(usize::from(published.instrument));
            published.instrument = place.copied().unwrap_or_default();
            merging.output.publish(published)?;
        }
    }
    merging.run(&mut inputs, progress)?;
    let known = inputs.iter().filter_map(|input| input.reader.statistics());
    let backwards = |x: &Statistics| x.rows.event_time_backwards;
    let before: u64 = known.map(backwards).sum();
    let written = merging.output.finish()?;
    let mut report = EditReport::new(output, header.instruments, written);
    let after = report.statistics.as_ref().map_or(0, backwards);
    if after > before {
        report.notes.push(format!(
            "{} rows happened before rows that were received earlier from another tape: a run has one exchange clock, \
             takes it as not running backwards, and counts this",
            after - before
        ));
    }
    Ok(report)
}

/// The instruments and sources of all tapes.
struct Union {
    header: Header,
    /// Whether a tape was taken in.
    is_begun: bool,
}

/// The tick of an instrument that two tapes hold: what one of them was told goes before what was inferred. A day on which
/// some prices did not occur seems to have a larger tick, so of two that were inferred it is the largest that divides
/// both. `None` where they do not fit.
fn common_tick(one: &InstrumentDefinition, other: &InstrumentDefinition) -> Option<i64> {
    let divides = |told: i64, inferred: i64| (inferred % told.max(1) == 0).then_some(told);
    match (one.tick_inferred, other.tick_inferred) {
        (true, true) => {
            let ticks = (one.tick.unsigned_abs(), other.tick.unsigned_abs());
            i64::try_from(greatest_common_divisor(ticks.0, ticks.1)).ok()
        }
        (false, false) => (one.tick == other.tick).then_some(one.tick),
        (true, false) => divides(other.tick, one.tick),
        (false, true) => divides(one.tick, other.tick),
    }
}

impl Union {
    /// Takes in a tape; gives the places of its instruments in the new tape.
    fn add(&mut self, reader: &TapeReader) -> Result<Vec<u16>, TapeError> {
        let source = &reader.header().source;
        let known = &mut self.header.source.clock_offset;
        if self.is_begun && *known != source.clock_offset {
            let why = format!(
                "the receive times of {} were moved by {} ns, those of the tapes before it by {known} ns: import all with one `--clock-offset`",
                reader.path().display(),
                source.clock_offset
            );
            return Err(TapeError::Request { why });
        }
        (self.is_begun, *known) = (true, source.clock_offset);
        let from = &mut self.header.source.from;
        if !from.split(" and ").any(|known| known == source.from) {
            if !from.is_empty() {
                from.push_str(" and ");
            }
            from.push_str(&source.from);
        }
        self.header
            .source
            .inputs
            .extend(source.inputs.iter().cloned());
        let definitions = reader.header().instruments.iter();
        definitions.map(|x| self.place(x, reader.path())).collect()
    }

    fn place(&mut self, definition: &InstrumentDefinition, tape: &Path) -> Result<u16, TapeError> {
        let request = |why: String| TapeError::Request { why };
        let instruments = &mut self.header.instruments;
        let same = |x: &&mut InstrumentDefinition| {
            x.symbol == definition.symbol && x.venue == definition.venue
        };
        let place = instruments
            .iter()
            .position(|x| x.symbol == definition.symbol && x.venue == definition.venue);
        if let Some(known) = instruments.iter_mut().find(same) {
            let terms = |x: &InstrumentDefinition| (x.multiplier, x.lot, x.currency.clone());
            let tick = common_tick(known, definition);
            if let (Some(tick), true) = (tick, terms(known) == terms(definition)) {
                known.tick = tick;
                known.tick_inferred &= definition.tick_inferred;
            } else {
                return Err(request(format!(
                    "{} defines {} otherwise than the tapes before it",
                    tape.display(),
                    definition.symbol
                )));
            }
            known.expiration = known.expiration.or(definition.expiration);
            return Ok(place
                .and_then(|x| u16::try_from(x).ok())
                .unwrap_or_default());
        }
        if instruments.iter().any(|x| x.symbol == definition.symbol) {
            return Err(request(format!(
                "the tapes hold {} of several venues under one name; import them under names of their own",
                definition.symbol
            )));
        }
        if instruments.len() >= INSTRUMENTS_MAX {
            return Err(request(format!(
                "a tape holds at most {INSTRUMENTS_MAX} instruments"
            )));
        }
        instruments.push(definition.clone());
        u16::try_from(instruments.len() - 1).map_err(|_| request("too many instruments".to_owned()))
    }
}

/// A tape that is read.
struct Input {
    reader: TapeReader,
    places: Vec<u16>,
    rows: Vec<Row>,
    next: usize,
}

impl Input {
    /// The next row, with its place in the new tape's list.
    fn peek(&mut self) -> Result<Option<Row>, TapeError> {
        while self.next == self.rows.len() {
            self.next = 0;
            self.rows.clear();
            match self.reader.next_batch()? {
                None => return Ok(None),
                Some(columns) => self.rows.extend(columns.iter()),
            }
        }
        let row = self.rows[self.next];
        let instrument = self.places[usize::from(row.instrument)];
        Ok(Some(Row { instrument, ..row }))
    }
}

/// A merge that is running.
struct Merging {
    output: Output,
    /// The tapes from which each instrument's rows came, in their order.
    owners: Vec<Vec<usize>>,
}

impl Merging {
    fn run(
        &mut self,
        inputs: &mut [Input],
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), TapeError> {
        let mut agenda = BinaryHeap::new();
        for (place, input) in inputs.iter_mut().enumerate() {
            agenda.extend(input.peek()?.map(|row| Reverse((row.ts_recv, place))));
        }
        while let Some(Reverse((_, place))) = agenda.pop() {
            let until = agenda.peek().map(|Reverse(next)| *next);
            while let Some(row) = inputs[place].peek()? {
                if until.is_some_and(|until| (row.ts_recv, place) > until) {
                    agenda.push(Reverse((row.ts_recv, place)));
                    break;
                }
                self.row(&row, place, inputs)?;
                inputs[place].next += 1;
                if self.output.rows().is_multiple_of(PROGRESS_ROWS) {
                    progress(self.output.rows());
                }
            }
        }
        Ok(())
    }

    fn row(&mut self, row: &Row, from: usize, inputs: &[Input]) -> Result<(), TapeError> {
        let owners = &mut self.owners[usize::from(row.instrument)];
        if owners.last() != Some(&from) {
            if owners.contains(&from) || self.output.is_open(row.instrument) {
                let other = owners.last().copied().unwrap_or_default();
                return Err(overlap(row, &inputs[from], &inputs[other]));
            }
            owners.push(from);
            self.output.clear(row)?;
        }
        self.output.push(row)
    }
}

fn overlap(row: &Row, one: &Input, other: &Input) -> TapeError {
    let symbol = one
        .places
        .iter()
        .position(|place| *place == row.instrument)
        .and_then(|place| one.reader.header().instruments.get(place))
        .map_or("", |definition| definition.symbol.as_str());
    let why = format!(
        "{} and {} both hold {symbol} at {}: they are not parts of one recording",
        other.reader.path().display(),
        one.reader.path().display(),
        Timestamp(row.ts_recv)
    );
    TapeError::Request { why }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_an_instrument_is_must_be_the_same_in_all_tapes() {
        let definition = |tick, tick_inferred, lot| InstrumentDefinition {
            symbol: "AB".to_owned(),
            tick,
            tick_inferred,
            lot,
            ..InstrumentDefinition::default()
        };
        let merged = |one, other| {
            let mut union = Union {
                header: Header {
                    instruments: vec![one],
                    source: Source::default(),
                },
                is_begun: true,
            };
            let placed = union.place(&other, Path::new("x.tape"));
            placed.map(|_| union.header.instruments[0].tick).ok()
        };
        let inferred = |tick| definition(tick, true, 1);
        let told = |tick| definition(tick, false, 1);
        assert_eq!(merged(inferred(750), inferred(500)), Some(250));
        assert_eq!(merged(inferred(500), told(250)), Some(250));
        assert_eq!(merged(told(250), inferred(500)), Some(250));
        assert_eq!(merged(told(500), inferred(250)), None);
        assert_eq!(merged(told(500), told(250)), None);
        assert_eq!(merged(inferred(500), definition(250, true, 10)), None);
    }
}
