//! What a run leaves behind, one record a happening.
//!
//! Takes in what the engine's steps decide; gives out plain values to whoever implements [`Recorder`]: the tables of a
//! result directory, a test, nothing at all ([`Unrecorded`]).

use backplane_sdk::abi::Command;
use backplane_sdk::book::Level;
use backplane_sdk::state::LogLevel;
use backplane_sdk::types::{Fill, InstrumentId, Money, OrderUpdate, Price, Quantity, Timestamp};

use crate::schedule::Occasion;

/// The place of a strategy instance in its run, counted from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(pub u32);

impl InstanceId {
    /// The number as a place in an array.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Why an order was filled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FillReason {
    /// A trade at the order's price reached its place in the queue.
    QueueReached,
    /// A trade happened at a price that is worse than the order's: it must have been filled before.
    TradedThrough,
    /// An incoming order of the other side was priced at the order's price or through it.
    Crossed,
    /// The order took liquidity on arrival.
    #[default]
    Taker,
}

impl FillReason {
    /// The reason in words, as tables and reports show it.
    pub const fn text(self) -> &'static str {
        match self {
            FillReason::QueueReached => "queue_reached",
            FillReason::TradedThrough => "traded_through",
            FillReason::Crossed => "crossed",
            FillReason::Taker => "taker",
        }
    }
}

/// The best level of each side at some moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BestLevels {
    /// The best bid.
    pub bid: Option<Level>,
    /// The best ask.
    pub ask: Option<Level>,
}

impl BestLevels {
    /// Half-way between both, rounded down to 1e-9; `None` while a side is empty.
    pub fn mid(&self) -> Option<Price> {
        Some(self.bid?.price.midway(self.ask?.price))
    }
}

/// A command as it was given.
#[derive(Clone, Copy, Debug)]
pub struct CommandRecord {
    /// Who gave it.
    pub instance: InstanceId,
    /// When, in the strategy's time.
    pub at: Timestamp,
    /// The number of the message on which it was given, counted from 1.
    pub message: u64,
    /// The command.
    pub command: Command,
    /// What the strategy's market showed of the command's instrument at that moment.
    pub local: BestLevels,
}

/// News of an order as it was delivered.
#[derive(Clone, Copy, Debug)]
pub struct OrderRecord {
    /// Who heard it.
    pub instance: InstanceId,
    /// The news.
    pub update: OrderUpdate,
}

/// An execution as it was delivered.
#[derive(Clone, Copy, Debug)]
pub struct FillRecord {
    /// Whose order it was.
    pub instance: InstanceId,
    /// The execution.
    pub fill: Fill,
    /// Why it happened.
    pub reason: FillReason,
    /// What stood ahead in the queue when the order took its place; zero for a taker.
    pub queue_ahead: Quantity,
    /// When the order took its place in the queue, or arrived.
    pub arrived: Timestamp,
    /// The exchange's best levels at the moment of the execution.
    pub best: BestLevels,
    /// The position in the instrument afterwards.
    pub position: Quantity,
    /// What the strategy has paid and got in the instrument, fees included, afterwards.
    pub cash: Money,
}

/// The account of an instance in one instrument at one moment. `equity = cash + value(position)`, as
/// [`Contract::value`](crate::contract::Contract::value) says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EquityRecord {
    /// Whose account.
    pub instance: InstanceId,
    /// In which instrument.
    pub instrument: InstrumentId,
    /// When, in the strategy's time.
    pub at: Timestamp,
    /// What was paid (negative) and got in this instrument so far, fees included. The starting cash is not in it.
    pub cash: Money,
    /// The position.
    pub position: Quantity,
    /// The price at which the position is valued: the mid, or the last trade while a side is empty.
    pub price: Price,
    /// Fees paid so far; negative for rebates. Part of `cash` already.
    pub fees: Money,
    /// Cash plus the value of the position.
    pub equity: Money,
}

