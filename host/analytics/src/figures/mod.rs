//! The key figures of a run, for each instance, each instrument and the portfolio.
//!
//! Takes in a directory of results; gives out what the reports show. Everything follows from the tables and `run.json`.
//! The portfolio is the sum of the instances, which trade alone, each with its own account.

mod build;
mod calendar;
mod curve;
mod drawdowns;
mod equity;
mod execution;
mod exposure;
mod inventory;
mod markouts;
mod orders;
mod panel;
mod performance;
mod read;
mod series;
mod spread;
mod totals;
mod trips;

pub use calendar::Calendar;
pub use drawdowns::Drawdown;
pub use execution::{ExecutionStatistics, Shortfall};
pub use exposure::ExposureStatistics;
pub use inventory::{InventoryBar, PositionStatistics};
pub use markouts::Markout;
pub use orders::{OrderNews, OrderStatistics};
pub use performance::{PerformanceSummary, RiskMetrics};
pub use series::SeriesStatistics;
pub use spread::Distribution;
pub use trips::TradeStatistics;

pub(crate) use build::compute;
pub(crate) use calendar::NANOS_PER_DAY;
pub(crate) use panel::{Curves, Panel, untag};

use std::path::Path;

use backplane_engine::contract::Contract;
use backplane_sdk::types::Money;
use serde::Serialize;

use crate::error::AnalyticsError;
use crate::exact;
use crate::metrics::Figure;
use crate::run_file::RunFile;
use crate::tables::reader::{Places, TableReader};
use crate::tables::schema::Table;

/// Days below which figures of daily returns come with a warning.
pub const DAYS_MIN: usize = 30;

/// How figures are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Which days count.
    pub calendar: Calendar,
}

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
    /// What daily returns earned.
    pub performance: PerformanceSummary,
    /// What daily returns risked.
    pub risk: RiskMetrics,
    /// The worst drawdowns of daily equity, deepest first.
    pub drawdowns: Vec<Drawdown>,
    /// The value of positions over time.
    pub exposure: ExposureStatistics,
    /// Executions.
    pub execution: ExecutionStatistics,
    /// Orders.
    pub orders: OrderStatistics,
    /// Round trips, first in first out, within each instrument.
    pub trades: TradeStatistics,
}

/// The figures of one instrument: of one instance in it, or of all.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InstrumentFigures {
    /// The instrument's symbol.
    pub instrument: String,
    /// What was earned in it, after fees.
    #[serde(with = "exact::money")]
    pub net_pnl: Money,
    /// The fees paid in it; negative for rebates.
    #[serde(with = "exact::money")]
    pub fees: Money,
    /// The position over time; none for several instances together, whose positions never meet.
    pub position: Option<PositionStatistics>,
    /// Executions.
    pub execution: ExecutionStatistics,
    /// Orders.
    pub orders: OrderStatistics,
    /// Round trips.
    pub trades: TradeStatistics,
}

/// One instance's figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InstanceFigures {
    /// Its name.
    pub name: String,
    /// Why it was stopped; none where it heard the whole tape.
    pub stopped: Option<String>,
    /// Its key figures.
    pub key: KeyFigures,
    /// Its figures in each instrument that it traded.
    pub instruments: Vec<InstrumentFigures>,
    /// The series that it recorded itself.
    pub series: Vec<SeriesStatistics>,
}

/// Equity at the end of each day.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Daily {
    pub(crate) closes: Vec<Money>,
    /// The error is the reason why there are none.
    pub(crate) returns: Result<Vec<f64>, &'static str>,
}

/// All that reports show beyond `run.json`.
#[derive(Clone, Debug)]
pub(crate) struct Computed {
    pub(crate) instances: Vec<InstanceFigures>,
    pub(crate) portfolio: KeyFigures,
    /// Every instance together in each instrument that was traded.
    pub(crate) instruments: Vec<InstrumentFigures>,
    /// The days of returns, counted from 1970-01-01.
    pub(crate) days: Vec<i64>,
    pub(crate) daily: Vec<Daily>,
    pub(crate) portfolio_daily: Daily,
    pub(crate) portfolio_curves: Curves,
    pub(crate) drawn: Vec<(Curves, Panel)>,
    /// What the figures themselves warn of.
    pub(crate) warnings: Vec<String>,
}

/// A directory of results with the names by which its tables call things.
struct Source<'a> {
    directory: &'a Path,
    run: &'a RunFile,
    instances: Places,
    instruments: Places,
    contracts: Vec<Contract>,
}

impl<'a> Source<'a> {
    fn new(directory: &'a Path, run: &'a RunFile) -> Source<'a> {
        let description = &run.description;
        let instruments = &description.tape.instruments;
        Source {
            directory,
            run,
            instances: Places::new(description.instances.iter().map(|x| x.name.as_str())),
            instruments: Places::new(instruments.iter().map(|x| x.symbol.as_str())),
            contracts: instruments.iter().map(|x| x.contract()).collect(),
        }
    }

    /// Whether the results hold what those of format 1 do not: ended orders, round trips, what preceded and followed
    /// executions.
    fn records(&self) -> bool {
        self.run.format >= 2
    }

    fn open(&self, table: &Table) -> Result<TableReader, AnalyticsError> {
        let rows = self.run.tables.get(table.name).copied();
        TableReader::open(self.directory, table, rows, self.run.format)
    }
}
