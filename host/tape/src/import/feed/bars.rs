//! Bars as what they stand for: prints, and best prices.
//!
//! Takes in bars of trades or of quotes; gives out updates at their ends. Nothing of a bar can be known before it is
//! over, so that all of it happens and is heard in its last nanoseconds: a strategy hears it when the bar ends, and an
//! order that it sends then meets the next bar. The path within a bar is not known either: it is taken to be open, then
//! the nearer of high and low, then the other one, then close. The bars that a replay makes of these prints are the bars
//! that were read.

use std::collections::VecDeque;

use backplane_sdk::types::Side;

use super::decimal::Decimal;
use super::update::{LevelSet, Others, Print, Update};

/// Nanoseconds before its end at which a bar's path begins: a step for each price, prints and quotes by turns.
const PATH_NANOS: i64 = 8;

/// Open, high, low and close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bar {
    open: Decimal,
    high: Decimal,
    low: Decimal,
    close: Decimal,
}

impl Bar {
    /// A bar of open, high, low and close.
    ///
    /// # Errors
    /// The high is not the highest of them, or the low not the lowest.
    pub(crate) fn of([open, high, low, close]: [Decimal; 4]) -> Result<Bar, String> {
        let highest = open.max(low).max(close);
        let lowest = open.min(high).min(close);
        if high < highest || low > lowest {
            return Err(format!(
                "its bar is none: open {open}, high {high}, low {low}, close {close}"
            ));
        }
        Ok(Bar {
            open,
            high,
            low,
            close,
        })
    }

    /// Whether the high is taken to have been before the low: it is nearer to the open.
    const fn is_high_first(&self) -> bool {
        let up = self.high.0.saturating_sub(self.open.0);
        up < self.open.0.saturating_sub(self.low.0)
    }

    /// The prices in the order in which they are taken to have been there.
    const fn path(&self, is_high_first: bool) -> [Decimal; 4] {
        match is_high_first {
            true => [self.open, self.high, self.low, self.close],
            false => [self.open, self.low, self.high, self.close],
        }
    }
}

/// A bar of each side's best price, and what rested there at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quotes {
    pub(crate) bid: Option<(Bar, Decimal)>,
    pub(crate) ask: Option<(Bar, Decimal)>,
}

/// The updates of bars that were read.
#[derive(Debug, Default)]
pub(crate) struct BarQueue {
    ready: VecDeque<Update>,
    spare: Vec<Update>,
    volumeless: u64,
}

impl BarQueue {
    /// Adds a bar of trades that ends at a time, in nanoseconds since the Unix epoch. Without a volume each print is of
    /// one unit.
    pub(crate) fn trades(&mut self, symbol: &str, ends: i64, bar: &Bar, volume: Option<Decimal>) {
        let mut steps = bar
            .path(bar.is_high_first())
            .into_iter()
            .zip(0_i64..)
            .collect::<Vec<_>>();
        steps.dedup_by_key(|(price, _)| *price);
        let volume = volume.filter(|volume| volume.0 > 0);
        if volume.is_none() {
            self.volumeless += 1;
        }
        let count = steps.len() as u8;
        for ((price, step), number) in steps.into_iter().zip(0_u8..) {
            let at = ends.saturating_sub(PATH_NANOS - 2 * step);
            let update = self.begin(symbol, at);
            update.share = volume.map(|_| (number, count));
            update.is_bar = true;
            update.prints.push(Print {
                price,
                size: volume.unwrap_or(Decimal::ONE),
                aggressor: None,
            });
        }
    }

    /// Adds a bar of quotes that ends at a time.
    pub(crate) fn quotes(&mut self, symbol: &str, ends: i64, quotes: &Quotes) {
        // Both sides go the same way, so that they do not cross.
        let leader = quotes.bid.or(quotes.ask);
        let is_high_first = leader.is_some_and(|(bar, _)| bar.is_high_first());
        let path =
            |side: Option<(Bar, Decimal)>| side.map(|(bar, size)| (bar.path(is_high_first), size));
        let (bids, asks) = (path(quotes.bid), path(quotes.ask));
        for step in 0..4_usize {
            let at = ends.saturating_sub(PATH_NANOS - 2 * step as i64 - 1);
            let update = self.begin(symbol, at);
            update.others = Others::Go;
            for (side, path) in [(Side::Buy, &bids), (Side::Sell, &asks)] {
                if let Some((prices, size)) = path {
                    update.levels.push(LevelSet {
                        side,
                        price: prices[step],
                        size: *size,
                    });
                }
            }
        }
    }

    fn begin(&mut self, symbol: &str, at: i64) -> &mut Update {
        let mut update = self.spare.pop().unwrap_or_default();
        update.begin(symbol, at, at);
        self.ready.push_back(update);
        let last = self.ready.len().saturating_sub(1);
        &mut self.ready[last]
    }

    /// Takes the next update; `false` where none is left.
    pub(crate) fn take(&mut self, update: &mut Update) -> bool {
        let Some(ready) = self.ready.pop_front() else {
            return false;
        };
        self.spare.push(std::mem::replace(update, ready));
        true
    }

    /// What was noticed.
    pub(crate) fn noticed(&self) -> Vec<(&'static str, u64)> {
        vec![(
            "bars have no volume: each of their prints is of one unit",
            self.volumeless,
        )]
    }
}
