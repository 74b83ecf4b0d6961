//! Latencies as they were measured: samples, or quantiles of them.
//!
//! Takes in measured latencies; gives out some of their like. All in integers.

use backplane_sdk::types::{Nanos, Timestamp};

use super::LatencyModel;
use crate::random::Random;

/// One of the measured latencies, each as likely (the bootstrap of Efron, Ann. Statist. 7, 1979).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Samples {
    samples: Vec<Nanos>,
    minimum: Nanos,
}

impl Samples {
    /// The law of some samples; `None` where there are none.
    pub fn new(samples: Vec<Nanos>) -> Option<Samples> {
        let minimum = samples.iter().copied().min()?;
        Some(Samples { samples, minimum })
    }
}

impl LatencyModel for Samples {
    fn minimum(&self) -> Nanos {
        self.minimum
    }

    fn draw(&self, _: Timestamp, random: &mut Random) -> Nanos {
        self.samples[random.below(self.samples.len() as u64) as usize]
    }
}

/// The inverse of a distribution function that is known at some shares and linear between them: for a share drawn from
/// 0 to 1, the latency at that share. Below the first share it is the first latency, beyond the last share the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantiles {
    /// Shares in units of 1e-9 with their latencies, both ascending.
    quantiles: Vec<(i64, Nanos)>,
}

/// One, in units of shares.
const ONE: i64 = 1_000_000_000;

impl Quantiles {
    /// The law of some quantiles: shares in units of 1e-9 with their latencies.
    ///
    /// # Errors
    /// Says what is wrong where there are none, a share is not from 0 to 1, or one of both does not ascend.
    pub fn new(quantiles: Vec<(i64, Nanos)>) -> Result<Quantiles, String> {
        if quantiles.is_empty() {
            return Err("there are no quantiles".into());
        }
        if quantiles.iter().any(|x| x.0 < 0 || x.0 > ONE) {
            return Err("a share is not from 0 to 1".into());
        }
        let ascends = |x: &[(i64, Nanos)]| x[0].0 < x[1].0 && x[0].1 <= x[1].1;
        if !quantiles.windows(2).all(ascends) {
            return Err("shares and latencies must both ascend".into());
        }
        Ok(Quantiles { quantiles })
    }
}

impl LatencyModel for Quantiles {
    fn minimum(&self) -> Nanos {
        self.quantiles[0].1
    }

    fn draw(&self, _: Timestamp, random: &mut Random) -> Nanos {
        let share = random.below(ONE as u64) as i64;
        let next = self.quantiles.partition_point(|x| x.0 <= share);
        let Some(&(above, high)) = self.quantiles.get(next) else {
            return self.quantiles[next - 1].1;
        };
        let Some(&(below, low)) = next.checked_sub(1).and_then(|x| self.quantiles.get(x)) else {
            return high;
        };
        let part = i128::from(high.0 - low.0) * i128::from(share - below);
        Nanos(low.0 + (part / i128::from(above - below)) as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::key;

    fn draws(model: &dyn LatencyModel) -> Vec<i64> {
        let numbers = (0..10_000).map(|x| Random::new(key(&[9, x])));
        let mut draws: Vec<i64> = numbers
            .map(|mut x| model.draw(Timestamp(0), &mut x).0)
            .collect();
        draws.sort_unstable();
        draws
    }

    #[test]
    fn quantiles_come_back() {
        let quantiles = vec![
            (100_000_000, Nanos(50)),
            (500_000_000, Nanos(10_000)),
            (990_000_000, Nanos(500_000)),
        ];
        let draws = draws(&Quantiles::new(quantiles).unwrap());
        assert_eq!((draws[0], draws[9_999]), (50, 500_000));
        // Four standard errors of the share below the median: 0.02.
        let below = draws.partition_point(|x| *x < 10_000);
        assert!((4_800..5_200).contains(&below), "{below}");
        // A quarter of the way from 10 % to 50 % is a quarter of the way between their latencies.
        let below = draws.partition_point(|x| *x < 2_538);
        assert!((1_840..2_160).contains(&below), "{below}");
    }

    #[test]
    fn samples_come_back_each_as_often() {
        let samples = Samples::new(vec![Nanos(7), Nanos(3), Nanos(7), Nanos(90)]).unwrap();
        assert_eq!(samples.minimum(), Nanos(3));
        let draws = draws(&samples);
        for (sample, expected) in [(3, 2_500), (7, 5_000), (90, 2_500)] {
            let count = draws.iter().filter(|x| **x == sample).count();
            assert!(count.abs_diff(expected) < 200, "{sample}: {count}");
        }
        assert_eq!(Samples::new(Vec::new()), None);
    }

    #[test]
    fn quantiles_that_make_no_sense_are_refused() {
        for quantiles in [
            vec![],
            vec![(-1, Nanos(1))],
            vec![(ONE + 1, Nanos(1))],
            vec![(5, Nanos(1)), (5, Nanos(2))],
            vec![(5, Nanos(2)), (6, Nanos(1))],
        ] {
            assert!(Quantiles::new(quantiles.clone()).is_err(), "{quantiles:?}");
        }
    }
}
