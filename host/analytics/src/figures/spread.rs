//! How values are spread: their number, mean, quantiles and highest, in bounded memory.
//!
//! Takes in whole numbers that are not below zero; gives out a [`Distribution`]. Values are counted in bins of which 64 make
//! the way to the double, so that quantiles are within 1.6 per cent of the true ones. Mean and highest are exact.

use serde::Serialize;

use crate::metrics::Figure;

/// How values are spread.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Distribution {
    /// How many values there are.
    pub count: u64,
    /// Their mean.
    pub mean: Figure,
    /// Half of them are not above it.
    pub p50: Figure,
    /// Nine of ten are not above it.
    pub p90: Figure,
    /// Ninety-nine of a hundred are not above it.
    pub p99: Figure,
    /// The highest.
    pub max: Figure,
}

/// The bins from a power of two to the next.
const BINS: u64 = 64;

/// Values being gathered.
#[derive(Clone, Debug, Default)]
pub(super) struct Spread {
    /// How many values each bin holds; as many bins as the highest value needs.
    bins: Vec<u64>,
    count: u64,
    sum: u128,
    max: u64,
}

/// The bin of a value: values below [`BINS`] have one each, then each doubling has as many.
const fn bin_of(value: u64) -> usize {
    if value < BINS {
        return value as usize;
    }
    let doublings = (value / BINS).ilog2() as u64;
    (BINS * doublings + (value >> doublings)) as usize
}

/// The highest value of a bin.
const fn highest_of(bin: usize) -> u64 {
    let bin = bin as u64;
    if bin < BINS {
        return bin;
    }
    let doublings = bin / BINS - 1;
    let within = bin - BINS * doublings;
    (within << doublings) + ((1 << doublings) - 1)
}

impl Spread {
    /// Adds a value; one below zero counts as zero.
    pub(super) fn add(&mut self, value: i64) {
        let value = u64::try_from(value).unwrap_or(0);
        let bin = bin_of(value);
        if self.bins.len() <= bin {
            self.bins.resize(bin + 1, 0);
        }
        self.bins[bin] += 1;
        self.count += 1;
        self.sum += u128::from(value);
        self.max = self.max.max(value);
    }

    /// The value that so many of all are not above, within its bin.
    fn quantile(&self, share: f64) -> u64 {
        let wanted = (share * self.count as f64).ceil() as u64;
        let mut below = 0;
        for (bin, count) in self.bins.iter().enumerate() {
            below += count;
            if below >= wanted {
                return highest_of(bin).min(self.max);
            }
        }
        self.max
    }

    /// The time from one moment to another, in nanoseconds.
    pub(super) fn add_span(&mut self, from: i64, to: i64) {
        self.add(to.saturating_sub(from));
    }

    /// The distribution in units of `unit`; `reason` says why there is none.
    pub(super) fn distribution(&self, unit: f64, reason: &'static str) -> Distribution {
        let count = self.count;
        let of = |value: f64| match count {
            0 => Figure::Undefined(reason),
            _ => Figure::of(value / unit),
        };
        let quantile = |share: f64| of(self.quantile(share) as f64);
        Distribution {
            count,
            mean: of(self.sum as f64 / count.max(1) as f64),
            p50: quantile(0.5),
            p90: quantile(0.9),
            p99: quantile(0.99),
            max: of(self.max as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_a_bin_of_its_size() {
        let mut before = 0;
        for value in (0..100_000).chain([u64::MAX / 3, i64::MAX as u64]) {
            let bin = bin_of(value);
            assert!(bin >= before && highest_of(bin) >= value, "{value}");
            assert!(highest_of(bin) - value <= value / 60, "{value}");
            before = bin;
        }
    }

    #[test]
    fn quantiles_are_within_the_width_of_a_bin() {
        let mut spread = Spread::default();
        (1..=100_000).for_each(|x| spread.add(x * 1_000));
        let found = spread.distribution(1_000.0, "nothing");
        let near = |x: Figure, expected: f64| {
            let value = x.value().unwrap();
            assert!(
                (value / expected - 1.0).abs() <= 0.01,
                "{value}, not {expected}"
            );
        };
        near(found.p50, 50_000.0);
        near(found.p99, 99_000.0);
        assert_eq!(found.mean, Figure::Value(50_000.5));
        assert_eq!(found.max, Figure::Value(100_000.0));
        let none = Spread::default().distribution(1.0, "nothing");
        assert_eq!((none.count, none.p50.reason()), (0, Some("nothing")));
    }
}
