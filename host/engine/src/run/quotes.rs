//! The best prices of what is traded, as they change.
//!
//! Takes in the rows that the market takes over; gives out a record for each event that changes a best price of an
//! instrument for which orders were sent. From these follow markouts and excursions. Nothing of it changes the run.

use std::ops::Range;

use backplane_sdk::types::{InstrumentId, Timestamp};

use super::Run;
use crate::error::RunError;
use crate::record::QuoteRecord;
use crate::row::signal;

impl Run<'_> {
    /// An order is sent: from now on the best prices of its instrument are recorded, those of now first.
    pub(super) fn follow_quotes(&mut self, instrument: u32) -> Result<(), RunError> {
        let Some(quoted) = self.quoted.get_mut(instrument as usize) else {
            return Ok(());
        };
        if std::mem::replace(quoted, true) {
            return Ok(());
        }
        self.quotes = true;
        self.record_quote(InstrumentId(instrument), self.happened)
    }

    /// Lets the market take over those of the rows that come before or with the last change of a recorded best price;
    /// gives the first of the others.
    pub(super) fn record_quotes(&mut self, places: Range<usize>) -> Result<usize, RunError> {
        let (mut from, mut next) = (places.start, places.start);
        loop {
            let rows = self.window.rows();
            let Some(place) = rows.next_with(next..places.end, signal::BBO_PRICE) else {
                return Ok(from);
            };
            next = place + 1;
            let instrument = rows.instrument[place];
            if !self.quoted[usize::from(instrument)] {
                continue;
            }
            let at = rows.ts_event[place];
            self.market.apply_all(rows, from..next);
            from = next;
            self.record_quote(InstrumentId(instrument.into()), at)?;
        }
    }

    fn record_quote(&mut self, instrument: InstrumentId, at: i64) -> Result<(), RunError> {
        self.recorder.quote(&QuoteRecord {
            instrument,
            at: Timestamp(at),
            best: self.market.best(instrument),
        })?;
        Ok(())
    }
}
