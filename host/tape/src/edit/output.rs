//! A tape that is made of other tapes' rows.
//!
//! Takes in rows in the order of the new tape; gives out the tape: priorities are written anew, books are followed so
//! that crossed ones are counted and books can be emptied.

use std::path::Path;

use backplane_sdk::types::{Flags, Price};

use super::renumber::Places;
use super::standing::Standing;
use crate::error::TapeError;
use crate::format::{ACTION_STATUS, Header, TapeSchema};
use crate::row::Row;
use crate::signals::Signals;
use crate::statistics::{Crossed, Published, Resolution};
use crate::writer::{Overwrite, TapeWriter, Written};

/// A tape that is being written.
pub(super) struct Output {
    writer: TapeWriter,
    instruments: Vec<(Standing, Places)>,
    crossed: Crossed,
}

impl Output {
    pub(super) fn create(
        path: &Path,
        header: &Header,
        schema: TapeSchema,
        overwrite: Overwrite,
    ) -> Result<Output, TapeError> {
        let mut instruments = Vec::new();
        instruments.resize_with(header.instruments.len(), Default::default);
        Ok(Output {
            writer: TapeWriter::create(path, header, schema, overwrite)?,
            instruments,
            crossed: Crossed::default(),
        })
    }

    /// Appends a row, whose instrument is the new tape's.
    pub(super) fn push(&mut self, row: &Row) -> Result<(), TapeError> {
        let number = self.writer.rows().saturating_add(1);
        let Some((standing, places)) = self.instruments.get_mut(usize::from(row.instrument)) else {
            return Ok(());
        };
        let row = places.renumber(row, number)?;
        standing.apply(&row, number);
        let ends = row.is_last() && row.action != ACTION_STATUS;
        if ends && standing.is_crossed() {
            self.crossed.count(row.ts_event);
        }
        self.writer.push(&row)
    }

    /// Empties the book of an instrument at the time of a row that comes next, where something rests.
    pub(super) fn clear(&mut self, next: &Row) -> Result<(), TapeError> {
        let Some((standing, _)) = self.instruments.get(usize::from(next.instrument)) else {
            return Ok(());
        };
        if standing.is_empty() {
            return Ok(());
        }
        self.push(&Row {
            ts_event: next.ts_event,
            ts_recv: next.ts_recv,
            instrument: next.instrument,
            action: b'R',
            side: b'N',
            flags: Flags::LAST,
            signals: Signals::BOOK | Signals::LAST | Signals::BBO | Signals::BBO_PRICE,
            price: Price::UNDEFINED.0,
            ..Row::default()
        })
    }

    /// Whether an event of an instrument has begun and not ended.
    pub(super) fn is_open(&self, instrument: u16) -> bool {
        let found = self.instruments.get(usize::from(instrument));
        found.is_some_and(|(standing, _)| standing.is_open)
    }

    /// Whether an event of any instrument has begun and not ended.
    pub(super) fn any_open(&self) -> bool {
        self.instruments
            .iter()
            .any(|(standing, _)| standing.is_open)
    }

    pub(super) fn publish(&mut self, published: Published) -> Result<(), TapeError> {
        self.writer.publish(published)
    }

    /// Rows so far.
    pub(super) const fn rows(&self) -> u64 {
        self.writer.rows()
    }

    pub(super) fn finish(self) -> Result<Written, TapeError> {
        self.writer.finish(Resolution::default(), self.crossed)
    }
}
