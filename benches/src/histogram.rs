//! A histogram of a high dynamic range: every value from one to billions is told to the same relative precision.
//!
//! Takes in values; gives out percentiles. Recording allocates nothing and costs the same for every value.

/// Binary digits of a value that are kept: a percentile is at most one part in 256 above the true one.
const DIGITS: u32 = 9;

/// How often each value was seen. Values below 512 have a place each; above, each doubling has 256 places.
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram {
            counts: vec![0; place(u64::MAX) + 1],
            total: 0,
            max: 0,
        }
    }
}

/// The place of a value.
#[inline]
const fn place(value: u64) -> usize {
    let shift = (u64::BITS - value.leading_zeros()).saturating_sub(DIGITS);
    ((shift as usize) << (DIGITS - 1)) + (value >> shift) as usize
}

/// The highest value that has this place.
const fn highest(place: usize) -> u64 {
    let half = 1 << (DIGITS - 1);
    if place < 2 * half {
        return place as u64;
    }
    let shift = place / half - 1;
    let first = (place - shift * half) as u64;
    ((first + 1) as u128 * (1 << shift) - 1) as u64
}

impl Histogram {
    /// Counts a value.
    #[inline]
    pub fn record(&mut self, value: u64) {
        self.counts[place(value)] += 1;
        self.total += 1;
        self.max = self.max.max(value);
    }

    /// How many values were counted.
    pub const fn len(&self) -> u64 {
        self.total
    }

    /// Whether none was.
    pub const fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// The highest value.
    pub const fn max(&self) -> u64 {
        self.max
    }

    /// The value that a share of the values do not exceed; zero where there are none.
    pub fn quantile(&self, share: f64) -> u64 {
        let wanted = (self.total as f64 * share).ceil() as u64;
        let mut seen = 0;
        let reached = self.counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        });
        reached.map_or(0, highest).min(self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_at_most_one_part_in_256_below_the_highest_of_its_place() {
        let mut value = 1_u64;
        while value < u64::MAX / 3 {
            for value in [value - 1, value, value + 1] {
                let most = highest(place(value));
                assert!(most >= value, "{value}: {most}");
                assert!(most - value <= value / 256, "{value}: {most}");
                assert_eq!(place(most), place(value));
            }
            value = value * 3 / 2 + 1;
        }
        assert_eq!(highest(place(u64::MAX)), u64::MAX);
    }

    #[test]
    fn percentiles_are_those_of_the_sorted_values() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile(0.5), 0);
        (1..=1_000).for_each(|x| histogram.record(x));
        assert_eq!(histogram.len(), 1_000);
        assert_eq!(histogram.quantile(0.5), 500);
        assert_eq!(histogram.quantile(0.001), 1);
        assert!((990..=993).contains(&histogram.quantile(0.99)));
        assert_eq!(histogram.quantile(1.0), 1_000);
        assert_eq!(histogram.max(), 1_000);
    }
}
