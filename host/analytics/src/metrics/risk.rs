//! What may be lost: drawdowns, value at risk and the expected loss beyond it.
//!
//! Takes in a series of returns; gives out losses as negative returns of one period, at the 95 per cent level.

use backplane_sdk::math;

use super::{Figure, Returns};

/// The 5 per cent quantile of the standard normal distribution.
const NORMAL_QUANTILE_5: f64 = -1.644_853_626_951_472_2;

impl Returns {
    /// The deepest fall below the high-water mark, as a negative return. The mark starts at 1.0, so that a loss on the
    /// first day counts (empyrical `max_drawdown`).
    pub fn max_drawdown(&self) -> Figure {
        self.any(|| self.drawdowns().fold(0.0, f64::min))
    }

    /// The root of the sum of squared drawdowns by `n - 1` (Martin and McCann 1989; QuantStats `ulcer_index`).
    pub fn ulcer_index(&self) -> Figure {
        if self.values.len() < 2 {
            return Figure::Undefined("fewer than two returns");
        }
        let squares: f64 = self.drawdowns().map(|x| x * x).sum();
        Figure::of((squares / (self.n() - 1.0)).sqrt())
    }

    /// Value at risk by history: the 5 per cent percentile with linear interpolation (empyrical `value_at_risk`).
    pub fn value_at_risk_historical(&self) -> Figure {
        self.percentile(0.05)
    }

    /// Expected shortfall by history: the mean of the `floor((n - 1) * 0.05) + 1` worst returns (empyrical
    /// `conditional_value_at_risk`).
    pub fn conditional_value_at_risk_historical(&self) -> Figure {
        self.any(|| {
            let worst = ((self.n() - 1.0) * 0.05) as usize + 1;
            self.sorted[..worst].iter().sum::<f64>() / worst as f64
        })
    }

    /// Value at risk of a normal distribution of the same mean and deviation, `mean + sd * z(5 %)` (QuantStats
    /// `value_at_risk`).
    pub fn value_at_risk_gaussian(&self) -> Figure {
        let deviation = self.standard_deviation();
        deviation.map(|sd| self.mean + sd * NORMAL_QUANTILE_5)
    }

    /// Expected shortfall of a normal distribution of the same mean and deviation, `mean - sd * pdf(z(5 %)) / 5 %`
    /// (Rockafellar and Uryasev 2000; QuantStats `conditional_value_at_risk`).
    pub fn conditional_value_at_risk_gaussian(&self) -> Figure {
        let density = math::exp(-0.5 * NORMAL_QUANTILE_5 * NORMAL_QUANTILE_5)
            / (2.0 * std::f64::consts::PI).sqrt();
        let deviation = self.standard_deviation();
        deviation.map(|sd| self.mean - sd * density / 0.05)
    }

    /// The size of the 95 per cent percentile by the size of the 5 per cent percentile (empyrical `tail_ratio`).
    pub fn tail_ratio(&self) -> Figure {
        match (self.percentile(0.95), self.percentile(0.05)) {
            (Figure::Value(high), Figure::Value(low)) => {
                Figure::ratio(high.abs(), low.abs(), "the 5 % percentile is zero")
            }
            (Figure::Value(_), undefined) | (undefined, _) => undefined,
        }
    }

    /// The value below which the given share of the returns lies, interpolated linearly between neighbours at
    /// `(n - 1) * share` (type 7 of Hyndman and Fan 1996, NumPy's default).
    pub fn percentile(&self, share: f64) -> Figure {
        self.any(|| {
            let place = (self.n() - 1.0) * share.clamp(0.0, 1.0);
            let below = place.floor() as usize;
            let above = (below + 1).min(self.sorted.len() - 1);
            let (low, high) = (self.sorted[below], self.sorted[above]);
            low + (high - low) * (place - below as f64)
        })
    }
}
