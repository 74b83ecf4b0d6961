//! The shape of the distribution of returns.
//!
//! Takes in a series of returns; gives out skewness and excess kurtosis, biased (of the sample) and unbiased.

use super::{Figure, Returns};

const NO_SPREAD: &str = "all returns are equal";

impl Returns {
    /// The mean of the deviations to a power.
    fn moment(&self, power: i32) -> f64 {
        let sum: f64 = self
            .values
            .iter()
            .map(|r| (r - self.mean).powi(power))
            .sum();
        sum / self.n()
    }

    fn is_flat(&self) -> bool {
        self.sorted.first() == self.sorted.last()
    }

    /// `m3 / m2^1.5` of the central moments (Fisher-Pearson g1; SciPy `skew`).
    pub fn skew_biased(&self) -> Figure {
        if self.is_flat() {
            return Figure::Undefined(NO_SPREAD);
        }
        let m2 = self.moment(2);
        Figure::ratio(self.moment(3), m2 * m2.sqrt(), NO_SPREAD)
    }

    /// `m4 / m2^2 - 3` of the central moments (g2; SciPy `kurtosis`).
    pub fn kurtosis_excess_biased(&self) -> Figure {
        if self.is_flat() {
            return Figure::Undefined(NO_SPREAD);
        }
        let m2 = self.moment(2);
        Figure::ratio(self.moment(4), m2 * m2, NO_SPREAD).map(|x| x - 3.0)
    }

    /// `g1 * sqrt(n (n - 1)) / (n - 2)` (G1 of Joanes and Gill 1998; QuantStats `skew`).
    pub fn skew_unbiased(&self) -> Figure {
        if self.values.len() < 3 {
            return Figure::Undefined("fewer than three returns");
        }
        let n = self.n();
        let biased = self.skew_biased();
        biased.map(|x| x * (n * (n - 1.0)).sqrt() / (n - 2.0))
    }

    /// `((n + 1) g2 + 6) (n - 1) / ((n - 2)(n - 3))` (G2 of Joanes and Gill 1998; QuantStats `kurtosis`).
    pub fn kurtosis_excess_unbiased(&self) -> Figure {
        if self.values.len() < 4 {
            return Figure::Undefined("fewer than four returns");
        }
        let n = self.n();
        let biased = self.kurtosis_excess_biased();
        biased.map(|x| ((n + 1.0) * x + 6.0) * (n - 1.0) / ((n - 2.0) * (n - 3.0)))
    }
}
