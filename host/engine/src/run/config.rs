//! How a run is set up.
//!
//! Takes in a user's settings; gives out checked ones.

use backplane_sdk::types::{Instrument, Money, Nanos};

use crate::contract::Contract;
use crate::delay::{Delay, LATENCY_MAX, Leg, Way};
use crate::error::RunError;
use crate::exchange::{FeePlans, OrderRules, QueueRules, Rules};
use crate::grid::Grid;
use crate::latency::{FeedLatency, Latency};
use crate::limits::Margin;
use crate::random::key;
use crate::schedule::Schedule;

/// The settings of a run.
#[derive(Clone, Debug)]
pub struct RunConfig {
    /// How long news and requests travel.
    pub latency: Latency,
    /// What executions cost.
    pub fees: FeePlans,
    /// What each instrument is worth, in the order of their numbers. Those beyond the list are linear contracts in the
    /// account's currency.
    pub contracts: Vec<Contract>,
    /// The steps of prices and quantities of each, in the order of their numbers. Those beyond the list have the tick that
    /// their definition says, and any quantity.
    pub grids: Vec<Grid>,
    /// What positions in each need of the equity, in the order of their numbers; where the list is empty, nothing.
    pub margins: Vec<Margin>,
    /// What happens to positions at set times.
    pub schedule: Schedule,
    /// What each strategy instance starts with.
    pub starting_cash: Money,
    /// The seed of all that is random in the run and in the strategies.
    pub seed: u64,
    /// How often accounts are valued.
    pub sample_interval: Nanos,
    /// The most orders that an instance may have open.
    pub open_orders_max: usize,
    /// How the queue at a price is kept.
    pub queue: QueueRules,
    /// What a user may choose about orders.
    pub orders: OrderRules,
}

/// Market data as recorded, 100 us to the exchange and back, no fees, a million in cash, accounts valued every second.
impl Default for RunConfig {
    fn default() -> RunConfig {
        RunConfig {
            latency: Latency::fixed(
                FeedLatency::Recorded,
                Nanos::from_micros(100),
                Nanos::from_micros(100),
            ),
            fees: FeePlans::default(),
            contracts: Vec::new(),
            grids: Vec::new(),
            margins: Vec::new(),
            schedule: Schedule::default(),
            starting_cash: Money::from_units(1_000_000),
            seed: 1,
            sample_interval: Nanos::from_secs(1),
            open_orders_max: 10_000,
            queue: QueueRules::default(),
            orders: OrderRules::default(),
        }
    }
}

impl RunConfig {
    /// Checks that the settings make sense.
    ///
    /// # Errors
    /// Names the setting, its value and what it may be.
    pub fn check(&self) -> Result<(), RunError> {
        if let Some((field, latency)) = self.latency.out_of_range() {
            return Err(RunError::Config {
                field,
                value: format!("{} ns", latency.0),
                allowed: format!("from 0 to {} ns", LATENCY_MAX.0),
            });
        }
        if self.sample_interval < Nanos::from_millis(1) {
            return Err(RunError::Config {
                field: "sample_interval",
                value: format!("{} ns", self.sample_interval.0),
                allowed: "at least 1 ms".into(),
            });
        }
        let wrong = |x: &&Margin| x.maintenance < 0 || x.maintenance > x.initial;
        if let Some(margin) = self.margins.iter().find(wrong) {
            return Err(RunError::Config {
                field: "margin",
                value: format!("{margin:?}"),
                allowed: "not negative, with a maintenance of no more than the initial".into(),
            });
        }
        let session_end = self.orders.session_end;
        if session_end < Nanos::ZERO || session_end >= Nanos::from_secs(86_400) {
            return Err(RunError::Config {
                field: "orders.session_end",
                value: format!("{} ns", session_end.0),
                allowed: "a time of day".into(),
            });
        }
        Ok(())
    }

    /// The delay of the feed and the key of its draws; `None` where the recorded times of arrival are taken.
    pub(super) fn feed_delay(&self) -> Option<(Delay, u64)> {
        match &self.latency.feed {
            FeedLatency::Recorded => None,
            FeedLatency::Delayed(delay) => {
                Some((delay.clone(), key(&[self.seed, Leg::Feed as u64])))
            }
        }
    }

    /// What each of the instruments is worth.
    pub(super) fn contracts(&self, instruments: &[Instrument]) -> Vec<Contract> {
        let numbered = instruments.iter().enumerate();
        let contract = |(place, instrument): (usize, &Instrument)| {
            let own = self.contracts.get(place).copied();
            own.unwrap_or_else(|| Contract::linear(instrument.multiplier))
        };
        numbered.map(contract).collect()
    }

    /// The steps of each of the instruments.
    pub(super) fn grids(&self, instruments: &[Instrument]) -> Vec<Grid> {
        let numbered = instruments.iter().enumerate();
        let grid = |(place, instrument): (usize, &Instrument)| {
            let own = self.grids.get(place).cloned();
            own.unwrap_or_else(|| Grid::new(instrument.tick))
        };
        numbered.map(grid).collect()
    }

    /// The way of a strategy's requests, whose kinds are those of [`RequestKind`](crate::request::RequestKind).
    pub(super) fn entry(&self, strategy: &str) -> Way<3> {
        let entry = &self.latency.entry;
        let delays = [&entry.new, &entry.modify, &entry.cancel].map(Delay::clone);
        Way::new(delays, self.strategy_seed(strategy), Leg::Entry)
    }

    /// The rules of a strategy's exchange.
    pub(super) fn rules(&self, strategy: &str, shows_levels: bool) -> Rules {
        let seed = self.strategy_seed(strategy);
        let response = Way::new([self.latency.response.clone()], seed, Leg::Response);
        Rules {
            response_min: response.minimum(),
            response,
            entry_min: self.entry(strategy).minimum(),
            fees: self.fees.clone(),
            schedule: self.schedule.clone(),
            open_orders_max: self.open_orders_max,
            shows_levels,
            queue: QueueRules {
                seed,
                ..self.queue.clone()
            },
            orders: self.orders,
        }
    }

    /// The seed of a strategy: the first eight bytes of the BLAKE3 digest of the run's seed and the strategy's name. It
    /// does not depend on who runs beside it; instances of one strategy draw the same numbers, so that what differs
    /// between them is their parameters.
    pub(super) fn strategy_seed(&self, name: &str) -> u64 {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.seed.to_le_bytes());
        hasher.update(name.as_bytes());
        let digest = *hasher.finalize().as_bytes();
        digest
            .first_chunk()
            .map_or(self.seed, |x| u64::from_le_bytes(*x))
    }
}
