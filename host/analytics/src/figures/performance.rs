//! Figures of equity at the end of each day.
//!
//! Takes in daily returns; gives out what they earned ([`PerformanceSummary`]) and what they risked ([`RiskMetrics`]). Each
//! figure's formula and source stand at its method of [`Returns`].

use serde::Serialize;

use crate::metrics::{Figure, Returns};

/// What daily returns earned.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PerformanceSummary {
    /// The number of days.
    pub days: usize,
    /// By how many periods a year figures are made annual.
    pub periods_per_year: f64,
    /// Which days count.
    pub calendar: &'static str,
    /// See [`Returns::total_return`].
    pub total_return: Figure,
    /// See [`Returns::annual_return`].
    pub annual_return: Figure,
    /// See [`Returns::annual_volatility`].
    pub annual_volatility: Figure,
    /// See [`Returns::sharpe`].
    pub sharpe: Figure,
    /// See [`Returns::sortino`].
    pub sortino: Figure,
    /// See [`Returns::calmar`].
    pub calmar: Figure,
    /// See [`Returns::omega_0`].
    pub omega: Figure,
    /// See [`Returns::stability`].
    pub stability: Figure,
    /// See [`Returns::gain_to_pain`].
    pub gain_to_pain: Figure,
    /// See [`Returns::recovery_factor`].
    pub recovery_factor: Figure,
    /// See [`Returns::profit_factor`].
    pub profit_factor: Figure,
    /// See [`Returns::payoff_ratio`].
    pub payoff_ratio: Figure,
    /// See [`Returns::win_rate`].
    pub win_rate: Figure,
    /// See [`Returns::average_win`].
    pub average_win: Figure,
    /// See [`Returns::average_loss`].
    pub average_loss: Figure,
    /// See [`Returns::best`].
    pub best_day: Figure,
    /// See [`Returns::worst`].
    pub worst_day: Figure,
}

/// What daily returns risked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RiskMetrics {
    /// See [`Returns::max_drawdown`]; of days, so it may be smaller than that of every valuation.
    pub daily_max_drawdown: Figure,
    /// See [`Returns::downside_risk`].
    pub downside_risk: Figure,
    /// See [`Returns::ulcer_index`].
    pub ulcer_index: Figure,
    /// See [`Returns::value_at_risk_historical`].
    pub value_at_risk_historical_95: Figure,
    /// See [`Returns::conditional_value_at_risk_historical`].
    pub conditional_value_at_risk_historical_95: Figure,
    /// See [`Returns::value_at_risk_gaussian`].
    pub value_at_risk_gaussian_95: Figure,
    /// See [`Returns::conditional_value_at_risk_gaussian`].
    pub conditional_value_at_risk_gaussian_95: Figure,
    /// See [`Returns::tail_ratio`].
    pub tail_ratio: Figure,
    /// See [`Returns::skew_unbiased`].
    pub skew: Figure,
    /// See [`Returns::kurtosis_excess_unbiased`].
    pub kurtosis_excess: Figure,
}

/// Replaces figures by the reason why there are no returns.
struct Or(Option<Figure>);

impl Or {
    fn of(&self, figure: Figure) -> Figure {
        self.0.unwrap_or(figure)
    }
}

/// What daily returns earned and risked; the error is the reason why there are none.
pub(super) fn summarize(
    returns: &Result<Vec<f64>, &'static str>,
    periods: f64,
    calendar: &'static str,
) -> (PerformanceSummary, RiskMetrics) {
    let (r, or) = match returns {
        Ok(values) => (Returns::with_periods(values, periods), Or(None)),
        Err(reason) => (Returns::new(&[]), Or(Some(Figure::Undefined(reason)))),
    };
    let performance = PerformanceSummary {
        days: r.count(),
        periods_per_year: periods,
        calendar,
        total_return: or.of(r.total_return()),
        annual_return: or.of(r.annual_return()),
        annual_volatility: or.of(r.annual_volatility()),
        sharpe: or.of(r.sharpe()),
        sortino: or.of(r.sortino()),
        calmar: or.of(r.calmar()),
        omega: or.of(r.omega_0()),
        stability: or.of(r.stability()),
        gain_to_pain: or.of(r.gain_to_pain()),
        recovery_factor: or.of(r.recovery_factor()),
        profit_factor: or.of(r.profit_factor()),
        payoff_ratio: or.of(r.payoff_ratio()),
        win_rate: or.of(r.win_rate()),
        average_win: or.of(r.average_win()),
        average_loss: or.of(r.average_loss()),
        best_day: or.of(r.best()),
        worst_day: or.of(r.worst()),
    };
    let risk = RiskMetrics {
        daily_max_drawdown: or.of(r.max_drawdown()),
        downside_risk: or.of(r.downside_risk()),
        ulcer_index: or.of(r.ulcer_index()),
        value_at_risk_historical_95: or.of(r.value_at_risk_historical()),
        conditional_value_at_risk_historical_95: or.of(r.conditional_value_at_risk_historical()),
        value_at_risk_gaussian_95: or.of(r.value_at_risk_gaussian()),
        conditional_value_at_risk_gaussian_95: or.of(r.conditional_value_at_risk_gaussian()),
        tail_ratio: or.of(r.tail_ratio()),
        skew: or.of(r.skew_unbiased()),
        kurtosis_excess: or.of(r.kurtosis_excess_unbiased()),
    };
    (performance, risk)
}
