//! When the next event of an instrument happens, and of which kind it is.
//!
//! Takes in the wanted rates and random numbers; gives out waiting times and kinds of a multivariate Hawkes process
//! (Hawkes, "Spectra of some self-exciting and mutually exciting point processes", 1971). Its kernel is the sum of two
//! exponentials, so the past is two numbers per kind and each event costs the same. Points are found by the thinning of
//! Ogata, "On Lewis' simulation method for point processes" (1981): between events the intensity only falls, so its
//! present value bounds it until the next one.

use super::random::Random;

/// What happens in an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A limit order is placed.
    Place,
    /// An order is cancelled.
    Cancel,
    /// An order's price or size is changed.
    Modify,
    /// An aggressive order trades.
    Trade,
}

/// Every kind, in the order of the arrays below.
const KINDS: [Kind; 4] = [Kind::Place, Kind::Cancel, Kind::Modify, Kind::Trade];

/// How long the fast echo of an event lasts on average: machines answering machines. In nanoseconds.
const FAST_DECAY_NANOS: f64 = 250_000.0;
/// How long the slow echo of an event lasts on average: the market's attention. In nanoseconds.
const SLOW_DECAY_NANOS: f64 = 3_000_000_000.0;
/// The part of an event's offspring that follows in the fast echo.
const FAST_SHARE: f64 = 0.855;

/// The mean number of events of the row's kind that one event of the column's kind sets off. Trades excite most, by
/// cancels and new orders above all; on average an event has 0.92 offspring, so the process is stable.
const OFFSPRING: [[f64; 4]; 4] = [
    [0.31, 0.31, 0.31, 1.40],
    [0.215, 0.215, 0.215, 1.00],
    [0.19, 0.19, 0.19, 0.60],
    [0.035, 0.035, 0.035, 0.40],
];

/// The shares of the kinds among an instrument's events.
pub(super) const KIND_SHARES: [f64; 4] = [0.411, 0.289, 0.236, 0.064];

/// The arrival process of one instrument.
#[derive(Clone, Debug)]
pub(super) struct Arrivals {
    /// The constant intensity of each kind, in events a nanosecond.
    baseline: [f64; 4],
    baseline_total: f64,
    /// The quickly decaying intensity of each kind.
    fast: [f64; 4],
    /// The slowly decaying intensity of each kind.
    slow: [f64; 4],
}

impl Arrivals {
    /// A process whose long-run rate is `events_per_second`, begun in its mean state. The baseline follows from the
    /// wanted rates: it is what is left of them after the offspring of all kinds.
    pub(super) fn new(events_per_second: f64) -> Arrivals {
        let rate = events_per_second / 1e9;
        let mut baseline = [0.0; 4];
        let mut slow = [0.0; 4];
        for (kind, offspring) in OFFSPRING.iter().enumerate() {
            let excited: f64 = offspring
                .iter()
                .zip(KIND_SHARES)
                .map(|(mean, share)| mean * share)
                .sum();
            baseline[kind] = rate * (KIND_SHARES[kind] - excited);
            slow[kind] = rate * excited * (1.0 - FAST_SHARE);
        }
        Arrivals {
            baseline_total: baseline.iter().sum(),
            baseline,
            fast: [0.0; 4],
            slow,
        }
    }

    /// The wait for the next event in nanoseconds (at least one) and its kind.
    #[inline]
    pub(super) fn next(&mut self, random: &mut Random) -> (i64, Kind) {
        let mut wait = 0.0;
        loop {
            let excited: f64 = self
                .fast
                .iter()
                .zip(self.slow)
                .map(|(fast, slow)| fast + slow)
                .sum();
            let bound = self.baseline_total + excited;
            let step = random.exponential() / bound;
            wait += step;
            self.decay(step);
            if let Some(chosen) = self.choose(random.uniform() * bound) {
                self.excite(chosen);
                return ((wait as i64).max(1), KINDS[chosen]);
            }
        }
    }

    /// Lets the excitement fade for `span` nanoseconds.
    #[inline]
    fn decay(&mut self, span: f64) {
        let fast = decayed(span / FAST_DECAY_NANOS);
        let slow = decayed(span / SLOW_DECAY_NANOS);
        for kind in 0..KINDS.len() {
            self.fast[kind] *= fast;
            self.slow[kind] *= slow;
        }
    }

    /// The kind in whose part of the total intensity `level` falls; `None` above the total, where a point is thinned
    /// out.
    #[inline]
    fn choose(&self, level: f64) -> Option<usize> {
        let mut reached = 0.0;
        (0..KINDS.len()).find(|kind| {
            reached += self.baseline[*kind] + self.fast[*kind] + self.slow[*kind];
            level < reached
        })
    }

    /// Adds the echo of an event.
    #[inline]
    fn excite(&mut self, chosen: usize) {
        for (kind, offspring) in OFFSPRING.iter().enumerate() {
            let mean = offspring[chosen];
            self.fast[kind] += mean * (FAST_SHARE / FAST_DECAY_NANOS);
            self.slow[kind] += mean * ((1.0 - FAST_SHARE) / SLOW_DECAY_NANOS);
        }
    }
}

/// The exponential of `-age`, with the first terms of its series where they give all digits, and zero where it is less
/// than the last digit of a sum.
#[inline]
fn decayed(age: f64) -> f64 {
    if age < 1.0 / 1_024.0 {
        return 1.0 - age * (1.0 - age * (0.5 - age * (1.0 / 6.0 - age / 24.0)));
    }
    if age > 60.0 {
        return 0.0;
    }
    libm::exp(-age)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_baseline_of_every_kind_is_above_zero() {
        let arrivals = Arrivals::new(100.0);
        assert!(
            arrivals.baseline.iter().all(|rate| *rate > 0.0),
            "{arrivals:?}"
        );
    }

    #[test]
    fn rate_and_shares_are_the_wanted_ones() {
        let mut arrivals = Arrivals::new(1_000.0);
        let mut random = Random::new(11, 0);
        let mut counts = [0u32; 4];
        let mut nanos = 0;
        const EVENTS: u32 = 2_000_000;
        for _ in 0..EVENTS {
            let (wait, kind) = arrivals.next(&mut random);
            nanos += wait;
            counts[KINDS.iter().position(|known| *known == kind).unwrap()] += 1;
        }
        let rate = f64::from(EVENTS) / (nanos as f64 / 1e9);
        assert!((rate / 1_000.0 - 1.0).abs() < 0.05, "rate {rate}");
        for (count, share) in counts.iter().zip(KIND_SHARES) {
            let got = f64::from(*count) / f64::from(EVENTS);
            assert!((got / share - 1.0).abs() < 0.05, "{got} for {share}");
        }
    }

    #[test]
    fn a_short_decay_equals_the_exponential() {
        for age in [0.0, 1e-12, 1e-6, 9e-4, 1.1e-3, 0.5, 30.0, 61.0] {
            let error = (decayed(age) - libm::exp(-age)).abs();
            assert!(error < 1e-15, "{age}: {error}");
        }
    }
}
