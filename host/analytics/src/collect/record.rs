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
    Log {
        /// Who logged it.
        instance: InstanceId,
        /// When.
        at: Timestamp,
        /// How important it is.
        level: LogLevel,
        /// The text.
        text: String,
    },
}
