//! What a run says about itself when it is over.
//!
//! Takes in the counts of the engine's steps; gives out one value per run and one per strategy instance.

use backplane_sdk::types::{Money, Reason, Timestamp};

use crate::fault::Fault;
use crate::limits::Kill;

/// How a strategy instance ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It heard the whole tape.
    Finished,
    /// It was stopped.
    Stopped {
        /// What happened.
        fault: Fault,
        /// The number of the message at which it happened, counted from 1.
        message: u64,
        /// How many messages the call delivered in which it happened. More than 1 means that it was that message or one
        /// of those behind it; a run in which this strategy hears one message a call says which.
        among: u64,
        /// The kind of that message, in words.
        event: String,
        /// When, in the strategy's time.
        at: Timestamp,
    },
}

/// What became of one strategy instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceSummary {
    /// How it ended.
    pub outcome: Outcome,
    /// The BLAKE3 digest of its effects: commands, order news, executions, in the order in which they happened.
    pub digest: [u8; 32],
    /// The messages that it heard.
    pub messages: u64,
    /// The commands that it gave, metrics included.
    pub commands: u64,
    /// The orders that it submitted.
    pub orders: u64,
    /// Its executions.
    pub fills: u64,
    /// Its cash in all instruments, starting cash included, plus the value of its positions.
    pub equity: Money,
    /// The fees that it paid; negative for rebates.
    pub fees: Money,
    /// How often each limit of the run refused an order or a modification.
    pub refused: Vec<(Reason, u64)>,
    /// Where it lost more than the run allows: what became of it.
    pub kill: Option<Kill>,
    /// How often it had too little margin, so that its positions were closed.
    pub liquidations: u64,
}

/// What became of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunSummary {
    /// The instances, in the order of their numbers.
    pub instances: Vec<InstanceSummary>,
    /// The BLAKE3 digest of the sorted list of the instances' digests.
    pub digest: [u8; 32],
    /// The tape's messages that were replayed.
    pub messages: u64,
    /// The time of the first message at the strategies.
    pub first: Timestamp,
    /// The time of the last message at the strategies.
    pub last: Timestamp,
    /// Messages whose exchange time ran backwards and was taken as that of the message before.
    pub exchange_time_corrections: u64,
    /// Messages that reached the recorder before they left the exchange and were taken as heard when they left.
    pub negative_latency_corrections: u64,
    /// Messages that took longer than the longest feed latency, whose exchange time was moved forward.
    pub late_corrections: u64,
}
