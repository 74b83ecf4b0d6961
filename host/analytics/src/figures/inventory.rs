//! How much was held, and for how long.
//!
//! Takes in positions after executions; gives out extremes, means and a histogram, weighted by the time of a run.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::metrics::Figure;

/// The most bars of a histogram; beyond that two become one.
const BARS_MAX: usize = 41;
const NO_LENGTH: &str = "the run has no length";

/// How much was held of an instrument.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PositionStatistics {
    /// The largest size of the position, long or short, in quantity units.
    pub max_position: i64,
    /// The largest long position, in quantity units.
    pub max_long: i64,
    /// The largest short position, in quantity units; zero or less.
    pub max_short: i64,
    /// The size of the position, averaged over the time of the run.
    pub mean_absolute_position: Figure,
    /// The position with its sign, averaged over the time of the run.
    pub mean_position: Figure,
    /// The share of the time of the run during which there was a position.
    pub time_in_market: Figure,
    /// The position at the end.
    pub last_position: i64,
    /// The share of the time of the run during which the position was from `from` to `to`, both included.
    pub histogram: Vec<InventoryBar>,
}

/// A bar of the histogram of positions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct InventoryBar {
    /// The lowest position, in quantity units.
    pub from: i64,
    /// The highest position.
    pub to: i64,
    /// The share of the time.
    pub share: Figure,
}

/// A position over time, in one instrument.
#[derive(Clone, Debug)]
pub(super) struct Inventory {
    since: i64,
    position: i64,
    long: i64,
    short: i64,
    /// The sums of size and of signed position times nanoseconds.
    area: u128,
    signed_area: i128,
    /// Nanoseconds without a position.
    flat: u128,
    /// Nanoseconds by position, in steps of `width`, a power of two.
    bars: BTreeMap<i64, u128>,
    width: i64,
}

impl Inventory {
    /// No position at the start of the run.
    pub(super) fn new(first: i64) -> Inventory {
        Inventory {
            since: first,
            position: 0,
            long: 0,
            short: 0,
            area: 0,
            signed_area: 0,
            flat: 0,
            bars: BTreeMap::new(),
            width: 1,
        }
    }

    /// The position is `position` from `at` on.
    pub(super) fn set(&mut self, at: i64, position: i64) {
        self.pass(at);
        self.position = position;
        self.long = self.long.max(position);
        self.short = self.short.min(position);
    }

    fn pass(&mut self, at: i64) {
        let span = (i128::from(at) - i128::from(self.since)).max(0) as u128;
        self.since = self.since.max(at);
        let size = u128::from(self.position.unsigned_abs());
        self.area = self.area.saturating_add(size.saturating_mul(span));
        let signed = i128::from(self.position).saturating_mul(span as i128);
        self.signed_area = self.signed_area.saturating_add(signed);
        if span == 0 {
            return;
        }
        if self.position == 0 {
            self.flat += span;
        }
        *self
            .bars
            .entry(self.position.div_euclid(self.width))
            .or_default() += span;
        while self.bars.len() > BARS_MAX {
            self.width = self.width.saturating_mul(2);
            let narrow = std::mem::take(&mut self.bars);
            for (place, span) in narrow {
                *self.bars.entry(place.div_euclid(2)).or_default() += span;
            }
        }
    }

    /// The figures at the end of the run.
    pub(super) fn figures(mut self, first: i64, last: i64) -> PositionStatistics {
        self.pass(last);
        let span = (i128::from(last) - i128::from(first)).max(0) as f64;
        let share = |x: f64| Figure::ratio(x, span, NO_LENGTH);
        let bar = |(place, time): (&i64, &u128)| {
            let from = place.saturating_mul(self.width);
            InventoryBar {
                from,
                to: from.saturating_add(self.width - 1),
                share: share(*time as f64),
            }
        };
        PositionStatistics {
            max_position: self.long.max(self.short.saturating_neg()),
            max_long: self.long,
            max_short: self.short,
            mean_absolute_position: share(self.area as f64),
            mean_position: share(self.signed_area as f64),
            time_in_market: share(span - self.flat as f64),
            last_position: self.position,
            histogram: self.bars.iter().map(bar).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_and_shares_weigh_each_position_by_its_time() {
        let mut inventory = Inventory::new(0);
        inventory.set(10, 4);
        inventory.set(20, -6);
        inventory.set(30, 0);
        let figures = inventory.figures(0, 50);
        assert_eq!((figures.max_position, figures.max_short), (6, -6));
        assert_eq!(figures.mean_absolute_position, Figure::Value(2.0));
        assert_eq!(figures.mean_position, Figure::Value(-0.4));
        assert_eq!(figures.time_in_market, Figure::Value(0.4));
        assert_eq!(figures.last_position, 0);
        let bars: Vec<(i64, f64)> = (figures.histogram.iter())
            .map(|x| (x.from, x.share.value().unwrap()))
            .collect();
        assert_eq!(bars, [(-6, 0.2), (0, 0.6), (4, 0.2)]);
    }

    #[test]
    fn a_histogram_of_many_positions_has_few_bars_and_loses_no_time() {
        let mut inventory = Inventory::new(0);
        for step in 0..1_000 {
            inventory.set(step * 10, step * 37 % 2_003 - 1_000);
        }
        let figures = inventory.figures(0, 10_000);
        assert!(figures.histogram.len() <= BARS_MAX);
        let all: f64 = figures
            .histogram
            .iter()
            .map(|x| x.share.value().unwrap())
            .sum();
        assert!((all - 1.0).abs() < 1e-12);
        assert!(figures.histogram.is_sorted_by(|a, b| a.to < b.from));
    }
}
