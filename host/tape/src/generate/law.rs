//! Discrete laws of chance, drawn in one step.
//!
//! Takes in values with weights; gives out a table of the law's quantiles, in which a random index finds a value.

use super::random::Random;

/// The number of quantiles in a table: probabilities are multiples of its inverse.
const QUANTILES: usize = 4_096;

/// A law over small whole numbers.
#[derive(Clone, Debug)]
pub(super) struct Law {
    quantiles: Vec<u16>,
}

impl Law {
    /// The law in which each value has the probability of its weight's share. Values must come in rising order and
    /// one weight at least must be above zero.
    pub(super) fn new(weighted: &[(u16, f64)]) -> Law {
        let total: f64 = weighted.iter().map(|(_, weight)| weight).sum();
        let mut quantiles = Vec::with_capacity(QUANTILES);
        let mut reached = 0.0;
        for (value, weight) in weighted {
            reached += weight / total * QUANTILES as f64;
            while quantiles.len() < QUANTILES && quantiles.len() as f64 + 0.5 < reached {
                quantiles.push(*value);
            }
        }
        let last = quantiles.last().copied().unwrap_or_default();
        quantiles.resize(QUANTILES, last);
        Law { quantiles }
    }

    /// A law of distances: `head` gives the weights of the distances 0, 1, 2.., `tail_weight` is spread over the
    /// distances from the head's end up to `limit` by a power law. That relative limit prices follow one is known
    /// since Zovko and Farmer, "The power of patience" (2002).
    pub(super) fn with_power_tail(
        head: &[f64],
        tail_weight: f64,
        exponent: f64,
        limit: u16,
    ) -> Law {
        let mut weighted: Vec<(u16, f64)> = (0..=limit).zip(head.iter().copied()).collect();
        let first = weighted.len() as u16;
        let tail: Vec<(u16, f64)> = (first..=limit)
            .map(|distance| (distance, libm::pow(f64::from(distance), -exponent)))
            .collect();
        let tail_total: f64 = tail.iter().map(|(_, weight)| weight).sum();
        weighted.extend(
            tail.into_iter()
                .map(|(distance, weight)| (distance, weight / tail_total * tail_weight)),
        );
        Law::new(&weighted)
    }

    /// One value.
    #[inline]
    pub(super) fn draw(&self, random: &mut Random) -> u32 {
        self.at(random.bits() >> (64 - Law::BITS))
    }

    /// How many random bits a value takes.
    pub(super) const BITS: u32 = QUANTILES.ilog2();

    /// The value for the lowest [`Law::BITS`] of the random bits `bits`.
    #[inline]
    pub(super) fn at(&self, bits: u64) -> u32 {
        let index = bits as usize % QUANTILES;
        self.quantiles
            .get(index)
            .map_or(0, |value| u32::from(*value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_as_often_as_their_weights_say() {
        let law = Law::new(&[(1, 6.0), (2, 3.0), (9, 1.0)]);
        let mut random = Random::new(3, 0);
        let mut counts = [0u32; 10];
        for _ in 0..100_000 {
            counts[law.draw(&mut random) as usize] += 1;
        }
        assert!(counts[1].abs_diff(60_000) < 1_000, "{counts:?}");
        assert!(counts[2].abs_diff(30_000) < 1_000, "{counts:?}");
        assert!(counts[9].abs_diff(10_000) < 1_000, "{counts:?}");
    }

    #[test]
    fn a_power_tail_stays_within_its_limit() {
        let law = Law::with_power_tail(&[5.0, 1.0], 4.0, 1.5, 40);
        assert_eq!(law.quantiles[0], 0);
        assert!(law.quantiles.iter().all(|distance| *distance <= 40));
        assert!(law.quantiles.contains(&39));
        let short = Law::with_power_tail(&[5.0, 1.0, 1.0], 0.0, 1.5, 1);
        assert!(short.quantiles.iter().all(|distance| *distance <= 1));
    }
}
