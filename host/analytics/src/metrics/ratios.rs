//! Ratios of gain to risk.
//!
//! Takes in a series of returns; gives out what its gain is worth against its spread, its losses or its drawdown.

use backplane_sdk::math;

use super::{Figure, Returns};

const NO_LOSSES: &str = "no losses";
const NO_DRAWDOWN: &str = "no drawdown";

impl Returns {
    /// `mean / sd * sqrt(periods)` with a risk-free rate of 0 (Sharpe 1994; empyrical `sharpe_ratio`).
    pub fn sharpe(&self) -> Figure {
        match self.standard_deviation() {
            Figure::Value(sd) => {
                let ratio = Figure::ratio(self.mean, sd, "all returns are equal");
                ratio.map(|x| x * self.periods.sqrt())
            }
            undefined => undefined,
        }
    }

    /// `mean / downside deviation * sqrt(periods)`, the deviation against 0 and over all n (Sortino and Price 1994; empyrical
    /// `sortino_ratio`).
    pub fn sortino(&self) -> Figure {
        match self.downside_risk() {
            Figure::Value(risk) => Figure::ratio(self.mean * self.periods, risk, NO_LOSSES),
            undefined => undefined,
        }
    }

    /// The annual return by the size of the maximum drawdown (Young 1991; empyrical `calmar_ratio`).
    pub fn calmar(&self) -> Figure {
        match (self.annual_return(), self.max_drawdown()) {
            (Figure::Value(gain), Figure::Value(worst)) => {
                Figure::ratio(gain, worst.abs(), NO_DRAWDOWN)
            }
            (Figure::Value(_), undefined) | (undefined, _) => undefined,
        }
    }

    /// The sum of the gains by the sum of the losses, threshold 0 (Keating and Shadwick 2002; empyrical `omega_ratio`).
    pub fn omega_0(&self) -> Figure {
        let [(gains, _), (losses, _)] = self.gains_and_losses();
        Figure::ratio(gains, -losses, NO_LOSSES)
    }

    /// The sum of the gains by the sum of the losses; 0 where there are neither (QuantStats `profit_factor`).
    pub fn profit_factor(&self) -> Figure {
        match self.gains_and_losses() {
            [(_, 0), (_, 0)] => Figure::Value(0.0),
            [(gains, _), (losses, _)] => Figure::ratio(gains, -losses, NO_LOSSES),
        }
    }

    /// The share of gains among the returns that are not zero; 0 where there are none (QuantStats `win_rate`). Of days,
    /// not of trades: see [`crate::figures::TradeStatistics::trade_win_rate`].
    pub fn win_rate(&self) -> Figure {
        let [(_, gains), (_, losses)] = self.gains_and_losses();
        Figure::of(gains as f64 / (gains + losses).max(1) as f64)
    }

    /// The mean gain (QuantStats `avg_win`).
    pub fn average_win(&self) -> Figure {
        let [(sum, count), _] = self.gains_and_losses();
        Figure::ratio(sum, count as f64, "no gains")
    }

    /// The mean loss, negative (QuantStats `avg_loss`).
    pub fn average_loss(&self) -> Figure {
        let [_, (sum, count)] = self.gains_and_losses();
        Figure::ratio(sum, count as f64, NO_LOSSES)
    }

    /// The mean gain by the size of the mean loss (QuantStats `payoff_ratio`).
    pub fn payoff_ratio(&self) -> Figure {
        match (self.average_win(), self.average_loss()) {
            (Figure::Value(win), Figure::Value(loss)) => Figure::ratio(win, -loss, NO_LOSSES),
            (Figure::Value(_), undefined) | (undefined, _) => undefined,
        }
    }

    /// The sum of the returns by the sum of the losses (Schwager 2012; QuantStats `gain_to_pain_ratio`).
    pub fn gain_to_pain(&self) -> Figure {
        let [_, (losses, _)] = self.gains_and_losses();
        Figure::ratio(self.values.iter().sum(), -losses, NO_LOSSES)
    }

    /// The size of the sum of the returns by the size of the maximum drawdown (QuantStats `recovery_factor`).
    pub fn recovery_factor(&self) -> Figure {
        match self.max_drawdown() {
            Figure::Value(worst) => {
                let sum: f64 = self.values.iter().sum();
                Figure::ratio(sum.abs(), worst.abs(), NO_DRAWDOWN)
            }
            undefined => undefined,
        }
    }

    /// R squared of a straight line through the logarithm of growth (empyrical `stability_of_timeseries`).
    pub fn stability(&self) -> Figure {
        if self.values.len() < 2 {
            return Figure::Undefined("fewer than two returns");
        }
        if self.values.iter().any(|r| *r <= -1.0) {
            return Figure::Undefined("everything was lost");
        }
        let logs: Vec<f64> = self
            .values
            .iter()
            .scan(0.0, |sum, r| {
                *sum += math::ln_1p(*r);
                Some(*sum)
            })
            .collect();
        let n = self.n();
        let (mean_x, mean_y) = ((n - 1.0) / 2.0, logs.iter().sum::<f64>() / n);
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for (place, y) in logs.iter().enumerate() {
            let (dx, dy) = (place as f64 - mean_x, y - mean_y);
            xx += dx * dx;
            xy += dx * dy;
            yy += dy * dy;
        }
        Figure::ratio(xy * xy, xx * yy, "no growth at all")
    }
}
