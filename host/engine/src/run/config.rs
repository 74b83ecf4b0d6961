//! How a run is set up.
//!
//! Takes in a user's settings; gives out checked ones.

use backplane_sdk::types::{Money, Nanos};

use crate::error::RunError;
use crate::exchange::{Fees, Rules};
use crate::latency::{FeedLatency, LATENCY_MAX, Latency};

/// The settings of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunConfig {
    /// How long news and requests travel.
    pub latency: Latency,
    /// What executions cost.
    pub fees: Fees,
    /// What each strategy instance starts with.
    pub starting_cash: Money,
    /// The seed of all that is random in the run and in the strategies.
    pub seed: u64,
    /// How often accounts are valued.
    pub sample_interval: Nanos,
    /// The most orders that an instance may have open.
    pub open_orders_max: usize,
}

/// Market data as recorded, 100 us to the exchange and back, no fees, a million in cash, accounts valued every second.
impl Default for RunConfig {
    fn default() -> RunConfig {
        RunConfig {
            latency: Latency {
                feed: FeedLatency::Recorded,
                entry: Nanos::from_micros(100),
                response: Nanos::from_micros(100),
            },
            fees: Fees::default(),
            starting_cash: Money::from_units(1_000_000),
            seed: 1,
            sample_interval: Nanos::from_secs(1),
            open_orders_max: 10_000,
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
        Ok(())
    }

    pub(super) const fn fixed_feed_latency(&self) -> Option<i64> {
        match self.latency.feed {
            FeedLatency::Recorded => None,
            FeedLatency::Fixed(latency) => Some(latency.0),
        }
    }

    pub(super) const fn rules(&self, shows_levels: bool) -> Rules {
        Rules {
            response: self.latency.response.0,
            entry: self.latency.entry.0,
            fees: self.fees,
            open_orders_max: self.open_orders_max,
            shows_levels,
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
