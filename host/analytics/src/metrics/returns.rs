//! A series of returns and what follows from its mean, its spread and its product.
//!
//! Takes in simple returns, one a period; gives out totals, annual figures and helpers for the other files.

use backplane_sdk::math;

use super::Figure;

/// The trading days of a year, by which daily figures become annual ones.
pub const PERIODS_PER_YEAR: f64 = 252.0;

const NO_RETURNS: &str = "no returns";
const TOO_FEW: &str = "fewer than two returns";

/// A series of simple daily returns.
#[derive(Clone, Debug, PartialEq)]
pub struct Returns {
    pub(super) periods: f64,
    pub(super) values: Vec<f64>,
    pub(super) sorted: Vec<f64>,
    pub(super) mean: f64,
}

impl Returns {
    /// A series of which 252 make a year; returns that are not finite are left out.
    pub fn new(values: &[f64]) -> Returns {
        Returns::with_periods(values, PERIODS_PER_YEAR)
    }

    /// A series of which `periods` make a year.
    pub fn with_periods(values: &[f64], periods: f64) -> Returns {
        let values: Vec<f64> = values.iter().copied().filter(|x| x.is_finite()).collect();
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        Returns {
            periods,
            values,
            sorted,
            mean,
        }
    }

    /// How many periods make a year.
    pub const fn periods_per_year(&self) -> f64 {
        self.periods
    }

    /// The returns, in the order of their times.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The best return.
    pub fn best(&self) -> Figure {
        self.any(|| self.sorted[self.sorted.len() - 1])
    }

    /// The worst return.
    pub fn worst(&self) -> Figure {
        self.any(|| self.sorted[0])
    }

    /// The number of returns.
    pub fn count(&self) -> usize {
        self.values.len()
    }

    pub(super) fn n(&self) -> f64 {
        self.values.len() as f64
    }

    /// `formula`, or the reason where there is no return at all.
    pub(super) fn any(&self, formula: impl FnOnce() -> f64) -> Figure {
        if self.values.is_empty() {
            return Figure::Undefined(NO_RETURNS);
        }
        Figure::of(formula())
    }

    /// The compounded return of the whole series, `prod(1 + r) - 1` (empyrical `cum_returns_final`).
    pub fn total_return(&self) -> Figure {
        self.any(|| self.growth() - 1.0)
    }

    pub(super) fn growth(&self) -> f64 {
        self.values.iter().fold(1.0, |x, r| x * (1.0 + r))
    }

    /// The compounded return a year, `prod(1 + r)^(periods / n) - 1` (empyrical `annual_return`, QuantStats `cagr`).
    pub fn annual_return(&self) -> Figure {
        if self.values.is_empty() {
            return Figure::Undefined(NO_RETURNS);
        }
        let growth = self.growth();
        if growth < 0.0 {
            return Figure::Undefined("more than everything was lost");
        }
        Figure::of(math::pow(growth, self.periods / self.n()) - 1.0)
    }

    /// The sample standard deviation of one period, `sqrt(sum((r - mean)^2) / (n - 1))`. A series of equal returns has
    /// none: what is left of the rounding of its mean is taken as zero.
    pub fn standard_deviation(&self) -> Figure {
        if self.values.len() < 2 {
            return Figure::Undefined(TOO_FEW);
        }
        if self.sorted.first() == self.sorted.last() {
            return Figure::Value(0.0);
        }
        let squares: f64 = self.values.iter().map(|r| (r - self.mean).powi(2)).sum();
        Figure::of((squares / (self.n() - 1.0)).sqrt())
    }

    /// The standard deviation a year, `sd * sqrt(periods)` (empyrical `annual_volatility`).
    pub fn annual_volatility(&self) -> Figure {
        self.standard_deviation().map(|x| x * self.periods.sqrt())
    }

    /// The downside deviation a year against 0, `sqrt(sum(min(r, 0)^2) / n) * sqrt(periods)`; divides by all n (Sortino and
    /// Price 1994; empyrical `downside_risk`).
    pub fn downside_risk(&self) -> Figure {
        self.any(|| {
            let squares: f64 = self.values.iter().map(|r| r.min(0.0).powi(2)).sum();
            (squares / self.n()).sqrt() * self.periods.sqrt()
        })
    }

    /// Growth of 1.0 after each period, without the start.
    pub(super) fn equity(&self) -> impl Iterator<Item = f64> + '_ {
        self.values.iter().scan(1.0, |equity, r| {
            *equity *= 1.0 + r;
            Some(*equity)
        })
    }

    /// Drawdown after each period, `equity / max(equity so far, 1.0) - 1`; never above zero.
    pub(super) fn drawdowns(&self) -> impl Iterator<Item = f64> + '_ {
        self.equity().scan(1.0_f64, |peak, equity| {
            *peak = peak.max(equity);
            Some(equity / *peak - 1.0)
        })
    }

    /// The sum and the number of the gains, the sum and the number of the losses (negative).
    pub(super) fn gains_and_losses(&self) -> [(f64, usize); 2] {
        let of = |keep: fn(f64) -> bool| {
            let kept = self.values.iter().copied().filter(|r| keep(*r));
            kept.fold((0.0, 0), |(sum, n), r| (sum + r, n + 1))
        };
        [of(|r| r > 0.0), of(|r| r < 0.0)]
    }
}
