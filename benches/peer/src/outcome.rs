//! What came of a measurement, as one line of JSON.
//!
//! Takes in what the backtests gave; gives out counts, times and rates.

use serde::Serialize;

use crate::feed::Feed;
use crate::fills::Fill;
use crate::request::{Depth, Drive, Grouping, Mode, Request, StrategyKind};
use crate::time::Elapsed;

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Whose figures these are.
    pub peer: &'static str,
    /// What it was told.
    pub mode: Mode,
    /// When it quoted anew.
    pub strategy: StrategyKind,
    /// Its depth structure.
    pub depth: Depth,
    /// How it waited.
    pub drive: Drive,
    /// Which instruments shared a backtest.
    pub instruments: Grouping,
    /// The rows of the tape.
    pub rows: u64,
    /// The events that were made of them.
    pub events: u64,
    /// What the backtest loops took.
    #[serde(flatten)]
    pub elapsed: Elapsed,
    /// Orders sent.
    pub orders: u64,
    /// Cancels sent.
    pub cancels: u64,
    /// Executions of which the strategy heard.
    pub fills: u64,
    /// How each instrument ended.
    pub positions: Vec<Position>,
    /// Each fill, where they were to be noted.
    #[serde(skip)]
    pub fill_list: Vec<Fill>,
}

/// How an instrument ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Position {
    /// The venue's symbol.
    pub instrument: String,
    /// The strategy's position, in quantity units.
    pub position: f64,
    /// The best bid that the strategy saw last; none where there was none.
    pub best_bid: Option<f64>,
    /// The best ask that the strategy saw last; none where there was none.
    pub best_ask: Option<f64>,
}

/// The line that is printed.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    outcome: &'a Outcome,
    /// Rows of the tape a second of processor time.
    rows_per_second: f64,
    /// Rows of the tape a second on the wall's clock.
    rows_per_second_wall: f64,
}

impl Outcome {
    /// The outcome of a measurement that has not begun.
    pub(crate) fn new(feed: &Feed, request: &Request) -> Outcome {
        Outcome {
            peer: "hftbacktest 0.9.4",
            mode: request.mode,
            strategy: request.strategy,
            depth: request.depth,
            drive: request.drive,
            instruments: request.grouping,
            rows: feed.rows,
            events: feed.events,
            elapsed: Elapsed::default(),
            orders: 0,
            cancels: 0,
            fills: 0,
            positions: Vec::new(),
            fill_list: Vec::new(),
        }
    }

    /// The outcome as one line of JSON.
    ///
    /// # Errors
    /// None that are known: every field has a form in JSON.
    pub fn to_json(&self) -> serde_json::Result<String> {
        let per_second = |nanos: u64| self.rows as f64 * 1e9 / nanos.max(1) as f64;
        serde_json::to_string(&Line {
            outcome: self,
            rows_per_second: per_second(self.elapsed.cpu_ns).round(),
            rows_per_second_wall: per_second(self.elapsed.wall_ns).round(),
        })
    }
}
