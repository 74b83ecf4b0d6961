//! Latencies of a known shape: normal and log-normal.
//!
//! Takes in random numbers; gives out whole nanoseconds. The only place of the latencies that computes with real
//! numbers: the functions are those of `backplane_sdk::math`, which give the same bits everywhere, and the result is an
//! integer at once.

use backplane_sdk::math;
use backplane_sdk::types::{Nanos, Timestamp};

use super::{LATENCY_MAX, LatencyModel};
use crate::random::Random;

/// Between what draws lie: those outside are moved to the nearer end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The least.
    pub minimum: Nanos,
    /// The most; at most [`LATENCY_MAX`].
    pub maximum: Nanos,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            minimum: Nanos::ZERO,
            maximum: LATENCY_MAX,
        }
    }
}

impl Bounds {
    /// The nearest whole number of nanoseconds within the bounds; the least for what is no number.
    fn hold(&self, latency: f64) -> Nanos {
        // A cast takes what is too large to the largest number, and what is no number to 0.
        let nanos = (latency + 0.5) as i64;
        Nanos(nanos.min(self.maximum.0).max(self.minimum.0))
    }
}

/// `mean + deviation * z` for a standard normal `z`, within bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normal {
    /// The mean.
    pub mean: Nanos,
    /// The standard deviation.
    pub deviation: Nanos,
    /// The bounds.
    pub bounds: Bounds,
}

impl LatencyModel for Normal {
    fn minimum(&self) -> Nanos {
        self.bounds.minimum
    }

    fn draw(&self, _: Timestamp, random: &mut Random) -> Nanos {
        let (mean, deviation) = (self.mean.0 as f64, self.deviation.0 as f64);
        self.bounds.hold(mean + deviation * random.normal())
    }
}

/// `minimum + (median - minimum) * exp(sigma * z)` for a standard normal `z`, within bounds: the log-normal distribution
/// with three parameters. What cannot be shortened is the minimum; the logarithm of the rest is normal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogNormal {
    /// The latency that half of all draws exceed; not less than the least.
    pub median: Nanos,
    /// The standard deviation of the logarithm.
    pub sigma: f64,
    /// The bounds.
    pub bounds: Bounds,
}

impl LatencyModel for LogNormal {
    fn minimum(&self) -> Nanos {
        self.bounds.minimum
    }

    fn draw(&self, _: Timestamp, random: &mut Random) -> Nanos {
        let minimum = self.bounds.minimum.0 as f64;
        let above = self.median.0 as f64 - minimum;
        let factor = math::exp(self.sigma * random.normal());
        self.bounds.hold(minimum + above * factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::key;

    fn draws(model: &dyn LatencyModel) -> Vec<i64> {
        let numbers = (0..20_000).map(|x| Random::new(key(&[3, x])));
        let mut draws: Vec<i64> = numbers
            .map(|mut x| model.draw(Timestamp(0), &mut x).0)
            .collect();
        draws.sort_unstable();
        draws
    }

    fn share_below(draws: &[i64], bound: i64) -> f64 {
        draws.partition_point(|x| *x < bound) as f64 / draws.len() as f64
    }

    #[test]
    fn shares_below_a_bound_are_those_of_the_distribution() {
        let bounds = Bounds {
            minimum: Nanos(20_000),
            maximum: Nanos(1_000_000),
        };
        let normal = draws(&Normal {
            mean: Nanos(100_000),
            deviation: Nanos(30_000),
            bounds,
        });
        let log_normal = draws(&LogNormal {
            median: Nanos(100_000),
            sigma: 0.5,
            bounds,
        });
        // The normal distribution function at -1, 0 and 1; four standard errors of a share are at most 0.0142.
        let expected = [0.158_655, 0.5, 0.841_345];
        // 20,000 + 80,000 * exp(0.5 * z)
        let bounds = [(70_000, 68_522), (100_000, 100_000), (130_000, 151_898)];
        for (share, (of_normal, of_log_normal)) in expected.into_iter().zip(bounds) {
            assert!((share_below(&normal, of_normal) - share).abs() < 0.0142);
            assert!((share_below(&log_normal, of_log_normal) - share).abs() < 0.0142);
        }
        for draws in [normal, log_normal] {
            assert!(draws[0] >= 20_000 && draws[draws.len() - 1] <= 1_000_000);
        }
    }

    #[test]
    fn what_is_no_number_becomes_the_least() {
        let bounds = Bounds {
            minimum: Nanos(5),
            maximum: Nanos(10),
        };
        assert_eq!(bounds.hold(f64::NAN), Nanos(5));
        assert_eq!(bounds.hold(f64::NEG_INFINITY), Nanos(5));
        assert_eq!(bounds.hold(f64::INFINITY), Nanos(10));
        assert_eq!(bounds.hold(7.5), Nanos(8));
    }
}
