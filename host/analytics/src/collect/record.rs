//! A record on its way to the tables.
//!
//! Takes in what the engine lends; gives out values that own what they hold, so that another thread can write them.

use backplane_engine::record::{
    CommandRecord, EquityRecord, FillRecord, InstanceId, MetricRecord, OrderRecord, QuoteRecord,
    SettlementRecord,
};
use backplane_sdk::state::LogLevel;
use backplane_sdk::types::Timestamp;

/// One record of the engine.
#[derive(Clone, Debug)]
pub(crate) enum Record {
    /// A command.
    Command(CommandRecord),
    /// News of an order.
    Order(OrderRecord),
    /// An execution.
    Fill(FillRecord),
    /// What happened to a position without an order.
    Settlement(SettlementRecord),
    /// A valuation.
    Equity(EquityRecord),
    /// Nothing that comes was heard before what came.
    Passed,
    /// New best prices.
    Quote(QuoteRecord),
    /// A recorded value.
    Metric(MetricRecord),
    /// A logged line.
    Log(LogLine),
}

/// A line that a strategy logged.
#[derive(Clone, Debug)]
pub(crate) struct LogLine {
    /// Who logged it.
    pub(crate) instance: InstanceId,
    /// When.
    pub(crate) at: Timestamp,
    /// How important it is.
    pub(crate) level: LogLevel,
    /// The text.
    pub(crate) text: String,
}
