//! How long news and requests travel.
//!
//! Takes in a run's settings; gives out the delay of each leg and the laws by which delays are drawn. `docs/latency.md`
//! says the formulas and their sources.

mod empirical;
mod interpolated;
mod shape;

use backplane_sdk::types::Nanos;

pub use crate::delay::{Delay, LATENCY_MAX, LatencyModel};
pub use empirical::{Quantiles, Samples};
pub use interpolated::Interpolated;
pub use shape::{Bounds, LogNormal, Normal};

/// How long market data takes from the exchange to the strategies.
#[derive(Clone, Debug)]
pub enum FeedLatency {
    /// As recorded: the tape's `ts_recv`.
    Recorded,
    /// `ts_event` plus this. A delay is drawn for each atomic event.
    Delayed(Delay),
}

impl FeedLatency {
    /// `ts_event` plus a fixed time.
    pub const fn fixed(latency: Nanos) -> FeedLatency {
        FeedLatency::Delayed(Delay::Fixed(latency))
    }
}

/// How long requests take from a strategy to the exchange. They travel one behind another, whatever their kind.
#[derive(Clone, Debug)]
pub struct EntryLatency {
    /// Of new orders.
    pub new: Delay,
    /// Of modifications.
    pub modify: Delay,
    /// Of cancellations.
    pub cancel: Delay,
}

impl EntryLatency {
    /// The same for every kind.
    pub fn all(delay: Delay) -> EntryLatency {
        EntryLatency {
            new: delay.clone(),
            modify: delay.clone(),
            cancel: delay,
        }
    }
}

/// The latencies of a run.
#[derive(Clone, Debug)]
pub struct Latency {
    /// From the exchange to the strategies.
    pub feed: FeedLatency,
    /// From a strategy to the exchange.
    pub entry: EntryLatency,
    /// From the exchange back to a strategy.
    pub response: Delay,
}

impl Latency {
    /// Latencies that never change.
    pub fn fixed(feed: FeedLatency, entry: Nanos, response: Nanos) -> Latency {
        Latency {
            feed,
            entry: EntryLatency::all(Delay::Fixed(entry)),
            response: Delay::Fixed(response),
        }
    }

    /// The name and value of the first latency that is not, or may be, outside of 0 to [`LATENCY_MAX`].
    pub fn out_of_range(&self) -> Option<(&'static str, Nanos)> {
        let EntryLatency {
            new,
            modify,
            cancel,
        } = &self.entry;
        let feed = match &self.feed {
            FeedLatency::Recorded => Nanos::ZERO,
            FeedLatency::Delayed(delay) => delay.minimum(),
        };
        let all = [
            ("latency.feed", feed),
            ("latency.entry", new.minimum()),
            ("latency.entry.modify", modify.minimum()),
            ("latency.entry.cancel", cancel.minimum()),
            ("latency.response", self.response.minimum()),
        ];
        all.into_iter()
            .find(|(_, x)| *x < Nanos::ZERO || *x > LATENCY_MAX)
    }
}
