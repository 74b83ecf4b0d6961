//! The key figures of a run, for each instance and for the portfolio.
//!
//! Takes in a directory of results; gives out what the reports show. Everything follows from the tables and `run.json`.
//! The portfolio is the sum of the instances, which trade alone, each with its own account.

mod build;
mod curve;
mod execution;
mod inventory;
mod panel;

pub(crate) use build::{Computed, compute};

use std::collections::BTreeMap;

use backplane_sdk::types::Money;
use serde::Serialize;

use crate::exact;
use crate::m4::Point;
use crate::metrics::{Figure, PERIODS_PER_YEAR, Returns};
use crate::trades::TradeStatistics;

/// Days below which figures of daily returns come with a warning.
pub const DAYS_MIN: usize = 30;
/// The days that count, in words.
pub const CALENDAR: &str = "UTC days, Monday to Friday, and weekend days with a valuation";

/// The key figures of an instance, or of all together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KeyFigures {
    /// The cash at the start, in the currency of the run.
    #[serde(with = "exact::money")]
    pub starting_cash: Money,
    /// Equity at the end minus the cash at the start.
    #[serde(with = "exact::money")]
    pub net_pnl: Money,
    /// The fees paid; negative for rebates.
    #[serde(with = "exact::money")]
    pub fees: Money,
    /// `net_pnl / starting_cash`.
    pub return_on_cash: Figure,
    /// The deepest fall of equity below its highest value so far, over every valuation; zero or less.
    #[serde(with = "exact::money")]
    pub max_drawdown_money: Money,
    /// The deepest fall as a share of the highest value so far; zero or less.
    pub max_drawdown: Figure,
    /// Figures of daily returns.
    pub daily: DailyFigures,
    /// Orders and executions.
    pub execution: ExecutionFigures,
    /// Round trips, first in first out, within each instrument.
    pub trades: TradeStatistics,
}

/// Figures of equity at the end of each day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DailyFigures {
    /// The number of days.
    pub days: usize,
    /// By how many periods a year figures are made annual.
    pub periods_per_year: f64,
    /// Which days count.
    pub calendar: &'static str,
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
    /// See [`Returns::max_drawdown`]; of days, so it may be smaller than that of every valuation.
    pub daily_max_drawdown: Figure,
    /// See [`Returns::value_at_risk_historical`].
    pub value_at_risk_historical_95: Figure,
    /// See [`Returns::conditional_value_at_risk_historical`].
    pub conditional_value_at_risk_historical_95: Figure,
    /// See [`Returns::skew_unbiased`].
    pub skew: Figure,
    /// See [`Returns::kurtosis_excess_unbiased`].
    pub kurtosis_excess: Figure,
    /// See [`Returns::win_rate`].
    pub win_rate: Figure,
}

impl DailyFigures {
    /// Figures of daily returns, or of none for `reason`.
    pub(crate) fn new(returns: Result<Vec<f64>, &'static str>) -> DailyFigures {
        let (returns, undefined) = match returns {
            Ok(values) => (Returns::new(&values), None),
            Err(reason) => (Returns::new(&[]), Some(Figure::Undefined(reason))),
        };
        let or = |figure: Figure| undefined.unwrap_or(figure);
        DailyFigures {
            days: returns.count(),
            periods_per_year: PERIODS_PER_YEAR,
            calendar: CALENDAR,
            annual_return: or(returns.annual_return()),
            annual_volatility: or(returns.annual_volatility()),
            sharpe: or(returns.sharpe()),
            sortino: or(returns.sortino()),
            calmar: or(returns.calmar()),
            daily_max_drawdown: or(returns.max_drawdown()),
            value_at_risk_historical_95: or(returns.value_at_risk_historical()),
            conditional_value_at_risk_historical_95: or(
                returns.conditional_value_at_risk_historical()
            ),
            skew: or(returns.skew_unbiased()),
            kurtosis_excess: or(returns.kurtosis_excess_unbiased()),
            win_rate: or(returns.win_rate()),
        }
    }
}

/// Orders and executions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExecutionFigures {
    /// Orders submitted.
    pub orders: u64,
    /// Requests to modify or to cancel.
    pub requests: u64,
    /// Orders that were not accepted.
    pub rejected: u64,
    /// Executions.
    pub fills: u64,
    /// The sum of the executed quantities, in quantity units.
    pub volume: i64,
    /// The sum of the sizes of the executed values.
    #[serde(with = "exact::money")]
    pub turnover: Money,
    /// The share of the turnover that gave liquidity.
    pub maker_share: Figure,
    /// The share of the orders that were executed at least in part.
    pub fill_ratio: Figure,
    /// Submissions, modifications and cancellations per execution.
    pub order_to_trade_ratio: Figure,
    /// What taking cost against the mid that the strategy saw when it submitted; positive is a cost.
    pub slippage: Figure,
    /// The same in units of 1e-4 of the value at that mid.
    pub slippage_basis_points: Figure,
    /// The orders over which slippage was measured.
    pub slippage_orders: u64,
}

/// How much was held of an instrument.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InventoryFigures {
    /// The instrument's symbol.
    pub instrument: String,
    /// The largest size of the position, long or short, in quantity units.
    pub max_position: i64,
    /// The size of the position, averaged over the time of the run.
    pub mean_absolute_position: Figure,
    /// The position at the end.
    pub last_position: i64,
}

/// News of orders by status and reason, with their numbers.
pub type OrderNews = BTreeMap<(String, String), u64>;

/// One instance's figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InstanceFigures {
    /// Its name.
    pub name: String,
    /// Why it was stopped; none where it heard the whole tape.
    pub stopped: Option<String>,
    /// Its key figures.
    pub key: KeyFigures,
    /// What it held, for each instrument that it traded.
    pub inventory: Vec<InventoryFigures>,
    /// News of its orders, by status and reason.
    #[serde(serialize_with = "order_news")]
    pub order_news: OrderNews,
    /// Executions by reason, with their number.
    pub fill_reasons: BTreeMap<String, u64>,
}

fn order_news<S: serde::Serializer>(news: &OrderNews, to: S) -> Result<S::Ok, S::Error> {
    let rows = news.iter().map(|((status, reason), count)| {
        serde_json::json!({"status": status, "reason": reason, "count": count})
    });
    to.collect_seq(rows)
}

/// The reduced curves of an account.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Curves {
    /// Equity minus the cash at the start.
    pub(crate) pnl: Vec<Point>,
    /// The fall below the highest value so far: a share of it where there is cash at the start, else money.
    pub(crate) drawdown: Vec<Point>,
}

/// What is drawn of one instance in one instrument.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Panel {
    /// The instance's number.
    pub(crate) instance: usize,
    /// The instrument's number: the one in which the instance has most executions.
    pub(crate) instrument: usize,
    /// How many instruments it traded.
    pub(crate) instruments: usize,
    /// The valuation price over time.
    pub(crate) price: Vec<Point>,
    /// The position over time.
    pub(crate) position: Vec<Point>,
    /// Executions: bought as maker, bought as taker, sold as maker, sold as taker.
    pub(crate) fills: [Vec<Point>; 4],
    /// All executions in the instrument.
    pub(crate) fill_count: u64,
}
