//! The mids of the last minute, for each instrument that is traded.
//!
//! Takes in quotes in the order of their times; gives out the mid at any time that is still of interest, the best prices
//! of now, and the extremes of mids that are older.

use std::collections::VecDeque;

use backplane_engine::record::QuoteRecord;
use backplane_sdk::types::{InstrumentId, Price};

use super::excursions::{Excursions, Mid};
use crate::tables::schema::HORIZONS;

/// How long mids are kept, in nanoseconds: the longest horizon. An execution that is reported later than that has fewer
/// mids, and excursions that may see what came after it.
const KEPT: i64 = HORIZONS[HORIZONS.len() - 1].0;

/// What is not known.
const NONE: i64 = Price::UNDEFINED.0;

/// The quotes of one instrument.
#[derive(Clone, Debug)]
struct Series {
    /// The mid before those that are kept.
    before: i64,
    recent: VecDeque<Mid>,
    past: Excursions,
    /// The accounts that hold it.
    holders: usize,
    best: [Option<Price>; 2],
}

/// The quotes of all instruments.
#[derive(Clone, Debug)]
pub(super) struct Quotes {
    all: Vec<Series>,
}

impl Quotes {
    /// No quotes of so many instruments.
    pub(super) fn new(instruments: usize) -> Quotes {
        let series = Series {
            before: NONE,
            recent: VecDeque::new(),
            past: Excursions::default(),
            holders: 0,
            best: [None; 2],
        };
        Quotes {
            all: vec![series; instruments],
        }
    }

    /// Adds a quote. Mids from `oldest` on are kept whatever their age: executions of then are not settled yet.
    pub(super) fn add(&mut self, quote: &QuoteRecord, oldest: i64) {
        let Some(series) = self.all.get_mut(quote.instrument.index()) else {
            return;
        };
        let at = quote.at.0;
        series.best = [quote.best.bid, quote.best.ask].map(|x| x.map(|x| x.price));
        let mid = quote.best.mid().map_or(NONE, |x| x.0);
        match series.recent.back_mut() {
            // Of several events at one time the last counts.
            Some(last) if last.0 == at => last.1 = mid,
            _ => series.recent.push_back((at, mid)),
        }
        series.forget(oldest.min(at.saturating_sub(KEPT)));
    }

    /// The mid at a time; none where a side was empty or the time is too long ago.
    pub(super) fn mid_at(&self, instrument: InstrumentId, at: i64) -> Option<i64> {
        let series = self.all.get(instrument.index())?;
        let mid = match series.recent.back() {
            Some(last) if last.0 <= at => last.1,
            _ => {
                let place = series.recent.partition_point(|x| x.0 <= at);
                place
                    .checked_sub(1)
                    .map_or(series.before, |x| series.recent[x].1)
            }
        };
        (mid != NONE).then_some(mid)
    }

    /// The best bid and ask of now.
    pub(super) fn best(&self, instrument: InstrumentId) -> [Option<Price>; 2] {
        self.all
            .get(instrument.index())
            .map_or([None; 2], |x| x.best)
    }

    /// Makes everything up to `at` a part of the past, so that [`Quotes::extremes`] end there.
    pub(super) fn pass(&mut self, instrument: InstrumentId, at: i64) {
        if let Some(series) = self.all.get_mut(instrument.index()) {
            series.forget(at.saturating_add(1));
        }
    }

    /// The lowest and the highest mid of the past after `after`.
    pub(super) fn extremes(&self, instrument: InstrumentId, after: i64) -> Option<[i64; 2]> {
        self.all.get(instrument.index())?.past.since(after)
    }

    /// An account begins or ceases to hold an instrument: extremes are kept while one does.
    pub(super) fn hold(&mut self, instrument: InstrumentId, held: bool, holds: bool) {
        let Some(series) = self.all.get_mut(instrument.index()) else {
            return;
        };
        match (held, holds) {
            (false, true) => series.holders += 1,
            (true, false) => series.holders = series.holders.saturating_sub(1),
            _ => {}
        }
        if series.holders == 0 {
            series.past.clear();
        }
    }
}

impl Series {
    /// Moves what is older than `until` into the past.
    fn forget(&mut self, until: i64) {
        while let Some((at, mid)) = self.recent.front().copied() {
            if at >= until {
                return;
            }
            self.recent.pop_front();
            self.before = mid;
            if mid != NONE && self.holders > 0 {
                self.past.add(at, mid);
            }
        }
    }
}
