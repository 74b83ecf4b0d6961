//! How long news and requests travel.
//!
//! Takes in a run's settings; gives out times of arrival. All latencies are fixed or recorded, so that neither requests
//! nor answers overtake one another.

use backplane_sdk::types::Nanos;

/// The longest latency that may be set. It bounds how far the engine must read ahead of the strategies.
pub const LATENCY_MAX: Nanos = Nanos::from_secs(4);

/// How long market data takes from the exchange to the strategies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedLatency {
    /// As recorded: the tape's `ts_recv`.
    Recorded,
    /// `ts_event` plus this.
    Fixed(Nanos),
}

/// The latencies of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    /// From the exchange to the strategies.
    pub feed: FeedLatency,
    /// From a strategy to the exchange.
    pub entry: Nanos,
    /// From the exchange back to a strategy.
    pub response: Nanos,
}

impl Latency {
    /// When a request that is sent at `now` arrives at the exchange.
    #[inline]
    pub const fn lands(&self, now: i64) -> i64 {
        now.saturating_add(self.entry.0)
    }

    /// When an answer that the exchange gives at `at` arrives at the strategy.
    #[inline]
    pub const fn answered(&self, at: i64) -> i64 {
        at.saturating_add(self.response.0)
    }

    /// The name and value of the first latency that is not from 0 to [`LATENCY_MAX`].
    pub fn out_of_range(&self) -> Option<(&'static str, Nanos)> {
        let feed = match self.feed {
            FeedLatency::Recorded => Nanos::ZERO,
            FeedLatency::Fixed(fixed) => fixed,
        };
        let all = [
            ("latency.feed", feed),
            ("latency.entry", self.entry),
            ("latency.response", self.response),
        ];
        all.into_iter()
            .find(|(_, x)| *x < Nanos::ZERO || *x > LATENCY_MAX)
    }
}
