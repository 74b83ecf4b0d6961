//! A synthetic order-level market, so that the first command works with no data at hand.
//!
//! Takes in a [`GeneratorConfig`]; gives out a [`Generator`], an endless-looking but counted stream of
//! [`SourceMessage`](crate::message::SourceMessage)s, the same bytes for the same settings on every machine. The flow
//! follows what is known of real ones: events cluster, orders are placed at heavy-tailed distances from the best price,
//! most are cancelled or moved, trades walk the queues first in, first out. [`MarketProfile`] measures how alike two
//! markets are, generated or recorded.
//!
//! The tape opens with a snapshot of every instrument. In an event of trading each price that an aggressive order
//! trades at gives one print, which bears the aggressor's order id, and one fill for each order that it meets; what is
//! left of the aggressor may then rest under the same id. An order that is modified keeps its place in the queue only
//! where its size alone shrinks. `ts_event` rises strictly from event to event of an instrument; `ts_recv` never falls.
//!
//! ```
//! use backplane_tape::generate::{Generator, GeneratorConfig};
//!
//! let config = GeneratorConfig { messages: 1_000, ..GeneratorConfig::default() };
//! let generator = Generator::new(config)?;
//! assert_eq!(generator.instruments()[0].symbol, "SYN000");
//! let live = generator.filter(|message| !message.flags.is_snapshot());
//! assert!(live.count() >= 1_000);
//! # Ok::<(), backplane_tape::generate::GenerateError>(())
//! ```

mod config;
mod faults;
mod generator;

mod flow;
mod taking;

mod arrivals;
mod sentiment;
mod shape;

mod ladder;
mod law;
mod random;
mod writer;

mod compare;
mod profile;
mod retell;
mod statistics;

#[cfg(test)]
mod tests;

pub use compare::{Figure, MarketComparison, NEAR};
pub use config::{
    GenerateError, GeneratorConfig, INSTRUMENTS_MAX, MESSAGES_PER_SECOND_MAX, MarketKind,
    RESTING_ORDERS_RANGE, SIZE_UNIT_MAX, START_TICKS_RANGE, TAPE_MESSAGES_MAX,
};
pub use faults::{FAULTS_MAX, Faults, Faulty};
pub use generator::Generator;
pub use profile::{MarketProfile, SPREADS, WINDOW};
pub use statistics::MarketStatistics;