/// What happened to a position without an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettlementRecord {
    /// Whose position.
    pub instance: InstanceId,
    /// In which instrument.
    pub instrument: InstrumentId,
    /// When the account heard of it, in the strategy's time.
    pub at: Timestamp,
    /// When it happened at the exchange.
    pub ts_event: Timestamp,
    /// What happened.
    pub occasion: Occasion,
    /// The price at which the amount was computed: of a dividend its amount, otherwise the mark or the settlement price.
    pub price: Price,
    /// The position before.
    pub before: Quantity,
    /// The position afterwards.
    pub position: Quantity,
    /// What the account got; negative where it paid.
    pub amount: Money,
    /// What was paid and got in the instrument so far, fees and this included.
    pub cash: Money,
}

/// The best prices of an instrument after an event that changed one of them, or when the first order for it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuoteRecord {
    /// Of which instrument.
    pub instrument: InstrumentId,
    /// When, at the exchange; never before the one recorded last.
    pub at: Timestamp,
    /// The best levels from then on.
    pub best: BestLevels,
}

/// A value of a series that a strategy records.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MetricRecord {
    /// Who recorded it.
    pub instance: InstanceId,
    /// When, in the strategy's time.
    pub at: Timestamp,
    /// The place of the series in the strategy's descriptor.
    pub metric: u32,
    /// The value.
    pub value: f64,
}

/// A line that a strategy logged.
#[derive(Clone, Copy, Debug)]
pub struct LogRecord<'a> {
    /// Who logged it.
    pub instance: InstanceId,
    /// When, in the strategy's time.
    pub at: Timestamp,
    /// How important it is.
    pub level: LogLevel,
    /// The text.
    pub text: &'a str,
}

/// A record could not be kept: what was being done and why it failed. The run stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordError(pub String);

impl std::fmt::Display for RecordError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RecordError {}

/// Keeps the records of a run. Every method may fail, which stops the run.
#[allow(clippy::missing_errors_doc)]
pub trait Recorder {
    /// Whether records are kept at all. Where they are not, none are made, and no method is called.
    fn keeps(&self) -> bool {
        true
    }
    /// A command was given.
    fn command(&mut self, record: &CommandRecord) -> Result<(), RecordError>;
    /// News of an order was delivered.
    fn order(&mut self, record: &OrderRecord) -> Result<(), RecordError>;
    /// An execution was delivered.
    fn fill(&mut self, record: &FillRecord) -> Result<(), RecordError>;
    /// An account was valued: after each fill, and at each sampling time if it changed since the last.
    fn equity(&mut self, record: &EquityRecord) -> Result<(), RecordError>;
    /// Something happened to a position without an order. Only runs with a schedule have such records.
    fn settlement(&mut self, record: &SettlementRecord) -> Result<(), RecordError> {
        let _ = record;
        Ok(())
    }
    /// Nothing that is recorded from now on was heard before `at`. Called at each sampling time, which are in order; what
    /// several strategies did in between is recorded one strategy after the other.
    fn passed(&mut self, at: Timestamp) -> Result<(), RecordError> {
        let _ = at;
        Ok(())
    }
    /// The best prices of an instrument for which orders were sent are others. Of no interest to most.
    #[inline]
    fn quote(&mut self, record: &QuoteRecord) -> Result<(), RecordError> {
        let _ = record;
        Ok(())
    }
    /// A strategy recorded a value.
    fn metric(&mut self, record: &MetricRecord) -> Result<(), RecordError>;
    /// A strategy logged a line.
    fn log(&mut self, record: &LogRecord<'_>) -> Result<(), RecordError>;
}

/// Keeps nothing; the digest is made all the same.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unrecorded;

impl Recorder for Unrecorded {
    fn keeps(&self) -> bool {
        false
    }
    fn command(&mut self, _: &CommandRecord) -> Result<(), RecordError> {
        Ok(())
    }
    fn order(&mut self, _: &OrderRecord) -> Result<(), RecordError> {
        Ok(())
    }
    fn fill(&mut self, _: &FillRecord) -> Result<(), RecordError> {
        Ok(())
    }
    fn equity(&mut self, _: &EquityRecord) -> Result<(), RecordError> {
        Ok(())
    }
    fn metric(&mut self, _: &MetricRecord) -> Result<(), RecordError> {
        Ok(())
    }
    fn log(&mut self, _: &LogRecord<'_>) -> Result<(), RecordError> {
        Ok(())
    }
}
