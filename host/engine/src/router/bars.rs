//! Bars of the trades that were heard.
//!
//! Takes in trade prints; gives out a bar when its interval is over, by the strategies' clock: a bar holds what was heard
//! within the interval, and is heard at its end. An interval without trades has no bar.

use backplane_sdk::types::{Bar, InstrumentId, Interval, Price, Quantity, Timestamp};

use crate::record::InstanceId;
use crate::row::Row;

struct OpenBar {
    bar: Bar,
    closes: i64,
}

/// The bars of one instrument and interval.
struct Series {
    instrument: InstrumentId,
    interval: Interval,
    listeners: Vec<InstanceId>,
    open: Option<OpenBar>,
}

/// A finished bar and who hears it.
pub struct ClosedBar {
    /// The bar.
    pub bar: Bar,
    /// The place of its series, for [`BarBuilder::listeners`].
    pub series: usize,
}

/// Makes bars of trades.
pub struct BarBuilder {
    series: Vec<Series>,
    /// For each instrument, whether it has a series.
    covered: Vec<bool>,
    next_close: i64,
}

impl BarBuilder {
    /// Without series.
    pub fn new(instruments: usize) -> BarBuilder {
        BarBuilder {
            series: Vec::new(),
            covered: vec![false; instruments],
            next_close: i64::MAX,
        }
    }

    /// Makes bars of an instrument for a listener.
    pub fn subscribe(
        &mut self,
        instance: InstanceId,
        instrument: InstrumentId,
        interval: Interval,
    ) {
        self.covered[instrument.index()] = true;
        let found = self
            .series
            .iter_mut()
            .find(|x| x.instrument == instrument && x.interval == interval);
        match found {
            Some(series) => series.listeners.push(instance),
            None => self.series.push(Series {
                instrument,
                interval,
                listeners: vec![instance],
                open: None,
            }),
        }
    }

    /// Whether a strategy hears bars.
    pub fn tells(&self, instance: InstanceId) -> bool {
        self.series.iter().any(|x| x.listeners.contains(&instance))
    }

    /// Whether an instrument has a series.
    #[inline]
    pub fn covers(&self, instrument: InstrumentId) -> bool {
        self.covered[instrument.index()]
    }

    /// When the next bar closes; `i64::MAX` where none is open.
    #[inline]
    pub const fn next_close(&self) -> i64 {
        self.next_close
    }

    /// Adds a trade print.
    pub fn trade(&mut self, row: &Row) {
        let at = row.local();
        let (price, size) = (Price(row.price), Quantity(row.size.into()));
        for series in &mut self.series {
            if series.instrument.0 != u32::from(row.instrument) {
                continue;
            }
            let open = series.open.get_or_insert_with(|| {
                let start = Timestamp(at).floor(series.interval.span());
                let end = start + series.interval.span();
                OpenBar {
                    bar: Bar {
                        instrument: series.instrument,
                        interval: series.interval,
                        open: price,
                        high: price,
                        low: price,
                        close: price,
                        volume: Quantity::ZERO,
                        ts_event: start,
                        ts_recv: end,
                    },
                    closes: end.0,
                }
            });
            open.bar.high = open.bar.high.max(price);
            open.bar.low = open.bar.low.min(price);
            open.bar.close = price;
            open.bar.volume += size;
            self.next_close = self.next_close.min(open.closes);
        }
    }

    /// Takes a bar that closes at or before `until`, the earliest first, then in the order of subscription.
    pub fn close(&mut self, until: i64) -> Option<ClosedBar> {
        if self.next_close > until {
            return None;
        }
        let at = self.next_close;
        let closes = |x: &Series| x.open.as_ref().map_or(i64::MAX, |open| open.closes);
        let place = self.series.iter().position(|x| closes(x) == at)?;
        let open = self.series[place].open.take()?;
        self.next_close = self.series.iter().map(closes).min().unwrap_or(i64::MAX);
        Some(ClosedBar {
            bar: open.bar,
            series: place,
        })
    }

    /// Who hears the bars of a series.
    pub fn listeners(&self, series: usize) -> &[InstanceId] {
        &self.series[series].listeners
    }
}
